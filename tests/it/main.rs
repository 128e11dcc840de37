//! The integration tests: everything through GraphQL over the real router, on a real PostgreSQL, one database a test.

mod framework;
mod http;
mod orders;
mod support;
