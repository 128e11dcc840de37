//! The team notes that money of the manual gateway came.

use async_graphql::{InputType as _, Value};
use chrono::{DateTime, Utc};

use super::{Done, check_text, finish, not_found, pay, replayed, require_action, save};
use crate::framework::context::{Ctx, Grant};
use crate::framework::error::{ErrorCode, Outcome, Refusal};
use crate::framework::id::OrderId;
use crate::framework::idempotency::{self, Claim};
use crate::framework::money::Currency;
use crate::framework::permission::Permission;
use crate::graphql::types::input_id;
use crate::modules::orders::input::OrderPaymentConfirmInput;
use crate::modules::orders::model::OrderAction;
use crate::modules::orders::rules;
use crate::modules::orders::store::{self, OrderKey};

/// Confirms money, all of what is awaited or part of it. For an order that had expired, see `pay::revive`.
pub async fn confirm_payment(ctx: &Ctx, input: OrderPaymentConfirmInput) -> Outcome<Done> {
    let grant = ctx.require(Permission::OrdersUpdate)?;
    let id: OrderId = input_id(&input.id, &["input", "id"])?;
    check_text(input.reference.as_deref(), 200, "reference")?;
    let received_at: Option<DateTime<Utc>> = input.received_at.map(Into::into);
    if received_at.is_some_and(|at| at > ctx.now() || at < DateTime::UNIX_EPOCH) {
        return Err(Refusal::new(ErrorCode::InvalidValue, "Money cannot have come in the future.")
            .at(["input", "receivedAt"])
            .into());
    }
    let raw = input.to_value();
    ctx.retrying(|| attempt(ctx, &grant, id, received_at, &input, &raw)).await
}

async fn attempt(
    ctx: &Ctx,
    grant: &Grant,
    id: OrderId,
    received_at: Option<DateTime<Utc>>,
    input: &OrderPaymentConfirmInput,
    raw: &Value,
) -> Outcome<Done> {
    let tx = ctx.begin(grant).await?;
    let work = async {
        let scope = idempotency::scope(ctx, "");
        let key = Some(input.idempotency_key.as_str());
        let claim = idempotency::claim(&tx, scope, "orderPaymentConfirm", key, raw, 90).await?;
        if let Claim::Replay(id) = claim {
            return Ok(Done::of(replayed(ctx, &tx, OrderId::from_uuid(id)).await?));
        }
        let (mut state, _) = store::lock(&tx, &OrderKey::Id(id)).await?.ok_or_else(not_found)?;
        require_action(&state, OrderAction::ConfirmPayment)?;
        let before = state.clone();
        let index = rules::confirmable(&state).ok_or_else(not_found)?;
        let payment = &mut state.payments[index];
        let awaited = payment.amount - payment.captured;
        let amount = match &input.amount {
            None => awaited,
            Some(amount) => {
                let currency: Currency =
                    payment.currency_code.parse().map_err(|_| super::fault("a payment's currency"))?;
                amount.minor(currency).map_err(|refusal| refusal.at(["input", "amount"]))?
            }
        };
        if amount < 1 || amount > awaited {
            return Err(Refusal::new(
                ErrorCode::InvalidAmount,
                "More than nothing, and no more than is awaited.",
            )
            .at(["input", "amount"])
            .into());
        }
        payment.reference = input.reference.clone().or(payment.reference.take());
        payment.received_at = Some(received_at.unwrap_or(grant.now()));
        let late = rules::has_expired(&state);
        let mut happened: Vec<_> = rules::confirm(&mut state, index, amount).into_iter().collect();
        let refusals = if late {
            pay::revive(&tx, grant, &mut state, &mut happened).await?
        } else {
            happened.extend(rules::balance(&mut state, grant.now()));
            Vec::new()
        };
        save(&tx, grant, "order.payment.confirm", &before, &mut state, &happened).await?;
        claim.finish(&tx, id.uuid()).await?;
        Ok(Done { refusals, ..Done::of(state) })
    };
    let outcome = work.await;
    finish(tx, outcome).await
}
