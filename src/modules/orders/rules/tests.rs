//! Tests of the rules.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::framework::id::{OrderId, OrderLineId, PaymentId};
use crate::modules::orders::model::{OrderChannel, OrderRow};

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::minutes(minutes)
}

const TIMES: PaymentTimes = PaymentTimes { online_minutes: 60, manual_minutes: 10_080 };

fn line(index: u128, quantity: i32, total: i64) -> OrderLineRow {
    OrderLineRow {
        id: OrderLineId::from_uuid(Uuid::from_u128(index + 1)),
        order_id: OrderId::from_uuid(Uuid::from_u128(99)),
        position: i32::try_from(index).unwrap(),
        variant_id: None,
        product_id: None,
        title: "Lamp".into(),
        sku: None,
        requires_shipping: true,
        counted: true,
        quantity,
        fulfilled_quantity: 0,
        delivered_quantity: 0,
        cancelled_quantity: 0,
        expired_quantity: 0,
        returned_quantity: 0,
        unit_price: total / i64::from(quantity),
        subtotal: total,
        discount_total: 0,
        tax_class: "STANDARD".into(),
        tax_country: "LU".into(),
        tax_rate_bp: 1_700,
        tax_total: 0,
        total,
    }
}

fn payment(index: u128, gateway: &str) -> PaymentRow {
    PaymentRow {
        id: PaymentId::from_uuid(Uuid::from_u128(1_000 + index)),
        order_id: OrderId::from_uuid(Uuid::from_u128(99)),
        gateway: gateway.into(),
        status: PaymentStatus::Pending,
        amount: 0,
        currency_code: "EUR".into(),
        captured: 0,
        refunded: 0,
        failure_code: None,
        external_id: None,
        reference: None,
        received_at: None,
        created_at: at(0),
    }
}

/// An order of lines (quantity, total) with 500 of shipping, paid by one gateway.
fn order(lines: &[(i32, i64)], gateway: &str) -> OrderState {
    let lines: Vec<_> =
        lines.iter().zip(0..).map(|((quantity, total), i)| line(i, *quantity, *total)).collect();
    let subtotal: i64 = lines.iter().map(|line| line.total).sum();
    let order = OrderRow {
        id: OrderId::from_uuid(Uuid::from_u128(99)),
        number: "1".into(),
        sequence: 1,
        token_hash: Vec::new(),
        cart_id: None,
        channel: OrderChannel::Direct,
        external_number: None,
        customer_id: None,
        email: None,
        language: "en".into(),
        currency_code: "EUR".into(),
        prices_include_tax: true,
        tax_date: at(0).date_naive(),
        status: OrderStatus::Pending,
        payment_status: PaymentStatus::Pending,
        fulfilment_status: FulfilmentStatus::Unfulfilled,
        subtotal,
        discount_total: 0,
        shipping_total: 500,
        shipping_tax_total: 0,
        tax_total: 0,
        total: subtotal + 500,
        paid_total: 0,
        refunded_total: 0,
        taxes: json!([]),
        shipping_method_id: None,
        shipping_method_name: None,
        shipping_address: None,
        billing_address: None,
        note: None,
        vat_number: None,
        accepted_terms: json!([]),
        released_at: None,
        cancelled_at: None,
        cancel_reason: None,
        expires_at: Some(at(60)),
        placed_at: at(0),
        updated_at: at(0),
        version: 1,
    };
    let first = PaymentRow { amount: order.total, ..payment(0, gateway) };
    let mut state = OrderState { order, lines, payments: vec![first] };
    refresh(&mut state, at(0));
    state
}

fn paid() -> Answer {
    Answer::Paid { external_id: "x".into() }
}

fn declined() -> Answer {
    Answer::Declined { code: ErrorCode::PaymentDeclined }
}

fn statuses(state: &OrderState) -> (OrderStatus, PaymentStatus, FulfilmentStatus) {
    (state.order.status, state.order.payment_status, state.order.fulfilment_status)
}

fn some(state: &OrderState, quantities: &[i32]) -> Quantities {
    state.lines.iter().zip(quantities).map(|(line, quantity)| (line.id, *quantity)).collect()
}

