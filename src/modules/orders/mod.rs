//! Orders, from checkout to delivery.
//!
//! Owns `orders`, `order_lines`, `order_events`, `fulfilments`, `fulfilment_lines`. Invariants: of each line's units,
//! shipped and cancelled ones together are at most those ordered, and delivered ones are among the shipped; the three
//! statuses are what [`rules::derive`] makes of lines, payments and release; one cart becomes one living order; what was
//! frozen at placement never changes. Units that are neither shipped nor cancelled hold reservations of inventory, where
//! their variant is counted.

pub mod graphql;
pub mod input;
pub mod model;
pub mod rules;
pub mod service;
mod store;

use crate::framework::jobs::{CronEntry, JobHandler};

/// The module's jobs.
pub const JOBS: &[JobHandler] =
    &[JobHandler { name: "orders.expire", run: |app, payload| Box::pin(service::expire(app, payload)) }];
/// Which of them run by the clock.
pub const CRON: &[CronEntry] = &[("* * * * *", "orders.expire")];
