//! The integration tests: everything through GraphQL over the real router, on a real PostgreSQL, one database a test.

mod budgets;
mod customers;
mod framework;
mod http;
mod marketplace;
mod orders;
mod races;
mod story;
mod subscriptions;
mod support;
mod sweep;
