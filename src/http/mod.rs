//! The router and its few endpoints.

pub mod multipart;
