//! All SQL of customers.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::model::{ADDRESS_COLUMNS, AddressRow, CUSTOMER_COLUMNS, CustomerRow};
use crate::framework::db::{Array, DbError, Sql, Tx, sql};
use crate::framework::id::{AddressId, CustomerId};
use crate::framework::paging::{COUNT_LIMIT, Page};

/// How many matches of a search are looked at.
const SEARCH_LIMIT: i32 = 1_000;

/// The registered customer of an e-mail address.
pub async fn by_email(tx: &Tx, email: &str) -> Result<Option<CustomerRow>, DbError> {
    tx.optional(
        sql(format!(
            "SELECT {CUSTOMER_COLUMNS} FROM customers WHERE vendor_id = $1 AND lower(email) = lower($2) \
             AND registered AND deleted_at IS NULL"
        ))
        .bind(tx.vendor())
        .bind(email.to_owned()),
    )
    .await
}

/// Customers by id.
pub async fn many(tx: &Tx, ids: Vec<CustomerId>) -> Result<Vec<CustomerRow>, DbError> {
    let ids: Vec<uuid::Uuid> = ids.into_iter().map(CustomerId::uuid).collect();
    tx.load(
        sql(format!(
            "SELECT {CUSTOMER_COLUMNS} FROM customers WHERE vendor_id = $1 AND id = ANY($2) AND deleted_at IS NULL"
        ))
        .bind(tx.vendor())
        .bind(Array(ids)),
    )
    .await
}

/// A customer, locked for a change. It also holds the address book still.
pub async fn lock(tx: &Tx, id: CustomerId) -> Result<Option<CustomerRow>, DbError> {
    tx.optional(
        sql(format!(
            "SELECT {CUSTOMER_COLUMNS} FROM customers WHERE vendor_id = $1 AND id = $2 AND deleted_at IS NULL \
             FOR NO KEY UPDATE"
        ))
        .bind(tx.vendor())
        .bind(id),
    )
    .await
}

