//! Marketplace feeds: import, staging, publishing.

pub mod feed;
pub mod graphql;

use crate::framework::jobs::{CronEntry, JobHandler};

/// The module's jobs.
pub const JOBS: &[JobHandler] = &[];
/// Which of them run by the clock.
pub const CRON: &[CronEntry] = &[];
