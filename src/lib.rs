//! Orion: a headless, multi-tenant commerce engine. One binary and one PostgreSQL serve many vendors through one
//! GraphQL endpoint; no vendor sees another's data.
//!
//! Where to begin: [`framework::context`] (who asks), [`framework::db`] (how anything reaches the database),
//! [`modules`] (the commerce, one folder each), [`graphql`] (the schema), and `docs/`.

pub mod app;
pub mod commands;
pub mod config;
pub mod framework;
pub mod graphql;
pub mod http;
pub mod modules;
