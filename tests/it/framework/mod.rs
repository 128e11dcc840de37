//! The framework on a real database.

mod comments;
mod isolation;
pub mod jobs;
mod migrations;
mod plans;
mod relay;
