//! All SQL of the catalog; the only files that name its tables.

mod category;
mod edit;
mod import;
mod list;
mod read;
mod write;

pub(super) use category::*;
pub(super) use edit::*;
pub(super) use import::*;
pub(super) use list::{Condition, Listing, SortBy};
pub(super) use read::*;
pub(super) use write::*;
