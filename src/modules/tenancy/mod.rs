//! Vendors: who they are, and how a request names one.
//!
//! Invariants: a code or subdomain is never given to another vendor; an unverified domain names nobody; where two parts
//! of a request name different vendors, the request is refused.

pub mod cache;
pub mod create;
pub mod graphql;
pub mod model;
pub mod resolve;
pub mod rules;
pub mod service;
mod store;

pub use cache::VendorCache;
pub use resolve::{RequestHints, resolve};
