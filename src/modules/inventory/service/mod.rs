//! Use cases of inventory.
//!
//! What other modules ask for, inside their own transactions, is in [`movements`] and re-exported here.

mod balances;
mod locations;
mod movements;
mod read;

pub use balances::{Changed, adjust, set, transfer};
pub use locations::{location_create, location_update};
pub use movements::{Need, fulfil, release, reserve, set_initial, set_overdraft};
pub use read::{
    ItemFilter, MovementFilter, count_items, count_locations, count_movements, items, items_by_id, locations,
    locations_by_id, movements, movements_by_id,
};
