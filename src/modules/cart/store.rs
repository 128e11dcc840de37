//! All SQL of carts.

mod methods;

pub use methods::*;

use chrono::{DateTime, Utc};

use super::model::{CartRow, CartStatus, LineRow};
use super::view::Place;
use crate::framework::db::{Array, DbError, Tx, sql};
use crate::framework::id::{CartId, CartLineId, CustomerId, OrderId};

// `t` is the cart that was asked for, `c` the one that it stands for: itself, or the one that it was merged into.
const CART: &str = "\
SELECT c.id, c.customer_id, c.status, c.currency_code, c.prices_include_tax, c.price_list, c.language, c.country_code,
    c.email, c.shipping_address, c.billing_address, c.shipping_method_id, c.note, c.vat_number, c.order_id,
    c.created_at, c.updated_at, c.expires_at, c.version, m.name AS method_name, m.description AS method_description,
    m.currency_code AS method_currency, m.price AS method_price, m.tax_class AS method_tax_class,
    m.active AS method_active, orion_tax_rate($3, coalesce(m.tax_class, 'STANDARD'), $4) AS method_rate_bp,
    orion_tax_rate($3, 'STANDARD', $4) AS standard_rate_bp
FROM carts t
JOIN carts c ON c.vendor_id = t.vendor_id AND c.id = CASE t.status WHEN 'MERGED' THEN t.merged_into ELSE t.id END
LEFT JOIN shipping_methods m ON m.vendor_id = c.vendor_id AND m.id = c.shipping_method_id
WHERE t.vendor_id = $1 AND t.expires_at > $2 AND c.expires_at > $2";

/// How a cart is found.
#[derive(Debug, Clone)]
pub enum Key {
    /// By its token's hash, or that of a cart that was merged into it.
    Token(Vec<u8>),
    /// The customer's active one.
    Customer(CustomerId),
    /// By its id.
    Id(CartId),
}

/// The cart, unless it has expired; `lock` keeps others from changing it until the transaction ends.
pub async fn cart(tx: &Tx, place: &Place, key: Key, lock: bool) -> Result<Option<CartRow>, DbError> {
    let country = String::from_utf8_lossy(&place.country).into_owned();
    let mut query = sql(CART).bind(tx.vendor()).bind(place.now).bind(country).bind(place.on);
    match key {
        Key::Token(hash) => query = query.push(" AND t.token_hash = $5").bind(hash),
        Key::Customer(customer) => {
            query = query.push(" AND t.customer_id = $5 AND t.status = 'ACTIVE'").bind(customer);
        }
        Key::Id(id) => query = query.push(" AND t.id = $5").bind(id),
    }
    if lock {
        query = query.push(" FOR NO KEY UPDATE OF c");
    }
    tx.optional(query).await
}

/// A guest's cart and a customer's active one, both locked in the order of their ids, expired ones left out.
pub async fn lock_both(
    tx: &Tx,
    place: &Place,
    token_hash: Vec<u8>,
    customer: CustomerId,
) -> Result<Vec<(CartId,)>, DbError> {
    tx.load(
        sql("SELECT c.id FROM carts c WHERE c.vendor_id = $1 AND c.expires_at > $2 AND c.status = 'ACTIVE' \
             AND (c.token_hash = $3 OR c.customer_id = $4) ORDER BY c.id FOR NO KEY UPDATE")
        .bind(tx.vendor())
        .bind(place.now)
        .bind(token_hash)
        .bind(customer),
    )
    .await
}

/// A cart's lines, oldest first.
pub async fn lines(tx: &Tx, cart: CartId) -> Result<Vec<LineRow>, DbError> {
    tx.load(
        sql("SELECT id, variant_id, quantity, price_at_add, title FROM cart_lines \
             WHERE vendor_id = $1 AND cart_id = $2 ORDER BY id")
        .bind(tx.vendor())
        .bind(cart),
    )
    .await
}

/// Stores a new cart.
pub async fn insert_cart(
    tx: &Tx,
    row: &CartRow,
    token_hash: Vec<u8>,
    merged_into: Option<CartId>,
) -> Result<(), DbError> {
    tx.execute(
        sql("INSERT INTO carts (vendor_id, id, token_hash, customer_id, status, currency_code, prices_include_tax, \
             price_list, language, country_code, email, merged_into, created_at, updated_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14)")
        .bind(tx.vendor())
        .bind(row.id)
        .bind(token_hash)
        .bind(row.customer_id)
        .bind(row.status)
        .bind(row.currency_code.clone())
        .bind(row.prices_include_tax)
        .bind(row.price_list.clone())
        .bind(row.language.clone())
        .bind(row.country_code.clone())
        .bind(row.email.clone())
        .bind(merged_into)
        .bind(row.created_at)
        .bind(row.expires_at),
    )
    .await
    .map(|_| ())
}

