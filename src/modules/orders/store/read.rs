//! Orders by what they are known by, and what belongs to many of them at once.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{fulfilment_columns, line_columns, order_columns};
use crate::framework::db::{Array, DbError, Tx, sql};
use crate::framework::id::{FulfilmentId, OrderId, PaymentId, VendorId};
use crate::modules::orders::model::{
    FulfilmentLineRow, FulfilmentRow, OrderEventRow, OrderLineRow, OrderRow, OrderState, PaymentTimes,
};
use crate::modules::payments;

/// What an order is looked up by.
#[derive(Debug, Clone)]
pub enum OrderKey {
    /// Its id.
    Id(OrderId),
    /// Its number.
    Number(String),
    /// The hash of its token.
    Token(Vec<u8>),
}

/// Orders by their ids.
pub async fn by_ids(tx: &Tx, ids: &[OrderId]) -> Result<Vec<OrderRow>, DbError> {
    tx.load(
        sql(concat!("SELECT ", order_columns!(), " FROM orders o WHERE o.vendor_id = $1 AND o.id = ANY($2)"))
            .bind(tx.vendor())
            .bind(Array(ids.to_vec())),
    )
    .await
}

/// One order.
pub async fn by_key(tx: &Tx, key: &OrderKey) -> Result<Option<OrderRow>, DbError> {
    let query = match key {
        OrderKey::Id(id) => {
            sql(concat!("SELECT ", order_columns!(), " FROM orders o WHERE o.vendor_id = $1 AND o.id = $2"))
                .bind(tx.vendor())
                .bind(*id)
        }
        OrderKey::Number(number) => sql(concat!(
            "SELECT ",
            order_columns!(),
            " FROM orders o WHERE o.vendor_id = $1 AND o.number = $2"
        ))
        .bind(tx.vendor())
        .bind(number.clone()),
        OrderKey::Token(hash) => sql(concat!(
            "SELECT ",
            order_columns!(),
            " FROM orders o WHERE o.vendor_id = $1 AND o.token_hash = $2"
        ))
        .bind(tx.vendor())
        .bind(hash.clone()),
    };
    tx.optional(query).await
}

struct Locked(OrderRow, PaymentTimes);
impl crate::framework::db::FromRow for Locked {
    fn from_row(row: &crate::framework::db::PgRow) -> diesel::deserialize::Result<Self> {
        let times = PaymentTimes {
            online_minutes: crate::framework::db::column(row, 39, "online_payment_minutes")?,
            manual_minutes: crate::framework::db::column(row, 40, "manual_payment_minutes")?,
        };
        Ok(Self(OrderRow::from_row(row)?, times))
    }
}

/// An order with its lines and payments, its row locked until the transaction ends: three statements.
pub async fn lock(tx: &Tx, key: &OrderKey) -> Result<Option<(OrderState, PaymentTimes)>, DbError> {
    const HEAD: &str = concat!(
        "SELECT ",
        order_columns!(),
        ", s.online_payment_minutes, s.manual_payment_minutes \
         FROM orders o JOIN order_settings s ON s.vendor_id = o.vendor_id WHERE o.vendor_id = $1 AND "
    );
    const TAIL: &str = " = $2 FOR NO KEY UPDATE OF o";
    let query = match key {
        OrderKey::Id(id) => sql(format!("{HEAD}o.id{TAIL}")).bind(tx.vendor()).bind(*id),
        OrderKey::Number(number) => {
            sql(format!("{HEAD}o.number{TAIL}")).bind(tx.vendor()).bind(number.clone())
        }
        OrderKey::Token(hash) => {
            sql(format!("{HEAD}o.token_hash{TAIL}")).bind(tx.vendor()).bind(hash.clone())
        }
    };
    let Some(Locked(order, times)) = tx.optional::<Locked>(query).await? else { return Ok(None) };
    let ids = [order.id];
    let (lines, payments) = futures::try_join!(lines_of(tx, &ids), payments::store::of_orders(tx, &ids))?;
    Ok(Some((OrderState { order, lines, payments }, times)))
}

