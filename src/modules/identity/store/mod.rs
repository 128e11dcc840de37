//! All SQL of identity.

pub mod audit;
pub mod sessions;
pub mod team;
pub mod users;
