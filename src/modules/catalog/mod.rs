//! The catalog: products, their variants (which are what is sold), prices, pictures and categories.
//!
//! Invariants: a living product has at least one living variant; slugs, SKUs and external ids are unique among the
//! living; a product's price range and search text are those of its living variants ([`service::refresh_summary`]);
//! every change of a price leaves a row in its history (the database's own trigger); a field that a person edited is
//! not overwritten by an import.

pub mod graphql;
mod html;
pub mod import;
pub mod model;
pub mod offer;
mod rules;
pub mod service;
mod store;
