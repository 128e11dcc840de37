//! Rows and enums of carts.

use async_graphql::Enum;
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::framework::id::{CartId, CartLineId, CustomerId, OrderId, ShippingMethodId, VariantId};

/// Lines that a cart can have.
pub const MAX_LINES: usize = 200;
/// Lines that one mutation can name.
pub const MAX_INPUT_LINES: usize = 100;
/// Pieces that a line can have.
pub const MAX_QUANTITY: i32 = 1_000_000;
/// How long a cart lives after its last change.
pub const LIFETIME: chrono::TimeDelta = chrono::TimeDelta::days(30);
/// How long the token of a cart that was merged answers with the other one.
pub const MERGED_LIFETIME: chrono::TimeDelta = chrono::TimeDelta::hours(24);

/// Where a cart stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CartStatus {
    /// In use.
    Active,
    /// It became an order.
    Ordered,
    /// Its lines are in another cart.
    Merged,
}

crate::text_enum!(CartStatus { Active => "ACTIVE", Ordered => "ORDERED", Merged => "MERGED" });

crate::row! {
    /// A cart, with its shipping method and the tax rates that shipping may take on the day of the query.
    pub struct CartRow {
        /// Its id.
        pub id: CartId,
        /// Whose it is; an anonymous cart is whoever's holds the token.
        pub customer_id: Option<CustomerId>,
        /// Where it stands.
        pub status: CartStatus,
        /// ISO 4217; fixed when it was made.
        pub currency_code: String,
        /// Whether its prices include tax; fixed when it was made.
        pub prices_include_tax: bool,
        /// The price list that its prices come from.
        pub price_list: String,
        /// The shopper's language.
        pub language: String,
        /// The country that the shopper named before an address.
        pub country_code: Option<String>,
        /// The shopper's e-mail.
        pub email: Option<String>,
        /// Where it shall go, as [`crate::modules::customers::address::Address`].
        pub shipping_address: Option<Value>,
        /// Who pays, likewise.
        pub billing_address: Option<Value>,
        /// How it shall go.
        pub shipping_method_id: Option<ShippingMethodId>,
        /// The shopper's words to the vendor.
        pub note: Option<String>,
        /// The shopper's VAT number, as given.
        pub vat_number: Option<String>,
        /// What it became.
        pub order_id: Option<OrderId>,
        /// When it was made.
        pub created_at: DateTime<Utc>,
        /// When it last changed.
        pub updated_at: DateTime<Utc>,
        /// When it goes if it does not change.
        pub expires_at: DateTime<Utc>,
        /// Counts its changes.
        pub version: i32,
        /// The shipping method's name.
        pub method_name: Option<String>,
        /// The shipping method's description.
        pub method_description: Option<String>,
        /// The shipping method's currency.
        pub method_currency: Option<String>,
        /// The shipping method's price in minor units.
        pub method_price: Option<i64>,
        /// The shipping method's own tax class.
        pub method_tax_class: Option<String>,
        /// Whether the shipping method can be chosen.
        pub method_active: Option<bool>,
        /// The rate of that class, or of STANDARD, in basis points.
        pub method_rate_bp: i32,
        /// The STANDARD rate in basis points.
        pub standard_rate_bp: i32,
    }
}

crate::row! {
    /// A line of a cart.
    pub struct LineRow {
        /// Its id.
        pub id: CartLineId,
        /// What it is about.
        pub variant_id: VariantId,
        /// How many.
        pub quantity: i32,
        /// The unit price when it was added, in minor units of the cart's currency.
        pub price_at_add: i64,
        /// The title when it was added, for the time when the variant is gone.
        pub title: String,
    }
}

crate::row! {
    /// A way to ship.
    pub struct MethodRow {
        /// Its id.
        pub id: ShippingMethodId,
        /// Its name.
        pub name: String,
        /// What shoppers read about it.
        pub description: Option<String>,
        /// ISO 4217.
        pub currency_code: String,
        /// In minor units, in the vendor's mode.
        pub price: i64,
        /// Its tax class; without one it is taxed as the goods are.
        pub tax_class: Option<String>,
        /// Whether it can be chosen.
        pub active: bool,
        /// Where it stands in the list.
        pub position: i32,
        /// Counts its changes.
        pub version: i32,
    }
}

/// What still stands between a cart and an order. Open: clients keep a default branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum CheckoutRequirement {
    /// The cart is empty.
    Lines,
    /// A line cannot be had as it stands: change or remove it.
    UnavailableLines,
    /// The vendor wants its customers to log in.
    Login,
    /// An e-mail address.
    Email,
    /// An address to ship to.
    ShippingAddress,
    /// A way to ship.
    ShippingMethod,
}

/// What a cart's client should tell its shopper. Open: clients keep a default branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum CartWarningCode {
    /// A line's price is not the one that it was added at.
    PriceChanged,
    /// A line cannot be had as it stands.
    LineUnavailable,
    /// A line has fewer pieces than were asked for.
    QuantityReduced,
    /// Lines were left behind because the cart is full.
    LinesDropped,
}

/// Something that a cart's client should tell its shopper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What it is about.
    pub code: CartWarningCode,
    /// The line, where it is about one.
    pub line: Option<CartLineId>,
    /// For people.
    pub message: &'static str,
}
