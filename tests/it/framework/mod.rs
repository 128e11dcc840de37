//! The framework on a real database.

mod isolation;
mod migrations;
