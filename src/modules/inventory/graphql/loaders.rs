//! Batched look-ups, for the team.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Result};

use super::objects::{InventoryItem, InventoryLocation, InventoryMovement};
use crate::framework::context::{ContextExt as _, Snapshot};
use crate::framework::error::ApiError;
use crate::framework::id::{InventoryItemId, LocationId, MovementId};
use crate::framework::permission::Permission;
use crate::modules::inventory::model::{ItemRow, LocationRow, MovementRow};
use crate::modules::inventory::service;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct ItemKey(InventoryItemId);
struct ItemLoader(Arc<Snapshot>);

impl Loader<ItemKey> for ItemLoader {
    type Value = Arc<ItemRow>;
    type Error = ApiError;
    async fn load(&self, keys: &[ItemKey]) -> Result<HashMap<ItemKey, Arc<ItemRow>>, ApiError> {
        let ids = keys.iter().map(|key| key.0).collect();
        let rows = service::items_by_id(self.0.tx().await?, ids).await?;
        Ok(rows.into_iter().map(|row| (ItemKey(row.id), Arc::new(row))).collect())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct LocationKey(LocationId);
struct LocationLoader(Arc<Snapshot>);

impl Loader<LocationKey> for LocationLoader {
    type Value = Arc<LocationRow>;
    type Error = ApiError;
    async fn load(&self, keys: &[LocationKey]) -> Result<HashMap<LocationKey, Arc<LocationRow>>, ApiError> {
        let ids = keys.iter().map(|key| key.0).collect();
        let rows = service::locations_by_id(self.0.tx().await?, ids).await?;
        Ok(rows.into_iter().map(|row| (LocationKey(row.id), Arc::new(row))).collect())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct MovementKey(MovementId);
struct MovementLoader(Arc<Snapshot>);

impl Loader<MovementKey> for MovementLoader {
    type Value = Arc<MovementRow>;
    type Error = ApiError;
    async fn load(&self, keys: &[MovementKey]) -> Result<HashMap<MovementKey, Arc<MovementRow>>, ApiError> {
        let ids = keys.iter().map(|key| key.0).collect();
        let rows = service::movements_by_id(self.0.tx().await?, ids).await?;
        Ok(rows.into_iter().map(|row| (MovementKey(row.id), Arc::new(row))).collect())
    }
}

/// The location, for the team that may see inventory or orders (batched).
pub async fn load_location(ctx: &Context<'_>, id: LocationId) -> Result<Option<InventoryLocation>> {
    let c = ctx.ctx();
    if !c.can(Permission::InventoryRead) && !c.can(Permission::OrdersRead) {
        return Ok(None);
    }
    let loader = c.reads().map_err(|error| error.extend(c))?.loader(LocationLoader);
    let row = loader.load_one(LocationKey(id)).await.map_err(|error| error.extend(c))?;
    Ok(row.map(InventoryLocation))
}

/// The item, for the team that may see inventory (batched).
pub async fn load_item(ctx: &Context<'_>, id: InventoryItemId) -> Result<Option<InventoryItem>> {
    Ok(load_items(ctx, vec![id]).await?.pop())
}

/// The items of these ids that there are, in no particular order, for the team that may see inventory.
pub async fn load_items(ctx: &Context<'_>, ids: Vec<InventoryItemId>) -> Result<Vec<InventoryItem>> {
    let c = ctx.ctx();
    if !c.can(Permission::InventoryRead) {
        return Ok(Vec::new());
    }
    let loader = c.reads().map_err(|error| error.extend(c))?.loader(ItemLoader);
    let rows = loader.load_many(ids.into_iter().map(ItemKey)).await.map_err(|error| error.extend(c))?;
    Ok(rows.into_values().map(InventoryItem).collect())
}

/// The movement, for the team that may see inventory (batched).
pub async fn load_movement(ctx: &Context<'_>, id: MovementId) -> Result<Option<InventoryMovement>> {
    let c = ctx.ctx();
    if !c.can(Permission::InventoryRead) {
        return Ok(None);
    }
    let loader = c.reads().map_err(|error| error.extend(c))?.loader(MovementLoader);
    let row = loader.load_one(MovementKey(id)).await.map_err(|error| error.extend(c))?;
    Ok(row.map(InventoryMovement))
}
