//! Inventory in the API.

use async_graphql::{Context, ID, Object, Result};

use crate::framework::id::LocationId;

/// A place where inventory is kept.
pub struct InventoryLocation(pub LocationId);
/// A place where inventory is kept.
#[Object]
impl InventoryLocation {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.into()
    }
}
/// The location (batched).
pub async fn load_location(_ctx: &Context<'_>, _id: LocationId) -> Result<Option<InventoryLocation>> {
    Ok(None)
}
