//! Paying: asking a gateway, and writing what it answers. The one way to a paid order, whoever brings the answer.

use async_graphql::{InputType as _, Value};

use super::{
    Done, does_not_fit, finish, is_buyer, needs, not_found, order_key, record, replayed, save, ship_to,
};
use crate::framework::clock::new_uuid;
use crate::framework::context::{Ctx, Grant};
use crate::framework::db::{Tx, sql};
use crate::framework::error::{ErrorCode, Failure, Outcome, Refusal};
use crate::framework::id::{OrderId, PaymentId};
use crate::framework::idempotency::{self, Claim};
use crate::framework::money::{Currency, Money};
use crate::modules::inventory;
use crate::modules::orders::input::{OrderPayInput, PaymentInput};
use crate::modules::orders::model::{Happening, OrderAction, OrderState, OrderStatus};
use crate::modules::orders::rules::{self, Effect, Side};
use crate::modules::orders::store::{self, OrderKey};
use crate::modules::payments::model::{PaymentRow, PaymentStatus};
use crate::modules::payments::{self, Answer, Gateway, PaymentRequest};

/// Another try to pay an order: same order, same number, new payment.
pub async fn pay(ctx: &Ctx, input: OrderPayInput) -> Outcome<Done> {
    let grant = ctx.shopper()?;
    let key = order_key(input.id.as_ref(), input.token.as_deref())?;
    let gateway = check_gateway(ctx, &input.payment)?;
    let raw = input.to_value();
    let (state, payment) = ctx.retrying(|| begin(ctx, &grant, &key, gateway.code(), &input, &raw)).await?;
    let data = input.payment.data.map(serde_json::Value::from);
    let done = advance(ctx, &grant, state, Some(payment), data).await?;
    Ok(Done { owner: true, ..done })
}

/// The gateway that is meant, with its data checked.
pub(super) fn check_gateway(ctx: &Ctx, input: &PaymentInput) -> Result<&'static dyn Gateway, Refusal> {
    let Some(gateway) = payments::gateway(&ctx.app().config, &input.gateway) else {
        return Err(Refusal::new(ErrorCode::PaymentMethodNotFound, "There is no such payment gateway.")
            .at(["input", "payment", "gateway"]));
    };
    let data = input.data.clone().map(serde_json::Value::from);
    if data.as_ref().is_some_and(|data| data.to_string().len() > 4_000) {
        return Err(Refusal::new(ErrorCode::TooLong, "At most 4,000 bytes.").at(["input", "payment", "data"]));
    }
    gateway.check(data.as_ref()).map_err(|refusal| {
        let path: Vec<String> =
            ["input", "payment"].map(str::to_owned).into_iter().chain(refusal.field.clone()).collect();
        refusal.at(path)
    })?;
    Ok(gateway)
}

/// A payment that is about to be asked for.
pub(super) fn new_payment(
    state: &OrderState,
    gateway: &str,
    now: chrono::DateTime<chrono::Utc>,
) -> PaymentRow {
    PaymentRow {
        id: PaymentId::from_uuid(new_uuid()),
        order_id: state.order.id,
        gateway: gateway.to_owned(),
        status: PaymentStatus::Pending,
        amount: state.order.total,
        currency_code: state.order.currency_code.clone(),
        captured: 0,
        refunded: 0,
        failure_code: None,
        external_id: None,
        reference: None,
        received_at: None,
        created_at: now,
    }
}

async fn begin(
    ctx: &Ctx,
    grant: &Grant,
    key: &OrderKey,
    gateway: &str,
    input: &OrderPayInput,
    raw: &Value,
) -> Outcome<(OrderState, PaymentId)> {
    let tx = ctx.begin(grant).await?;
    let work = async {
        let anonymous = match key {
            OrderKey::Token(hash) => hex::encode(hash),
            _ => String::new(),
        };
        let scope = idempotency::scope(ctx, &anonymous);
        let claim = idempotency::claim(&tx, scope, "orderPay", Some(&input.idempotency_key), raw, 90).await?;
        if let Claim::Replay(id) = claim {
            let payment = PaymentId::from_uuid(id);
            let order = store::payment_order(&tx, payment).await?.ok_or_else(not_found)?;
            return Ok((replayed(ctx, &tx, order).await?, payment));
        }
        let (mut state, times) = store::lock(&tx, key).await?.ok_or_else(not_found)?;
        if !is_buyer(ctx, key, &state) {
            return Err(not_found().into());
        }
        if !rules::allowed_actions(&state, Side::Buyer).contains(&OrderAction::Pay) {
            let message = "The order takes no payment now.";
            return Err(does_not_fit(ErrorCode::PaymentNotAllowed, message, &state, Side::Buyer).into());
        }
        let before = state.clone();
        let payment = new_payment(&state, gateway, ctx.now());
        let id = payment.id;
        rules::begin_payment(&mut state, payment, times, ctx.now());
        let data = serde_json::json!({ "paymentId": id.uuid(), "gateway": gateway });
        let happened = [Happening::new("PAYMENT_STARTED", data)];
        save(&tx, grant, "order.pay", &before, &mut state, &happened).await?;
        claim.finish(&tx, id.uuid()).await?;
        Ok((state, id))
    };
    let outcome = work.await;
    finish(tx, outcome).await
}

