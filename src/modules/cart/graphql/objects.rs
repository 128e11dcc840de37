//! Objects of carts.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};

use super::line_id;
use crate::framework::arithmetic::TaxGroup;
use crate::framework::context::ContextExt as _;
use crate::framework::money::{BasisPoints, Currency};
use crate::framework::tax::TaxClass;
use crate::graphql::scalars::{CountryCode, CurrencyCode, DateTime, Decimal};
use crate::graphql::types::Money;
use crate::modules::cart::model::{CartWarningCode, CheckoutRequirement, MethodRow, Warning};
use crate::modules::cart::service;
use crate::modules::cart::view::{CartView, LineView};
use crate::modules::catalog::graphql::{Image, ProductVariant, load_variant, load_variant_image};
use crate::modules::customers::address::Address;
use crate::modules::orders::graphql::{Order, load_order, load_order_of_guest_cart};
use crate::modules::payments::graphql::{PaymentMethod, payment_methods};

/// An amount in minor units as money; sums are bounded, so the fallback is never seen.
fn money(minor: i64, currency: Currency) -> Money {
    let zero = crate::framework::money::Money::zero(currency);
    Money(crate::framework::money::Money::new(minor, currency).unwrap_or(zero))
}

/// What a shopper is about to buy. Prices are always the current ones; nothing is held back until it is ordered.
pub struct Cart(pub Arc<CartView>);

/// What a shopper is about to buy. Prices are always the current ones; nothing is held back until it is ordered.
///
/// An anonymous cart is for anybody who holds its token; a customer's cart for that customer alone.
#[Object]
impl Cart {
    /// Its id. It is no key: a cart is used by its token.
    pub async fn id(&self) -> ID {
        self.0.cart.id.into()
    }
    /// The token that the cart is used by; shown to who presented it, and once to who made the cart. Keep it secret.
    async fn token(&self) -> Option<&str> {
        self.0.token.as_deref()
    }
    /// The currency of all its amounts, fixed when it was made.
    async fn currency_code(&self) -> CurrencyCode {
        CurrencyCode::from(self.0.currency)
    }
    /// Whether its prices and sums include tax. `total` always does.
    async fn prices_include_tax(&self) -> bool {
        self.0.cart.prices_include_tax
    }
    /// The lines, oldest first; at most 200.
    async fn lines(&self) -> Vec<CartLine> {
        (0..self.0.lines.len()).map(|index| CartLine { view: self.0.clone(), index }).collect()
    }
    /// How many pieces there are in all lines.
    async fn item_count(&self) -> i32 {
        self.0.item_count()
    }
    /// The sum of the lines before discounts.
    async fn subtotal(&self) -> Money {
        self.money(self.0.totals.subtotal)
    }
    /// All discounts.
    async fn discount_total(&self) -> Money {
        self.money(self.0.totals.discount_total)
    }
    /// The price of shipping; null until a method is chosen, 0 where nothing needs to be shipped.
    async fn shipping_total(&self) -> Option<Money> {
        let known = self.0.method.is_some() || !self.0.requires_shipping;
        known.then(|| self.money(self.0.totals.shipping_total))
    }
    /// All tax, that on shipping included.
    async fn tax_total(&self) -> Money {
        self.money(self.0.totals.tax_total)
    }
    /// What is to be paid, tax included: subtotal − discounts + shipping, and + tax where prices do not include it.
    async fn total(&self) -> Money {
        self.money(self.0.totals.total)
    }
    /// The tax by rate.
    async fn taxes(&self) -> Vec<TaxLine> {
        let lines = self.0.totals.groups.iter().filter(|group| group.taxable != 0 || group.tax != 0);
        lines.map(|group| TaxLine { group: *group, currency: self.0.currency }).collect()
    }
    /// The shopper's e-mail.
    async fn email(&self) -> Option<&str> {
        self.0.cart.email.as_deref()
    }
    /// Where it shall go.
    async fn shipping_address(&self) -> Option<Address> {
        self.0.shipping_address()
    }
    /// Who pays, where it is not who receives.
    async fn billing_address(&self) -> Option<Address> {
        self.0.billing_address()
    }
    /// The shopper's words to the vendor.
    async fn note(&self) -> Option<&str> {
        self.0.cart.note.as_deref()
    }
    /// The buyer's VAT number, as given and not checked.
    async fn vat_number(&self) -> Option<&str> {
        self.0.cart.vat_number.as_deref()
    }
    /// The ways to ship that can be chosen; none where nothing needs to be shipped. At most 100.
    async fn shipping_methods(&self, ctx: &Context<'_>) -> Result<Vec<ShippingMethod>> {
        if !self.0.requires_shipping {
            return Ok(Vec::new());
        }
        let methods = service::offered_methods(ctx.ctx(), self.0.currency).await;
        let methods = methods.map_err(|error| error.extend(ctx.ctx()))?;
        Ok(methods.into_iter().map(ShippingMethod).collect())
    }
    /// The chosen way to ship; null where none is chosen or needed, or where it is not offered any more.
    async fn shipping_method(&self) -> Option<ShippingMethod> {
        self.0.method.clone().map(ShippingMethod)
    }
    /// The ways to pay.
    async fn payment_methods(&self, ctx: &Context<'_>) -> Vec<PaymentMethod> {
        payment_methods(&ctx.ctx().app().config)
    }
    /// What still stands between this cart and an order; empty: it can be ordered.
    async fn missing(&self) -> &[CheckoutRequirement] {
        &self.0.missing
    }
    /// The order that it became, if the viewer may see it.
    async fn order(&self, ctx: &Context<'_>) -> Result<Option<Order>> {
        let Some(id) = self.0.cart.order_id else { return Ok(None) };
        match load_order(ctx, id).await? {
            None if self.0.token.is_some() && self.0.cart.customer_id.is_none() => {
                load_order_of_guest_cart(ctx, id).await
            }
            seen => Ok(seen),
        }
    }
    /// When it goes if it is not changed: 30 days after its last change.
    async fn expires_at(&self) -> Option<DateTime> {
        Some(self.0.cart.expires_at.into())
    }
    /// Counts its changes, for `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.cart.version
    }
}

