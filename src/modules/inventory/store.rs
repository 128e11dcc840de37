//! All SQL of inventory.

mod lists;
mod locations;

pub use lists::*;
pub use locations::*;

use serde_json::{Value, json};
use uuid::Uuid;

use super::model::{ItemRow, ReservationRow};
use super::rules::LedgerEntry;
use crate::framework::clock::new_uuid;
use crate::framework::context::Who;
use crate::framework::db::{Array, DbError, Tx, sql};
use crate::framework::id::{InventoryItemId, LocationId, OrderId, OrderLineId, VariantId};

/// Ids in one event; more items make more events.
const IDS_PER_EVENT: usize = 500;

/// Locks the items that orders from a country can take of the variants, in the order of their ids.
pub async fn lock_candidates(
    tx: &Tx,
    variants: Vec<VariantId>,
    country: Option<&str>,
) -> Result<Vec<ItemRow>, DbError> {
    tx.load(
        sql("SELECT i.id, i.variant_id, i.location_id, i.on_hand, i.reserved, i.overdraft, i.updated_at, i.version, l.priority \
             FROM inventory_items i JOIN inventory_locations l ON l.vendor_id = i.vendor_id AND l.id = i.location_id \
             WHERE i.vendor_id = $1 AND i.variant_id = ANY($2) AND l.sellable AND l.active \
             AND (l.serves = '{}' OR $3::text IS NULL OR $3 = ANY(l.serves)) \
             ORDER BY i.id FOR NO KEY UPDATE OF i")
        .bind(tx.vendor())
        .bind(Array(variants))
        .bind(country.map(str::to_owned)),
    )
    .await
}

/// Locks the items in which the lines hold reservations, and the same variants' items at a further location.
pub async fn lock_reserved(
    tx: &Tx,
    order: OrderId,
    lines: &[OrderLineId],
    location: Option<LocationId>,
) -> Result<Vec<ItemRow>, DbError> {
    tx.load(
        sql("WITH held AS ( \
                 SELECT r.item_id FROM inventory_reservations r \
                 WHERE r.vendor_id = $1 AND r.order_id = $2 AND r.order_line_id = ANY($3)) \
             SELECT i.id, i.variant_id, i.location_id, i.on_hand, i.reserved, i.overdraft, i.updated_at, i.version, l.priority \
             FROM inventory_items i JOIN inventory_locations l ON l.vendor_id = i.vendor_id AND l.id = i.location_id \
             WHERE i.vendor_id = $1 AND i.id IN ( \
                 SELECT item_id FROM held \
                 UNION SELECT there.id FROM held \
                 JOIN inventory_items here ON here.vendor_id = $1 AND here.id = held.item_id \
                 JOIN inventory_items there ON there.vendor_id = $1 AND there.variant_id = here.variant_id \
                 AND there.location_id = $4) \
             ORDER BY i.id FOR NO KEY UPDATE OF i")
        .bind(tx.vendor())
        .bind(order)
        .bind(Array(lines.to_vec()))
        .bind(location),
    )
    .await
}

/// The reservations of an order's lines, those at the best locations first. Read after their items were locked.
pub async fn reservations(
    tx: &Tx,
    order: OrderId,
    lines: &[OrderLineId],
) -> Result<Vec<ReservationRow>, DbError> {
    tx.load(
        sql("SELECT r.id, r.order_line_id, r.item_id, r.quantity FROM inventory_reservations r \
             JOIN inventory_items i ON i.vendor_id = r.vendor_id AND i.id = r.item_id \
             JOIN inventory_locations l ON l.vendor_id = i.vendor_id AND l.id = i.location_id \
             WHERE r.vendor_id = $1 AND r.order_id = $2 AND r.order_line_id = ANY($3) \
             ORDER BY l.priority, r.item_id")
        .bind(tx.vendor())
        .bind(order)
        .bind(Array(lines.to_vec())),
    )
    .await
}

/// Makes the items that are missing at a location, empty; their variants must exist.
pub async fn ensure_items(
    tx: &Tx,
    who: &Who,
    location: LocationId,
    variants: &[VariantId],
) -> Result<(), DbError> {
    // In one order, so that two that make the same items wait for each other and do not deadlock.
    let mut variants = variants.to_vec();
    variants.sort();
    variants.dedup();
    let ids: Vec<Uuid> = variants.iter().map(|_| new_uuid()).collect();
    tx.execute(
        sql("INSERT INTO inventory_items (vendor_id, id, variant_id, location_id, updated_at) \
             SELECT $1, n.id, n.variant_id, $4, $5 FROM unnest($2, $3) AS n (id, variant_id) ORDER BY n.variant_id \
             ON CONFLICT (vendor_id, variant_id, location_id) DO NOTHING")
        .bind(tx.vendor())
        .bind(Array(ids))
        .bind(Array(variants))
        .bind(location)
        .bind(who.now),
    )
    .await
    .map(|_| ())
}

