//! Queries and mutations of inventory.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};
use futures::FutureExt as _;
use orion_macros::secured;

use super::inputs::*;
use super::objects::{InventoryItem, InventoryLocation, InventoryMovement};
use crate::framework::context::{ContextExt as _, Snapshot};
use crate::framework::error::ApiError;
use crate::framework::paging::{Page, SortColumns};
use crate::graphql::connection::Counter;
use crate::graphql::types::{Payload, UserError, argument_id, payload};
use crate::graphql::{Connection, SortDirection, page_args};
use crate::modules::inventory::model::LocationRow;
use crate::modules::inventory::service::{self, Changed, ItemFilter, MovementFilter};

/// The answer of mutations that change quantities.
#[derive(SimpleObject)]
pub struct InventoryPayload {
    /// The items that were named, as they are now.
    pub items: Vec<InventoryItem>,
    /// The ledger entries that were written; none where the quantity was the same.
    pub movements: Vec<InventoryMovement>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

impl Payload for InventoryPayload {
    type Done = Changed;
    fn done(done: Changed) -> Self {
        Self {
            items: done.items.into_iter().map(|row| InventoryItem(Arc::new(row))).collect(),
            movements: done.movements.into_iter().map(|row| InventoryMovement(Arc::new(row))).collect(),
            user_errors: Vec::new(),
        }
    }
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { items: Vec::new(), movements: Vec::new(), user_errors }
    }
}

/// The answer of a location's mutations.
#[derive(SimpleObject)]
pub struct InventoryLocationPayload {
    /// The location as it is now; null where the mutation was refused.
    pub location: Option<InventoryLocation>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

impl Payload for InventoryLocationPayload {
    type Done = LocationRow;
    fn done(row: LocationRow) -> Self {
        Self { location: Some(InventoryLocation(Arc::new(row))), user_errors: Vec::new() }
    }
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { location: None, user_errors }
    }
}

fn descending(direction: Option<SortDirection>, default: bool) -> bool {
    direction.map_or(default, |direction| direction == SortDirection::Desc)
}

fn counter<F>(snapshot: Arc<Snapshot>, count: impl Fn(Arc<Snapshot>) -> F + Send + Sync + 'static) -> Counter
where
    F: Future<Output = Result<i64, ApiError>> + Send + 'static,
{
    Arc::new(move || count(snapshot.clone()).boxed())
}

/// Reading inventory.
#[derive(Default)]
pub struct InventoryQuery;

#[secured(required)]
#[Object]
impl InventoryQuery {
    /// The vendor's quantities, by variant and location.
    #[permission(INVENTORY_READ)]
    #[allow(clippy::too_many_arguments)]
    async fn inventory_items(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, or after the cursor; at most 100.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, or before the cursor; at most 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "Which items.")] filter: Option<InventoryItemFilter>,
        #[graphql(desc = "In which order; by default the oldest first.")] sort: Option<InventoryItemSort>,
    ) -> Result<Option<Connection<InventoryItem>>> {
        let c = ctx.ctx();
        let given = filter.unwrap_or_default();
        let filter = ItemFilter {
            location: given.location_id.map(|id| argument_id(ctx, &id, "filter.locationId")).transpose()?,
            variant: given.variant_id.map(|id| argument_id(ctx, &id, "filter.variantId")).transpose()?,
            low: given.low,
        };
        let columns = SortColumns {
            columns: &[("i.id", 'u')],
            descending: descending(sort.map(|sort| sort.direction), false),
        };
        let args = page_args(first, after, last, before);
        let page = Page::new(&args, columns, &c.list_shape(&format!("{filter:?}")))
            .map_err(|error| error.extend(c))?;
        let read = async {
            let reads = c.reads()?;
            let slice = service::items(reads.tx().await?, &filter, &page).await?;
            Ok::<_, ApiError>((reads.snapshot(), slice))
        };
        let (snapshot, slice) = read.await.map_err(|error| error.extend(c))?;
        let counter = counter(snapshot, move |snapshot| {
            let filter = filter.clone();
            async move { Ok(service::count_items(snapshot.tx().await?, &filter).await?) }
        });
        Ok(Some(Connection::new(slice, Some(counter), |row| InventoryItem(Arc::new(row)))))
    }

    /// The ledger: every change of every quantity.
    #[permission(INVENTORY_READ)]
    #[allow(clippy::too_many_arguments)]
    async fn inventory_movements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, or after the cursor; at most 100.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, or before the cursor; at most 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "Which movements.")] filter: Option<InventoryMovementFilter>,
        #[graphql(desc = "In which order; by default the newest first.")] sort: Option<InventoryMovementSort>,
    ) -> Result<Option<Connection<InventoryMovement>>> {
        let c = ctx.ctx();
        let given = filter.unwrap_or_default();
        let filter = MovementFilter {
            item: given.item_id.map(|id| argument_id(ctx, &id, "filter.itemId")).transpose()?,
            variant: given.variant_id.map(|id| argument_id(ctx, &id, "filter.variantId")).transpose()?,
            order: given.order_id.map(|id| argument_id(ctx, &id, "filter.orderId")).transpose()?,
            kind: given.kind,
            from: given.from.map(Into::into),
            to: given.to.map(Into::into),
        };
        let columns = SortColumns {
            columns: &[("m.created_at", 'd'), ("m.id", 'u')],
            descending: descending(sort.map(|sort| sort.direction), true),
        };
        let args = page_args(first, after, last, before);
        let page = Page::new(&args, columns, &c.list_shape(&format!("{filter:?}")))
            .map_err(|error| error.extend(c))?;
        let read = async {
            let reads = c.reads()?;
            let slice = service::movements(reads.tx().await?, &filter, &page).await?;
            Ok::<_, ApiError>((reads.snapshot(), slice))
        };
        let (snapshot, slice) = read.await.map_err(|error| error.extend(c))?;
        let counter = counter(snapshot, move |snapshot| {
            let filter = filter.clone();
            async move { Ok(service::count_movements(snapshot.tx().await?, &filter).await?) }
        });
        Ok(Some(Connection::new(slice, Some(counter), |row| InventoryMovement(Arc::new(row)))))
    }

    /// The places where inventory is kept.
    #[permission(INVENTORY_READ)]
    #[allow(clippy::too_many_arguments)]
    async fn inventory_locations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, or after the cursor; at most 100.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, or before the cursor; at most 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "Which locations.")] filter: Option<InventoryLocationFilter>,
        #[graphql(desc = "In which order; by default as they are taken from.")] sort: Option<
            InventoryLocationSort,
        >,
    ) -> Result<Option<Connection<InventoryLocation>>> {
        let c = ctx.ctx();
        let active = filter.unwrap_or_default().active;
        let columns = SortColumns {
            columns: &[("priority", 'i'), ("id", 'u')],
            descending: descending(sort.map(|sort| sort.direction), false),
        };
        let args = page_args(first, after, last, before);
        let page = Page::new(&args, columns, &c.list_shape(&format!("{active:?}")))
            .map_err(|error| error.extend(c))?;
        let read = async {
            let reads = c.reads()?;
            let slice = service::locations(reads.tx().await?, active, &page).await?;
            Ok::<_, ApiError>((reads.snapshot(), slice))
        };
        let (snapshot, slice) = read.await.map_err(|error| error.extend(c))?;
        let counter = counter(snapshot, move |snapshot| async move {
            Ok(service::count_locations(snapshot.tx().await?, active).await?)
        });
        Ok(Some(Connection::new(slice, Some(counter), |row| InventoryLocation(Arc::new(row)))))
    }
}

