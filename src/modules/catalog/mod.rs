//! The catalog: products, and their variants, which are what is sold.

pub mod graphql;
pub mod offer;
