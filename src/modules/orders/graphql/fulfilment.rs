//! Parcels.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::line::OrderLine;
use super::loaders;
use super::order::load_order;
use crate::framework::context::ContextExt as _;
use crate::framework::id::FulfilmentId;
use crate::graphql::scalars::{DateTime, Url};
use crate::modules::inventory::graphql::{InventoryLocation, load_location};
use crate::modules::orders::model::{FulfilmentLineRow, FulfilmentRow, FulfilmentState};

/// A parcel, or what was provided at once.
#[derive(Clone)]
pub struct Fulfilment {
    pub(super) rows: Arc<[FulfilmentRow]>,
    pub(super) index: usize,
    pub(super) currency: String,
}

impl Fulfilment {
    fn row(&self) -> &FulfilmentRow {
        &self.rows[self.index]
    }
}

/// A parcel, or what was provided at once.
#[Object]
impl Fulfilment {
    /// Its id.
    pub async fn id(&self) -> ID {
        self.row().id.into()
    }
    /// Where it is.
    async fn status(&self) -> FulfilmentState {
        self.row().status
    }
    /// What is in it.
    async fn lines(&self, ctx: &Context<'_>) -> Result<Vec<FulfilmentLine>> {
        let Some(rows) = loaders::parcel_lines(ctx, self.row().id).await? else { return Ok(Vec::new()) };
        let lines = loaders::lines(ctx, self.row().order_id).await?.unwrap_or_else(|| Arc::from([]));
        let line = |row: &FulfilmentLineRow| {
            let index = lines.iter().position(|line| line.id == row.order_line_id)?;
            let order_line = OrderLine { rows: lines.clone(), index, currency: self.currency.clone() };
            Some(FulfilmentLine { order_line, quantity: row.quantity })
        };
        Ok(rows.iter().filter_map(line).collect())
    }
    /// Where it left; null where it left from several, or needed none.
    async fn location(&self, ctx: &Context<'_>) -> Result<Option<InventoryLocation>> {
        match self.row().location_id {
            // Where a vendor keeps its goods is the team's to know.
            Some(id) if ctx.ctx().team().is_some() => load_location(ctx, id).await,
            _ => Ok(None),
        }
    }
    /// Who carries it.
    async fn carrier(&self) -> Option<&str> {
        self.row().carrier.as_deref()
    }
    /// The carrier's number.
    async fn tracking_number(&self) -> Option<&str> {
        self.row().tracking_number.as_deref()
    }
    /// Where it can be followed.
    async fn tracking_url(&self) -> Option<Url> {
        self.row().tracking_url.as_deref().and_then(|url| url.parse().ok())
    }
    /// When it left.
    async fn shipped_at(&self) -> Option<DateTime> {
        self.row().shipped_at.map(DateTime::from)
    }
    /// When it arrived.
    async fn delivered_at(&self) -> Option<DateTime> {
        self.row().delivered_at.map(DateTime::from)
    }
}

/// Units of a line in a parcel.
pub struct FulfilmentLine {
    order_line: OrderLine,
    quantity: i32,
}

/// Units of a line in a parcel.
#[Object]
impl FulfilmentLine {
    /// The order's line.
    async fn order_line(&self) -> &OrderLine {
        &self.order_line
    }
    /// How many are in the parcel.
    async fn quantity(&self) -> i32 {
        self.quantity
    }
}

/// The parcel, if the viewer may see its order (batched).
pub async fn load_fulfilment(ctx: &Context<'_>, id: FulfilmentId) -> Result<Option<Fulfilment>> {
    if ctx.ctx().vendor_opt().is_none() {
        return Ok(None);
    }
    let Some(row) = loaders::parcel(ctx, id).await? else { return Ok(None) };
    let Some(order) = load_order(ctx, row.order_id).await? else { return Ok(None) };
    let rows = Arc::from([FulfilmentRow::clone(&row)]);
    Ok(Some(Fulfilment { rows, index: 0, currency: order.currency().to_owned() }))
}