/// Locks the variants' items at the locations, in the order of their ids.
pub async fn lock_items(
    tx: &Tx,
    locations: &[LocationId],
    variants: &[VariantId],
) -> Result<Vec<ItemRow>, DbError> {
    tx.load(
        sql("SELECT i.id, i.variant_id, i.location_id, i.on_hand, i.reserved, i.overdraft, i.updated_at, i.version, l.priority \
             FROM inventory_items i JOIN inventory_locations l ON l.vendor_id = i.vendor_id AND l.id = i.location_id \
             WHERE i.vendor_id = $1 AND i.variant_id = ANY($2) AND i.location_id = ANY($3) \
             ORDER BY i.id FOR NO KEY UPDATE OF i")
        .bind(tx.vendor())
        .bind(Array(variants.to_vec()))
        .bind(Array(locations.to_vec())),
    )
    .await
}

/// Sets how far the items may be reserved beyond what is there; never below what already is.
pub async fn set_overdraft(
    tx: &Tx,
    location: LocationId,
    limits: &[(VariantId, i32)],
) -> Result<(), DbError> {
    // The version stays: it counts movements, and tells a new item from one that was moved to zero.
    tx.execute(
        sql("UPDATE inventory_items i SET overdraft = greatest(n.overdraft, i.reserved - i.on_hand) \
             FROM unnest($3, $4) AS n (variant_id, overdraft) \
             WHERE i.vendor_id = $1 AND i.location_id = $2 AND i.variant_id = n.variant_id")
        .bind(tx.vendor())
        .bind(location)
        .bind(Array(limits.iter().map(|(variant, _)| *variant).collect()))
        .bind(Array(limits.iter().map(|(_, limit)| *limit).collect())),
    )
    .await
    .map(|_| ())
}

/// A change of a reservation that goes with a posting: rises make the row, falls end it at zero.
#[derive(Debug, Clone, Copy)]
pub struct ReservationChange {
    /// The line.
    pub line: OrderLineId,
    /// The item.
    pub item: InventoryItemId,
    /// By how much.
    pub delta: i32,
}

/// Everything that one change of inventory writes.
#[derive(Debug, Default)]
pub struct Write<'a> {
    /// The items as they were locked.
    pub before: &'a [ItemRow],
    /// The same items, in the same order, as they shall be.
    pub after: &'a [ItemRow],
    /// The ledger entries.
    pub entries: &'a [LedgerEntry],
    /// The order that reservations belong to.
    pub order: Option<OrderId>,
    /// Changes of reservations.
    pub reservations: &'a [ReservationChange],
    /// The team's note, kept with every entry.
    pub note: Option<&'a str>,
    /// Whether the items' locations must still be open to orders.
    pub sellable_only: bool,
}

/// Stores a change: balances, ledger entries, reservations and the event `INVENTORY_CHANGED`, in one statement.
///
/// The items must be locked; a balance that changed all the same (or a location that was closed meanwhile) makes it
/// fail with [`DbError::Conflict`].
pub async fn post(tx: &Tx, who: &Who, write: &Write<'_>) -> Result<Vec<Uuid>, DbError> {
    let moved: Vec<(&ItemRow, &ItemRow)> = write
        .before
        .iter()
        .zip(write.after)
        .filter(|(before, _)| write.entries.iter().any(|entry| entry.posting.item == before.id))
        .collect();
    let ids: Vec<Uuid> = write.entries.iter().map(|_| new_uuid()).collect();
    if moved.is_empty() {
        return Ok(ids);
    }
    let events = events(&moved);
    let entries = write.entries;
    let rises: Vec<_> = write.reservations.iter().filter(|change| change.delta > 0).collect();
    let falls: Vec<_> = write.reservations.iter().filter(|change| change.delta < 0).collect();
    let (changed,) = tx
        .one::<(i64,)>(
            sql(POST)
                .bind(tx.vendor())
                .bind(Array(moved.iter().map(|(before, _)| before.id).collect::<Vec<_>>()))
                .bind(Array(moved.iter().map(|(before, _)| before.on_hand).collect::<Vec<_>>()))
                .bind(Array(moved.iter().map(|(before, _)| before.reserved).collect::<Vec<_>>()))
                .bind(Array(moved.iter().map(|(_, after)| after.on_hand).collect::<Vec<_>>()))
                .bind(Array(moved.iter().map(|(_, after)| after.reserved).collect::<Vec<_>>()))
                .bind(who.now)
                .bind(write.sellable_only)
                .bind(Array(ids.clone()))
                .bind(Array(entries.iter().map(|e| e.posting.item).collect::<Vec<_>>()))
                .bind(Array(entries.iter().map(|e| e.posting.kind.as_str()).collect::<Vec<_>>()))
                .bind(Array(entries.iter().map(|e| e.posting.delta).collect::<Vec<_>>()))
                .bind(Array(entries.iter().map(|e| e.posting.reserved_delta).collect::<Vec<_>>()))
                .bind(Array(entries.iter().map(|e| e.on_hand_after).collect::<Vec<_>>()))
                .bind(Array(entries.iter().map(|e| e.reserved_after).collect::<Vec<_>>()))
                .bind(Array(entries.iter().map(|e| e.posting.reason.map(|r| r.as_str())).collect::<Vec<_>>()))
                .bind(Array(entries.iter().map(|e| e.posting.order).collect::<Vec<_>>()))
                .bind(Array(entries.iter().map(|e| e.posting.line).collect::<Vec<_>>()))
                .bind(write.note.map(str::to_owned))
                .bind(who.kind)
                .bind(who.id)
                .bind(write.order)
                .bind(Array(rises.iter().map(|_| new_uuid()).collect::<Vec<_>>()))
                .bind(Array(rises.iter().map(|change| change.line).collect::<Vec<_>>()))
                .bind(Array(rises.iter().map(|change| change.item).collect::<Vec<_>>()))
                .bind(Array(rises.iter().map(|change| change.delta).collect::<Vec<_>>()))
                .bind(Array(falls.iter().map(|change| change.line).collect::<Vec<_>>()))
                .bind(Array(falls.iter().map(|change| change.item).collect::<Vec<_>>()))
                .bind(Array(falls.iter().map(|change| -change.delta).collect::<Vec<_>>()))
                .bind(Array(events.iter().map(|_| new_uuid()).collect::<Vec<_>>()))
                .bind(Array(events.iter().map(|(item, _)| *item).collect::<Vec<_>>()))
                .bind(Array(events.iter().map(|(_, data)| data.clone()).collect::<Vec<_>>())),
        )
        .await?;
    tx.mark_published();
    if usize::try_from(changed) == Ok(moved.len()) { Ok(ids) } else { Err(DbError::Conflict) }
}