/// Asks the gateway for the money of a payment that is awaited, with no transaction open, and writes its answer. Goes on
/// where an earlier request was cut off; where the payment is settled, answers what came of it.
pub(super) async fn advance(
    ctx: &Ctx,
    grant: &Grant,
    state: OrderState,
    payment: Option<PaymentId>,
    data: Option<serde_json::Value>,
) -> Outcome<Done> {
    let mut done = Done::of(state);
    done.payment = payment;
    let Some(row) = done.state.payments.iter().find(|row| Some(row.id) == payment) else { return Ok(done) };
    if row.status == PaymentStatus::Pending && done.state.order.status != OrderStatus::Cancelled {
        let (id, order) = (row.id, done.state.order.id);
        match ask(ctx, &done.state, row, data).await? {
            Ok(Answer::Pending { next }) => done.next = next,
            Ok(answer) => {
                let (state, refusals) = write_answer(ctx, grant, done.state, order, id, &answer).await?;
                (done.state, done.refusals) = (state, refusals);
            }
            Err(error) => {
                tracing::warn!(%error, order = %order, "a payment gateway failed");
                let message = "The payment provider does not answer; repeat the request with the same key.";
                done.refusals
                    .push(Refusal::new(ErrorCode::ExternalService, message).at(["input", "payment"]));
            }
        }
    }
    let declined =
        done.state.payments.iter().any(|row| Some(row.id) == payment && row.status == PaymentStatus::Failed);
    if declined {
        let message = "The payment was declined; try again with orderPay.";
        done.refusals.push(Refusal::new(ErrorCode::PaymentDeclined, message).at(["input", "payment"]));
    }
    Ok(done)
}

async fn ask(
    ctx: &Ctx,
    state: &OrderState,
    row: &PaymentRow,
    data: Option<serde_json::Value>,
) -> Outcome<Result<Answer, payments::GatewayError>> {
    let Some(gateway) = payments::gateway(&ctx.app().config, &row.gateway) else {
        return Ok(Err(payments::GatewayError(format!("{} is not there any more", row.gateway))));
    };
    let amount = row
        .currency_code
        .parse::<Currency>()
        .ok()
        .and_then(|currency| Money::new(row.amount, currency).ok())
        .ok_or_else(|| Failure::Error(super::fault("a payment's amount cannot be read")))?;
    let request = PaymentRequest {
        payment: row.id,
        order_number: state.order.number.clone(),
        amount,
        due_at: state.order.expires_at,
        data,
    };
    Ok(gateway.pay(&request).await)
}

/// Writes a gateway's answer: the one function that completes an order, called by the client's request and by webhooks.
/// Gives the order as it is then, and what did not work although money came.
///
/// `known` is the order as the caller last saw it: where nothing has changed since, two statements do it.
async fn write_answer(
    ctx: &Ctx,
    grant: &Grant,
    known: OrderState,
    order: OrderId,
    payment: PaymentId,
    answer: &Answer,
) -> Outcome<(OrderState, Vec<Refusal>)> {
    let mut state = known.clone();
    let index = position(&state, payment)?;
    let (effect, happened) = rules::settle(&mut state, index, answer, ctx.now());
    if effect == Effect::Applied {
        let tx = ctx.begin(grant).await?;
        let from = known.order.status.as_str();
        if store::save(&tx, grant.who(), &mut state, from, &happened).await? {
            record(&tx, grant.who(), "order.payment", None, &state, &happened).await?;
            tx.commit().await?;
            return Ok((state, Vec::new()));
        }
        tx.rollback().await?;
    }
    ctx.retrying(|| write_locked(ctx, grant, order, payment, answer)).await
}

fn position(state: &OrderState, payment: PaymentId) -> Outcome<usize> {
    let found = state.payments.iter().position(|row| row.id == payment);
    found.ok_or_else(|| Failure::Error(super::fault("a payment is not its order's")))
}

async fn write_locked(
    ctx: &Ctx,
    grant: &Grant,
    order: OrderId,
    payment: PaymentId,
    answer: &Answer,
) -> Outcome<(OrderState, Vec<Refusal>)> {
    let tx = ctx.begin(grant).await?;
    let work = async {
        let (mut state, _) = store::lock(&tx, &OrderKey::Id(order)).await?.ok_or_else(not_found)?;
        let before = state.clone();
        let index = position(&state, payment)?;
        let (effect, mut happened) = rules::settle(&mut state, index, answer, ctx.now());
        let refusals = match effect {
            Effect::None => return Ok((state, Vec::new())),
            Effect::Applied => Vec::new(),
            Effect::Late => revive(&tx, grant, &mut state, &mut happened).await?,
        };
        save(&tx, grant, "order.payment", &before, &mut state, &happened).await?;
        Ok((state, refusals))
    };
    let outcome = work.await;
    finish(tx, outcome).await
}

/// Money came for an order that had expired: takes the order back if inventory still suffices; else the money is given
/// back, and the refusals say why.
pub(super) async fn revive(
    tx: &Tx,
    grant: &Grant,
    state: &mut OrderState,
    happened: &mut Vec<Happening>,
) -> Outcome<Vec<Refusal>> {
    let now = grant.now();
    let mut revived = state.clone();
    let units = rules::revive(&mut revived);
    // A refused reservation must leave nothing behind, and the payment's fate must still be written.
    tx.execute(sql("SAVEPOINT revival")).await?;
    let reserved = match needs(&revived, &units) {
        Ok(needs) => {
            let country = ship_to(&revived);
            inventory::service::reserve(tx, grant.who(), state.order.id, &needs, country.as_deref()).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    match reserved {
        Ok(()) => {
            *state = revived;
            happened.push(Happening::new("REVIVED", serde_json::json!({})));
            happened.extend(rules::balance(state, now));
            Ok(Vec::new())
        }
        Err(Failure::Refused(refusals)) => {
            tx.execute(sql("ROLLBACK TO SAVEPOINT revival")).await?;
            happened.extend(rules::balance(state, now));
            Ok(refusals)
        }
        Err(other) => Err(other),
    }
}