/// Takes a customer's expired cart out of the way of a new one.
pub async fn delete_expired_of(tx: &Tx, customer: CustomerId, now: DateTime<Utc>) -> Result<(), DbError> {
    tx.execute(
        sql("DELETE FROM carts WHERE vendor_id = $1 AND customer_id = $2 AND status = 'ACTIVE' AND expires_at <= $3")
            .bind(tx.vendor())
            .bind(customer)
            .bind(now),
    )
    .await
    .map(|_| ())
}

/// Stores changed lines and the cart's new version and life, in one statement. Lines are added, or take the quantity
/// given; those removed go.
pub async fn save_lines(
    tx: &Tx,
    cart: &CartRow,
    lines: &[LineRow],
    removed: &[CartLineId],
) -> Result<(), DbError> {
    tx.execute(
        sql("WITH touched AS ( \
                 UPDATE carts SET version = $3, updated_at = $4, expires_at = $5 WHERE vendor_id = $1 AND id = $2), \
             removed AS ( \
                 DELETE FROM cart_lines WHERE vendor_id = $1 AND cart_id = $2 AND id = ANY($6)) \
             INSERT INTO cart_lines (vendor_id, cart_id, id, variant_id, quantity, price_at_add, title, created_at) \
             SELECT $1, $2, l.*, $4 FROM unnest($7, $8, $9, $10, $11) AS l \
             ON CONFLICT (vendor_id, cart_id, variant_id) DO UPDATE SET quantity = excluded.quantity")
        .bind(tx.vendor())
        .bind(cart.id)
        .bind(cart.version)
        .bind(cart.updated_at)
        .bind(cart.expires_at)
        .bind(Array(removed.to_vec()))
        .bind(Array(lines.iter().map(|line| line.id).collect::<Vec<_>>()))
        .bind(Array(lines.iter().map(|line| line.variant_id).collect::<Vec<_>>()))
        .bind(Array(lines.iter().map(|line| line.quantity).collect::<Vec<_>>()))
        .bind(Array(lines.iter().map(|line| line.price_at_add).collect::<Vec<_>>()))
        .bind(Array(lines.iter().map(|line| line.title.clone()).collect::<Vec<_>>())),
    )
    .await
    .map(|_| ())
}

/// Stores everything that a shopper can say of the cart itself.
pub async fn update_cart(tx: &Tx, row: &CartRow) -> Result<(), DbError> {
    tx.execute(
        sql("UPDATE carts SET email = $3, shipping_address = $4, billing_address = $5, shipping_method_id = $6, \
             note = $7, vat_number = $8, country_code = $9, version = $10, updated_at = $11, expires_at = $12 \
             WHERE vendor_id = $1 AND id = $2")
        .bind(tx.vendor())
        .bind(row.id)
        .bind(row.email.clone())
        .bind(row.shipping_address.clone())
        .bind(row.billing_address.clone())
        .bind(row.shipping_method_id)
        .bind(row.note.clone())
        .bind(row.vat_number.clone())
        .bind(row.country_code.clone())
        .bind(row.version)
        .bind(row.updated_at)
        .bind(row.expires_at),
    )
    .await
    .map(|_| ())
}

/// Gives a guest's cart to a customer.
pub async fn adopt(tx: &Tx, cart: CartId, customer: CustomerId) -> Result<(), DbError> {
    tx.execute(
        sql("UPDATE carts SET customer_id = $3, version = version + 1 WHERE vendor_id = $1 AND id = $2")
            .bind(tx.vendor())
            .bind(cart)
            .bind(customer),
    )
    .await
    .map(|_| ())
}

