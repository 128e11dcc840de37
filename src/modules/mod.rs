//! The commerce, one folder for each module.

pub mod cart;
pub mod catalog;
pub mod customers;
pub mod identity;
pub mod inventory;
pub mod marketplace;
pub mod orders;
pub mod payments;
pub mod tenancy;
