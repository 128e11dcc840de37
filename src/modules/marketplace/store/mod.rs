//! All SQL of imports and publishing.

pub mod jobs;
pub mod publish;
pub mod read;
pub mod staging;
