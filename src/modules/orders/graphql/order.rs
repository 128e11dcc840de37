//! The order.

use std::sync::Arc;

use async_graphql::{Context, Error, ID, Object, Result};

use super::fulfilment::Fulfilment;
use super::line::{OrderEvent, OrderLine};
use super::loaders;
use crate::framework::arithmetic::{RateKey, TaxGroup};
use crate::framework::context::{ContextExt as _, Ctx};
use crate::framework::id::OrderId;
use crate::framework::money::BasisPoints;
use crate::framework::permission::Permission;
use crate::graphql::scalars::{CurrencyCode, DateTime, LanguageCode};
use crate::graphql::types::{Money, stored_money};
use crate::modules::cart::graphql::TaxLine;
use crate::modules::customers::address::Address;
use crate::modules::customers::graphql::{Customer, load_customer};
use crate::modules::orders::model::{
    FrozenTax, FulfilmentStatus, OrderAction, OrderChannel, OrderLineRow, OrderRow, OrderState, OrderStatus,
};
use crate::modules::orders::rules::{self, Side};
use crate::modules::orders::service::shown_token;
use crate::modules::payments::graphql::Payment;
use crate::modules::payments::model::{PaymentRow, PaymentStatus};

/// An order.
#[derive(Clone)]
pub struct Order {
    row: Arc<OrderRow>,
    // What a mutation has in hand; read by loaders otherwise.
    lines: Option<Arc<[OrderLineRow]>>,
    payments: Option<Arc<[PaymentRow]>>,
    owner: bool,
}

impl Order {
    /// From its row; whoever calls it has checked that the viewer may see it.
    pub(super) fn new(row: Arc<OrderRow>) -> Self {
        Self { row, lines: None, payments: None, owner: false }
    }
    /// From what a mutation has in hand. `owner`: the asker may see the token.
    pub(super) fn of(state: OrderState, owner: bool) -> Self {
        Self {
            row: Arc::new(state.order),
            lines: Some(state.lines.into()),
            payments: Some(state.payments.into()),
            owner,
        }
    }
    /// As its owner sees it, who presented the token.
    pub(super) fn owned(row: Arc<OrderRow>) -> Self {
        Self { owner: true, ..Self::new(row) }
    }
    pub(super) fn currency(&self) -> &str {
        &self.row.currency_code
    }
    fn money(&self, ctx: &Context<'_>, minor: i64) -> Result<Money> {
        stored_money(ctx, minor, &self.row.currency_code)
    }
    async fn line_rows(&self, ctx: &Context<'_>) -> Result<Arc<[OrderLineRow]>> {
        match &self.lines {
            Some(lines) => Ok(lines.clone()),
            None => Ok(loaders::lines(ctx, self.row.id).await?.unwrap_or_else(|| Arc::from([]))),
        }
    }
    async fn payment_rows(&self, ctx: &Context<'_>) -> Result<Arc<[PaymentRow]>> {
        match &self.payments {
            Some(payments) => Ok(payments.clone()),
            None => Ok(loaders::payments_of(ctx, self.row.id).await?.unwrap_or_else(|| Arc::from([]))),
        }
    }
}

