//! Objects of inventory.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::loaders::{load_item, load_location};
use crate::framework::context::ContextExt as _;
use crate::framework::error::{ApiError, ErrorCode};
use crate::graphql::scalars::{CountryCode, DateTime};
use crate::modules::catalog::graphql::{ProductVariant, load_variant};
use crate::modules::customers::address::Address;
use crate::modules::inventory::model::{InventoryReason, ItemRow, LocationRow, MovementKind, MovementRow};
use crate::modules::orders::graphql::{Order, load_order};

/// How many there are of a variant at a location.
pub struct InventoryItem(pub Arc<ItemRow>);

/// How many there are of a variant at a location.
#[Object]
impl InventoryItem {
    /// Its id.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }
    /// The variant; null where it was deleted.
    async fn variant(&self, ctx: &Context<'_>) -> Result<Option<ProductVariant>> {
        load_variant(ctx, self.0.variant_id).await
    }
    /// Where it is.
    async fn location(&self, ctx: &Context<'_>) -> Result<Option<InventoryLocation>> {
        load_location(ctx, self.0.location_id).await
    }
    /// How many are there, those that are reserved included.
    async fn on_hand(&self) -> i32 {
        self.0.on_hand
    }
    /// How many are promised to orders.
    async fn reserved(&self) -> i32 {
        self.0.reserved
    }
    /// On hand less reserved; negative where more was sold than there is, as the variant's policy allows.
    async fn available(&self) -> i32 {
        self.0.on_hand.saturating_sub(self.0.reserved)
    }
    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }
    /// Counts its changes, for `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

/// A place where inventory is kept.
pub struct InventoryLocation(pub Arc<LocationRow>);

/// A place where inventory is kept.
#[Object]
impl InventoryLocation {
    /// Its id.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }
    /// The team's own code, unique.
    async fn code(&self) -> &str {
        &self.0.code
    }
    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// Whether shoppers can have what is there.
    async fn sellable(&self) -> bool {
        self.0.sellable
    }
    /// Whether it is in use.
    async fn active(&self) -> bool {
        self.0.active
    }
    /// Smaller is taken from first.
    async fn priority(&self) -> i32 {
        self.0.priority
    }
    /// Whether it is meant where no location is named.
    async fn is_default(&self) -> bool {
        self.0.default_location
    }
    /// The countries that it ships to; none: all.
    async fn serves(&self) -> Vec<CountryCode> {
        self.0.serves.0.iter().filter_map(|code| code.parse().ok()).collect()
    }
    /// Where it is.
    async fn address(&self) -> Option<Address> {
        self.0.address.clone().and_then(|address| serde_json::from_value(address).ok())
    }
    /// When it was made.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }
    /// Counts its changes, for `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

/// An entry of the inventory ledger; it is never changed.
pub struct InventoryMovement(pub Arc<MovementRow>);

/// An entry of the inventory ledger; it is never changed.
#[Object]
impl InventoryMovement {
    /// Its id.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }
    /// The item that changed.
    async fn item(&self, ctx: &Context<'_>) -> Result<InventoryItem> {
        let gone = || ApiError::new(ErrorCode::InventoryNotFound, "There is no such item.").extend(ctx.ctx());
        load_item(ctx, self.0.item_id).await?.ok_or_else(gone)
    }
    /// What happened.
    async fn kind(&self) -> MovementKind {
        self.0.kind
    }
    /// The change of on hand.
    async fn delta(&self) -> i32 {
        self.0.delta
    }
    /// The change of reserved.
    async fn reserved_delta(&self) -> i32 {
        self.0.reserved_delta
    }
    /// On hand after it.
    async fn on_hand_after(&self) -> i32 {
        self.0.on_hand_after
    }
    /// Reserved after it.
    async fn reserved_after(&self) -> i32 {
        self.0.reserved_after
    }
    /// Why, where the team did it: a value of `InventoryReason`.
    async fn reason(&self) -> Option<&'static str> {
        self.0.reason.map(InventoryReason::as_str)
    }
    /// The team's note.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }
    /// What kind of actor did it: `TEAM_MEMBER`, `CUSTOMER`, `ANONYMOUS`, `JOB` …
    async fn actor_kind(&self) -> &str {
        &self.0.actor_kind
    }
    /// The order it was for, if the viewer may see orders.
    async fn order(&self, ctx: &Context<'_>) -> Result<Option<Order>> {
        match self.0.order_id {
            Some(id) => load_order(ctx, id).await,
            None => Ok(None),
        }
    }
    /// When it happened.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }
}
