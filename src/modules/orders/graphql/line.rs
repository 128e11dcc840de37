//! Lines of orders, and their history.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use crate::framework::money::BasisPoints;
use crate::framework::tax::TaxClass;
use crate::graphql::scalars::{DateTime, Decimal};
use crate::graphql::types::{Money, stored_money};
use crate::modules::catalog::graphql::{ProductVariant, load_variant};
use crate::modules::orders::model::{OrderEventRow, OrderLineRow, OrderStatus};

/// A line of an order, frozen when it was placed.
pub struct OrderLine {
    pub(super) rows: Arc<[OrderLineRow]>,
    pub(super) index: usize,
    pub(super) currency: String,
}

impl OrderLine {
    fn row(&self) -> &OrderLineRow {
        &self.rows[self.index]
    }
    fn money(&self, ctx: &Context<'_>, minor: i64) -> Result<Money> {
        stored_money(ctx, minor, &self.currency)
    }
}

/// A line of an order, frozen when it was placed.
#[Object]
impl OrderLine {
    /// Its id.
    async fn id(&self) -> ID {
        self.row().id.into()
    }
    /// The title, as it was.
    async fn title(&self) -> &str {
        &self.row().title
    }
    /// The SKU, as it was.
    async fn sku(&self) -> Option<&str> {
        self.row().sku.as_deref()
    }
    /// What was sold, as it is now; null where it is gone, or not visible.
    async fn variant(&self, ctx: &Context<'_>) -> Result<Option<ProductVariant>> {
        match self.row().variant_id {
            Some(id) => load_variant(ctx, id).await,
            None => Ok(None),
        }
    }
    /// How many were ordered.
    async fn quantity(&self) -> i32 {
        self.row().quantity
    }
    /// How many were shipped.
    async fn fulfilled_quantity(&self) -> i32 {
        self.row().fulfilled_quantity
    }
    /// How many of those arrived.
    async fn delivered_quantity(&self) -> i32 {
        self.row().delivered_quantity
    }
    /// How many were cancelled.
    async fn cancelled_quantity(&self) -> i32 {
        self.row().cancelled_quantity
    }
    /// How many came back.
    async fn returned_quantity(&self) -> i32 {
        self.row().returned_quantity
    }
    /// How many can still be shipped.
    async fn fulfillable_quantity(&self) -> i32 {
        self.row().open()
    }
    /// Whether it goes into a parcel.
    async fn requires_shipping(&self) -> bool {
        self.row().requires_shipping
    }
    /// The price of one, in the order's mode.
    async fn unit_price(&self, ctx: &Context<'_>) -> Result<Money> {
        self.money(ctx, self.row().unit_price)
    }
    /// Quantity × unit price.
    async fn subtotal(&self, ctx: &Context<'_>) -> Result<Money> {
        self.money(ctx, self.row().subtotal)
    }
    /// The line's share of discounts.
    async fn discount_total(&self, ctx: &Context<'_>) -> Result<Money> {
        self.money(ctx, self.row().discount_total)
    }
    /// The tax class.
    async fn tax_class(&self) -> TaxClass {
        self.row().tax_class.parse().unwrap_or(TaxClass::Standard)
    }
    /// The rate in percent: `"17"`.
    async fn tax_rate(&self) -> Decimal {
        BasisPoints(self.row().tax_rate_bp).into()
    }
    /// The line's share of the tax.
    async fn tax_total(&self, ctx: &Context<'_>) -> Result<Money> {
        self.money(ctx, self.row().tax_total)
    }
    /// What is paid for the line, tax included.
    async fn total(&self, ctx: &Context<'_>) -> Result<Money> {
        self.money(ctx, self.row().total)
    }
}

/// An entry of an order's history.
pub struct OrderEvent {
    pub(super) rows: Arc<[OrderEventRow]>,
    pub(super) index: usize,
}

impl OrderEvent {
    fn row(&self) -> &OrderEventRow {
        &self.rows[self.index]
    }
}

/// An entry of an order's history.
#[Object]
impl OrderEvent {
    /// What happened: `PLACED`, `PAID`, `SHIPPED` … Open: clients keep a default branch.
    async fn kind(&self) -> &str {
        &self.row().kind
    }
    /// The order's status before; null for the first entry.
    async fn from_status(&self) -> Option<OrderStatus> {
        self.row().from_status
    }
    /// The order's status after.
    async fn to_status(&self) -> Option<OrderStatus> {
        self.row().to_status
    }
    /// What kind of actor did it: `CUSTOMER`, `TEAM_MEMBER`, `ANONYMOUS`, `JOB` …
    async fn actor_kind(&self) -> &str {
        &self.row().actor_kind
    }
    /// What they said of it.
    async fn note(&self) -> Option<&str> {
        self.row().note.as_deref()
    }
    /// When.
    async fn created_at(&self) -> DateTime {
        self.row().created_at.into()
    }
}
