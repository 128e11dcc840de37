//! The one relay: gives committed events their numbers, and publishes them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::link::{Backoff, Inbox, connect};
use super::{EVENTS_CHANNEL, OUTBOX_CHANNEL, Payload, Wire};
use crate::app::App;

/// Advisory lock of the one relay of a database; "oriorela" in ASCII.
const RELAY_LOCK: i64 = 0x6f72_696f_7265_6c61;
/// How often a process that is not the relay tries to become it.
const CANDIDACY: Duration = Duration::from_millis(500);
/// How often the relay looks without having been told: what a crash swallowed waits so long.
const SWEEP: Duration = Duration::from_millis(250);
/// How soon it looks again for events that an older, still running transaction holds back.
const BLOCKED: Duration = Duration::from_millis(10);
/// How often it says that it lives; a node that has not heard it for 250 ms serves nothing from caches.
const HEARTBEAT: Duration = Duration::from_millis(100);
/// The largest payload of a notification is 7,999 bytes.
const MAX_PAYLOAD: usize = 7_900;

/// What waits: whether there are events that can be numbered, and whether there are some that cannot yet.
const PENDING: &str = "
    SELECT coalesce(bool_or(ready), false), coalesce(bool_or(NOT ready), false)
    FROM (SELECT xid < pg_snapshot_xmin(pg_current_snapshot()) AS ready
          FROM outbox_events WHERE sequence IS NULL ORDER BY xid, id LIMIT 1001) AS pending";

/// Numbers a batch, in the order of transactions. Events of transactions that began before one that still runs are left
/// out: an event with a smaller xid might yet appear.
const NUMBER: &str = "
    WITH batch AS (
        SELECT vendor_id, id, row_number() OVER (PARTITION BY vendor_id ORDER BY xid, id) AS place
        FROM (SELECT vendor_id, id, xid FROM outbox_events
              WHERE sequence IS NULL AND xid < pg_snapshot_xmin(pg_current_snapshot())
              ORDER BY xid, id LIMIT 1000) AS oldest
    ), size AS (
        SELECT vendor_id, count(*) AS events FROM batch GROUP BY vendor_id ORDER BY vendor_id
    ), counter AS (
        INSERT INTO event_counters AS c (vendor_id, last) SELECT vendor_id, events FROM size
        ON CONFLICT (vendor_id) DO UPDATE SET last = c.last + excluded.last
        RETURNING vendor_id, last
    ), numbered AS (
        UPDATE outbox_events AS event SET sequence = counter.last - size.events + batch.place
        FROM batch JOIN size USING (vendor_id) JOIN counter USING (vendor_id)
        WHERE event.vendor_id = batch.vendor_id AND event.id = batch.id
        RETURNING event.vendor_id, event.sequence, event.kind, event.entity_id, event.data
    )
    SELECT vendor_id::text, sequence, kind, entity_id::text, data::text FROM numbered ORDER BY vendor_id, sequence";

type PgError = tokio_postgres::Error;

pub(super) async fn run(url: String, stopping: CancellationToken) {
    let mut backoff = Backoff::new();
    while !stopping.is_cancelled() {
        let error = tokio::select! {
            () = stopping.cancelled() => return,
            error = relay(&url, &mut backoff) => error,
        };
        tracing::warn!(%error, "the relay lost its connection; it connects again");
        backoff.wait(&stopping).await;
    }
}

/// Waits to become the relay, and then relays until the connection is lost. The lock goes with the session.
async fn relay(url: &str, backoff: &mut Backoff) -> PgError {
    match connect(url).await {
        Ok(mut link) => {
            backoff.reset();
            match lead(&mut link.client, &mut link.inbox).await {
                Ok(never) => match never {},
                Err(error) => error,
            }
        }
        Err(error) => error,
    }
}

async fn lead(client: &mut Client, inbox: &mut Inbox) -> Result<std::convert::Infallible, PgError> {
    while !try_lock(client).await? {
        tokio::time::sleep(CANDIDACY).await;
    }
    tracing::info!("this process is the relay");
    client.batch_execute(&format!("LISTEN {OUTBOX_CHANNEL}")).await?;
    let mut beat = Instant::now();
    let mut look = Instant::now();
    loop {
        let next = look.min(beat).into();
        tokio::select! {
            told = inbox.next() => {
                // One look serves everything that was told before it.
                while inbox.waiting().is_some() {}
                look = Instant::now();
                if told.is_none() {
                    // The connection has ended: the next statement says why.
                    client.batch_execute("").await?;
                }
            }
            () = tokio::time::sleep_until(next) => {}
        }
        let now = Instant::now();
        if look <= now {
            look = now + step(client).await?.pause();
        }
        if beat <= now {
            // Nobody needs a heartbeat to survive a crash.
            let heartbeat =
                format!("BEGIN; SET LOCAL synchronous_commit = off; NOTIFY {EVENTS_CHANNEL}; COMMIT");
            client.batch_execute(&heartbeat).await?;
            beat = now + HEARTBEAT;
        }
    }
}

