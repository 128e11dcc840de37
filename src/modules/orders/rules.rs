//! What may happen to an order, and what follows from it. Pure: no database, no clock.
//!
//! Source: facts F of the design. An order's three statuses are never set; [`refresh`] derives them from the lines,
//! the payments and the release whenever one of these has changed.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::model::{
    EXPIRED, FulfilmentStatus, Happening, OrderAction, OrderLineRow, OrderState, OrderStatus, PaymentTimes,
    Quantities,
};
use crate::framework::arithmetic::largest_remainder;
use crate::framework::error::ErrorCode;
use crate::framework::id::OrderLineId;
use crate::modules::payments;
use crate::modules::payments::Answer;
use crate::modules::payments::model::{PaymentRow, PaymentStatus};

/// An order's money, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Money {
    /// What the order cost when it was placed.
    pub total: i64,
    /// What it costs now: the total less the cancelled units' share.
    pub due: i64,
    /// What came.
    pub captured: i64,
    /// What of it went back.
    pub refunded: i64,
    /// What is promised besides.
    pub authorised: i64,
    /// Whether a payment is awaited.
    pub pending: bool,
    /// Whether a payment was declined.
    pub failed: bool,
}

impl Money {
    /// What is still to be paid.
    pub fn outstanding(&self) -> i64 {
        (self.due - (self.captured - self.refunded) - self.authorised).max(0)
    }
    /// What came and is not due any more.
    pub fn excess(&self) -> i64 {
        (self.captured - self.refunded - self.due).max(0)
    }
}

/// The share of a line's total that falls on its cancelled units.
fn cancelled_share(line: &OrderLineRow) -> i64 {
    let live = line.quantity - line.cancelled_quantity;
    let parts = largest_remainder(line.total, &[i64::from(live), i64::from(line.cancelled_quantity)]);
    parts.get(1).copied().unwrap_or(0)
}

/// The order's money as its lines and payments stand. Shipping is due until the last unit is cancelled.
pub fn money(state: &OrderState) -> Money {
    let all_cancelled = is_cancelled(&state.lines);
    let cancelled: i64 = state.lines.iter().map(cancelled_share).sum();
    let sum = |get: fn(&PaymentRow) -> i64| state.payments.iter().map(get).sum::<i64>();
    let any = |status| state.payments.iter().any(|payment| payment.status == status);
    Money {
        total: state.order.total,
        due: if all_cancelled { 0 } else { state.order.total - cancelled },
        captured: sum(|payment| payment.captured),
        refunded: sum(|payment| payment.refunded),
        authorised: sum(|payment| match payment.status {
            PaymentStatus::Authorized => payment.amount,
            _ => 0,
        }),
        pending: any(PaymentStatus::Pending),
        failed: any(PaymentStatus::Failed),
    }
}

fn is_cancelled(lines: &[OrderLineRow]) -> bool {
    lines.iter().all(|line| line.cancelled_quantity == line.quantity)
}

/// The three statuses of an order.
pub fn derive(
    lines: &[OrderLineRow],
    money: &Money,
    released: bool,
) -> (OrderStatus, PaymentStatus, FulfilmentStatus) {
    let count = |get: fn(&OrderLineRow) -> i32| lines.iter().map(|line| i64::from(get(line))).sum::<i64>();
    let live = count(|line| line.quantity - line.cancelled_quantity);
    let fulfilled = count(|line| line.fulfilled_quantity);
    let delivered = count(|line| line.delivered_quantity);
    let cancelled = live == 0;
    let order = match () {
        () if cancelled => OrderStatus::Cancelled,
        () if delivered == live => OrderStatus::Delivered,
        () if fulfilled == live => OrderStatus::Shipped,
        () if fulfilled > 0 => OrderStatus::PartiallyShipped,
        () if released => OrderStatus::Processing,
        () => OrderStatus::Pending,
    };
    let fulfilment = match () {
        () if fulfilled == 0 => FulfilmentStatus::Unfulfilled,
        () if fulfilled == live => FulfilmentStatus::Fulfilled,
        () => FulfilmentStatus::PartiallyFulfilled,
    };
    (order, payment_status(money, cancelled), fulfilment)
}

