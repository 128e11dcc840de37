//! Inventory in the API.

pub mod inputs;
mod loaders;
mod objects;
mod roots;

pub use loaders::{load_item, load_items, load_location, load_movement};
pub use objects::{InventoryItem, InventoryLocation, InventoryMovement};
pub use roots::{InventoryLocationPayload, InventoryMutation, InventoryPayload, InventoryQuery};
