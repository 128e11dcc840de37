//! Inputs of inventory.

use async_graphql::{Enum, ID, InputObject, MaybeUndefined};

use crate::graphql::SortDirection;
use crate::graphql::scalars::{CountryCode, DateTime};
use crate::modules::customers::address::AddressInput;
use crate::modules::inventory::model::{InventoryReason, MovementKind};

/// A difference of a quantity.
#[derive(InputObject, Clone)]
pub struct InventoryAdjustInput {
    /// The variant; its item is made where it has none at the location.
    pub variant_id: ID,
    /// Where; by default the vendor's default location.
    pub location_id: Option<ID>,
    /// How many more, or with a minus how many fewer; not 0.
    pub delta: i32,
    /// Why.
    pub reason: InventoryReason,
    /// A note for the team, at most 500 characters.
    pub note: Option<String>,
    /// Makes a repeat of this request change nothing.
    pub idempotency_key: Option<String>,
}

/// A quantity that was counted.
#[derive(InputObject, Clone)]
pub struct InventorySetInput {
    /// The variant; its item is made where it has none at the location.
    pub variant_id: ID,
    /// Where; by default the vendor's default location.
    pub location_id: Option<ID>,
    /// How many there are, 0 to 1,000,000,000; not fewer than are reserved.
    pub on_hand: i32,
    /// Why.
    pub reason: InventoryReason,
    /// A note for the team, at most 500 characters.
    pub note: Option<String>,
    /// Refuses with `VERSION_CONFLICT` where the item has changed since.
    pub expected_version: Option<i32>,
    /// Makes a repeat of this request change nothing.
    pub idempotency_key: Option<String>,
}

/// Some of a variant that moves.
#[derive(InputObject, Clone)]
pub struct InventoryTransferInput {
    /// The variant.
    pub variant_id: ID,
    /// From where.
    pub from_location_id: ID,
    /// To where; another location, which is in use.
    pub to_location_id: ID,
    /// How many, at least 1; those that are reserved stay.
    pub quantity: i32,
    /// Makes a repeat of this request move nothing.
    pub idempotency_key: Option<String>,
}

/// A new location.
#[derive(InputObject, Clone)]
pub struct InventoryLocationCreateInput {
    /// The team's own code, unique: 1 to 32 letters, digits, `-` and `_`.
    pub code: String,
    /// Its name, at most 200 characters.
    pub name: String,
    /// Whether shoppers can have what is there.
    #[graphql(default = true)]
    pub sellable: bool,
    /// Smaller is taken from first.
    #[graphql(default)]
    pub priority: i32,
    /// The countries that it ships to; none: all.
    pub serves: Option<Vec<CountryCode>>,
    /// Where it is.
    pub address: Option<AddressInput>,
    /// Makes a repeat of this request answer with the same location.
    pub idempotency_key: Option<String>,
}

/// Changes of a location. Omitted fields stay.
#[derive(InputObject, Clone)]
pub struct InventoryLocationUpdateInput {
    /// The location.
    pub id: ID,
    /// The team's own code.
    pub code: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Whether shoppers can have what is there.
    pub sellable: Option<bool>,
    /// Whether it is in use; closing it is refused while anything is reserved there.
    pub active: Option<bool>,
    /// Smaller is taken from first.
    pub priority: Option<i32>,
    /// The countries that it ships to; an empty list: all.
    pub serves: Option<Vec<CountryCode>>,
    /// Where it is; null clears.
    pub address: MaybeUndefined<AddressInput>,
    /// Refuses with `VERSION_CONFLICT` where the location has changed since.
    pub expected_version: Option<i32>,
}

/// Which items; all conditions must hold.
#[derive(InputObject, Clone, Default)]
pub struct InventoryItemFilter {
    /// At this location.
    pub location_id: Option<ID>,
    /// Of this variant.
    pub variant_id: Option<ID>,
    /// Those with five or fewer left (`true`), or with more (`false`).
    pub low: Option<bool>,
}

/// Which movements; all conditions must hold.
#[derive(InputObject, Clone, Default)]
pub struct InventoryMovementFilter {
    /// Of this item.
    pub item_id: Option<ID>,
    /// Of this variant, at all locations.
    pub variant_id: Option<ID>,
    /// For this order.
    pub order_id: Option<ID>,
    /// Of this kind.
    pub kind: Option<MovementKind>,
    /// At this instant or later.
    pub from: Option<DateTime>,
    /// Before this instant.
    pub to: Option<DateTime>,
}

/// Which locations.
#[derive(InputObject, Clone, Default)]
pub struct InventoryLocationFilter {
    /// Those in use, or those closed.
    pub active: Option<bool>,
}

/// What items are sorted by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum InventoryItemSortField {
    /// When they were made.
    CreatedAt,
}

/// How items are sorted.
#[derive(InputObject, Clone)]
pub struct InventoryItemSort {
    /// By what.
    pub field: InventoryItemSortField,
    /// In which direction.
    pub direction: SortDirection,
}

/// What movements are sorted by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum InventoryMovementSortField {
    /// When they happened.
    CreatedAt,
}

/// How movements are sorted.
#[derive(InputObject, Clone)]
pub struct InventoryMovementSort {
    /// By what.
    pub field: InventoryMovementSortField,
    /// In which direction.
    pub direction: SortDirection,
}

/// What locations are sorted by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum InventoryLocationSortField {
    /// In which order they are taken from.
    Priority,
}

/// How locations are sorted.
#[derive(InputObject, Clone)]
pub struct InventoryLocationSort {
    /// By what.
    pub field: InventoryLocationSortField,
    /// In which direction.
    pub direction: SortDirection,
}
