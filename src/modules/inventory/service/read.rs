//! Reading inventory: the statements of lists and loaders, on a snapshot of the caller's.

pub use crate::modules::inventory::store::{
    ItemFilter, MovementFilter, count_items, count_locations, count_movements, items, items_by_id,
    list_locations as locations, locations_by_id, movements, movements_by_id,
};
