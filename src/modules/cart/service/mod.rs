//! Use cases of carts. All of it can be called without HTTP.

mod checkout;
mod open;

pub use checkout::{lock_for_checkout, mark_ordered, reopen};
