//! Inputs of carts.

use async_graphql::{ID, InputObject, MaybeUndefined};

use crate::framework::tax::TaxClass;
use crate::graphql::scalars::{CountryCode, CurrencyCode, LanguageCode};
use crate::graphql::types::MoneyInput;
use crate::modules::customers::address::AddressInput;

/// A new cart.
#[derive(InputObject, Clone, Default)]
pub struct CartCreateInput {
    /// What to put into it, at most 100 lines.
    pub lines: Option<Vec<CartLineInput>>,
    /// The shopper's e-mail.
    pub email: Option<String>,
    /// The country that it will go to, where it is known before the address.
    pub country_code: Option<CountryCode>,
    /// The currency, fixed for the cart's life; the vendor's by default.
    pub currency_code: Option<CurrencyCode>,
    /// The shopper's language; by default that of the request, else the vendor's.
    pub language: Option<LanguageCode>,
    /// Makes a repeat of this request answer with the same cart (its token is null then: it is shown once).
    pub idempotency_key: Option<String>,
}

/// A variant and how many of it.
#[derive(InputObject, Clone)]
pub struct CartLineInput {
    /// The variant.
    pub variant_id: ID,
    /// How many to add, 1 to 1,000,000.
    pub quantity: i32,
}

/// Variants to put into a cart.
#[derive(InputObject, Clone)]
pub struct CartLinesAddInput {
    /// The cart's token.
    pub token: String,
    /// What to add, 1 to 100 lines; a variant that is in the cart already gets more pieces.
    pub lines: Vec<CartLineInput>,
    /// Makes a repeat of this request add nothing.
    pub idempotency_key: Option<String>,
}

/// A line and its new quantity.
#[derive(InputObject, Clone)]
pub struct CartLineUpdateInput {
    /// The line.
    pub id: ID,
    /// How many it shall have; 0 removes it.
    pub quantity: i32,
}

/// Quantities of lines.
#[derive(InputObject, Clone)]
pub struct CartLinesUpdateInput {
    /// The cart's token.
    pub token: String,
    /// The lines to change, 1 to 100.
    pub lines: Vec<CartLineUpdateInput>,
    /// Makes a repeat of this request change nothing.
    pub idempotency_key: Option<String>,
}

/// Lines to take out of a cart.
#[derive(InputObject, Clone)]
pub struct CartLinesRemoveInput {
    /// The cart's token.
    pub token: String,
    /// The lines, 1 to 100.
    pub line_ids: Vec<ID>,
}

/// A cart to empty.
#[derive(InputObject, Clone)]
pub struct CartClearInput {
    /// The cart's token; it stays valid.
    pub token: String,
    /// Refuses with `VERSION_CONFLICT` where the cart has changed since.
    pub expected_version: Option<i32>,
}

/// What a shopper says of a cart. Omitted fields stay, null clears.
#[derive(InputObject, Clone)]
pub struct CartUpdateInput {
    /// The cart's token.
    pub token: String,
    /// The shopper's e-mail.
    pub email: MaybeUndefined<String>,
    /// Where it shall go.
    pub shipping_address: MaybeUndefined<AddressInput>,
    /// Who pays, where it is not who receives.
    pub billing_address: MaybeUndefined<AddressInput>,
    /// How it shall go: one of the cart's `shippingMethods`.
    pub shipping_method_id: MaybeUndefined<ID>,
    /// Words to the vendor, at most 2,000 characters.
    pub note: MaybeUndefined<String>,
    /// The buyer's VAT number, at most 32 characters.
    pub vat_number: MaybeUndefined<String>,
    /// Refuses with `VERSION_CONFLICT` where the cart has changed since.
    pub expected_version: Option<i32>,
}

/// A new way to ship.
#[derive(InputObject, Clone)]
pub struct ShippingMethodCreateInput {
    /// Its name, at most 200 characters.
    pub name: String,
    /// What shoppers read about it, at most 2,000 characters.
    pub description: Option<String>,
    /// Its price, as the vendor's prices with or without tax; carts of its currency can choose it.
    pub price: MoneyInput,
    /// Its tax class; without one it is taxed as the goods are, in proportion to their value.
    pub tax_class: Option<TaxClass>,
    /// Whether it can be chosen.
    #[graphql(default = true)]
    pub active: bool,
    /// Smaller stands first in the list.
    #[graphql(default)]
    pub position: i32,
    /// Makes a repeat of this request answer with the same method.
    pub idempotency_key: Option<String>,
}

/// Changes of a way to ship. Omitted fields stay, null clears.
#[derive(InputObject, Clone)]
pub struct ShippingMethodUpdateInput {
    /// The method.
    pub id: ID,
    /// Its name, at most 200 characters.
    pub name: Option<String>,
    /// What shoppers read about it, at most 2,000 characters.
    pub description: MaybeUndefined<String>,
    /// Its price, in the currency that it has.
    pub price: Option<MoneyInput>,
    /// Its tax class.
    pub tax_class: MaybeUndefined<TaxClass>,
    /// Whether it can be chosen.
    pub active: Option<bool>,
    /// Smaller stands first in the list.
    pub position: Option<i32>,
    /// Refuses with `VERSION_CONFLICT` where the method has changed since.
    pub expected_version: Option<i32>,
}
