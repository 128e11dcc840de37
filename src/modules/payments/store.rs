//! All SQL of payments.

use uuid::Uuid;

use super::model::{PaymentRow, PaymentStatus};
use crate::framework::db::{Array, DbError, Sql, Tx, sql};
use crate::framework::id::{OrderId, PaymentId};
use crate::framework::paging::Page;

const COLUMNS: &str = "id, order_id, gateway, status, amount, currency_code, captured, refunded, failure_code, \
                       external_id, reference, received_at, created_at";

/// Appends `payment AS (…)` to a statement of orders that writes an order and its payments at once: rows that are new
/// are inserted, the others brought up to date. `$1` of the statement is the vendor.
pub fn push_write_cte(query: &mut Sql<'_>, rows: &[PaymentRow]) {
    fn column<T>(rows: &[PaymentRow], get: impl Fn(&PaymentRow) -> T) -> Array<T> {
        Array(rows.iter().map(get).collect())
    }
    let first = query.bind_next(column(rows, |p| p.id));
    query.bind_next(column(rows, |p| p.order_id));
    query.bind_next(column(rows, |p| p.gateway.clone()));
    query.bind_next(column(rows, |p| p.status.as_str()));
    query.bind_next(column(rows, |p| p.amount));
    query.bind_next(column(rows, |p| p.currency_code.clone()));
    query.bind_next(column(rows, |p| p.captured));
    query.bind_next(column(rows, |p| p.refunded));
    query.bind_next(column(rows, |p| p.failure_code.clone()));
    query.bind_next(column(rows, |p| p.external_id.clone()));
    query.bind_next(column(rows, |p| p.reference.clone()));
    query.bind_next(column(rows, |p| p.received_at));
    query.bind_next(column(rows, |p| p.created_at));
    let places: Vec<String> = (first..first + 13).map(|n| format!("${n}")).collect();
    query.push_mut(&format!(
        "payment AS (INSERT INTO payments (vendor_id, {COLUMNS}) SELECT $1, * FROM unnest({}) \
         ON CONFLICT (vendor_id, id) DO UPDATE SET status = excluded.status, amount = excluded.amount, \
         captured = excluded.captured, refunded = excluded.refunded, failure_code = excluded.failure_code, \
         external_id = excluded.external_id, reference = excluded.reference, \
         received_at = excluded.received_at, updated_at = now())",
        places.join(", ")
    ));
}

/// The payments of orders, oldest first.
pub async fn of_orders(tx: &Tx, orders: &[OrderId]) -> Result<Vec<PaymentRow>, DbError> {
    tx.load(
        sql(format!(
            "SELECT {COLUMNS} FROM payments WHERE vendor_id = $1 AND order_id = ANY($2) ORDER BY order_id, id"
        ))
        .bind(tx.vendor())
        .bind(Array(orders.to_vec())),
    )
    .await
}

/// One payment.
pub async fn find(tx: &Tx, id: PaymentId) -> Result<Option<PaymentRow>, DbError> {
    tx.optional(
        sql(format!("SELECT {COLUMNS} FROM payments WHERE vendor_id = $1 AND id = $2"))
            .bind(tx.vendor())
            .bind(id),
    )
    .await
}

/// What a list of payments is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct PaymentQuery {
    /// One of these.
    pub statuses: Vec<PaymentStatus>,
    /// By this gateway.
    pub gateway: Option<String>,
    /// Of this order.
    pub order: Option<Uuid>,
}

fn narrow(query: &mut Sql<'_>, filter: &PaymentQuery) {
    if !filter.statuses.is_empty() {
        let statuses: Vec<&'static str> = filter.statuses.iter().map(|status| status.as_str()).collect();
        let n = query.bind_next(Array(statuses));
        query.push_mut(&format!(" AND status = ANY(${n})"));
    }
    if let Some(gateway) = &filter.gateway {
        let n = query.bind_next(gateway.clone());
        query.push_mut(&format!(" AND gateway = ${n}"));
    }
    if let Some(order) = filter.order {
        let n = query.bind_next(order);
        query.push_mut(&format!(" AND order_id = ${n}"));
    }
}

/// A page of the vendor's payments.
pub async fn page(tx: &Tx, filter: &PaymentQuery, page: &Page) -> Result<Vec<PaymentRow>, DbError> {
    let mut query = sql(format!("SELECT {COLUMNS} FROM payments WHERE vendor_id = $1")).bind(tx.vendor());
    narrow(&mut query, filter);
    page.apply(&mut query);
    tx.load(query).await
}

/// How many payments there are, counted up to the limit.
pub async fn count(tx: &Tx, filter: &PaymentQuery) -> Result<i64, DbError> {
    let mut query =
        sql("SELECT count(*) FROM (SELECT 1 FROM payments WHERE vendor_id = $1").bind(tx.vendor());
    narrow(&mut query, filter);
    query.push_mut(" LIMIT 1001) t");
    Ok(tx.one::<(i64,)>(query).await?.0)
}
