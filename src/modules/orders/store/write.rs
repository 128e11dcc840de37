//! Placing and changing orders: one statement each, whatever the number of lines.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::framework::clock::new_uuid;
use crate::framework::context::Who;
use crate::framework::db::{Array, DbError, Sql, Tx, sql};
use crate::framework::id::FulfilmentId;
use crate::modules::orders::model::{FulfilmentRow, Happening, OrderLineRow, OrderState, Quantities};
use crate::modules::payments;

/// What the database decides about a new order.
pub type Placed = (String, i64, Option<DateTime<Utc>>);

fn column<T>(lines: &[OrderLineRow], get: impl Fn(&OrderLineRow) -> T) -> Array<T> {
    Array(lines.iter().map(get).collect())
}

fn places(first: usize, count: usize) -> String {
    (first..first + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

/// Appends `event AS (…)`, which writes the order's history. `$1` is the vendor.
fn push_event_cte(
    query: &mut Sql<'_>,
    who: &Who,
    state: &OrderState,
    from: Option<&'static str>,
    happened: &[Happening],
) {
    let first = query.bind_next(state.order.id);
    query.bind_next(from);
    query.bind_next(state.order.status.as_str());
    query.bind_next(who.kind);
    query.bind_next(who.id);
    query.bind_next(who.now);
    let arrays = query.bind_next(Array(happened.iter().map(|_| new_uuid()).collect::<Vec<Uuid>>()));
    query.bind_next(Array(happened.iter().map(|h| h.kind).collect::<Vec<&'static str>>()));
    query.bind_next(Array(happened.iter().map(|h| h.note.clone()).collect::<Vec<Option<String>>>()));
    query.bind_next(Array(happened.iter().map(|h| h.data.clone()).collect::<Vec<Value>>()));
    let (order, from, to, kind, actor, now) = (first, first + 1, first + 2, first + 3, first + 4, first + 5);
    query.push_mut(&format!(
        "event AS (INSERT INTO order_events (vendor_id, order_id, from_status, to_status, actor_kind, actor_id, \
         created_at, id, kind, note, data) \
         SELECT $1, ${order}, ${from}, ${to}, ${kind}, ${actor}, ${now}, u.* FROM unnest({}) AS u)",
        places(arrays, 4)
    ));
}

/// Writes a new order with its lines, payments and history. Draws its number, and takes from the vendor's settings how
/// long its payment is waited for (not at all where `minutes_of` is `None`), rounding and tax mode.
pub async fn place(
    tx: &Tx,
    who: &Who,
    state: &OrderState,
    minutes_of: Option<&'static str>,
    happened: &[Happening],
) -> Result<Placed, DbError> {
    let order = &state.order;
    let mut query = sql("WITH placed AS (INSERT INTO orders (vendor_id, number, sequence, expires_at, \
         rounding_mode, tax_mode, id, token_hash, cart_id, channel, customer_id, email, language, currency_code, \
         prices_include_tax, tax_date, status, payment_status, fulfilment_status, subtotal, discount_total, \
         shipping_total, shipping_tax_total, tax_total, total, taxes, shipping_method_id, shipping_method_name, \
         shipping_address, billing_address, note, vat_number, accepted_terms, released_at, placed_at, updated_at) \
         SELECT $1, s.order_prefix || n.drawn, n.drawn, \
         CASE $2 WHEN 'online' THEN $3 + make_interval(mins => s.online_payment_minutes) \
                 WHEN 'manual' THEN $3 + make_interval(mins => s.manual_payment_minutes) END, \
         s.rounding_mode, s.tax_mode, ")
    .bind(tx.vendor())
    .bind(minutes_of)
    .bind(order.placed_at);
    let first = query.bind_next(order.id);
    query.bind_next(order.token_hash.clone());
    query.bind_next(order.cart_id);
    query.bind_next(order.channel.as_str());
    query.bind_next(order.customer_id);
    query.bind_next(order.email.clone());
    query.bind_next(order.language.clone());
    query.bind_next(order.currency_code.clone());
    query.bind_next(order.prices_include_tax);
    query.bind_next(order.tax_date);
    query.bind_next(order.status.as_str());
    query.bind_next(order.payment_status.as_str());
    query.bind_next(order.fulfilment_status.as_str());
    query.bind_next(order.subtotal);
    query.bind_next(order.discount_total);
    query.bind_next(order.shipping_total);
    query.bind_next(order.shipping_tax_total);
    query.bind_next(order.tax_total);
    query.bind_next(order.total);
    query.bind_next(order.taxes.clone());
    query.bind_next(order.shipping_method_id);
    query.bind_next(order.shipping_method_name.clone());
    query.bind_next(order.shipping_address.clone());
    query.bind_next(order.billing_address.clone());
    query.bind_next(order.note.clone());
    query.bind_next(order.vat_number.clone());
    query.bind_next(order.accepted_terms.clone());
    query.bind_next(order.released_at);
    query.bind_next(order.placed_at);
    let last = query.bind_next(order.updated_at);
    query.push_mut(&format!(
        "{} FROM order_settings s, (SELECT orion_order_number_draw() AS drawn) n WHERE s.vendor_id = $1 \
         RETURNING number, sequence, expires_at), ",
        places(first, last + 1 - first)
    ));
    push_new_lines_cte(&mut query, &state.lines);
    query.push_mut(", ");
    push_event_cte(&mut query, who, state, None, happened);
    query.push_mut(", ");
    payments::store::push_write_cte(&mut query, &state.payments);
    query.push_mut(" SELECT number, sequence, expires_at FROM placed");
    tx.one(query).await
}

fn push_new_lines_cte(query: &mut Sql<'_>, lines: &[OrderLineRow]) {
    let first = query.bind_next(column(lines, |l| l.id));
    query.bind_next(column(lines, |l| l.order_id));
    query.bind_next(column(lines, |l| l.position));
    query.bind_next(column(lines, |l| l.variant_id));
    query.bind_next(column(lines, |l| l.product_id));
    query.bind_next(column(lines, |l| l.title.clone()));
    query.bind_next(column(lines, |l| l.sku.clone()));
    query.bind_next(column(lines, |l| l.requires_shipping));
    query.bind_next(column(lines, |l| l.counted));
    query.bind_next(column(lines, |l| l.quantity));
    query.bind_next(column(lines, |l| l.unit_price));
    query.bind_next(column(lines, |l| l.subtotal));
    query.bind_next(column(lines, |l| l.discount_total));
    query.bind_next(column(lines, |l| l.tax_class.clone()));
    query.bind_next(column(lines, |l| l.tax_country.clone()));
    query.bind_next(column(lines, |l| l.tax_rate_bp));
    query.bind_next(column(lines, |l| l.tax_total));
    let last = query.bind_next(column(lines, |l| l.total));
    query.push_mut(&format!(
        "line AS (INSERT INTO order_lines (vendor_id, id, order_id, position, variant_id, product_id, title, sku, \
         requires_shipping, counted, quantity, unit_price, subtotal, discount_total, tax_class, tax_country, \
         tax_rate_bp, tax_total, total) SELECT $1, u.* FROM unnest({}) AS u)",
        places(first, last + 1 - first)
    ));
}

/// Writes what changed of an order, with its history, and moves its version on; `false`, and nothing that may be kept,
/// where the order is not at `state.order.version` any more.
pub async fn save(
    tx: &Tx,
    who: &Who,
    state: &mut OrderState,
    from: &'static str,
    happened: &[Happening],
) -> Result<bool, DbError> {
    let (order, lines) = (&state.order, &state.lines);
    let mut query = sql("WITH moved AS (UPDATE orders SET cart_id = $4, status = $5, payment_status = $6, \
         fulfilment_status = $7, paid_total = $8, refunded_total = $9, released_at = $10, cancelled_at = $11, \
         cancel_reason = $12, expires_at = $13, updated_at = $14, version = version + 1 \
         WHERE vendor_id = $1 AND id = $2 AND version = $3 RETURNING version), \
         line AS (UPDATE order_lines l SET fulfilled_quantity = u.fulfilled, delivered_quantity = u.delivered, \
         cancelled_quantity = u.cancelled, expired_quantity = u.expired \
         FROM unnest($15, $16, $17, $18, $19) AS u (id, fulfilled, delivered, cancelled, expired) \
         WHERE l.vendor_id = $1 AND l.id = u.id AND (l.fulfilled_quantity, l.delivered_quantity, \
         l.cancelled_quantity, l.expired_quantity) IS DISTINCT FROM (u.fulfilled, u.delivered, u.cancelled, u.expired)), ")
    .bind(tx.vendor())
    .bind(order.id)
    .bind(order.version)
    .bind(order.cart_id)
    .bind(order.status.as_str())
    .bind(order.payment_status.as_str())
    .bind(order.fulfilment_status.as_str())
    .bind(order.paid_total)
    .bind(order.refunded_total)
    .bind(order.released_at)
    .bind(order.cancelled_at)
    .bind(order.cancel_reason.clone())
    .bind(order.expires_at)
    .bind(order.updated_at)
    .bind(column(lines, |l| l.id))
    .bind(column(lines, |l| l.fulfilled_quantity))
    .bind(column(lines, |l| l.delivered_quantity))
    .bind(column(lines, |l| l.cancelled_quantity))
    .bind(column(lines, |l| l.expired_quantity));
    push_event_cte(&mut query, who, state, Some(from), happened);
    query.push_mut(", ");
    payments::store::push_write_cte(&mut query, &state.payments);
    query.push_mut(" SELECT version FROM moved");
    let Some((version,)) = tx.optional::<(i32,)>(query).await? else { return Ok(false) };
    state.order.version = version;
    Ok(true)
}

/// Writes a parcel with what is in it.
pub async fn insert_fulfilment(tx: &Tx, parcel: &FulfilmentRow, units: &Quantities) -> Result<(), DbError> {
    tx.execute(
        sql(
            "WITH parcel AS (INSERT INTO fulfilments (vendor_id, id, order_id, status, location_id, carrier, \
             tracking_number, tracking_url, shipped_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)) \
             INSERT INTO fulfilment_lines (vendor_id, fulfilment_id, id, order_line_id, quantity) \
             SELECT $1, $2, u.* FROM unnest($10, $11, $12) AS u",
        )
        .bind(tx.vendor())
        .bind(parcel.id)
        .bind(parcel.order_id)
        .bind(parcel.status.as_str())
        .bind(parcel.location_id)
        .bind(parcel.carrier.clone())
        .bind(parcel.tracking_number.clone())
        .bind(parcel.tracking_url.clone())
        .bind(parcel.shipped_at)
        .bind(Array(units.iter().map(|_| new_uuid()).collect::<Vec<Uuid>>()))
        .bind(Array(units.keys().copied().collect::<Vec<_>>()))
        .bind(Array(units.values().copied().collect::<Vec<_>>())),
    )
    .await
    .map(|_| ())
}

/// Notes that parcels arrived.
pub async fn mark_delivered(tx: &Tx, ids: &[FulfilmentId], at: DateTime<Utc>) -> Result<(), DbError> {
    tx.execute(
        sql("UPDATE fulfilments SET status = 'DELIVERED', delivered_at = $3 \
             WHERE vendor_id = $1 AND id = ANY($2) AND status = 'SHIPPED'")
        .bind(tx.vendor())
        .bind(Array(ids.to_vec()))
        .bind(at),
    )
    .await
    .map(|_| ())
}