fn payment_status(money: &Money, cancelled: bool) -> PaymentStatus {
    let kept = money.captured - money.refunded;
    match () {
        () if money.captured > 0 && kept == 0 => PaymentStatus::Refunded,
        () if money.refunded > 0 && kept < money.total => PaymentStatus::PartiallyRefunded,
        () if money.captured > 0 && kept >= money.due => PaymentStatus::Paid,
        () if money.captured > 0 => PaymentStatus::PartiallyPaid,
        () if cancelled => PaymentStatus::Cancelled,
        () if money.due == 0 => PaymentStatus::Paid,
        () if money.authorised >= money.due => PaymentStatus::Authorized,
        () if !money.pending && money.failed => PaymentStatus::Failed,
        () => PaymentStatus::Pending,
    }
}

/// Derives everything that follows from lines, payments and release: the one function that writes these columns.
pub fn refresh(state: &mut OrderState, now: DateTime<Utc>) {
    let money = money(state);
    let cancelled = is_cancelled(&state.lines);
    let order = &mut state.order;
    // Automatic release: the money is there, or promised.
    if !cancelled && order.released_at.is_none() && money.outstanding() == 0 {
        order.released_at = Some(now);
    }
    match (cancelled, order.cancelled_at) {
        (true, None) => order.cancelled_at = Some(now),
        (false, Some(_)) => (order.cancelled_at, order.cancel_reason) = (None, None),
        _ => {}
    }
    // Money that came is not let go by a clock: the team decides.
    if cancelled || order.released_at.is_some() || money.captured > 0 {
        order.expires_at = None;
    }
    (order.status, order.payment_status, order.fulfilment_status) =
        derive(&state.lines, &money, order.released_at.is_some());
    (order.paid_total, order.refunded_total, order.updated_at) = (money.captured, money.refunded, now);
}

/// Whose actions are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The customer, or the guest with the token.
    Buyer,
    /// The vendor's team.
    Team,
}

/// Whether an unreleased order may be shipped: its payment is one that comes later (facts F: release by the team).
pub fn is_pay_later(state: &OrderState) -> bool {
    state.payments.iter().any(|payment| {
        payments::is_manual(&payment.gateway)
            && matches!(payment.status, PaymentStatus::Pending | PaymentStatus::PartiallyPaid)
    })
}

/// The payment that the team can confirm: the newest manual one that is awaited, or was until the order expired.
pub fn confirmable(state: &OrderState) -> Option<usize> {
    let expired = has_expired(state);
    state.payments.iter().rposition(|payment| {
        payments::is_manual(&payment.gateway)
            && match payment.status {
                PaymentStatus::Pending | PaymentStatus::PartiallyPaid => true,
                PaymentStatus::Cancelled => expired,
                _ => false,
            }
    })
}

/// Whether the order was cancelled because its payment did not come in time.
pub fn has_expired(state: &OrderState) -> bool {
    state.order.cancel_reason.as_deref() == Some(EXPIRED)
}

/// What a side can do with the order as it stands.
pub fn allowed_actions(state: &OrderState, side: Side) -> Vec<OrderAction> {
    let cancelled = is_cancelled(&state.lines);
    let open = state.lines.iter().any(|line| line.open() > 0);
    let shipped = state.lines.iter().any(|line| line.fulfilled_quantity > 0);
    let under_way = state.lines.iter().any(|line| line.fulfilled_quantity > line.delivered_quantity);
    let money = money(state);
    let mut actions = Vec::new();
    let mut add = |allowed: bool, action| {
        if allowed {
            actions.push(action);
        }
    };
    match side {
        Side::Buyer => {
            add(!cancelled && money.outstanding() > 0, OrderAction::Pay);
            add(open && !shipped, OrderAction::Cancel);
        }
        Side::Team => {
            add(confirmable(state).is_some(), OrderAction::ConfirmPayment);
            add(open && (state.order.released_at.is_some() || is_pay_later(state)), OrderAction::Ship);
            add(under_way, OrderAction::Deliver);
            add(open, OrderAction::Cancel);
        }
    }
    actions
}

/// Adds a payment of what is outstanding, in place of those that are still awaited; prolongs the time to pay where the
/// gateway has more (never beyond what it would have had from the beginning).
pub fn begin_payment(
    state: &mut OrderState,
    mut payment: PaymentRow,
    times: PaymentTimes,
    now: DateTime<Utc>,
) {
    for other in &mut state.payments {
        match other.status {
            PaymentStatus::Pending => other.status = PaymentStatus::Cancelled,
            // What came of it is kept; the rest is asked for by the new one.
            PaymentStatus::PartiallyPaid => {
                (other.amount, other.status) = (other.captured, PaymentStatus::Paid)
            }
            _ => {}
        }
    }
    payment.amount = money(state).outstanding();
    let minutes =
        if payments::is_manual(&payment.gateway) { times.manual_minutes } else { times.online_minutes };
    let until = state.order.placed_at + TimeDelta::minutes(i64::from(minutes));
    state.order.expires_at = state.order.expires_at.map(|at| at.max(until));
    state.payments.push(payment);
    refresh(state, now);
}

