//! Shipping, parcel by parcel.

use async_graphql::{InputType as _, Value};

use super::{
    Done, check_text, counted, finish, line_quantities, not_found, replayed, require_action, save, units,
};
use crate::framework::clock::new_uuid;
use crate::framework::context::{Ctx, Grant};
use crate::framework::error::{ErrorCode, Outcome, Refusal, RefusalDetails};
use crate::framework::id::{FulfilmentId, LocationId, OrderId, OrderLineId};
use crate::framework::idempotency::{self, Claim};
use crate::framework::permission::Permission;
use crate::graphql::types::input_id;
use crate::modules::inventory;
use crate::modules::orders::input::OrderShipInput;
use crate::modules::orders::model::{FulfilmentRow, FulfilmentState, Happening, OrderAction};
use crate::modules::orders::rules;
use crate::modules::orders::store::{self, OrderKey};

/// Ships a parcel: units of lines, or all that is left. Releases a pending order whose payment comes later.
pub async fn ship(ctx: &Ctx, input: OrderShipInput) -> Outcome<Done> {
    let grant = ctx.require(Permission::OrdersUpdate)?;
    let id: OrderId = input_id(&input.id, &["input", "id"])?;
    let location = input.location_id.as_ref().map(|id| input_id(id, &["input", "locationId"])).transpose()?;
    check_text(input.carrier.as_deref(), 100, "carrier")?;
    check_text(input.tracking_number.as_deref(), 200, "trackingNumber")?;
    let asked = line_quantities(input.lines.as_deref())?;
    let raw = input.to_value();
    let request = Request { id, location, asked, input };
    ctx.retrying(|| attempt(ctx, &grant, &request, &raw)).await
}

struct Request {
    id: OrderId,
    location: Option<LocationId>,
    asked: Option<Vec<(OrderLineId, i32)>>,
    input: OrderShipInput,
}

async fn attempt(ctx: &Ctx, grant: &Grant, request: &Request, raw: &Value) -> Outcome<Done> {
    let input = &request.input;
    let tx = ctx.begin(grant).await?;
    let work = async {
        let scope = idempotency::scope(ctx, "");
        let key = input.idempotency_key.as_deref();
        let claim = idempotency::claim(&tx, scope, "orderShip", key, raw, 7).await?;
        if let Claim::Replay(id) = claim {
            let parcel = FulfilmentId::from_uuid(id);
            let order = store::fulfilment_order(&tx, parcel).await?.ok_or_else(not_found)?;
            let state = replayed(ctx, &tx, order).await?;
            return Ok(Done { fulfilment: Some(parcel), ..Done::of(state) });
        }
        let (mut state, _) = store::lock(&tx, &OrderKey::Id(request.id)).await?.ok_or_else(not_found)?;
        let version = state.order.version;
        if input.expected_version.is_some_and(|expected| expected != version) {
            let details =
                RefusalDetails::VersionConflict { current_version: version, id: request.id.to_string() };
            return Err(Refusal::new(ErrorCode::VersionConflict, "The order has changed since.")
                .at(["input", "expectedVersion"])
                .with(details)
                .into());
        }
        require_action(&state, OrderAction::Ship)?;
        let units = units(&state, request.asked.as_deref())?;
        let before = state.clone();
        rules::ship(&mut state, &units, grant.now());
        let mut parcel = FulfilmentRow {
            id: FulfilmentId::from_uuid(new_uuid()),
            order_id: request.id,
            status: FulfilmentState::Shipped,
            location_id: request.location,
            carrier: input.carrier.clone(),
            tracking_number: input.tracking_number.clone(),
            tracking_url: input.tracking_url.as_ref().map(|url| url.as_str().to_owned()),
            shipped_at: Some(grant.now()),
            delivered_at: None,
        };
        let shipped: i64 = units.values().map(|quantity| i64::from(*quantity)).sum();
        let data = serde_json::json!({ "fulfilmentId": parcel.id.uuid(), "units": shipped });
        let happened = [Happening::new("SHIPPED", data)];
        save(&tx, grant, "order.ship", &before, &mut state, &happened).await?;
        // Inventory's rows are the hot ones, so they come late.
        let lines = counted(&state, &units);
        parcel.location_id =
            inventory::service::fulfil(&tx, grant.who(), request.id, &lines, request.location).await?;
        store::insert_fulfilment(&tx, &parcel, &units).await?;
        claim.finish(&tx, parcel.id.uuid()).await?;
        Ok(Done { fulfilment: Some(parcel.id), ..Done::of(state) })
    };
    let outcome = work.await;
    finish(tx, outcome).await
}
