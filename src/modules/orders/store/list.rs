//! Pages of orders.

use async_graphql::Enum;
use chrono::{DateTime, Utc};

use super::order_columns;
use crate::framework::db::{Array, DbError, Sql, Tx, sql};
use crate::framework::id::CustomerId;
use crate::framework::paging::{KeyValue, Page, SortColumns};
use crate::modules::orders::model::OrderRow;

/// What a list of orders is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum OrderSortField {
    /// When they were placed.
    PlacedAt,
    /// Their numbers, as they were drawn.
    Number,
    /// What they cost.
    Total,
    /// When they last changed.
    UpdatedAt,
}

impl OrderSortField {
    /// The position of a row.
    pub fn key(self, row: &OrderRow) -> Vec<KeyValue> {
        let first = match self {
            Self::PlacedAt => row.placed_at.into(),
            Self::Number => row.sequence.into(),
            Self::Total => row.total.into(),
            Self::UpdatedAt => row.updated_at.into(),
        };
        vec![first, row.id.into()]
    }
}

/// The columns of a sort.
pub fn sort_columns(field: OrderSortField, descending: bool) -> SortColumns {
    let columns = match field {
        OrderSortField::PlacedAt => &[("o.placed_at", 'd'), ("o.id", 'u')],
        OrderSortField::Number => &[("o.sequence", 'i'), ("o.id", 'u')],
        OrderSortField::Total => &[("o.total", 'i'), ("o.id", 'u')],
        OrderSortField::UpdatedAt => &[("o.updated_at", 'd'), ("o.id", 'u')],
    };
    SortColumns { columns, descending }
}

/// What a list of orders is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct OrderQuery {
    /// One of these, as the database writes them.
    pub statuses: Vec<&'static str>,
    /// One of these.
    pub payment_statuses: Vec<&'static str>,
    /// One of these.
    pub fulfilment_statuses: Vec<&'static str>,
    /// One of these.
    pub channels: Vec<&'static str>,
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// The number, exactly.
    pub number: Option<String>,
    /// Placed then or later.
    pub placed_from: Option<DateTime<Utc>>,
    /// Placed before.
    pub placed_to: Option<DateTime<Utc>>,
    /// Costs so much or more, in minor units.
    pub total_from: Option<i64>,
    /// Costs so much or less.
    pub total_to: Option<i64>,
    /// In this currency, where a total is asked for.
    pub currency: Option<String>,
}

fn narrow(query: &mut Sql<'_>, filter: &OrderQuery) {
    for (column, values) in [
        ("o.status", &filter.statuses),
        ("o.payment_status", &filter.payment_statuses),
        ("o.fulfilment_status", &filter.fulfilment_statuses),
        ("o.channel", &filter.channels),
    ] {
        match values.as_slice() {
            [] => {}
            // Equality lets the column's index give the newest without a sort.
            [value] => {
                let n = query.bind_next(*value);
                query.push_mut(&format!(" AND {column} = ${n}"));
            }
            _ => {
                let n = query.bind_next(Array(values.clone()));
                query.push_mut(&format!(" AND {column} = ANY(${n})"));
            }
        }
    }
    if let Some(customer) = filter.customer {
        let n = query.bind_next(customer);
        query.push_mut(&format!(" AND o.customer_id = ${n}"));
    }
    for (condition, value) in [("o.number =", &filter.number), ("o.currency_code =", &filter.currency)] {
        if let Some(value) = value {
            let n = query.bind_next(value.clone());
            query.push_mut(&format!(" AND {condition} ${n}"));
        }
    }
    for (condition, value) in [("o.placed_at >=", filter.placed_from), ("o.placed_at <", filter.placed_to)] {
        if let Some(value) = value {
            let n = query.bind_next(value);
            query.push_mut(&format!(" AND {condition} ${n}"));
        }
    }
    for (condition, value) in [("o.total >=", filter.total_from), ("o.total <=", filter.total_to)] {
        if let Some(value) = value {
            let n = query.bind_next(value);
            query.push_mut(&format!(" AND {condition} ${n}"));
        }
    }
}

/// A page of orders.
pub async fn page(tx: &Tx, filter: &OrderQuery, page: &Page) -> Result<Vec<OrderRow>, DbError> {
    let mut query =
        sql(concat!("SELECT ", order_columns!(), " FROM orders o WHERE o.vendor_id = $1")).bind(tx.vendor());
    narrow(&mut query, filter);
    page.apply(&mut query);
    tx.load(query).await
}

/// How many orders there are, counted up to the limit.
pub async fn count(tx: &Tx, filter: &OrderQuery) -> Result<i64, DbError> {
    let mut query =
        sql("SELECT count(*) FROM (SELECT 1 FROM orders o WHERE o.vendor_id = $1").bind(tx.vendor());
    narrow(&mut query, filter);
    query.push_mut(" LIMIT 1001) t");
    Ok(tx.one::<(i64,)>(query).await?.0)
}