/// The lines of orders, in their order.
pub async fn lines_of(tx: &Tx, orders: &[OrderId]) -> Result<Vec<OrderLineRow>, DbError> {
    tx.load(
        sql(concat!(
            "SELECT ",
            line_columns!(),
            " FROM order_lines WHERE vendor_id = $1 AND order_id = ANY($2) ORDER BY order_id, position"
        ))
        .bind(tx.vendor())
        .bind(Array(orders.to_vec())),
    )
    .await
}

/// The parcels of orders, oldest first.
pub async fn fulfilments_of(tx: &Tx, orders: &[OrderId]) -> Result<Vec<FulfilmentRow>, DbError> {
    tx.load(
        sql(concat!(
            "SELECT ",
            fulfilment_columns!(),
            " FROM fulfilments WHERE vendor_id = $1 AND order_id = ANY($2) ORDER BY order_id, id"
        ))
        .bind(tx.vendor())
        .bind(Array(orders.to_vec())),
    )
    .await
}

/// Parcels by their ids.
pub async fn parcels(tx: &Tx, ids: &[FulfilmentId]) -> Result<Vec<FulfilmentRow>, DbError> {
    tx.load(
        sql(concat!(
            "SELECT ",
            fulfilment_columns!(),
            " FROM fulfilments WHERE vendor_id = $1 AND id = ANY($2)"
        ))
        .bind(tx.vendor())
        .bind(Array(ids.to_vec())),
    )
    .await
}

/// What is in parcels.
pub async fn lines_of_fulfilments(tx: &Tx, ids: &[FulfilmentId]) -> Result<Vec<FulfilmentLineRow>, DbError> {
    tx.load(
        sql("SELECT fulfilment_id, order_line_id, quantity FROM fulfilment_lines \
             WHERE vendor_id = $1 AND fulfilment_id = ANY($2) ORDER BY fulfilment_id, id")
        .bind(tx.vendor())
        .bind(Array(ids.to_vec())),
    )
    .await
}

/// The histories of orders, oldest entry first.
pub async fn events_of(tx: &Tx, orders: &[OrderId]) -> Result<Vec<OrderEventRow>, DbError> {
    tx.load(
        sql("SELECT order_id, kind, from_status, to_status, actor_kind, note, created_at FROM order_events \
             WHERE vendor_id = $1 AND order_id = ANY($2) ORDER BY order_id, id")
        .bind(tx.vendor())
        .bind(Array(orders.to_vec())),
    )
    .await
}

/// The order of a parcel.
pub async fn fulfilment_order(tx: &Tx, id: FulfilmentId) -> Result<Option<OrderId>, DbError> {
    Ok(parcels(tx, &[id]).await?.first().map(|parcel| parcel.order_id))
}

/// The order of a payment.
pub async fn payment_order(tx: &Tx, id: PaymentId) -> Result<Option<OrderId>, DbError> {
    Ok(payments::store::find(tx, id).await?.map(|payment| payment.order_id))
}

/// Orders of all vendors whose payment did not come in time, behind a position; a platform transaction.
pub async fn due_for_expiry(
    tx: &Tx,
    now: DateTime<Utc>,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<(VendorId, OrderId, DateTime<Utc>)>, DbError> {
    let (at, id) = after.unwrap_or((DateTime::UNIX_EPOCH, Uuid::nil()));
    tx.load(
        sql("SELECT vendor_id, id, expires_at FROM orders \
             WHERE expires_at <= $1 AND cancelled_at IS NULL AND (expires_at, id) > ($2, $3) \
             ORDER BY expires_at, id LIMIT $4")
        .bind(now)
        .bind(at)
        .bind(id)
        .bind(limit),
    )
    .await
}