/// An order.
#[Object]
impl Order {
    /// Its id.
    pub async fn id(&self) -> ID {
        self.row.id.into()
    }
    /// Its number, for people; unique within the vendor, increasing, with gaps.
    async fn number(&self) -> &str {
        &self.row.number
    }
    /// The secret by which a guest sees, pays and cancels the order. Only for who placed it or presented it; null for
    /// everybody else.
    async fn token(&self, ctx: &Context<'_>) -> Option<String> {
        let vendor = ctx.ctx().vendor_opt().filter(|_| self.owner)?.id;
        shown_token(ctx.ctx().app(), vendor, self.row.id, &self.row.token_hash)
    }
    /// Its number at the marketplace that it came from.
    async fn external_number(&self) -> Option<&str> {
        self.row.external_number.as_deref()
    }
    /// Where it came from.
    async fn channel(&self) -> OrderChannel {
        self.row.channel
    }
    /// Where it stands: derived from lines, payments and release, never set.
    async fn status(&self) -> OrderStatus {
        self.row.status
    }
    /// What came of its payments together.
    async fn payment_status(&self) -> PaymentStatus {
        self.row.payment_status
    }
    /// How much of it is shipped.
    async fn fulfilment_status(&self) -> FulfilmentStatus {
        self.row.fulfilment_status
    }
    /// What the viewer's side, the team or the buyer, can do with it as it stands. Whether the viewer may is another
    /// question: see `Viewer.can`.
    async fn allowed_actions(&self, ctx: &Context<'_>) -> Result<Vec<OrderAction>> {
        let state = OrderState {
            order: OrderRow::clone(&self.row),
            lines: self.line_rows(ctx).await?.to_vec(),
            payments: self.payment_rows(ctx).await?.to_vec(),
        };
        let side = if ctx.ctx().team().is_some() { Side::Team } else { Side::Buyer };
        Ok(rules::allowed_actions(&state, side))
    }
    /// Its currency (ISO 4217).
    async fn currency_code(&self) -> Result<CurrencyCode> {
        let currency = self.row.currency_code.parse::<crate::framework::money::Currency>();
        currency.map(CurrencyCode::from).map_err(|_| Error::new("The order's currency is unknown."))
    }
    /// Whether its prices include tax.
    async fn prices_include_tax(&self) -> bool {
        self.row.prices_include_tax
    }
    /// The language that it was placed in.
    async fn language(&self) -> Result<LanguageCode> {
        self.row.language.parse().map_err(|_| Error::new("The order's language is unknown."))
    }
    /// Its lines, at most 200.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<OrderLine>> {
        let rows = self.line_rows(ctx).await?;
        let line = |index| OrderLine { rows: rows.clone(), index, currency: self.row.currency_code.clone() };
        Ok((0..rows.len()).map(line).collect())
    }
    /// Goods before discounts.
    async fn subtotal(&self, ctx: &Context<'_>) -> Result<Money> {
        self.money(ctx, self.row.subtotal)
    }
    /// Discounts.
    async fn discount_total(&self, ctx: &Context<'_>) -> Result<Money> {
        self.money(ctx, self.row.discount_total)
    }
    /// Shipping, in the order's mode.
    async fn shipping_total(&self, ctx: &Context<'_>) -> Result<Money> {
        self.money(ctx, self.row.shipping_total)
    }
    /// All tax.
    async fn tax_total(&self, ctx: &Context<'_>) -> Result<Money> {
        self.money(ctx, self.row.tax_total)
    }
    /// What is paid, tax included.
    async fn total(&self, ctx: &Context<'_>) -> Result<Money> {
        self.money(ctx, self.row.total)
    }
    /// What has come, refunds not taken off.
    async fn paid_total(&self, ctx: &Context<'_>) -> Result<Money> {
        self.money(ctx, self.row.paid_total)
    }
    /// What of it went back.
    async fn refunded_total(&self, ctx: &Context<'_>) -> Result<Money> {
        self.money(ctx, self.row.refunded_total)
    }
    /// Its taxes by rate, frozen.
    async fn taxes(&self) -> Vec<TaxLine> {
        let frozen: Vec<FrozenTax> = serde_json::from_value(self.row.taxes.clone()).unwrap_or_default();
        let Ok(currency) = self.row.currency_code.parse() else { return Vec::new() };
        let line = |tax: FrozenTax| {
            let country = tax.country.as_bytes().try_into().ok()?;
            let rate = BasisPoints(tax.rate_bp);
            let key = RateKey { tax_class: tax.tax_class.parse().ok()?, country, rate };
            Some(TaxLine { group: TaxGroup { key, taxable: tax.taxable, tax: tax.tax }, currency })
        };
        frozen.into_iter().filter_map(line).collect()
    }
    /// The buyer, if they were logged in.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
        match self.row.customer_id {
            Some(id) => load_customer(ctx, id).await,
            None => Ok(None),
        }
    }
    /// The buyer's e-mail.
    async fn email(&self) -> Option<&str> {
        self.row.email.as_deref()
    }
    /// Where it goes, frozen.
    async fn shipping_address(&self) -> Option<Address> {
        address(self.row.shipping_address.as_ref())
    }
    /// Who pays, frozen.
    async fn billing_address(&self) -> Option<Address> {
        address(self.row.billing_address.as_ref())
    }
    /// The name of the shipping method, frozen.
    async fn shipping_method_name(&self) -> Option<&str> {
        self.row.shipping_method_name.as_deref()
    }
    /// The buyer's words to the vendor.
    async fn note(&self) -> Option<&str> {
        self.row.note.as_deref()
    }
    /// Its payments and attempts, oldest first.
    async fn payments(&self, ctx: &Context<'_>) -> Result<Vec<Payment>> {
        let rows = self.payment_rows(ctx).await?;
        Ok(rows.iter().map(|row| Payment(Arc::new(row.clone()))).collect())
    }
    /// Its parcels, oldest first.
    async fn fulfilments(&self, ctx: &Context<'_>) -> Result<Vec<Fulfilment>> {
        let Some(rows) = loaders::fulfilments(ctx, self.row.id).await? else { return Ok(Vec::new()) };
        let parcel =
            |index| Fulfilment { rows: rows.clone(), index, currency: self.row.currency_code.clone() };
        Ok((0..rows.len()).map(parcel).collect())
    }
    /// What happened to it, oldest first.
    async fn history(&self, ctx: &Context<'_>) -> Result<Vec<OrderEvent>> {
        let Some(rows) = loaders::history(ctx, self.row.id).await? else { return Ok(Vec::new()) };
        Ok((0..rows.len()).map(|index| OrderEvent { rows: rows.clone(), index }).collect())
    }
    /// Until when its payment is waited for; null where it is not.
    async fn expires_at(&self) -> Option<DateTime> {
        self.row.expires_at.map(DateTime::from)
    }
    /// When its last unit was cancelled.
    async fn cancelled_at(&self) -> Option<DateTime> {
        self.row.cancelled_at.map(DateTime::from)
    }
    /// When it was placed.
    async fn placed_at(&self) -> DateTime {
        self.row.placed_at.into()
    }
    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        self.row.updated_at.into()
    }
    /// Goes up with every change; for `expectedVersion`.
    async fn version(&self) -> i32 {
        self.row.version
    }
}

