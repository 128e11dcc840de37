//! The one schema: roots, scalars, connections, and how errors become answers.

pub mod connection;
pub mod directives;
pub mod live;
pub mod scalars;
pub mod schema;
pub mod subscription;
pub mod types;
pub mod upload;

pub use connection::{Connection, Edge, SortDirection, page_args};
pub use types::{Payload, UserError, payload, refused};
