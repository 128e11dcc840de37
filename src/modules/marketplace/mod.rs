//! Marketplace feeds: import, staging, publishing.
//!
//! Owns the import runs with their complaints, the staged products, and the publish runs. Invariants:
//!
//! - a staged product is unique by format, source and the vendor's own id; importing again updates it;
//! - a run's rows, counts and checkpoint are one transaction: a slice that runs twice does nothing the second time, and
//!   after a crash the run goes on where its last commit left it;
//! - counts are exact, however many complaints are kept;
//! - a published product is an independent copy, linked from its staged row. Importing again changes it only in the
//!   fields that imports own.

pub mod feed;
pub mod graphql;
pub mod model;
mod rules;
pub mod service;
mod store;

use crate::framework::jobs::{CronEntry, JobHandler};

/// The module's jobs: a slice of an import, a slice of a publishing.
pub const JOBS: &[JobHandler] = &[
    JobHandler { name: service::IMPORT_JOB, run: service::run::handle },
    JobHandler { name: service::PUBLISH_JOB, run: service::publish_run::handle },
];
/// Which of them run by the clock.
pub const CRON: &[CronEntry] = &[];
