//! Lists and look-ups of items and movements.

use chrono::{DateTime, Utc};

use crate::framework::db::{Array, DbError, Sql, Tx, sql};
use crate::framework::id::{InventoryItemId, LocationId, MovementId, OrderId, VariantId};
use crate::framework::paging::{COUNT_LIMIT, KeyValue, Page, Slice};
use crate::modules::inventory::model::{ItemRow, LocationRow, MovementKind, MovementRow};

const ITEM: &str = "\
SELECT i.id, i.variant_id, i.location_id, i.on_hand, i.reserved, i.overdraft, i.updated_at, i.version, l.priority";
const ITEMS: &str = " \
FROM inventory_items i JOIN inventory_locations l ON l.vendor_id = i.vendor_id AND l.id = i.location_id \
WHERE i.vendor_id = $1";
const MOVEMENT: &str = "\
SELECT m.id, m.item_id, m.kind, m.delta, m.reserved_delta, m.on_hand_after, m.reserved_after, m.reason, m.note, \
m.actor_kind, m.actor_id, m.order_id, m.created_at";
const MOVEMENTS: &str = " FROM inventory_movements m WHERE m.vendor_id = $1";
const LOCATION: &str = "\
SELECT id, code, name, sellable, active, priority, default_location, serves, address, created_at, version";
const LOCATIONS: &str = " FROM inventory_locations WHERE vendor_id = $1";

/// Which items.
#[derive(Debug, Clone, Default)]
pub struct ItemFilter {
    /// At this location.
    pub location: Option<LocationId>,
    /// Of this variant.
    pub variant: Option<VariantId>,
    /// With few left, or not.
    pub low: Option<bool>,
}

impl ItemFilter {
    fn apply(&self, query: &mut Sql<'_>) {
        if let Some(location) = self.location {
            let n = query.bind_next(location);
            query.push_mut(&format!(" AND i.location_id = ${n}"));
        }
        if let Some(variant) = self.variant {
            let n = query.bind_next(variant);
            query.push_mut(&format!(" AND i.variant_id = ${n}"));
        }
        match self.low {
            Some(true) => query.push_mut(" AND i.low"),
            Some(false) => query.push_mut(" AND NOT i.low"),
            None => {}
        }
    }
}

/// Which movements.
#[derive(Debug, Clone, Default)]
pub struct MovementFilter {
    /// Of this item.
    pub item: Option<InventoryItemId>,
    /// Of this variant, at all locations.
    pub variant: Option<VariantId>,
    /// For this order.
    pub order: Option<OrderId>,
    /// Of this kind.
    pub kind: Option<MovementKind>,
    /// At or after.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub to: Option<DateTime<Utc>>,
}

impl MovementFilter {
    fn apply(&self, query: &mut Sql<'_>) {
        if let Some(item) = self.item {
            let n = query.bind_next(item);
            query.push_mut(&format!(" AND m.item_id = ${n}"));
        }
        if let Some(variant) = self.variant {
            let n = query.bind_next(variant);
            query.push_mut(&format!(
                " AND m.item_id = ANY(ARRAY(SELECT id FROM inventory_items WHERE vendor_id = $1 AND variant_id = ${n}))"
            ));
        }
        if let Some(order) = self.order {
            let n = query.bind_next(order);
            query.push_mut(&format!(" AND m.order_id = ${n}"));
        }
        if let Some(kind) = self.kind {
            let n = query.bind_next(kind);
            query.push_mut(&format!(" AND m.kind = ${n}"));
        }
        for (at, operator) in [(self.from, ">="), (self.to, "<")] {
            if let Some(at) = at {
                let n = query.bind_next(at);
                query.push_mut(&format!(" AND m.created_at {operator} ${n}"));
            }
        }
    }
}

/// A page of items, by id.
pub async fn items(tx: &Tx, filter: &ItemFilter, page: &Page) -> Result<Slice<ItemRow>, DbError> {
    let mut query = sql(ITEM).push(ITEMS).bind(tx.vendor());
    filter.apply(&mut query);
    page.apply(&mut query);
    Ok(page.slice(tx.load(query).await?, |row: &ItemRow| vec![KeyValue::from(row.id)]))
}

/// How many items there are, up to the limit of counting.
pub async fn count_items(tx: &Tx, filter: &ItemFilter) -> Result<i64, DbError> {
    let mut query = sql("SELECT count(*) FROM (SELECT 1").push(ITEMS).bind(tx.vendor());
    filter.apply(&mut query);
    count(tx, query).await
}

