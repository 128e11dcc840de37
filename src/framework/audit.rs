//! The audit log: one row for each mutation, in its own transaction.

use serde_json::Value;
use uuid::Uuid;

use super::clock::new_uuid;
use super::context::Who;
use super::db::{Array, DbError, Tx, sql};
use super::id::VendorId;
use super::outbox::Event;

/// What was done, to what.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// The mutation or job step, `order.ship`.
    pub action: &'static str,
    /// The GraphQL type.
    pub entity_type: &'static str,
    /// The object.
    pub entity_id: Option<Uuid>,
    /// What changed, before; secrets and personal values left out.
    pub before: Option<&'a Value>,
    /// What changed, after.
    pub after: Option<&'a Value>,
}

/// Writes a row in a vendor's transaction.
pub async fn record(tx: &Tx, who: &Who, entry: Entry<'_>) -> Result<(), DbError> {
    write(tx, Some(tx.vendor()), who, entry).await
}

/// Writes a row and the mutation's events in one statement.
pub async fn record_with_events(
    tx: &Tx,
    who: &Who,
    entry: Entry<'_>,
    events: &[Event],
) -> Result<(), DbError> {
    if !events.is_empty() {
        tx.mark_published();
    }
    let column = |get: fn(&Event) -> &'static str| Array(events.iter().map(get).collect::<Vec<_>>());
    tx.execute(
        sql("WITH event AS (
                 INSERT INTO outbox_events (vendor_id, id, kind, entity_type, entity_id, data)
                 SELECT $1, * FROM unnest($12, $13, $14, $15, $16))
             INSERT INTO audit_events (vendor_id, id, occurred_at, actor_kind, actor_id, action, entity_type, entity_id, before, after, request_id, ip)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $17)")
        .bind(tx.vendor())
        .bind(new_uuid())
        .bind(who.now)
        .bind(who.kind)
        .bind(who.id)
        .bind(entry.action)
        .bind(entry.entity_type)
        .bind(entry.entity_id)
        .bind(entry.before.cloned())
        .bind(entry.after.cloned())
        .bind(who.request_id.clone())
        .bind(Array(events.iter().map(|_| new_uuid()).collect::<Vec<_>>()))
        .bind(column(|event| event.kind))
        .bind(column(|event| event.entity_type))
        .bind(Array(events.iter().map(|event| event.entity_id).collect::<Vec<_>>()))
        .bind(Array(events.iter().map(|event| event.data.clone()).collect::<Vec<_>>()))
        .bind(who.ip.clone()),
    )
    .await
    .map(|_| ())
}

/// Writes a row of the platform, about one vendor or none, in a platform transaction.
pub async fn record_platform(
    tx: &Tx,
    vendor: Option<VendorId>,
    who: &Who,
    entry: Entry<'_>,
) -> Result<(), DbError> {
    write(tx, vendor, who, entry).await
}

async fn write(tx: &Tx, vendor: Option<VendorId>, who: &Who, entry: Entry<'_>) -> Result<(), DbError> {
    let table = if vendor.is_some() { "audit_events" } else { "platform_audit_events" };
    let columns = if vendor.is_some() { "vendor_id, " } else { "" };
    let mut query = sql(format!(
        "INSERT INTO {table} ({columns}id, occurred_at, actor_kind, actor_id, action, entity_type, entity_id, \
         before, after, request_id, ip) VALUES ("
    ));
    if let Some(vendor) = vendor {
        let n = query.bind_next(vendor);
        query.push_mut(&format!("${n}, "));
    }
    let first = query.bind_next(new_uuid());
    query.bind_next(who.now);
    query.bind_next(who.kind);
    query.bind_next(who.id);
    query.bind_next(entry.action);
    query.bind_next(entry.entity_type);
    query.bind_next(entry.entity_id);
    query.bind_next(entry.before.cloned());
    query.bind_next(entry.after.cloned());
    query.bind_next(who.request_id.clone());
    query.bind_next(who.ip.clone());
    let places: Vec<String> = (first..first + 11).map(|n| format!("${n}")).collect();
    query.push_mut(&format!("{})", places.join(", ")));
    tx.execute(query).await.map(|_| ())
}
