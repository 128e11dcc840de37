//! The team notes that parcels arrived.

use async_graphql::{InputType as _, Value};
use chrono::{DateTime, Utc};

use super::{Done, finish, not_found, replayed, require_action, save};
use crate::framework::context::{Ctx, Grant};
use crate::framework::error::{ErrorCode, Outcome, Refusal};
use crate::framework::id::{FulfilmentId, OrderId};
use crate::framework::idempotency::{self, Claim};
use crate::framework::permission::Permission;
use crate::graphql::types::input_id;
use crate::modules::orders::input::OrderDeliverInput;
use crate::modules::orders::model::{FulfilmentState, Happening, OrderAction, Quantities};
use crate::modules::orders::rules;
use crate::modules::orders::store::{self, OrderKey};

struct Request {
    id: OrderId,
    parcel: Option<FulfilmentId>,
    at: DateTime<Utc>,
    key: Option<String>,
}

/// Notes that a parcel, or all that are under way, arrived.
pub async fn deliver(ctx: &Ctx, input: OrderDeliverInput) -> Outcome<Done> {
    let grant = ctx.require(Permission::OrdersUpdate)?;
    let raw = input.to_value();
    let request = Request {
        id: input_id(&input.id, &["input", "id"])?,
        parcel: input
            .fulfilment_id
            .as_ref()
            .map(|id| input_id(id, &["input", "fulfilmentId"]))
            .transpose()?,
        at: input.delivered_at.map_or(grant.now(), Into::into),
        key: input.idempotency_key,
    };
    ctx.retrying(|| attempt(ctx, &grant, &request, &raw)).await
}

async fn attempt(ctx: &Ctx, grant: &Grant, request: &Request, raw: &Value) -> Outcome<Done> {
    let tx = ctx.begin(grant).await?;
    let work = async {
        let scope = idempotency::scope(ctx, "");
        let claim = idempotency::claim(&tx, scope, "orderDeliver", request.key.as_deref(), raw, 7).await?;
        if let Claim::Replay(id) = claim {
            let state = replayed(ctx, &tx, OrderId::from_uuid(id)).await?;
            return Ok(Done { fulfilment: request.parcel, ..Done::of(state) });
        }
        let (mut state, _) = store::lock(&tx, &OrderKey::Id(request.id)).await?.ok_or_else(not_found)?;
        let mut parcels = store::fulfilments_of(&tx, &[request.id]).await?;
        if let Some(wanted) = request.parcel {
            parcels.retain(|parcel| parcel.id == wanted);
            if parcels.is_empty() {
                return Err(Refusal::new(ErrorCode::NotFound, "The order has no such parcel.")
                    .at(["input", "fulfilmentId"])
                    .into());
            }
        }
        require_action(&state, OrderAction::Deliver)?;
        parcels.retain(|parcel| parcel.status == FulfilmentState::Shipped);
        let left = parcels.iter().filter_map(|parcel| parcel.shipped_at).max();
        if request.at > grant.now() || left.is_some_and(|left| request.at < left) {
            return Err(Refusal::new(
                ErrorCode::InvalidValue,
                "After it was shipped, and not in the future.",
            )
            .at(["input", "deliveredAt"])
            .into());
        }
        let ids: Vec<FulfilmentId> = parcels.iter().map(|parcel| parcel.id).collect();
        if !ids.is_empty() {
            let mut units = Quantities::new();
            for line in store::lines_of_fulfilments(&tx, &ids).await? {
                *units.entry(line.order_line_id).or_default() += line.quantity;
            }
            let before = state.clone();
            rules::deliver(&mut state, &units, grant.now());
            let named: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
            let happened = [Happening::new("DELIVERED", serde_json::json!({ "fulfilmentIds": named }))];
            save(&tx, grant, "order.deliver", &before, &mut state, &happened).await?;
            store::mark_delivered(&tx, &ids, request.at).await?;
        }
        claim.finish(&tx, request.id.uuid()).await?;
        Ok(Done { fulfilment: request.parcel, ..Done::of(state) })
    };
    let outcome = work.await;
    finish(tx, outcome).await
}
