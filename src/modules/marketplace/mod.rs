//! Marketplace feeds: import, staging, publishing.

pub mod feed;
pub mod graphql;