fn address(stored: Option<&serde_json::Value>) -> Option<Address> {
    stored.and_then(|value| serde_json::from_value(value.clone()).ok())
}

/// Whether the viewer may see an order by its id or number: the team, or the customer whose it is. A guest's order opens
/// to its token alone.
pub(super) fn may_see(ctx: &Ctx, row: &OrderRow) -> bool {
    ctx.can(Permission::OrdersRead)
        || ctx.customer().is_some_and(|customer| Some(customer.id) == row.customer_id)
}

/// The order, if the viewer may see it: the team's, or the customer's own (batched).
pub async fn load_order(ctx: &Context<'_>, id: OrderId) -> Result<Option<Order>> {
    let inner = ctx.ctx();
    // Nobody else sees an order by its id, so nobody else costs a statement.
    if inner.vendor_opt().is_none() || (inner.team().is_none() && inner.customer().is_none()) {
        return Ok(None);
    }
    Ok(loaders::order_row(ctx, id).await?.filter(|row| may_see(inner, row)).map(Order::new))
}

/// The guest's order that a cart became, for who holds that cart's token: the same person (batched).
pub async fn load_order_of_guest_cart(ctx: &Context<'_>, id: OrderId) -> Result<Option<Order>> {
    let row = loaders::order_row(ctx, id).await?.filter(|row| row.customer_id.is_none());
    Ok(row.map(Order::owned))
}

/// The order's id, by which its events are known.
pub fn order_id(order: &Order) -> OrderId {
    order.row.id
}
