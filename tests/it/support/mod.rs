//! The harness: `let app = TestApp::start().await; let acme = app.vendor("ACME").await; acme.owner().run(QUERY, json!({})).await`.

mod answer;
mod app;
mod world;

pub use answer::Answer;
pub use app::{Client, TestApp};
pub use serde_json::{Value, json};
pub use world::{CHECKOUT, PASSWORD, Vendor, address, text};