#[test]
fn an_order_goes_from_placement_to_delivery() {
    use FulfilmentStatus::*;
    use OrderStatus::*;
    let mut state = order(&[(2, 2_000), (1, 1_000)], "test");
    assert_eq!(statuses(&state), (Pending, PaymentStatus::Pending, Unfulfilled));
    assert_eq!(settle(&mut state, 0, &paid(), at(1)).0, Effect::Applied);
    assert_eq!(statuses(&state), (Processing, PaymentStatus::Paid, Unfulfilled));
    assert_eq!((state.order.released_at, state.order.expires_at), (Some(at(1)), None));
    assert_eq!(state.order.paid_total, 3_500);
    let parcel = some(&state, &[1, 1]);
    ship(&mut state, &parcel, at(2));
    assert_eq!(statuses(&state), (PartiallyShipped, PaymentStatus::Paid, PartiallyFulfilled));
    let parcel = some(&state, &[1, 0]);
    ship(&mut state, &parcel, at(3));
    assert_eq!(statuses(&state), (Shipped, PaymentStatus::Paid, Fulfilled));
    let all = some(&state, &[2, 1]);
    deliver(&mut state, &all, at(4));
    assert_eq!(statuses(&state), (Delivered, PaymentStatus::Paid, Fulfilled));
    assert_eq!(allowed_actions(&state, Side::Team), []);
    assert_eq!(allowed_actions(&state, Side::Buyer), []);
}

#[test]
fn a_free_order_is_paid_and_released_at_once() {
    let mut state = order(&[(1, 0)], "test");
    (state.order.total, state.order.shipping_total) = (0, 0);
    state.payments.clear();
    refresh(&mut state, at(0));
    assert_eq!(
        (state.order.status, state.order.payment_status),
        (OrderStatus::Processing, PaymentStatus::Paid)
    );
}

#[test]
fn a_declined_payment_can_be_tried_again_by_another() {
    let mut state = order(&[(1, 1_000)], "test");
    settle(&mut state, 0, &declined(), at(1));
    assert_eq!(
        (state.order.status, state.order.payment_status),
        (OrderStatus::Pending, PaymentStatus::Failed)
    );
    assert_eq!(allowed_actions(&state, Side::Buyer), [OrderAction::Pay, OrderAction::Cancel]);
    begin_payment(&mut state, payment(1, "manual"), TIMES, at(2));
    assert_eq!(state.payments[1].amount, 1_500);
    assert_eq!(state.order.expires_at, Some(at(10_080)), "seven days from placement");
    assert_eq!(state.order.payment_status, PaymentStatus::Pending);
    assert_eq!(confirmable(&state), Some(1));
    // What a gateway says of a payment that failed changes nothing any more.
    assert_eq!(settle(&mut state, 0, &declined(), at(3)), (Effect::None, vec![]));
}

#[test]
fn money_in_parts_pays_in_parts_and_stops_the_clock() {
    let mut state = order(&[(1, 1_000)], "manual");
    confirm(&mut state, 0, 400);
    refresh(&mut state, at(1));
    assert_eq!(statuses(&state).1, PaymentStatus::PartiallyPaid);
    assert_eq!((state.order.released_at, state.order.expires_at, state.order.paid_total), (None, None, 400));
    confirm(&mut state, 0, 1_100);
    refresh(&mut state, at(2));
    assert_eq!((statuses(&state).1, state.order.status), (PaymentStatus::Paid, OrderStatus::Processing));
}

#[test]
fn only_orders_that_are_paid_later_are_shipped_unpaid() {
    assert!(allowed_actions(&order(&[(1, 1_000)], "manual"), Side::Team).contains(&OrderAction::Ship));
    let mut online = order(&[(1, 1_000)], "test");
    assert_eq!(allowed_actions(&online, Side::Team), [OrderAction::Cancel]);
    settle(&mut online, 0, &declined(), at(1));
    assert_eq!(allowed_actions(&online, Side::Team), [OrderAction::Cancel]);
    let mut promised = order(&[(1, 1_000)], "test");
    settle(&mut promised, 0, &Answer::Authorized { external_id: "x".into() }, at(1));
    assert_eq!(statuses(&promised).1, PaymentStatus::Authorized);
    assert_eq!(allowed_actions(&promised, Side::Team), [OrderAction::Ship, OrderAction::Cancel]);
}

#[test]
fn cancelling_paid_units_gives_their_money_back() {
    // Three for 10.00: a third of it is 3.33 (largest remainder gives the live units the odd cent).
    let mut state = order(&[(3, 1_000), (1, 700)], "test");
    settle(&mut state, 0, &paid(), at(1));
    let one = some(&state, &[1, 0]);
    let happened = cancel(&mut state, &one, "INVENTORY", None, at(2));
    assert_eq!((state.order.refunded_total, state.payments[0].refunded), (333, 333));
    assert_eq!(statuses(&state).1, PaymentStatus::PartiallyRefunded);
    assert_eq!(happened.iter().map(|h| h.kind).collect::<Vec<_>>(), ["CANCELLED", "REFUNDED"]);
    let rest = units(&state.lines, None).unwrap();
    cancel(&mut state, &rest, "CUSTOMER", None, at(3));
    assert_eq!((state.order.refunded_total, state.order.paid_total), (2_200, 2_200), "shipping too");
    assert_eq!((state.order.status, statuses(&state).1), (OrderStatus::Cancelled, PaymentStatus::Refunded));
    assert_eq!(state.order.cancelled_at, Some(at(3)));
}

