//! Customers: people who buy at one vendor.

pub mod address;
pub mod graphql;
