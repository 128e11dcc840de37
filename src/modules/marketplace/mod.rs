//! Marketplace feeds: import, staging, publishing.

pub mod graphql;