#[test]
fn cancelling_unpaid_units_asks_for_less() {
    let mut state = order(&[(2, 2_000), (1, 700)], "manual");
    let one = some(&state, &[1, 0]);
    cancel(&mut state, &one, "INVENTORY", None, at(1));
    assert_eq!((state.payments[0].amount, state.payments[0].status), (2_200, PaymentStatus::Pending));
    confirm(&mut state, 0, 2_200);
    refresh(&mut state, at(2));
    assert_eq!((statuses(&state).1, state.order.status), (PaymentStatus::Paid, OrderStatus::Processing));
}

#[test]
fn money_that_comes_late_revives_or_goes_back() {
    for sufficient in [true, false] {
        let mut state = order(&[(2, 2_000)], "test");
        let all = units(&state.lines, None).unwrap();
        cancel(&mut state, &all, EXPIRED, None, at(61));
        assert_eq!(statuses(&state).0, OrderStatus::Cancelled);
        assert_eq!(statuses(&state).1, PaymentStatus::Cancelled);
        assert!(has_expired(&state));
        assert_eq!(settle(&mut state, 0, &paid(), at(70)).0, Effect::Late);
        if sufficient {
            assert_eq!(revive(&mut state).into_values().collect::<Vec<_>>(), [2]);
            assert_eq!(balance(&mut state, at(70)), []);
            assert_eq!(
                (statuses(&state).0, statuses(&state).1),
                (OrderStatus::Processing, PaymentStatus::Paid)
            );
            assert_eq!((state.order.cancelled_at, state.order.cancel_reason.clone()), (None, None));
        } else {
            assert_eq!(balance(&mut state, at(70)).len(), 1);
            assert_eq!(
                (statuses(&state).0, statuses(&state).1),
                (OrderStatus::Cancelled, PaymentStatus::Refunded)
            );
            assert_eq!(state.payments[0].status, PaymentStatus::Refunded);
        }
    }
}

#[test]
fn money_for_an_order_that_was_cancelled_or_paid_goes_back() {
    let mut state = order(&[(1, 1_000)], "test");
    let all = units(&state.lines, None).unwrap();
    cancel(&mut state, &all, "CUSTOMER", None, at(1));
    assert_eq!(settle(&mut state, 0, &paid(), at(2)).0, Effect::Applied);
    assert_eq!(statuses(&state).1, PaymentStatus::Refunded);

    let mut twice = order(&[(1, 1_000)], "test");
    begin_payment(&mut twice, payment(1, "test"), TIMES, at(1));
    settle(&mut twice, 1, &paid(), at(2));
    settle(&mut twice, 0, &paid(), at(3));
    assert_eq!((twice.order.paid_total, twice.order.refunded_total), (3_000, 1_500));
    assert_eq!(statuses(&twice).1, PaymentStatus::Paid);
}

#[test]
fn quantities_that_cannot_be_had_are_named() {
    let state = order(&[(2, 2_000), (1, 1_000)], "test");
    let (a, b) = (state.lines[0].id, state.lines[1].id);
    let strange = OrderLineId::from_uuid(Uuid::from_u128(12_345));
    let asked = [(a, 1), (a, 2), (b, 0), (strange, 1), (b, i32::MAX)];
    assert_eq!(
        units(&state.lines, Some(&asked)).unwrap_err(),
        [
            (1, ErrorCode::InvalidOrderQuantity),
            (2, ErrorCode::InvalidOrderQuantity),
            (3, ErrorCode::OrderLineNotFound),
            (4, ErrorCode::InvalidOrderQuantity),
        ]
    );
    assert_eq!(units(&state.lines, Some(&[(a, 1), (a, 1)])).unwrap(), Quantities::from([(a, 2)]));
}

#[derive(Debug, Clone)]
enum Step {
    Answer(usize, u8),
    Pay(bool),
    Confirm(i64),
    Ship(Vec<i32>),
    Deliver(Vec<i32>),
    Cancel(Vec<i32>),
    Expire,
}

fn step() -> impl Strategy<Value = Step> {
    let some = || proptest::collection::vec(0..4, 3);
    prop_oneof![
        (0..4usize, 0..4u8).prop_map(|(payment, answer)| Step::Answer(payment, answer)),
        any::<bool>().prop_map(Step::Pay),
        (1..4_000i64).prop_map(Step::Confirm),
        some().prop_map(Step::Ship),
        some().prop_map(Step::Deliver),
        some().prop_map(Step::Cancel),
        Just(Step::Expire),
    ]
}

