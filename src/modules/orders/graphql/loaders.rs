//! Batched reads: one statement for each kind of thing, whatever the number of orders that ask.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::Context;
use async_graphql::dataloader::Loader;

use crate::framework::context::{ContextExt as _, Snapshot};
use crate::framework::error::ApiError;
use crate::framework::id::{FulfilmentId, OrderId};
use crate::modules::orders::model::{
    FulfilmentLineRow, FulfilmentRow, OrderEventRow, OrderLineRow, OrderRow,
};
use crate::modules::orders::store;
use crate::modules::payments;
use crate::modules::payments::model::PaymentRow;

macro_rules! loaders {
    ($($(#[$doc:meta])* $call:ident: $loader:ident $key:ident($id:ty) => $value:ty, |$tx:ident, $ids:ident| $body:expr;)*) => { $(
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        struct $key($id);
        struct $loader(Arc<Snapshot>);
        impl Loader<$key> for $loader {
            type Value = $value;
            type Error = ApiError;
            async fn load(&self, keys: &[$key]) -> Result<HashMap<$key, $value>, ApiError> {
                let $ids: Vec<$id> = keys.iter().map(|key| key.0).collect();
                let $tx = self.0.tx().await?;
                let found: HashMap<$id, $value> = $body;
                Ok(found.into_iter().map(|(id, value)| ($key(id), value)).collect())
            }
        }
        $(#[$doc])*
        pub(super) async fn $call(ctx: &Context<'_>, id: $id) -> async_graphql::Result<Option<$value>> {
            let inner = ctx.ctx();
            let loader = inner.reads().map_err(|error| error.extend(inner))?.loader($loader);
            loader.load_one($key(id)).await.map_err(|error| error.extend(inner))
        }
    )* };
}

loaders! {
    /// An order, whoever may see it.
    order_row: OrderLoader OrderKey(OrderId) => Arc<OrderRow>, |tx, ids|
        store::by_ids(tx, &ids).await?.into_iter().map(|row| (row.id, Arc::new(row))).collect();
    /// An order's lines.
    lines: LinesLoader LinesKey(OrderId) => Arc<[OrderLineRow]>, |tx, ids|
        grouped(store::lines_of(tx, &ids).await?, |row| row.order_id);
    /// An order's payments.
    payments_of: PaymentsLoader PaymentsKey(OrderId) => Arc<[PaymentRow]>, |tx, ids|
        grouped(payments::store::of_orders(tx, &ids).await?, |row| row.order_id);
    /// An order's parcels.
    fulfilments: FulfilmentsLoader FulfilmentsKey(OrderId) => Arc<[FulfilmentRow]>, |tx, ids|
        grouped(store::fulfilments_of(tx, &ids).await?, |row| row.order_id);
    /// A parcel.
    parcel: ParcelLoader ParcelKey(FulfilmentId) => Arc<FulfilmentRow>, |tx, ids|
        store::parcels(tx, &ids).await?.into_iter().map(|row| (row.id, Arc::new(row))).collect();
    /// What is in a parcel.
    parcel_lines: ParcelLinesLoader ParcelLinesKey(FulfilmentId) => Arc<[FulfilmentLineRow]>, |tx, ids|
        grouped(store::lines_of_fulfilments(tx, &ids).await?, |row| row.fulfilment_id);
    /// An order's history.
    history: HistoryLoader HistoryKey(OrderId) => Arc<[OrderEventRow]>, |tx, ids|
        grouped(store::events_of(tx, &ids).await?, |row| row.order_id);
}

fn grouped<K: Hash + Eq, T>(rows: Vec<T>, key: impl Fn(&T) -> K) -> HashMap<K, Arc<[T]>> {
    let mut groups: HashMap<K, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups.into_iter().map(|(key, rows)| (key, rows.into())).collect()
}