/// What a gateway's answer did to the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it was known, or says nothing new.
    None,
    /// Written to the order.
    Applied,
    /// Money came for an order that has expired: it is to be revived, or the money given back.
    Late,
}

/// Writes a gateway's answer to a payment. An answer that was written before changes nothing, so that client and
/// webhook may both bring it.
pub fn settle(
    state: &mut OrderState,
    payment: usize,
    answer: &Answer,
    now: DateTime<Utc>,
) -> (Effect, Vec<Happening>) {
    let Some(row) = state.payments.get_mut(payment) else { return (Effect::None, Vec::new()) };
    let data = json!({ "paymentId": row.id.uuid(), "amount": row.amount });
    let awaited = matches!(row.status, PaymentStatus::Pending | PaymentStatus::Authorized);
    let money_came = matches!(answer, Answer::Paid { .. });
    let came_late = money_came && row.status == PaymentStatus::Cancelled;
    if !(awaited || came_late) {
        return (Effect::None, Vec::new());
    }
    let happening = match answer {
        Answer::Pending { .. } => return (Effect::None, Vec::new()),
        Answer::Authorized { external_id } => {
            if row.status == PaymentStatus::Authorized {
                return (Effect::None, Vec::new());
            }
            row.external_id = Some(external_id.clone());
            row.status = PaymentStatus::Authorized;
            Happening::new("PAYMENT_AUTHORIZED", data)
        }
        Answer::Paid { external_id } => {
            row.external_id = Some(external_id.clone());
            (row.captured, row.status) = (row.amount, PaymentStatus::Paid);
            Happening::new("PAID", data)
        }
        Answer::Declined { code } => {
            (row.status, row.failure_code) = (PaymentStatus::Failed, Some(code.name().to_owned()));
            Happening::new("PAYMENT_DECLINED", data)
        }
    };
    let mut happened = vec![happening];
    if money_came && has_expired(state) {
        return (Effect::Late, happened);
    }
    happened.extend(balance(state, now));
    (Effect::Applied, happened)
}

/// Gives back what came too much, and derives what follows: after money came, or units.
pub fn balance(state: &mut OrderState, now: DateTime<Utc>) -> Vec<Happening> {
    let happened = give_back(state);
    refresh(state, now);
    happened
}

/// Gives back what came and is not due any more, over the payments, newest first.
fn give_back(state: &mut OrderState) -> Vec<Happening> {
    let mut excess = money(state).excess();
    let mut happened = Vec::new();
    for payment in state.payments.iter_mut().rev() {
        let part = excess.min(payment.captured - payment.refunded);
        if part <= 0 {
            continue;
        }
        payment.refunded += part;
        excess -= part;
        payment.status = if payment.refunded == payment.captured {
            PaymentStatus::Refunded
        } else {
            PaymentStatus::PartiallyRefunded
        };
        // Money that came by hand goes back by hand: the team owes the transfer.
        let by_hand = payments::is_manual(&payment.gateway);
        let data = json!({ "paymentId": payment.id.uuid(), "amount": part, "byHand": by_hand });
        happened.push(Happening::new("REFUNDED", data));
    }
    happened
}

/// Fits payments that are still awaited to what is due after units were cancelled.
fn fit_awaited(state: &mut OrderState) {
    let Money { due, captured, refunded, .. } = money(state);
    let wanted = (due - (captured - refunded)).max(0);
    for payment in state.payments.iter_mut().rev() {
        match payment.status {
            PaymentStatus::Pending | PaymentStatus::Authorized => {
                // A payment that is not awaited keeps its amount: its money may still come.
                if wanted == 0 {
                    payment.status = PaymentStatus::Cancelled;
                } else {
                    payment.amount = payment.amount.min(wanted);
                }
            }
            PaymentStatus::PartiallyPaid => {
                payment.amount = payment.amount.min(payment.captured + wanted);
                if payment.amount == payment.captured {
                    payment.status = PaymentStatus::Paid;
                }
            }
            _ => {}
        }
    }
}

