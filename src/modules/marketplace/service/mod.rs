//! Use cases of imports and publishing.

pub mod files;
pub mod import;
pub mod publish;
pub mod publish_run;
pub mod read;
pub mod run;
pub mod settings;

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::store;
use crate::framework::db::{DbError, Tx};
use crate::framework::id::{Id, ImportJobId, Kind, PublishJobId, VendorId};
use crate::framework::jobs;
use crate::framework::outbox::Event;

/// The job that does a slice of an import.
pub const IMPORT_JOB: &str = "marketplace.import";
/// The job that does a slice of a publishing.
pub const PUBLISH_JOB: &str = "marketplace.publish";

/// The last priority: behind everything else.
const LAST_PRIORITY: i64 = 1_000;

/// What a slice is a slice of.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(bound = "")]
struct SliceOf<K: Kind> {
    vendor: VendorId,
    job: Id<K>,
}

/// Enqueues the next slice, behind vendors who had fewer of late.
async fn enqueue_slice<K: Kind>(tx: &Tx, name: &'static str, job: Id<K>) -> Result<(), DbError> {
    let recent = store::jobs::recent_slices(tx).await?.clamp(0, LAST_PRIORITY);
    let payload = serde_json::to_value(SliceOf { vendor: tx.vendor(), job })
        .map_err(|error| DbError::Internal(error.to_string()))?;
    jobs::enqueue(tx, name, payload, i16::try_from(recent).unwrap_or(i16::MAX)).await
}

fn import_updated(job: ImportJobId) -> Event {
    event("IMPORT_UPDATED", "ImportJob", job.uuid())
}

fn publish_updated(job: PublishJobId) -> Event {
    event("PUBLISH_UPDATED", "PublishJob", job.uuid())
}

fn event(kind: &'static str, entity_type: &'static str, entity_id: Uuid) -> Event {
    Event { kind, entity_type, entity_id, data: json!({}) }
}
