//! Events, written in the transaction that causes them. The relay numbers and publishes them (design.md section 6).

use serde_json::Value;
use uuid::Uuid;

use super::clock::new_uuid;
use super::db::{Array, DbError, Tx, sql};
use super::id::VendorId;

/// An event of a vendor. Payloads carry ids, not personal data.
#[derive(Debug, Clone)]
pub struct Event {
    /// `ORDER_PLACED`, `INVENTORY_CHANGED` …: a value of the schema's `EventType`.
    pub kind: &'static str,
    /// The GraphQL type of the object.
    pub entity_type: &'static str,
    /// The object.
    pub entity_id: Uuid,
    /// Further ids and counts.
    pub data: Value,
}

/// Writes events in order. One statement, whatever their number.
pub async fn publish(tx: &Tx, events: &[Event]) -> Result<(), DbError> {
    if events.is_empty() {
        return Ok(());
    }
    publish_for(tx, tx.vendor(), events).await
}

/// Writes events of a vendor in a platform transaction, which has no vendor of its own.
pub async fn publish_for(tx: &Tx, vendor: VendorId, events: &[Event]) -> Result<(), DbError> {
    if events.is_empty() {
        return Ok(());
    }
    tx.mark_published();
    let ids: Vec<Uuid> = events.iter().map(|_| new_uuid()).collect();
    let kinds: Vec<&str> = events.iter().map(|e| e.kind).collect();
    let types: Vec<&str> = events.iter().map(|e| e.entity_type).collect();
    let entities: Vec<Uuid> = events.iter().map(|e| e.entity_id).collect();
    let data: Vec<Value> = events.iter().map(|e| e.data.clone()).collect();
    tx.execute(
        sql("INSERT INTO outbox_events (vendor_id, id, kind, entity_type, entity_id, data) \
             SELECT $1, * FROM unnest($2, $3, $4, $5, $6)")
        .bind(vendor)
        .bind(Array(ids))
        .bind(Array(kinds))
        .bind(Array(types))
        .bind(Array(entities))
        .bind(Array(data)),
    )
    .await
    .map(|_| ())
}