/// Changing inventory.
#[derive(Default)]
pub struct InventoryMutation;

#[secured(required)]
#[Object]
impl InventoryMutation {
    /// Changes a quantity by a difference. Refused with `INVALID_INVENTORY_OPERATION` where less than nothing, or less
    /// than is reserved, would be left.
    #[permission(INVENTORY_ADJUST)]
    async fn inventory_adjust(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes, by how many, and why.")] input: InventoryAdjustInput,
    ) -> Result<Option<InventoryPayload>> {
        payload(ctx.ctx(), service::adjust(ctx.ctx(), input).await).map(Some)
    }

    /// Sets a quantity to what was counted.
    #[permission(INVENTORY_ADJUST)]
    async fn inventory_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is set, to how many, and why.")] input: InventorySetInput,
    ) -> Result<Option<InventoryPayload>> {
        payload(ctx.ctx(), service::set(ctx.ctx(), input).await).map(Some)
    }

    /// Moves some of a variant from one location to another: two ledger entries.
    #[permission(INVENTORY_TRANSFER)]
    async fn inventory_transfer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What moves, how many, from where to where.")] input: InventoryTransferInput,
    ) -> Result<Option<InventoryPayload>> {
        payload(ctx.ctx(), service::transfer(ctx.ctx(), input).await).map(Some)
    }

    /// Makes a location; at most 200.
    #[permission(INVENTORY_TRANSFER)]
    async fn inventory_location_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The location.")] input: InventoryLocationCreateInput,
    ) -> Result<Option<InventoryLocationPayload>> {
        payload(ctx.ctx(), service::location_create(ctx.ctx(), input).await).map(Some)
    }

    /// Changes a location. Closing it is refused while anything is reserved there.
    #[permission(INVENTORY_TRANSFER)]
    async fn inventory_location_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The location and what to change; omitted fields stay.")]
        input: InventoryLocationUpdateInput,
    ) -> Result<Option<InventoryLocationPayload>> {
        payload(ctx.ctx(), service::location_update(ctx.ctx(), input).await).map(Some)
    }
}