fn events(moved: &[(&ItemRow, &ItemRow)]) -> Vec<(InventoryItemId, Value)> {
    let chunks = moved.chunks(IDS_PER_EVENT);
    chunks
        .filter_map(|chunk| {
            let (first, _) = chunk.first()?;
            let mut variants: Vec<Uuid> = chunk.iter().map(|(item, _)| item.variant_id.uuid()).collect();
            variants.sort();
            variants.dedup();
            let items: Vec<Uuid> = chunk.iter().map(|(item, _)| item.id.uuid()).collect();
            Some((first.id, json!({ "variantIds": variants, "itemIds": items })))
        })
        .collect()
}

const POST: &str = "\
WITH changed AS (
    UPDATE inventory_items i SET on_hand = n.on_hand, reserved = n.reserved, version = i.version + 1, updated_at = $7
    FROM unnest($2, $3, $4, $5, $6) AS n (id, old_on_hand, old_reserved, on_hand, reserved)
    WHERE i.vendor_id = $1 AND i.id = n.id AND i.on_hand = n.old_on_hand AND i.reserved = n.old_reserved
    AND (NOT $8 OR EXISTS (SELECT FROM inventory_locations l
        WHERE l.vendor_id = i.vendor_id AND l.id = i.location_id AND l.active AND l.sellable))
    RETURNING i.id
), moved AS (
    INSERT INTO inventory_movements (vendor_id, id, item_id, kind, delta, reserved_delta, on_hand_after, reserved_after,
        reason, order_id, order_line_id, note, actor_kind, actor_id, created_at)
    SELECT $1, m.*, $19, $20, $21, $7 FROM unnest($9, $10, $11, $12, $13, $14, $15, $16, $17, $18) AS m
), risen AS (
    INSERT INTO inventory_reservations (vendor_id, order_id, id, order_line_id, item_id, quantity, created_at)
    SELECT $1, $22, r.*, $7 FROM unnest($23, $24, $25, $26) AS r
    ON CONFLICT (vendor_id, order_line_id, item_id)
    DO UPDATE SET quantity = inventory_reservations.quantity + excluded.quantity
), fallen AS (
    UPDATE inventory_reservations r SET quantity = r.quantity - f.quantity
    FROM unnest($27, $28, $29) AS f (order_line_id, item_id, quantity)
    WHERE r.vendor_id = $1 AND r.order_line_id = f.order_line_id AND r.item_id = f.item_id AND r.quantity > f.quantity
), ended AS (
    DELETE FROM inventory_reservations r USING unnest($27, $28, $29) AS f (order_line_id, item_id, quantity)
    WHERE r.vendor_id = $1 AND r.order_line_id = f.order_line_id AND r.item_id = f.item_id AND r.quantity <= f.quantity
), told AS (
    INSERT INTO outbox_events (vendor_id, id, kind, entity_type, entity_id, data)
    SELECT $1, e.id, 'INVENTORY_CHANGED', 'InventoryItem', e.item_id, e.data
    FROM unnest($30, $31, $32) AS e (id, item_id, data)
)
SELECT count(*) FROM changed";
