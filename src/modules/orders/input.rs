//! What the mutations of orders take.

use async_graphql::{ID, InputObject};

use super::model::OrderCancelReason;
use crate::graphql::scalars::{DateTime, Json, Url};
use crate::graphql::types::MoneyInput;

/// How an order is paid.
#[derive(Debug, Clone, InputObject)]
pub struct PaymentInput {
    /// The gateway: one of the cart's `paymentMethods`.
    pub gateway: String,
    /// What the gateway wants to know, after its `dataSchema`; at most 4,000 bytes.
    pub data: Option<Json>,
    /// Where the shopper comes back to, for gateways that send them away. Neither `manual` nor `test` does.
    pub return_url: Option<Url>,
}

/// Terms that the buyer accepted. Frozen with the order.
#[derive(Debug, Clone, InputObject)]
pub struct AcceptedTermInput {
    /// Which terms, at most 100 characters: `terms-of-sale`.
    pub code: String,
    /// Their version, at most 100 characters.
    pub version: String,
}

/// Makes an order of a cart.
#[derive(Clone, InputObject)]
pub struct CheckoutCompleteInput {
    /// The cart's token.
    pub token: String,
    /// Makes a repeat safe: the same key never makes a second order. Kept for 90 days.
    pub idempotency_key: String,
    /// How it is paid. May be missing only where the total is 0.
    pub payment: Option<PaymentInput>,
    /// The total that the shopper saw: another one is refused with `PRICE_CHANGED`.
    pub expected_total: Option<MoneyInput>,
    /// The terms that the buyer accepted; at most 20.
    pub accepted_terms: Option<Vec<AcceptedTermInput>>,
}

/// Tries again to pay an order.
#[derive(Clone, InputObject)]
pub struct OrderPayInput {
    /// The order, for the customer whose it is. Exactly one of `id` and `token`.
    pub id: Option<ID>,
    /// The order's token, for a guest.
    pub token: Option<String>,
    /// How it is paid.
    pub payment: PaymentInput,
    /// Makes a repeat safe; another try takes another key. Kept for 90 days.
    pub idempotency_key: String,
}

/// Notes that money of the manual gateway came.
#[derive(Clone, InputObject)]
pub struct OrderPaymentConfirmInput {
    /// The order.
    pub id: ID,
    /// How much came; without it, all that is awaited. More than that is refused.
    pub amount: Option<MoneyInput>,
    /// The transfer's reference, at most 200 characters.
    pub reference: Option<String>,
    /// When it came; without it, now.
    pub received_at: Option<DateTime>,
    /// Makes a repeat safe. Kept for 90 days.
    pub idempotency_key: String,
}

/// Units of a line.
#[derive(Debug, Clone, InputObject)]
pub struct OrderLineQuantityInput {
    /// The line.
    pub order_line_id: ID,
    /// How many, at least 1.
    pub quantity: i32,
}

/// Ships a parcel.
#[derive(Clone, InputObject)]
pub struct OrderShipInput {
    /// The order.
    pub id: ID,
    /// What is in the parcel; without it, all that is left. At most 1,000.
    pub lines: Option<Vec<OrderLineQuantityInput>>,
    /// Where it leaves; without it, wherever it was reserved.
    pub location_id: Option<ID>,
    /// Who carries it, at most 100 characters.
    pub carrier: Option<String>,
    /// The carrier's number, at most 200 characters.
    pub tracking_number: Option<String>,
    /// Where it can be followed.
    pub tracking_url: Option<Url>,
    /// Refuses with `VERSION_CONFLICT` if the order has another version.
    pub expected_version: Option<i32>,
    /// Makes a repeat safe. Kept for 7 days.
    pub idempotency_key: Option<String>,
}

/// Notes that parcels arrived.
#[derive(Clone, InputObject)]
pub struct OrderDeliverInput {
    /// The order.
    pub id: ID,
    /// The parcel; without it, all that are under way.
    pub fulfilment_id: Option<ID>,
    /// When; without it, now. Not in the future.
    pub delivered_at: Option<DateTime>,
    /// Makes a repeat safe. Kept for 7 days.
    pub idempotency_key: Option<String>,
}

/// Cancels units that are not shipped.
#[derive(Clone, InputObject)]
pub struct OrderCancelInput {
    /// The order, for the team and for the customer whose it is. Exactly one of `id` and `token`.
    pub id: Option<ID>,
    /// The order's token, for a guest.
    pub token: Option<String>,
    /// Which units, for the team; without it, all that are not shipped. At most 1,000.
    pub lines: Option<Vec<OrderLineQuantityInput>>,
    /// Why.
    pub reason: OrderCancelReason,
    /// For the history, at most 1,000 characters.
    pub note: Option<String>,
    /// Makes a repeat safe. Kept for 7 days.
    pub idempotency_key: Option<String>,
}
