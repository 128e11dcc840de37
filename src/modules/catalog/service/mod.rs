//! The catalog's use cases.

pub(in crate::modules::catalog) mod category;
mod check;
pub(in crate::modules::catalog) mod image;
mod import;
pub(in crate::modules::catalog) mod product;
pub(in crate::modules::catalog) mod read;
pub(in crate::modules::catalog) mod variant;

pub use import::import_upsert;

use chrono::{DateTime, Utc};

use super::store;
use crate::framework::db::{DbError, Tx};
use crate::framework::id::ProductId;

/// Brings what products keep of their variants up to date: lowest and highest price (of the base list, valid `now`), and
/// the text that search reads. One statement, which touches only what differs.
pub async fn refresh_summary(tx: &Tx, now: DateTime<Utc>, products: &[ProductId]) -> Result<(), DbError> {
    store::refresh_summary(tx, now, products, &[]).await
}
