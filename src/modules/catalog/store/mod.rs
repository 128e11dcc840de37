//! All SQL of the catalog; the only files that name its tables.

mod list;
mod read;
mod write;

pub(super) use list::{Condition, FacetRow, Listing, SortBy};
pub(super) use read::*;
pub(super) use write::*;
