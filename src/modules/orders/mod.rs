//! Orders, from checkout to delivery.

pub mod graphql;
