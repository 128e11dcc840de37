//! Shipping methods.

use crate::framework::db::{DbError, Tx, sql};
use crate::framework::id::ShippingMethodId;
use crate::modules::cart::model::MethodRow;

/// Shipping methods that a vendor can have.
pub const MAX_METHODS: i64 = 100;

const COLUMNS: &str = "id, name, description, currency_code, price, tax_class, active, position, version";

/// The methods that shoppers can choose in a currency, in the vendor's order.
pub async fn methods(tx: &Tx, currency: &str) -> Result<Vec<MethodRow>, DbError> {
    tx.load(
        sql(format!(
            "SELECT {COLUMNS} FROM shipping_methods WHERE vendor_id = $1 AND currency_code = $2 AND active \
             ORDER BY position, id LIMIT 100"
        ))
        .bind(tx.vendor())
        .bind(currency.to_owned()),
    )
    .await
}

/// All methods, for the team.
pub async fn all_methods(tx: &Tx) -> Result<Vec<MethodRow>, DbError> {
    tx.load(
        sql(format!(
            "SELECT {COLUMNS} FROM shipping_methods WHERE vendor_id = $1 ORDER BY position, id LIMIT 100"
        ))
        .bind(tx.vendor()),
    )
    .await
}

/// One method, locked against those who change it where `lock`.
pub async fn method(tx: &Tx, id: ShippingMethodId, lock: bool) -> Result<Option<MethodRow>, DbError> {
    let lock = if lock { " FOR NO KEY UPDATE" } else { "" };
    tx.optional(
        sql(format!("SELECT {COLUMNS} FROM shipping_methods WHERE vendor_id = $1 AND id = $2{lock}"))
            .bind(tx.vendor())
            .bind(id),
    )
    .await
}

/// How many methods there are.
pub async fn count_methods(tx: &Tx) -> Result<i64, DbError> {
    let (count,) = tx
        .one::<(i64,)>(sql("SELECT count(*) FROM shipping_methods WHERE vendor_id = $1").bind(tx.vendor()))
        .await?;
    Ok(count)
}

/// Stores a new or changed method.
pub async fn save_method(tx: &Tx, row: &MethodRow) -> Result<(), DbError> {
    tx.execute(
        sql("INSERT INTO shipping_methods \
             (vendor_id, id, name, description, currency_code, price, tax_class, active, position, version) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             ON CONFLICT (vendor_id, id) DO UPDATE SET name = excluded.name, description = excluded.description, \
             price = excluded.price, tax_class = excluded.tax_class, active = excluded.active, \
             position = excluded.position, version = excluded.version")
        .bind(tx.vendor())
        .bind(row.id)
        .bind(row.name.clone())
        .bind(row.description.clone())
        .bind(row.currency_code.clone())
        .bind(row.price)
        .bind(row.tax_class.clone())
        .bind(row.active)
        .bind(row.position)
        .bind(row.version),
    )
    .await
    .map(|_| ())
}