async fn try_lock(client: &Client) -> Result<bool, PgError> {
    client.query_one("SELECT pg_try_advisory_lock($1)", &[&RELAY_LOCK]).await?.try_get(0)
}

/// What a look found.
#[derive(Debug, PartialEq)]
enum Step {
    /// There may be more.
    More,
    /// The rest waits for running transactions.
    Blocked,
    /// Nothing.
    Idle,
}

impl Step {
    fn pause(&self) -> Duration {
        match self {
            Self::More => Duration::ZERO,
            Self::Blocked => BLOCKED,
            Self::Idle => SWEEP,
        }
    }
}

/// Numbers and publishes one batch, both in one transaction: an event that has its number has been published.
async fn step(client: &mut Client) -> Result<Step, PgError> {
    let row = client.query_one(PENDING, &[]).await?;
    let (ready, blocked): (bool, bool) = (row.try_get(0)?, row.try_get(1)?);
    if !ready {
        return Ok(if blocked { Step::Blocked } else { Step::Idle });
    }
    let tx = client.transaction().await?;
    let mut events = Vec::new();
    for row in tx.query(NUMBER, &[]).await? {
        let id = |index| -> Result<Uuid, PgError> {
            Ok(row.try_get::<_, &str>(index)?.parse().unwrap_or_default())
        };
        events.push(Wire {
            vendor: id(0)?,
            sequence: row.try_get(1)?,
            kind: row.try_get(2)?,
            entity_id: id(3)?,
            data: serde_json::from_str(row.try_get(4)?).unwrap_or(Value::Null),
        });
    }
    for payload in payloads(events) {
        tx.execute("SELECT pg_notify($1, $2)", &[&EVENTS_CHANNEL, &payload]).await?;
    }
    tx.commit().await?;
    Ok(Step::More)
}

/// The batch as one notification, or, if that is too large, the vendors that are to read anew, in as many as it takes.
fn payloads(events: Vec<Wire>) -> Vec<String> {
    if events.is_empty() {
        return Vec::new();
    }
    let vendors: BTreeSet<Uuid> = events.iter().map(|event| event.vendor).collect();
    let all = serde_json::to_string(&Payload::Events(events)).unwrap_or_default();
    if !all.is_empty() && all.len() <= MAX_PAYLOAD {
        return vec![all];
    }
    let vendors: Vec<Uuid> = vendors.into_iter().collect();
    // An id with its quotes and comma has 39 bytes.
    let chunks = vendors.chunks(MAX_PAYLOAD / 40);
    chunks.filter_map(|chunk| serde_json::to_string(&Payload::Reread(chunk.to_vec())).ok()).collect()
}

/// Publishes everything that is committed, and returns; for tests, and for `doctor`. Where a relay runs, that one does it.
pub async fn drain(app: &App) -> Result<(), PgError> {
    let mut link = connect(&app.config.database.direct).await?;
    let begun = Instant::now();
    let leads = try_lock(&link.client).await?;
    loop {
        let step = if leads {
            step(&mut link.client).await?
        } else {
            link.client.batch_execute(&format!("NOTIFY {OUTBOX_CHANNEL}")).await?;
            if count(&link.client).await? == 0 { Step::Idle } else { Step::Blocked }
        };
        if step == Step::Idle || begun.elapsed() > Duration::from_secs(20) {
            return Ok(());
        }
        tokio::time::sleep(step.pause()).await;
    }
}

/// How many committed events have not been published.
pub async fn pending_events(app: &App) -> Result<i64, PgError> {
    count(&connect(&app.config.database.direct).await?.client).await
}

async fn count(client: &Client) -> Result<i64, PgError> {
    client.query_one("SELECT count(*) FROM outbox_events WHERE sequence IS NULL", &[]).await?.try_get(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(vendor: u128, sequence: i64) -> Wire {
        Wire {
            vendor: Uuid::from_u128(vendor),
            sequence,
            kind: "PRODUCT_UPDATED".into(),
            entity_id: Uuid::from_u128(1),
            data: Value::Null,
        }
    }

    #[test]
    fn a_small_batch_is_sent_whole_and_in_order() {
        let sent = payloads(vec![event(1, 1), event(1, 2)]);
        assert_eq!(sent.len(), 1);
        let Ok(Payload::Events(events)) = serde_json::from_str(&sent[0]) else { panic!("{sent:?}") };
        assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_large_batch_names_every_vendor_within_the_limit_of_a_notification() {
        let sent = payloads((0..1_000).map(|n| event(n, 1)).collect());
        let mut vendors = BTreeSet::new();
        for payload in &sent {
            assert!(payload.len() < 8_000, "{}", payload.len());
            let Ok(Payload::Reread(some)) = serde_json::from_str(payload) else { panic!("{payload}") };
            vendors.extend(some);
        }
        assert_eq!(vendors.len(), 1_000);
    }

    #[test]
    fn nothing_is_sent_for_nothing() {
        assert!(payloads(Vec::new()).is_empty());
    }
}
