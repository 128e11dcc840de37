//! Use cases of inventory.
//!
//! What other modules ask for, inside their own transactions, is in [`movements`] and re-exported here.

mod movements;

pub use movements::{Need, fulfil, release, reserve, set_initial, set_overdraft};