/// Closes a cart whose lines are in another now; until `expires_at` its token stands for that one.
pub async fn close_merged(
    tx: &Tx,
    cart: CartId,
    into: CartId,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), DbError> {
    tx.execute(
        sql("WITH emptied AS (DELETE FROM cart_lines WHERE vendor_id = $1 AND cart_id = $2) \
             UPDATE carts SET status = 'MERGED', merged_into = $3, updated_at = $4, expires_at = $5, order_id = NULL, \
             email = NULL, shipping_address = NULL, billing_address = NULL, note = NULL, vat_number = NULL, \
             version = version + 1 WHERE vendor_id = $1 AND id = $2")
        .bind(tx.vendor())
        .bind(cart)
        .bind(into)
        .bind(now)
        .bind(expires_at),
    )
    .await
    .map(|_| ())
}

/// Closes a cart because it became an order. Answers whether it was active.
pub async fn close_ordered(
    tx: &Tx,
    cart: CartId,
    order: OrderId,
    now: DateTime<Utc>,
) -> Result<bool, DbError> {
    let closed = tx
        .execute(
            sql(
                "UPDATE carts SET status = 'ORDERED', order_id = $3, updated_at = $4, version = version + 1 \
                 WHERE vendor_id = $1 AND id = $2 AND status = 'ACTIVE'",
            )
            .bind(tx.vendor())
            .bind(cart)
            .bind(order)
            .bind(now),
        )
        .await?;
    Ok(closed == 1)
}

crate::row! {
    /// A cart that may be opened again, or the active one that its customer has meanwhile.
    pub struct ReopenRow {
        /// Its id.
        pub id: CartId,
        /// Where it stands.
        pub status: CartStatus,
    }
}

/// Locks a cart and its customer's active one, in the order of their ids.
pub async fn lock_for_reopen(tx: &Tx, cart: CartId) -> Result<Vec<ReopenRow>, DbError> {
    tx.load(
        sql("SELECT c.id, c.status FROM carts c WHERE c.vendor_id = $1 AND (c.id = $2 OR (c.status = 'ACTIVE' \
             AND c.customer_id = (SELECT o.customer_id FROM carts o WHERE o.vendor_id = $1 AND o.id = $2))) \
             ORDER BY c.id FOR NO KEY UPDATE OF c")
        .bind(tx.vendor())
        .bind(cart),
    )
    .await
}

/// Opens an ordered cart again.
pub async fn open_again(
    tx: &Tx,
    cart: CartId,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), DbError> {
    tx.execute(
        sql("UPDATE carts SET status = 'ACTIVE', order_id = NULL, updated_at = $3, expires_at = $4, \
             version = version + 1 WHERE vendor_id = $1 AND id = $2 AND status = 'ORDERED'")
        .bind(tx.vendor())
        .bind(cart)
        .bind(now)
        .bind(expires_at),
    )
    .await
    .map(|_| ())
}

/// Copies lines into another cart: of the same variant the larger quantity stays.
pub async fn copy_lines(tx: &Tx, from: CartId, into: CartId, now: DateTime<Utc>) -> Result<(), DbError> {
    tx.execute(
        sql("WITH touched AS ( \
                 UPDATE carts SET version = version + 1, updated_at = $4 WHERE vendor_id = $1 AND id = $3) \
             INSERT INTO cart_lines (vendor_id, cart_id, id, variant_id, quantity, price_at_add, title, created_at) \
             SELECT l.vendor_id, $3, gen_random_uuid(), l.variant_id, l.quantity, l.price_at_add, l.title, $4 \
             FROM cart_lines l WHERE l.vendor_id = $1 AND l.cart_id = $2 ORDER BY l.id \
             ON CONFLICT (vendor_id, cart_id, variant_id) \
             DO UPDATE SET quantity = greatest(cart_lines.quantity, excluded.quantity)")
        .bind(tx.vendor())
        .bind(from)
        .bind(into)
        .bind(now),
    )
    .await
    .map(|_| ())
}

/// Carts that [`delete_expired`] takes at once.
pub const EXPIRY_BATCH: usize = 1_000;

/// Deletes expired carts of all vendors, in a platform transaction; those that became orders stay.
pub async fn delete_expired(tx: &Tx, now: DateTime<Utc>) -> Result<usize, DbError> {
    tx.execute(
        sql("DELETE FROM carts c USING ( \
                 SELECT vendor_id, id FROM carts WHERE status <> 'ORDERED' AND expires_at <= $1 \
                 ORDER BY expires_at LIMIT 1000) AS old \
             WHERE c.vendor_id = old.vendor_id AND c.id = old.id AND c.status <> 'ORDERED' AND c.expires_at <= $1")
            .bind(now),
    )
    .await
}
