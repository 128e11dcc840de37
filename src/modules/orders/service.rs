//! Use cases of orders.

mod cancel;
mod checkout;
mod confirm;
mod deliver;
mod expire;
mod pay;
mod ship;
mod token;

pub use cancel::cancel;
pub use checkout::checkout_complete;
pub use confirm::confirm_payment;
pub use deliver::deliver;
pub use expire::expire;
pub use pay::pay;
pub use ship::ship;
pub use token::shown_token;

use async_graphql::ID;
use serde_json::{Value, json};

use super::input::OrderLineQuantityInput;
use super::model::{Happening, OrderAction, OrderState, OrderStatus, Quantities};
use super::rules::{self, Side};
use super::store::{self, OrderKey};
use crate::framework::audit::{self, Entry};
use crate::framework::context::{Ctx, Grant, Who};
use crate::framework::db::{DbError, Tx};
use crate::framework::error::{ApiError, ErrorCode, Failure, Outcome, Refusal, RefusalDetails};
use crate::framework::id::{FulfilmentId, OrderId, OrderLineId, PaymentId};
use crate::framework::outbox::Event;
use crate::framework::secret::hash_token;
use crate::graphql::types::input_id;
use crate::modules::inventory;
use crate::modules::payments::{NextAction, model::PaymentStatus};

/// What a use case gives.
pub struct Done {
    /// The order as it is now.
    pub state: OrderState,
    /// The payment that it was about.
    pub payment: Option<PaymentId>,
    /// What the shopper does next.
    pub next: Option<NextAction>,
    /// The parcel that was sent.
    pub fulfilment: Option<FulfilmentId>,
    /// Whether the asker is its owner, to whom its token is shown.
    pub owner: bool,
    /// What did not work, though the order stands: a payment that was declined, money that came too late.
    pub refusals: Vec<Refusal>,
}

impl Done {
    fn of(state: OrderState) -> Self {
        Self { state, payment: None, next: None, fulfilment: None, owner: false, refusals: Vec::new() }
    }
}

/// Commits what worked, and undoes what did not (which keeps the connection, as dropping would not).
async fn finish<T>(tx: Tx, outcome: Outcome<T>) -> Outcome<T> {
    match outcome {
        Ok(value) => {
            tx.commit().await?;
            Ok(value)
        }
        Err(failure) => {
            if let Err(error) = tx.rollback().await {
                tracing::debug!(%error, "a transaction did not end well");
            }
            Err(failure)
        }
    }
}

/// Writes audit row and events of a change.
async fn record(
    tx: &Tx,
    who: &Who,
    action: &'static str,
    before: Option<&Value>,
    state: &OrderState,
    happened: &[Happening],
) -> Result<(), DbError> {
    let mut kinds: Vec<&'static str> = Vec::new();
    for happening in happened {
        let kind = event_kind(happening.kind, state);
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let order = state.order.id.uuid();
    // Whoever watches the cart hears what became of it.
    let data = json!({ "orderId": order, "cartId": state.order.cart_id.map(|cart| cart.uuid()) });
    let events: Vec<Event> = kinds
        .into_iter()
        .map(|kind| Event { kind, entity_type: "Order", entity_id: order, data: data.clone() })
        .collect();
    let after = summary(state);
    let entry = Entry { action, entity_type: "Order", entity_id: Some(order), before, after: Some(&after) };
    audit::record_with_events(tx, who, entry, &events).await
}

fn event_kind(happening: &str, state: &OrderState) -> &'static str {
    match happening {
        "PLACED" => "ORDER_PLACED",
        "PAID" if state.order.payment_status == PaymentStatus::Paid => "ORDER_PAID",
        "SHIPPED" => "ORDER_SHIPPED",
        "DELIVERED" => "ORDER_DELIVERED",
        "CANCELLED" | "EXPIRED" if state.order.status == OrderStatus::Cancelled => "ORDER_CANCELLED",
        _ => "ORDER_UPDATED",
    }
}

/// What the audit log keeps of an order: no personal values.
fn summary(state: &OrderState) -> Value {
    let order = &state.order;
    json!({
        "number": order.number, "status": order.status.as_str(), "paymentStatus": order.payment_status.as_str(),
        "fulfilmentStatus": order.fulfilment_status.as_str(), "total": order.total, "paid": order.paid_total,
        "refunded": order.refunded_total, "currency": order.currency_code,
    })
}

/// Saves a locked order and writes audit row and events.
async fn save(
    tx: &Tx,
    grant: &Grant,
    action: &'static str,
    before: &OrderState,
    state: &mut OrderState,
    happened: &[Happening],
) -> Outcome<()> {
    if !store::save(tx, grant.who(), state, before.order.status.as_str(), happened).await? {
        // The row is locked: only a bug moves it.
        return Err(Failure::Conflict);
    }
    Ok(record(tx, grant.who(), action, Some(&summary(before)), state, happened).await?)
}

/// A fault of ours.
fn fault(what: &'static str) -> ApiError {
    tracing::error!(what, "an order cannot be worked on");
    ApiError::new(ErrorCode::Internal, "Something went wrong on our side.")
}

fn not_found() -> Refusal {
    Refusal::new(ErrorCode::OrderNotFound, "There is no such order.")
}

/// By which of the two an order is named: exactly one.
fn order_key(id: Option<&ID>, token: Option<&str>) -> Result<OrderKey, Refusal> {
    match (id, token) {
        (Some(id), None) => Ok(OrderKey::Id(input_id(id, &["input", "id"])?)),
        (None, Some(token)) => Ok(OrderKey::Token(hash_token(token))),
        _ => {
            Err(Refusal::new(ErrorCode::ExactlyOne, "Give exactly one of id and token.").at(["input", "id"]))
        }
    }
}

