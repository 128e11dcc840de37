//! Locations.

use serde_json::Value;

use crate::framework::clock::new_uuid;
use crate::framework::context::Who;
use crate::framework::db::{DbError, Tx, sql};
use crate::framework::id::LocationId;
use crate::modules::inventory::model::LocationRow;

const COLUMNS: &str =
    "id, code, name, sellable, active, priority, default_location, serves, address, created_at, version";

/// The location.
pub async fn location(tx: &Tx, id: LocationId) -> Result<Option<LocationRow>, DbError> {
    tx.optional(
        sql(format!("SELECT {COLUMNS} FROM inventory_locations WHERE vendor_id = $1 AND id = $2"))
            .bind(tx.vendor())
            .bind(id),
    )
    .await
}

/// The location, locked against those who change it.
pub async fn lock_location(tx: &Tx, id: LocationId) -> Result<Option<LocationRow>, DbError> {
    tx.optional(
        sql(format!(
            "SELECT {COLUMNS} FROM inventory_locations WHERE vendor_id = $1 AND id = $2 FOR NO KEY UPDATE"
        ))
        .bind(tx.vendor())
        .bind(id),
    )
    .await
}

/// The default location; made where a vendor has none.
pub async fn default_location(tx: &Tx, who: &Who) -> Result<LocationId, DbError> {
    let found = tx
        .optional::<(LocationId,)>(
            sql("WITH made AS ( \
                     INSERT INTO inventory_locations (vendor_id, id, code, name, default_location, created_at) \
                     SELECT $1, $2, 'MAIN', 'Main', true, $3 WHERE NOT EXISTS ( \
                         SELECT FROM inventory_locations WHERE vendor_id = $1 AND default_location) \
                     ON CONFLICT DO NOTHING RETURNING id) \
                 SELECT id FROM inventory_locations WHERE vendor_id = $1 AND default_location \
                 UNION ALL SELECT id FROM made")
            .bind(tx.vendor())
            .bind(new_uuid())
            .bind(who.now),
        )
        .await?;
    // Somebody else made it a moment ago.
    found.map(|(id,)| id).ok_or(DbError::Conflict)
}

/// Stores a new location.
pub async fn insert_location(tx: &Tx, row: &LocationRow) -> Result<(), DbError> {
    tx.execute(
        sql("INSERT INTO inventory_locations \
             (vendor_id, id, code, name, sellable, active, priority, serves, address, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
        .bind(tx.vendor())
        .bind(row.id)
        .bind(row.code.clone())
        .bind(row.name.clone())
        .bind(row.sellable)
        .bind(row.active)
        .bind(row.priority)
        .bind(row.serves.clone())
        .bind(row.address.clone())
        .bind(row.created_at),
    )
    .await
    .map(|_| ())
}

/// Stores a changed location.
pub async fn update_location(tx: &Tx, row: &LocationRow) -> Result<(), DbError> {
    let address: Option<Value> = row.address.clone();
    tx.execute(
        sql(
            "UPDATE inventory_locations SET code = $3, name = $4, sellable = $5, active = $6, priority = $7, \
             serves = $8, address = $9, version = $10 WHERE vendor_id = $1 AND id = $2",
        )
        .bind(tx.vendor())
        .bind(row.id)
        .bind(row.code.clone())
        .bind(row.name.clone())
        .bind(row.sellable)
        .bind(row.active)
        .bind(row.priority)
        .bind(row.serves.clone())
        .bind(address)
        .bind(row.version),
    )
    .await
    .map(|_| ())
}

/// Locks all items of a location, in the order of their ids, and tells how many are reserved there. Whoever reserves
/// holds an item's lock or sees the location as this transaction leaves it.
pub async fn lock_reserved_total(tx: &Tx, location: LocationId) -> Result<i64, DbError> {
    let (reserved,) = tx
        .one::<(i64,)>(
            sql("SELECT coalesce(sum(locked.reserved), 0)::bigint FROM ( \
                     SELECT reserved FROM inventory_items WHERE vendor_id = $1 AND location_id = $2 \
                     ORDER BY id FOR NO KEY UPDATE) AS locked")
            .bind(tx.vendor())
            .bind(location),
        )
        .await?;
    Ok(reserved)
}
