//! Inventory: an append-only ledger, reservation rows, and a balance per item.
//!
//! An item is one variant at one location. Invariants, which `store::post` keeps for every use case:
//!
//! - on hand and reserved of an item are the sums of its movements, always;
//! - reserved of an item is the sum of its reservation rows;
//! - on hand and reserved are never negative, and reserved exceeds on hand only by the item's overdraft (what the
//!   variant's policy lets be sold beyond it).
//!
//! Items are locked in the order of their ids before anything is decided, and changed last in a transaction.

pub mod graphql;
pub mod model;
pub mod rules;
pub mod service;
mod store;
