//! Rows and enums of inventory.

use async_graphql::Enum;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::framework::db::Array;
use crate::framework::id::{InventoryItemId, LocationId, MovementId, OrderId, OrderLineId, VariantId};

/// An item that has no more than this many left is low. The same number stands in the column `low` of its table.
pub const LOW_QUANTITY: i32 = 5;

/// The most that an item can hold.
pub const MAX_QUANTITY: i32 = 1_000_000_000;

crate::row! {
    /// A place where inventory is kept.
    pub struct LocationRow {
        /// Its id.
        pub id: LocationId,
        /// The team's own code, unique.
        pub code: String,
        /// Its name.
        pub name: String,
        /// Whether shoppers can have what is there.
        pub sellable: bool,
        /// Whether it is in use.
        pub active: bool,
        /// Smaller is taken from first.
        pub priority: i32,
        /// Whether it is meant where no location is named.
        pub default_location: bool,
        /// The countries that it ships to; empty: all.
        pub serves: Array<String>,
        /// Where it is.
        pub address: Option<Value>,
        /// When it was made.
        pub created_at: DateTime<Utc>,
        /// Counts its changes.
        pub version: i32,
    }
}

crate::row! {
    /// The balance of a variant at a location.
    pub struct ItemRow {
        /// Its id.
        pub id: InventoryItemId,
        /// What is kept.
        pub variant_id: VariantId,
        /// Where it is kept.
        pub location_id: LocationId,
        /// How many are there.
        pub on_hand: i32,
        /// How many of them are promised to orders.
        pub reserved: i32,
        /// How many may be promised beyond what is there.
        pub overdraft: i32,
        /// When it last changed.
        pub updated_at: DateTime<Utc>,
        /// Counts its changes.
        pub version: i32,
        /// The location's priority.
        pub priority: i32,
    }
}

impl ItemRow {
    /// What can be promised to further orders.
    pub fn promisable(&self) -> i64 {
        i64::from(self.on_hand) + i64::from(self.overdraft) - i64::from(self.reserved)
    }
}

crate::row! {
    /// An entry of the ledger.
    pub struct MovementRow {
        /// Its id.
        pub id: MovementId,
        /// The item that changed.
        pub item_id: InventoryItemId,
        /// What happened.
        pub kind: MovementKind,
        /// The change of on hand.
        pub delta: i32,
        /// The change of reserved.
        pub reserved_delta: i32,
        /// On hand after it.
        pub on_hand_after: i32,
        /// Reserved after it.
        pub reserved_after: i32,
        /// Why.
        pub reason: Option<InventoryReason>,
        /// The team's note.
        pub note: Option<String>,
        /// What kind of actor did it.
        pub actor_kind: String,
        /// Who did it.
        pub actor_id: Option<Uuid>,
        /// The order it was for.
        pub order_id: Option<OrderId>,
        /// When.
        pub created_at: DateTime<Utc>,
    }
}

crate::row! {
    /// What an order line has reserved of an item.
    pub struct ReservationRow {
        /// Its id.
        pub id: Uuid,
        /// The line.
        pub order_line_id: OrderLineId,
        /// The item.
        pub item_id: InventoryItemId,
        /// How many.
        pub quantity: i32,
    }
}

/// What happened to an item. Open: clients keep a default branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum MovementKind {
    /// An order was placed: reserved rises.
    Reserve,
    /// An order or a part of it was cancelled: reserved falls.
    Release,
    /// An order was shipped: on hand and reserved fall.
    Fulfill,
    /// The team changed on hand by a difference.
    Adjust,
    /// The team set on hand to a number.
    Set,
    /// A product was created, published or imported with a quantity.
    Import,
    /// The team moved some to another location.
    TransferOut,
    /// The team moved some here from another location.
    TransferIn,
    /// A shipped order came back.
    Return,
}

crate::text_enum!(MovementKind {
    Reserve => "RESERVE", Release => "RELEASE", Fulfill => "FULFILL", Adjust => "ADJUST", Set => "SET",
    Import => "IMPORT", TransferOut => "TRANSFER_OUT", TransferIn => "TRANSFER_IN", Return => "RETURN",
});

/// Why the team changed a quantity. Open: clients keep a default branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum InventoryReason {
    /// Goods arrived from a supplier.
    Received,
    /// Somebody counted.
    Count,
    /// Goods were damaged.
    Damaged,
    /// Goods were lost or stolen.
    Lost,
    /// Goods were found again.
    Found,
    /// Goods came back from a buyer.
    Returned,
    /// Goods were used as samples, gifts or for ourselves.
    Used,
    /// An earlier entry was wrong.
    Correction,
    /// Something else; say what in the note.
    Other,
}

crate::text_enum!(InventoryReason {
    Received => "RECEIVED", Count => "COUNT", Damaged => "DAMAGED", Lost => "LOST", Found => "FOUND",
    Returned => "RETURNED", Used => "USED", Correction => "CORRECTION", Other => "OTHER",
});
