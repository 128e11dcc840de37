//! What the framework keeps for a while only: events for 30 days (facts J), idempotency keys until they expire.

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use uuid::Uuid;

use super::context::PlatformGrant;
use super::db::{Db, sql};
use super::jobs::{CronEntry, JobError, JobHandler};
use crate::app::App;

/// The framework's own jobs.
pub const JOBS: &[JobHandler] =
    &[JobHandler { name: "framework.cleanup", run: |app, _| async move { clean(&app).await }.boxed() }];
/// When they run: once an hour.
pub const CRON: &[CronEntry] = &[("17 * * * *", "framework.cleanup")];

const EVENT_DAYS: i64 = 30;
/// Rows that one transaction deletes, so that it stays short.
const BATCH: i64 = 5_000;

/// Deletes what is too old.
pub async fn clean(app: &App) -> Result<(), JobError> {
    let now = app.clock.now();
    // Event ids grow with time, so the primary key finds the old ones of each vendor without a further index.
    let oldest = first_uuid_of(now - TimeDelta::days(EVENT_DAYS));
    let events = "DELETE FROM outbox_events USING (
            SELECT old.vendor_id, old.id FROM vendors CROSS JOIN LATERAL (
                SELECT vendor_id, id FROM outbox_events AS event
                WHERE event.vendor_id = vendors.id AND event.id < $1 AND event.sequence IS NOT NULL
                ORDER BY event.id LIMIT $2) AS old
            LIMIT $2) AS old
        WHERE outbox_events.vendor_id = old.vendor_id AND outbox_events.id = old.id";
    let keys = "DELETE FROM idempotency_keys WHERE (vendor_id, scope, operation, key) IN (
            SELECT vendor_id, scope, operation, key FROM idempotency_keys WHERE expires_at < $1 LIMIT $2)";
    let platform_keys = "DELETE FROM platform_idempotency_keys WHERE (scope, operation, key) IN (
            SELECT scope, operation, key FROM platform_idempotency_keys WHERE expires_at < $1 LIMIT $2)";
    while delete(&app.db, now, Old::Id(oldest), events).await? == BATCH {}
    while delete(&app.db, now, Old::At(now), keys).await? == BATCH {}
    while delete(&app.db, now, Old::At(now), platform_keys).await? == BATCH {}
    Ok(())
}

enum Old {
    Id(Uuid),
    At(DateTime<Utc>),
}

async fn delete(db: &Db, now: DateTime<Utc>, old: Old, statement: &'static str) -> Result<i64, JobError> {
    let tx = db.platform(&PlatformGrant::for_system("cleanup of what has expired", now)).await?;
    let query = match old {
        Old::Id(id) => sql(statement).bind(id),
        Old::At(at) => sql(statement).bind(at),
    };
    let deleted = tx.execute(query.bind(BATCH)).await?;
    tx.commit().await?;
    Ok(i64::try_from(deleted).unwrap_or(0))
}

/// The smallest UUIDv7 of a millisecond.
fn first_uuid_of(at: DateTime<Utc>) -> Uuid {
    let millis = u128::try_from(at.timestamp_millis()).unwrap_or(0) & 0xffff_ffff_ffff;
    Uuid::from_u128(millis << 80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_id_of_a_millisecond_sorts_between_its_neighbours() {
        // RFC 9562 A.6: 2022-02-22 14:22:22.00 GMT-05:00 is 0x017F22E279B0.
        let at = DateTime::from_timestamp_millis(0x017F_22E2_79B0).unwrap_or_default();
        let id: Uuid = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f".parse().unwrap_or_default();
        assert_eq!(at.to_rfc3339(), "2022-02-22T19:22:22+00:00");
        assert!(first_uuid_of(at) < id);
        assert!(first_uuid_of(at + TimeDelta::milliseconds(1)) > id);
    }
}
