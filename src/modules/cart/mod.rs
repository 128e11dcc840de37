//! Carts, keyed by an opaque token.
//!
//! Owns carts, their lines and the shipping methods. Invariants: a token has 128 random bits and is stored hashed; a
//! customer has at most one active cart; a variant stands on one line at most; a line's price is always the current
//! one. A cart holds nothing back: inventory is reserved by the order that it becomes.
//!
//! A cart whose status is `MERGED` is only another token of the cart that it was merged into, until it expires.

pub mod graphql;
pub mod model;
pub mod rules;
pub mod service;
mod store;
pub mod view;

pub use view::CartView;
