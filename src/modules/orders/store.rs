//! All SQL of orders: `orders`, `order_lines`, `order_events`, `fulfilments`, `fulfilment_lines`.

mod list;
mod read;
mod write;

pub use list::{OrderQuery, OrderSortField, count, page, sort_columns};
pub use read::{
    OrderKey, by_ids, by_key, due_for_expiry, events_of, fulfilment_order, fulfilments_of, lines_of,
    lines_of_fulfilments, lock, parcels, payment_order,
};
pub use write::{insert_fulfilment, mark_delivered, place, save};

/// The columns of an order's row, under the alias `o`.
macro_rules! order_columns {
    () => {
        "o.id, o.number, o.sequence, o.token_hash, o.cart_id, o.channel, o.external_number, o.customer_id, o.email, \
         o.language, o.currency_code, o.prices_include_tax, o.tax_date, o.status, o.payment_status, \
         o.fulfilment_status, o.subtotal, o.discount_total, o.shipping_total, o.shipping_tax_total, o.tax_total, \
         o.total, o.paid_total, o.refunded_total, o.taxes, o.shipping_method_id, o.shipping_method_name, \
         o.shipping_address, o.billing_address, o.note, o.vat_number, o.accepted_terms, o.released_at, \
         o.cancelled_at, o.cancel_reason, o.expires_at, o.placed_at, o.updated_at, o.version"
    };
}
/// The columns of a line's row.
macro_rules! line_columns {
    () => {
        "id, order_id, position, variant_id, product_id, title, sku, requires_shipping, counted, quantity, \
         fulfilled_quantity, delivered_quantity, cancelled_quantity, expired_quantity, returned_quantity, unit_price, \
         subtotal, discount_total, tax_class, tax_country, tax_rate_bp, tax_total, total"
    };
}
/// The columns of a parcel's row.
macro_rules! fulfilment_columns {
    () => {
        "id, order_id, status, location_id, carrier, tracking_number, tracking_url, shipped_at, delivered_at"
    };
}
use {fulfilment_columns, line_columns, order_columns};
