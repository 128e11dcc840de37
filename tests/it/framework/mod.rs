//! The framework on a real database.

mod isolation;
mod jobs;
mod migrations;
mod relay;
