//! Inventory: an append-only ledger, reservation rows, and a balance per item.

pub mod graphql;
pub mod service;
