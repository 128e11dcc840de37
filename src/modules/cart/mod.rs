//! Carts, keyed by an opaque token.

pub mod graphql;
