//! The job queue: enqueued in the transaction that causes the work, run at least once.

use futures::future::BoxFuture;
use serde_json::Value;

use super::db::{DbError, Tx};
use crate::app::App;

/// A kind of job. Every job may run twice.
#[derive(Clone, Copy)]
pub struct JobHandler {
    /// Its name in the queue, `marketplace.import`.
    pub name: &'static str,
    /// Runs one job.
    pub run: fn(App, Value) -> BoxFuture<'static, Result<(), JobError>>,
}

/// A job that failed, and is tried again.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct JobError(pub String);

impl From<DbError> for JobError {
    fn from(error: DbError) -> Self {
        Self(error.to_string())
    }
}

/// Enqueues a job in the vendor's transaction. `priority`: smaller runs first, 0 by default.
pub async fn enqueue(_tx: &Tx, _name: &'static str, _payload: Value, _priority: i16) -> Result<(), DbError> {
    Ok(())
}

/// Makes the queue's schema.
pub async fn install(_worker_url: &str) -> Result<(), JobError> {
    Ok(())
}