impl Cart {
    fn money(&self, minor: i64) -> Money {
        money(minor, self.0.currency)
    }
}

/// A variant in a cart and how many of it.
pub struct CartLine {
    view: Arc<CartView>,
    index: usize,
}

impl CartLine {
    // Made by `Cart::lines` with an index of the view.
    fn line(&self) -> &LineView {
        &self.view.lines[self.index]
    }
    fn money(&self, minor: i64) -> Money {
        money(minor, self.view.currency)
    }
}

/// A variant in a cart and how many of it.
#[Object]
impl CartLine {
    /// Its id.
    async fn id(&self) -> ID {
        line_id(self.line().row.id)
    }
    /// The product's title, with the variant's where there are several.
    async fn title(&self) -> &str {
        self.line().title()
    }
    /// The variant's picture, else the product's first.
    async fn image(&self, ctx: &Context<'_>) -> Result<Option<Image>> {
        load_variant_image(ctx, self.line().row.variant_id).await
    }
    /// The variant; null where it is not public any more.
    async fn variant(&self, ctx: &Context<'_>) -> Result<Option<ProductVariant>> {
        load_variant(ctx, self.line().row.variant_id).await
    }
    /// How many.
    async fn quantity(&self) -> i32 {
        self.line().row.quantity
    }
    /// Whether the line can be ordered as it stands: the variant is sold, the quantity fits its rule, and there is
    /// enough.
    async fn available(&self) -> bool {
        self.line().available
    }
    /// The price of one piece now; where it is not sold any more, the one at which it was added.
    async fn unit_price(&self) -> Money {
        self.money(self.line().unit_price)
    }
    /// The price of one piece when the line was added.
    async fn price_at_add(&self) -> Money {
        self.money(self.line().row.price_at_add)
    }
    /// Whether the price has changed since the line was added.
    async fn price_changed(&self) -> bool {
        self.line().price_changed()
    }
    /// Quantity × unit price; 0 where the variant is not sold any more.
    async fn subtotal(&self) -> Money {
        self.money(self.line().totals.subtotal)
    }
    /// The line's discounts.
    async fn discount_total(&self) -> Money {
        self.money(self.line().totals.discount_total)
    }
    /// The tax rate in percent: `"17"`; null where the variant is not sold any more.
    async fn tax_rate(&self) -> Option<Decimal> {
        self.line().counts().then(|| Decimal::from(self.line().tax.rate))
    }
    /// The line's share of the tax.
    async fn tax_total(&self) -> Money {
        self.money(self.line().totals.tax_total)
    }
    /// What is paid for the line, tax included.
    async fn total(&self) -> Money {
        self.money(self.line().totals.total)
    }
}

/// The tax of a document at one rate.
pub struct TaxLine {
    /// The rate and the sums.
    pub group: TaxGroup,
    /// The document's currency.
    pub currency: Currency,
}

/// The tax of a document at one rate.
#[Object]
impl TaxLine {
    /// The class that the rate was looked up by.
    async fn tax_class(&self) -> TaxClass {
        self.group.key.tax_class
    }
    /// Where the tax is due (ISO 3166).
    async fn country_code(&self) -> Result<CountryCode> {
        Ok(CountryCode::try_from(self.group.key.country)?)
    }
    /// The rate in percent: `"17"`.
    async fn rate(&self) -> Decimal {
        let rate: BasisPoints = self.group.key.rate;
        Decimal::from(rate)
    }
    /// The net amount that it is computed from, shipping included.
    async fn taxable(&self) -> Money {
        money(self.group.taxable, self.currency)
    }
    /// The tax.
    async fn tax(&self) -> Money {
        money(self.group.tax, self.currency)
    }
}

/// A way to ship.
pub struct ShippingMethod(pub MethodRow);

/// A way to ship.
#[Object]
impl ShippingMethod {
    /// Its id.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }
    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// Its price, as the vendor's prices with or without tax.
    async fn price(&self) -> Result<Money> {
        let currency: Currency = self.0.currency_code.parse()?;
        Ok(money(self.0.price, currency))
    }
    /// What shoppers read about it.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }
    /// Its own tax class; null where it is taxed as the goods are.
    async fn tax_class(&self) -> Option<TaxClass> {
        self.0.tax_class.as_deref().and_then(|class| class.parse().ok())
    }
    /// Whether it can be chosen.
    async fn active(&self) -> bool {
        self.0.active
    }
    /// Smaller stands first in the list.
    async fn position(&self) -> i32 {
        self.0.position
    }
    /// Counts its changes, for `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

/// Something that a client should tell its shopper.
#[derive(SimpleObject)]
pub struct CartWarning {
    /// What it is about.
    pub code: CartWarningCode,
    /// The line, where it is about one.
    pub line_id: Option<ID>,
    /// For people, in English.
    pub message: String,
}

impl From<Warning> for CartWarning {
    fn from(warning: Warning) -> Self {
        Self { code: warning.code, line_id: warning.line.map(line_id), message: warning.message.to_owned() }
    }
}
