//! Customers: people who buy at one vendor.
//!
//! Invariants: an e-mail address is unique among a vendor's registered customers; the same person is another customer at
//! another vendor; a customer sees and changes nobody's data but their own.

pub mod address;
pub mod graphql;
pub mod model;
pub mod service;
mod store;