/// Whether the asker is the order's buyer: by its token, or as the customer whose it is.
fn is_buyer(ctx: &Ctx, key: &OrderKey, state: &OrderState) -> bool {
    match key {
        OrderKey::Token(_) => true,
        _ => ctx.customer().is_some_and(|customer| Some(customer.id) == state.order.customer_id),
    }
}

/// The refusal of an action that does not fit the order's state.
fn does_not_fit(code: ErrorCode, message: &'static str, state: &OrderState, side: Side) -> Refusal {
    let allowed = rules::allowed_actions(state, side);
    Refusal::new(code, message).at(["input", "id"]).with(RefusalDetails::InvalidStatus {
        status: state.order.status.as_str().to_owned(),
        allowed: allowed.into_iter().map(|action| action.as_str().to_owned()).collect(),
    })
}

/// Refuses with `INVALID_ORDER_STATUS` where the team cannot do this now.
fn require_action(state: &OrderState, action: OrderAction) -> Result<(), Refusal> {
    if rules::allowed_actions(state, Side::Team).contains(&action) {
        return Ok(());
    }
    Err(does_not_fit(
        ErrorCode::InvalidOrderStatus,
        "The action does not fit the order's state.",
        state,
        Side::Team,
    ))
}

/// Reads the lines of an input, at most 1,000.
fn line_quantities(lines: Option<&[OrderLineQuantityInput]>) -> Outcome<Option<Vec<(OrderLineId, i32)>>> {
    let Some(lines) = lines else { return Ok(None) };
    if lines.is_empty() || lines.len() > 1_000 {
        return Err(Refusal::new(ErrorCode::InvalidValue, "Name 1 to 1,000 lines, or none for all.")
            .at(["input", "lines"])
            .into());
    }
    let mut refusals = Vec::new();
    let mut read = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        match input_id(&line.order_line_id, &["input", "lines", &index.to_string(), "orderLineId"]) {
            Ok(id) => read.push((id, line.quantity)),
            Err(refusal) => refusals.push(refusal),
        }
    }
    if refusals.is_empty() { Ok(Some(read)) } else { Err(Failure::Refused(refusals)) }
}

/// The units that are meant, or what is wrong with them, each at its line.
fn units(state: &OrderState, asked: Option<&[(OrderLineId, i32)]>) -> Outcome<Quantities> {
    rules::units(&state.lines, asked).map_err(|bad| {
        let refuse = |(index, code): (usize, ErrorCode)| {
            let (message, field) = match code {
                ErrorCode::OrderLineNotFound => ("The order has no such line.", "orderLineId"),
                _ => ("At least 1, and no more than is left of the line.", "quantity"),
            };
            Refusal::new(code, message).at(["input", "lines", &index.to_string(), field])
        };
        Failure::Refused(bad.into_iter().map(refuse).collect())
    })
}

/// Checks a short text of an input.
fn check_text(text: Option<&str>, limit: usize, field: &'static str) -> Result<(), Refusal> {
    let Some(text) = text else { return Ok(()) };
    if text.chars().count() > limit {
        let message = format!("At most {limit} characters.");
        return Err(Refusal::new(ErrorCode::TooLong, message).at(["input", field]));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Refusal::new(ErrorCode::InvalidValue, "No control characters.").at(["input", field]));
    }
    Ok(())
}

/// What lines draw from inventory: their units, of those lines that are counted.
fn needs(state: &OrderState, units: &Quantities) -> Result<Vec<inventory::service::Need>, Refusal> {
    let mut needs = Vec::new();
    for (index, line) in state.lines.iter().enumerate().filter(|(_, line)| line.counted) {
        let quantity = units.get(&line.id).copied().unwrap_or(0);
        if quantity == 0 {
            continue;
        }
        let path = vec!["lines".to_owned(), index.to_string()];
        let Some(variant) = line.variant_id else {
            return Err(
                Refusal::new(ErrorCode::ProductNotAvailable, "A variant does not exist any more.").at(path)
            );
        };
        needs.push(inventory::service::Need { order_line: line.id, variant, quantity, path });
    }
    Ok(needs)
}

/// The lines of units that hold reservations.
fn counted(state: &OrderState, units: &Quantities) -> Vec<(OrderLineId, i32)> {
    state
        .lines
        .iter()
        .filter(|line| line.counted)
        .filter_map(|line| units.get(&line.id).map(|quantity| (line.id, *quantity)))
        .filter(|(_, quantity)| *quantity > 0)
        .collect()
}

/// Where an order's goods go, for the choice of locations.
fn ship_to(state: &OrderState) -> Option<String> {
    let country = state.order.shipping_address.as_ref()?.get("country_code")?;
    country.as_str().map(str::to_owned)
}

/// Shows availability in refusals as the vendor shows it to shoppers; the team sees the true numbers.
fn veil(ctx: &Ctx, failure: Failure) -> Failure {
    let Failure::Refused(mut refusals) = failure else { return failure };
    if ctx.team().is_none() {
        let cap = ctx.vendor_opt().and_then(|vendor| vendor.shown_quantity_cap);
        for refusal in &mut refusals {
            if let Some(RefusalDetails::InsufficientInventory { available, .. }) = &mut refusal.details {
                *available = available.zip(cap).map(|(available, cap)| available.min(cap));
            }
        }
    }
    Failure::Refused(refusals)
}

/// The order that a repeated request made, as it is now. Locked: three statements of a transaction that only reads would
/// each see another moment, and show an order that is not paid beside its payment that is.
async fn replayed(ctx: &Ctx, tx: &Tx, id: OrderId) -> Outcome<OrderState> {
    ctx.mark_replayed();
    let (state, _) = store::lock(tx, &OrderKey::Id(id)).await?.ok_or_else(not_found)?;
    Ok(state)
}
