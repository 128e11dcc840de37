//! All SQL of the catalog; the only files that name its tables.

mod read;
mod write;

pub(super) use read::*;
pub(super) use write::*;
