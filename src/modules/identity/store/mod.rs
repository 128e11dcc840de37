//! All SQL of identity.

pub mod sessions;