/// Stores a registered customer; `customers_email_key` refuses an address that one has.
pub async fn insert(tx: &Tx, row: &CustomerRow) -> Result<(), DbError> {
    tx.execute(
        sql("INSERT INTO customers (vendor_id, id, email, registered, password_hash, first_name, last_name, phone, \
                 language, created_at, last_login_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
        .bind(tx.vendor())
        .bind(row.id)
        .bind(row.email.clone())
        .bind(row.registered)
        .bind(row.password_hash.clone())
        .bind(row.first_name.clone())
        .bind(row.last_name.clone())
        .bind(row.phone.clone())
        .bind(row.language.clone())
        .bind(row.created_at)
        .bind(row.last_login_at),
    )
    .await
    .map(|_| ())
}

/// Notes a log-in.
pub async fn logged_in(tx: &Tx, id: CustomerId, now: DateTime<Utc>) -> Result<(), DbError> {
    tx.execute(
        sql("UPDATE customers SET last_login_at = $3 WHERE vendor_id = $1 AND id = $2")
            .bind(tx.vendor())
            .bind(id)
            .bind(now),
    )
    .await
    .map(|_| ())
}

/// Stores the profile, and counts the version on.
pub async fn update(tx: &Tx, row: &CustomerRow, now: DateTime<Utc>) -> Result<CustomerRow, DbError> {
    tx.one(
        sql(format!(
            "UPDATE customers SET first_name = $3, last_name = $4, phone = $5, language = $6, password_hash = $7, \
             updated_at = $8, version = version + 1 WHERE vendor_id = $1 AND id = $2 RETURNING {CUSTOMER_COLUMNS}"
        ))
        .bind(tx.vendor())
        .bind(row.id)
        .bind(row.first_name.clone())
        .bind(row.last_name.clone())
        .bind(row.phone.clone())
        .bind(row.language.clone())
        .bind(row.password_hash.clone())
        .bind(now),
    )
    .await
}

fn searched(query: &mut Sql<'_>, search: Option<&str>) {
    if let Some(search) = search {
        let (text, most) = (query.bind_next(search.to_owned()), query.bind_next(SEARCH_LIMIT));
        query.push_mut(&format!(" AND id IN (SELECT s.id FROM orion_customer_search(${text}, ${most}) s)"));
    }
}

/// A page of the vendor's customers.
pub async fn page(tx: &Tx, search: Option<&str>, page: &Page) -> Result<Vec<CustomerRow>, DbError> {
    let mut query =
        sql(format!("SELECT {CUSTOMER_COLUMNS} FROM customers WHERE vendor_id = $1 AND deleted_at IS NULL"))
            .bind(tx.vendor());
    searched(&mut query, search);
    page.apply(&mut query);
    tx.load(query).await
}

/// How many customers the vendor has, counted up to the limit.
pub async fn count(tx: &Tx, search: Option<&str>) -> Result<i64, DbError> {
    let mut query =
        sql("SELECT count(*) FROM (SELECT 1 FROM customers WHERE vendor_id = $1 AND deleted_at IS NULL")
            .bind(tx.vendor());
    searched(&mut query, search);
    let n = query.bind_next(COUNT_LIMIT);
    query.push_mut(&format!(" LIMIT ${n}) t"));
    tx.one::<(i64,)>(query).await.map(|(count,)| count)
}

/// The address books of customers.
pub async fn addresses(tx: &Tx, customers: Vec<CustomerId>) -> Result<Vec<AddressRow>, DbError> {
    let ids: Vec<uuid::Uuid> = customers.into_iter().map(CustomerId::uuid).collect();
    tx.load(
        sql(format!(
            "SELECT {ADDRESS_COLUMNS} FROM customer_addresses WHERE vendor_id = $1 AND customer_id = ANY($2) \
             ORDER BY customer_id, id"
        ))
        .bind(tx.vendor())
        .bind(Array(ids)),
    )
    .await
}

/// Stores an address.
pub async fn insert_address(tx: &Tx, row: &AddressRow) -> Result<(), DbError> {
    tx.execute(
        sql("INSERT INTO customer_addresses (vendor_id, id, customer_id, address) VALUES ($1, $2, $3, $4)")
            .bind(tx.vendor())
            .bind(row.id)
            .bind(row.customer_id)
            .bind(row.address.clone()),
    )
    .await
    .map(|_| ())
}

/// Changes an address.
pub async fn update_address(
    tx: &Tx,
    id: AddressId,
    address: Value,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    tx.execute(
        sql("UPDATE customer_addresses SET address = $3, updated_at = $4, version = version + 1 \
             WHERE vendor_id = $1 AND id = $2")
        .bind(tx.vendor())
        .bind(id)
        .bind(address)
        .bind(now),
    )
    .await
    .map(|_| ())
}

/// Deletes an address.
pub async fn delete_address(tx: &Tx, id: AddressId) -> Result<(), DbError> {
    tx.execute(
        sql("DELETE FROM customer_addresses WHERE vendor_id = $1 AND id = $2").bind(tx.vendor()).bind(id),
    )
    .await
    .map(|_| ())
}

/// Makes an address the one and only default, of deliveries, invoices or both.
pub async fn set_default(
    tx: &Tx,
    customer: CustomerId,
    id: AddressId,
    shipping: bool,
    billing: bool,
) -> Result<(), DbError> {
    // First off, then on: the unique index allows one at every instant.
    for on in [false, true] {
        tx.execute(
            sql("UPDATE customer_addresses SET default_shipping = CASE WHEN $4 THEN $6 ELSE default_shipping END, \
                 default_billing = CASE WHEN $5 THEN $6 ELSE default_billing END \
                 WHERE vendor_id = $1 AND customer_id = $2 AND (id = $3) = $6")
            .bind(tx.vendor())
            .bind(customer)
            .bind(id)
            .bind(shipping)
            .bind(billing)
            .bind(on),
        )
        .await?;
    }
    Ok(())
}
