//! The commerce, one folder for each module.

pub mod cart;
pub mod catalog;
pub mod customers;
pub mod events;
pub mod identity;
pub mod inventory;
pub mod marketplace;
pub mod orders;
pub mod payments;
pub mod tenancy;

use std::sync::LazyLock;

use crate::framework::jobs::{CronEntry, JobHandler};

/// The jobs of all modules.
pub fn job_handlers() -> &'static [JobHandler] {
    static ALL: LazyLock<Vec<JobHandler>> = LazyLock::new(|| {
        [crate::framework::cleanup::JOBS, cart::service::JOBS, marketplace::JOBS, orders::JOBS].concat()
    });
    &ALL
}

/// What runs by the clock.
pub fn cron_entries() -> &'static [CronEntry] {
    static ALL: LazyLock<Vec<CronEntry>> = LazyLock::new(|| {
        [crate::framework::cleanup::CRON, cart::service::CRON, marketplace::CRON, orders::CRON].concat()
    });
    &ALL
}
