//! The vendor's event feed: what the relay has numbered, in order, for catching up.
//!
//! The feed is a view of the outbox; it owns nothing. An event that is not numbered yet is not in it. Numbers of one
//! vendor grow without gaps, and a later event never gets a smaller number than one that was seen.

pub mod graphql;
pub mod model;
pub mod service;
mod store;