/// A page of movements, by time.
pub async fn movements(tx: &Tx, filter: &MovementFilter, page: &Page) -> Result<Slice<MovementRow>, DbError> {
    let mut query = sql(MOVEMENT).push(MOVEMENTS).bind(tx.vendor());
    filter.apply(&mut query);
    page.apply(&mut query);
    let key = |row: &MovementRow| vec![KeyValue::from(row.created_at), KeyValue::from(row.id)];
    Ok(page.slice(tx.load(query).await?, key))
}

/// How many movements there are, up to the limit of counting.
pub async fn count_movements(tx: &Tx, filter: &MovementFilter) -> Result<i64, DbError> {
    let mut query = sql("SELECT count(*) FROM (SELECT 1").push(MOVEMENTS).bind(tx.vendor());
    filter.apply(&mut query);
    count(tx, query).await
}

/// A page of locations, by priority.
pub async fn list_locations(
    tx: &Tx,
    active: Option<bool>,
    page: &Page,
) -> Result<Slice<LocationRow>, DbError> {
    let mut query = sql(LOCATION).push(LOCATIONS).bind(tx.vendor());
    location_filter(&mut query, active);
    page.apply(&mut query);
    let key = |row: &LocationRow| vec![KeyValue::from(i64::from(row.priority)), KeyValue::from(row.id)];
    Ok(page.slice(tx.load(query).await?, key))
}

/// How many locations there are.
pub async fn count_locations(tx: &Tx, active: Option<bool>) -> Result<i64, DbError> {
    let mut query = sql("SELECT count(*) FROM (SELECT 1").push(LOCATIONS).bind(tx.vendor());
    location_filter(&mut query, active);
    count(tx, query).await
}

fn location_filter(query: &mut Sql<'_>, active: Option<bool>) {
    match active {
        Some(true) => query.push_mut(" AND active"),
        Some(false) => query.push_mut(" AND NOT active"),
        None => {}
    }
}

async fn count(tx: &Tx, mut query: Sql<'_>) -> Result<i64, DbError> {
    let limit = query.bind_next(COUNT_LIMIT);
    query.push_mut(&format!(" LIMIT ${limit}) AS counted"));
    Ok(tx.one::<(i64,)>(query).await?.0)
}

/// The items of these ids.
pub async fn items_by_id(tx: &Tx, ids: Vec<InventoryItemId>) -> Result<Vec<ItemRow>, DbError> {
    tx.load(sql(ITEM).push(ITEMS).push(" AND i.id = ANY($2)").bind(tx.vendor()).bind(Array(ids))).await
}

/// The movements of these ids, oldest first.
pub async fn movements_by_id(tx: &Tx, ids: Vec<MovementId>) -> Result<Vec<MovementRow>, DbError> {
    let query = sql(MOVEMENT).push(MOVEMENTS).push(" AND m.id = ANY($2) ORDER BY m.id");
    tx.load(query.bind(tx.vendor()).bind(Array(ids))).await
}

/// The locations of these ids.
pub async fn locations_by_id(tx: &Tx, ids: Vec<LocationId>) -> Result<Vec<LocationRow>, DbError> {
    tx.load(sql(LOCATION).push(LOCATIONS).push(" AND id = ANY($2)").bind(tx.vendor()).bind(Array(ids))).await
}

/// Both entries of a transfer, by the one that left: they were written by one actor at one instant, of one variant.
pub async fn transfer_of(tx: &Tx, out: &MovementRow) -> Result<Vec<MovementRow>, DbError> {
    let query = sql(MOVEMENT).push(MOVEMENTS).push(
        " AND m.id >= $2 AND m.created_at = $3 AND m.kind IN ('TRANSFER_OUT', 'TRANSFER_IN') \
         AND m.actor_id IS NOT DISTINCT FROM $4 AND abs(m.delta) = $5 \
         AND m.item_id = ANY(ARRAY(SELECT there.id FROM inventory_items here JOIN inventory_items there \
         ON there.vendor_id = here.vendor_id AND there.variant_id = here.variant_id \
         WHERE here.vendor_id = $1 AND here.id = $6)) ORDER BY m.id LIMIT 2",
    );
    tx.load(
        query
            .bind(tx.vendor())
            .bind(out.id)
            .bind(out.created_at)
            .bind(out.actor_id)
            .bind(out.delta.abs())
            .bind(out.item_id),
    )
    .await
}
