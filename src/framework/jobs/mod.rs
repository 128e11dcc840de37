//! The job queue: enqueued in the transaction that causes the work, run at least once.
//!
//! The queue is the `graphile_worker` crate's, in its own schema that only `orion_worker` owns. Everybody else enqueues
//! through one `SECURITY DEFINER` function, and all jobs are of one task, `orion`, which finds the [`JobHandler`] by the
//! name in its payload: so a module adds a job by a constant, and the database needs to know no names.

mod install;
mod worker;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use serde_json::Value;

pub use install::install;
pub use worker::{Worker, drain, pending_jobs};

use super::db::{DbError, Tx, sql};
use crate::app::App;

/// A kind of job. Every job may run twice.
#[derive(Clone, Copy)]
pub struct JobHandler {
    /// Its name in the queue, `marketplace.import`.
    pub name: &'static str,
    /// Runs one job.
    pub run: fn(App, Value) -> BoxFuture<'static, Result<(), JobError>>,
}

/// A job that runs by the clock, once over all processes: a cron expression of five fields in UTC, and the name of a
/// [`JobHandler`]. A run that is still waiting is not queued again.
pub type CronEntry = (&'static str, &'static str);

/// A job that failed. It is tried again after e^attempts seconds (at most about six hours), 25 times in all.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct JobError(pub String);

impl From<DbError> for JobError {
    fn from(error: DbError) -> Self {
        Self(error.to_string())
    }
}
impl From<super::error::ApiError> for JobError {
    fn from(error: super::error::ApiError) -> Self {
        Self(format!("{}: {}", error.code.name(), error.message))
    }
}

/// Enqueues a job in the transaction that causes it: it runs once that has committed. `priority`: smaller runs first, 0
/// by default. Payloads carry ids, not personal data.
///
/// The queue wakes its workers by a NOTIFY in the same transaction, which makes commits wait for each other: nothing
/// that is as frequent as a checkout enqueues (facts G).
pub async fn enqueue(tx: &Tx, name: &'static str, payload: Value, priority: i16) -> Result<(), DbError> {
    add(tx, name, payload, priority, None, None).await
}

/// As [`enqueue`], to run at an instant (of the database's clock) or soon after.
pub async fn enqueue_at(
    tx: &Tx,
    name: &'static str,
    payload: Value,
    priority: i16,
    at: DateTime<Utc>,
) -> Result<(), DbError> {
    add(tx, name, payload, priority, Some(at), None).await
}

/// As [`enqueue_at`] (or [`enqueue`], where `at` is `None`), but replaces the job of that name and key which has not
/// begun yet, if there is one. Keys are at most 400 bytes, and begin with the vendor's id where they belong to one.
pub async fn enqueue_keyed(
    tx: &Tx,
    name: &'static str,
    key: &str,
    payload: Value,
    priority: i16,
    at: Option<DateTime<Utc>>,
) -> Result<(), DbError> {
    add(tx, name, payload, priority, at, Some(format!("{name}:{key}"))).await
}

async fn add(
    tx: &Tx,
    name: &'static str,
    payload: Value,
    priority: i16,
    at: Option<DateTime<Utc>>,
    key: Option<String>,
) -> Result<(), DbError> {
    tx.execute(
        sql("SELECT graphile_worker.orion_enqueue($1, $2::json, $3, $4, $5)")
            .bind(name)
            .bind(payload)
            .bind(i32::from(priority))
            .bind(at)
            .bind(key),
    )
    .await
    .map(|_| ())
}