/// Cancels unshipped units, and settles the money: what came too much goes back, and no more than is due is awaited.
/// The quantities are within [`OrderLineRow::open`].
pub fn cancel(
    state: &mut OrderState,
    quantities: &Quantities,
    reason: &str,
    note: Option<String>,
    now: DateTime<Utc>,
) -> Vec<Happening> {
    for line in &mut state.lines {
        let quantity = quantities.get(&line.id).copied().unwrap_or(0).min(line.open());
        line.cancelled_quantity += quantity;
        if reason == EXPIRED {
            line.expired_quantity += quantity;
        }
    }
    if is_cancelled(&state.lines) {
        state.order.cancel_reason = Some(reason.to_owned());
    }
    let kind = if reason == EXPIRED { "EXPIRED" } else { "CANCELLED" };
    let units: i64 = quantities.values().map(|quantity| i64::from(*quantity)).sum();
    let mut happened = vec![Happening::new(kind, json!({ "reason": reason, "units": units })).noted(note)];
    let refunds = give_back(state);
    happened.extend(refunds);
    fit_awaited(state);
    refresh(state, now);
    happened
}

/// Takes back what expiry cancelled, because the money came after all. The units, whose inventory must be reserved
/// again, come back. The cart went to the shopper again, so the order stands without it. [`balance`] comes next.
pub fn revive(state: &mut OrderState) -> Quantities {
    let mut units = Quantities::new();
    for line in &mut state.lines {
        if line.expired_quantity > 0 {
            units.insert(line.id, line.expired_quantity);
            line.cancelled_quantity -= line.expired_quantity;
            line.expired_quantity = 0;
        }
    }
    state.order.cart_id = None;
    units
}

/// The team notes that money of a manual payment came. The amount is at most what the payment awaits. [`balance`] comes
/// next.
pub fn confirm(state: &mut OrderState, payment: usize, amount: i64) -> Option<Happening> {
    let row = state.payments.get_mut(payment)?;
    row.captured += amount;
    row.status = if row.captured == row.amount { PaymentStatus::Paid } else { PaymentStatus::PartiallyPaid };
    let kind = if row.status == PaymentStatus::Paid { "PAID" } else { "PARTIALLY_PAID" };
    Some(Happening::new(kind, json!({ "paymentId": row.id.uuid(), "amount": amount })))
}

/// Ships units, releasing the order if it was not. The quantities are within [`OrderLineRow::open`].
pub fn ship(state: &mut OrderState, quantities: &Quantities, now: DateTime<Utc>) {
    for line in &mut state.lines {
        line.fulfilled_quantity += quantities.get(&line.id).copied().unwrap_or(0).min(line.open());
    }
    state.order.released_at.get_or_insert(now);
    refresh(state, now);
}

/// Notes that shipped units arrived.
pub fn deliver(state: &mut OrderState, quantities: &Quantities, now: DateTime<Utc>) {
    for line in &mut state.lines {
        let arrived = quantities.get(&line.id).copied().unwrap_or(0);
        line.delivered_quantity = (line.delivered_quantity + arrived).min(line.fulfilled_quantity);
    }
    refresh(state, now);
}

/// Why quantities that were asked for cannot be had: the index in the request, and the code.
pub type BadQuantity = (usize, ErrorCode);

/// The units that a request names, or all that are open where it names none. A line that is named twice counts twice.
pub fn units(
    lines: &[OrderLineRow],
    asked: Option<&[(OrderLineId, i32)]>,
) -> Result<Quantities, Vec<BadQuantity>> {
    let Some(asked) = asked else {
        return Ok(lines.iter().filter(|line| line.open() > 0).map(|line| (line.id, line.open())).collect());
    };
    let mut units = Quantities::new();
    let mut bad = Vec::new();
    for (index, (id, quantity)) in asked.iter().enumerate() {
        let Some(line) = lines.iter().find(|line| line.id == *id) else {
            bad.push((index, ErrorCode::OrderLineNotFound));
            continue;
        };
        let sum = units.get(id).copied().unwrap_or(0).saturating_add(*quantity);
        if *quantity < 1 || sum > line.open() {
            bad.push((index, ErrorCode::InvalidOrderQuantity));
        } else {
            units.insert(*id, sum);
        }
    }
    if bad.is_empty() { Ok(units) } else { Err(bad) }
}

#[cfg(test)]
mod tests;
