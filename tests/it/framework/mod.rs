//! The framework on a real database.

mod comments;
mod isolation;
mod jobs;
mod migrations;
mod relay;
