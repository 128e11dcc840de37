//! Cancelling, by the team or by the buyer.

use async_graphql::{InputType as _, Value};

use super::{
    Done, check_text, counted, does_not_fit, finish, is_buyer, line_quantities, not_found, order_key,
    replayed, save, units,
};
use crate::framework::context::{Ctx, Grant};
use crate::framework::db::Tx;
use crate::framework::error::{ErrorCode, Outcome, Refusal};
use crate::framework::id::{OrderId, OrderLineId};
use crate::framework::idempotency::{self, Claim};
use crate::framework::permission::Permission;
use crate::modules::cart;
use crate::modules::inventory;
use crate::modules::orders::input::OrderCancelInput;
use crate::modules::orders::model::{OrderAction, OrderState, OrderStatus, Quantities};
use crate::modules::orders::rules::{self, Side};
use crate::modules::orders::store::{self, OrderKey};

struct Request {
    key: OrderKey,
    side: Side,
    asked: Option<Vec<(OrderLineId, i32)>>,
    input: OrderCancelInput,
}

/// Cancels unshipped units: the team any of them, in every state; the buyer the whole order while nothing is shipped.
/// Releases inventory, and gives back what was paid for the units. An unpaid order that its buyer cancels gives the cart
/// back.
pub async fn cancel(ctx: &Ctx, input: OrderCancelInput) -> Outcome<Done> {
    let key = order_key(input.id.as_ref(), input.token.as_deref())?;
    let side = if ctx.team().is_some() { Side::Team } else { Side::Buyer };
    let grant = match side {
        Side::Team => ctx.require(Permission::OrdersCancel)?,
        Side::Buyer => ctx.shopper()?,
    };
    check_text(input.note.as_deref(), 1_000, "note")?;
    let asked = line_quantities(input.lines.as_deref())?;
    let raw = input.to_value();
    let request = Request { key, side, asked, input };
    let done = ctx.retrying(|| attempt(ctx, &grant, &request, &raw)).await?;
    Ok(Done { owner: matches!(request.key, OrderKey::Token(_)), ..done })
}

async fn attempt(ctx: &Ctx, grant: &Grant, request: &Request, raw: &Value) -> Outcome<Done> {
    let input = &request.input;
    let tx = ctx.begin(grant).await?;
    let work = async {
        let anonymous = match &request.key {
            OrderKey::Token(hash) => hex::encode(hash),
            _ => String::new(),
        };
        let scope = idempotency::scope(ctx, &anonymous);
        let key = input.idempotency_key.as_deref();
        let claim = idempotency::claim(&tx, scope, "orderCancel", key, raw, 7).await?;
        if let Claim::Replay(id) = claim {
            return Ok(Done::of(replayed(ctx, &tx, OrderId::from_uuid(id)).await?));
        }
        let (mut state, _) = store::lock(&tx, &request.key).await?.ok_or_else(not_found)?;
        if request.side == Side::Buyer && !is_buyer(ctx, &request.key, &state) {
            return Err(not_found().into());
        }
        check(&state, request)?;
        let units = units(&state, request.asked.as_deref())?;
        let unpaid = rules::money(&state).captured == 0;
        let (before, id) = (state.clone(), state.order.id);
        let reason = input.reason.as_str();
        let happened = rules::cancel(&mut state, &units, reason, input.note.clone(), grant.now());
        save(&tx, grant, "order.cancel", &before, &mut state, &happened).await?;
        if request.side == Side::Buyer && unpaid && state.order.status == OrderStatus::Cancelled {
            reopen_cart(&tx, grant, &state).await?;
        }
        claim.finish(&tx, id.uuid()).await?;
        release(&tx, grant, &state, &units).await?;
        Ok(Done::of(state))
    };
    let outcome = work.await;
    finish(tx, outcome).await
}

fn check(state: &OrderState, request: &Request) -> Result<(), Refusal> {
    if !rules::allowed_actions(state, request.side).contains(&OrderAction::Cancel) {
        let message = "Nothing of the order can be cancelled any more.";
        return Err(does_not_fit(ErrorCode::OrderCannotBeCancelled, message, state, request.side));
    }
    if request.side == Side::Buyer && request.asked.is_some() {
        let message = "Only the vendor's team cancels single lines.";
        return Err(Refusal::new(ErrorCode::OrderCannotBeCancelled, message).at(["input", "lines"]));
    }
    Ok(())
}

/// Releases what the units held.
pub(super) async fn release(tx: &Tx, grant: &Grant, state: &OrderState, units: &Quantities) -> Outcome<()> {
    let lines: Vec<_> =
        counted(state, units).into_iter().map(|(line, quantity)| (line, Some(quantity))).collect();
    inventory::service::release(tx, grant.who(), state.order.id, &lines).await
}

/// Gives the shopper the cart back that the order was made of.
pub(super) async fn reopen_cart(tx: &Tx, grant: &Grant, state: &OrderState) -> Outcome<()> {
    match state.order.cart_id {
        Some(cart) => Ok(cart::service::reopen(tx, cart, grant.now()).await?),
        None => Ok(()),
    }
}