/// What the service does with a step, its checks included.
fn walk(state: &mut OrderState, step: &Step, now: DateTime<Utc>) {
    let capped = |state: &OrderState, wanted: &[i32]| -> Quantities {
        state
            .lines
            .iter()
            .zip(wanted)
            .map(|(line, quantity)| (line.id, (*quantity).min(line.open())))
            .collect()
    };
    match step {
        Step::Answer(index, answer) => {
            let answer = match answer {
                0 => paid(),
                1 => declined(),
                2 => Answer::Authorized { external_id: "y".into() },
                _ => Answer::Pending { next: None },
            };
            if settle(state, *index, &answer, now).0 == Effect::Late {
                revive(state);
                balance(state, now);
            }
        }
        Step::Pay(manual) if allowed_actions(state, Side::Buyer).contains(&OrderAction::Pay) => {
            let gateway = if *manual { "manual" } else { "test" };
            let next = payment(u128::try_from(state.payments.len()).unwrap(), gateway);
            begin_payment(state, next, TIMES, now);
        }
        Step::Confirm(amount) => {
            if let Some(index) = confirmable(state) {
                let late = has_expired(state);
                let awaited = state.payments[index].amount - state.payments[index].captured;
                confirm(state, index, (*amount).min(awaited));
                if late {
                    revive(state);
                }
                balance(state, now);
            }
        }
        Step::Ship(wanted) if allowed_actions(state, Side::Team).contains(&OrderAction::Ship) => {
            let units = capped(state, wanted);
            ship(state, &units, now);
        }
        Step::Deliver(wanted) => {
            let units = state.lines.iter().zip(wanted).map(|(line, quantity)| (line.id, *quantity)).collect();
            deliver(state, &units, now);
        }
        Step::Cancel(wanted) if allowed_actions(state, Side::Team).contains(&OrderAction::Cancel) => {
            let units = capped(state, wanted);
            cancel(state, &units, "OTHER", None, now);
        }
        Step::Expire if state.order.expires_at.is_some() && state.order.cancelled_at.is_none() => {
            let units = units(&state.lines, None).unwrap();
            cancel(state, &units, EXPIRED, None, now);
        }
        _ => {}
    }
}

fn check(state: &OrderState) {
    let (mut live, mut fulfilled, mut delivered) = (0, 0, 0);
    for line in &state.lines {
        assert!(line.fulfilled_quantity >= 0 && line.cancelled_quantity >= 0);
        assert!(line.fulfilled_quantity + line.cancelled_quantity <= line.quantity);
        assert!((0..=line.fulfilled_quantity).contains(&line.delivered_quantity));
        assert!((0..=line.cancelled_quantity).contains(&line.expired_quantity));
        live += line.quantity - line.cancelled_quantity;
        fulfilled += line.fulfilled_quantity;
        delivered += line.delivered_quantity;
    }
    for payment in &state.payments {
        assert!(0 <= payment.refunded && payment.refunded <= payment.captured);
        assert!(payment.captured <= payment.amount);
        assert_eq!(
            payment.status == PaymentStatus::Refunded,
            payment.captured > 0 && payment.refunded == payment.captured
        );
    }
    let money = money(state);
    assert!(money.captured - money.refunded <= money.due.max(0), "no more is kept than is due");
    assert_eq!((state.order.paid_total, state.order.refunded_total), (money.captured, money.refunded));
    assert_eq!(state.order.status == OrderStatus::Cancelled, live == 0);
    assert_eq!(state.order.status == OrderStatus::Delivered, live > 0 && delivered == live);
    assert_eq!(state.order.status == OrderStatus::Shipped, live > 0 && fulfilled == live && delivered < live);
    assert_eq!(state.order.cancelled_at.is_some(), live == 0);
    assert_eq!(state.order.fulfilment_status == FulfilmentStatus::Fulfilled, live > 0 && fulfilled == live);
    if state.order.payment_status == PaymentStatus::Paid {
        assert!(live == 0 || money.captured - money.refunded >= money.due);
    }
    if live == 0 {
        assert_eq!((money.due, money.captured - money.refunded), (0, 0), "a cancelled order keeps nothing");
        assert!(state.order.expires_at.is_none());
    }
    if fulfilled > 0 {
        assert!(state.order.released_at.is_some(), "nothing is shipped unreleased");
    }
}

proptest! {
    #[test]
    fn random_histories_keep_quantities_money_and_statuses_together(
        lines in proptest::collection::vec((1..4i32, 0..3_000i64), 1..=3),
        manual in any::<bool>(),
        steps in proptest::collection::vec(step(), 0..25),
    ) {
        let mut state = order(&lines, if manual { "manual" } else { "test" });
        for (minute, step) in (1..).zip(&steps) {
            walk(&mut state, step, at(minute));
            check(&state);
            let before = state.clone();
            refresh(&mut state, at(1_000));
            prop_assert_eq!(statuses(&before), statuses(&state), "deriving again changes nothing");
            prop_assert_eq!(before.order.expires_at, state.order.expires_at);
            state = before;
        }
    }
}
