//! Locations.

use async_graphql::{InputType as _, MaybeUndefined};
use serde_json::json;

use super::movements::location_not_found;
use crate::framework::audit::{self, Entry};
use crate::framework::clock::new_uuid;
use crate::framework::context::{Ctx, Who};
use crate::framework::db::{Array, DbError, Tx};
use crate::framework::error::{ErrorCode, Failure, Outcome, Refusal, RefusalDetails, Refusals};
use crate::framework::id::LocationId;
use crate::framework::idempotency::{self, Claim};
use crate::framework::outbox::Event;
use crate::framework::permission::Permission;
use crate::graphql::scalars::CountryCode;
use crate::graphql::types::input_id;
use crate::modules::customers::address::AddressInput;
use crate::modules::inventory::graphql::inputs::{
    InventoryLocationCreateInput, InventoryLocationUpdateInput,
};
use crate::modules::inventory::model::LocationRow;
use crate::modules::inventory::store;

/// Locations that a vendor can have.
const MAX_LOCATIONS: i64 = 200;
/// Countries that a location can list.
const MAX_COUNTRIES: usize = 250;

/// Makes a location.
pub async fn location_create(ctx: &Ctx, input: InventoryLocationCreateInput) -> Outcome<LocationRow> {
    let grant = ctx.require(Permission::InventoryTransfer)?;
    let value = input.to_value();
    let key = input.idempotency_key.clone();
    let row = new_row(ctx, input)?;
    let tx = ctx.begin(&grant).await?;
    let outcome = async {
        let scope = idempotency::scope(ctx, "");
        let claim =
            idempotency::claim(&tx, scope, "inventoryLocationCreate", key.as_deref(), &value, 7).await?;
        if let Claim::Replay(id) = claim {
            ctx.mark_replayed();
            let row = store::location(&tx, LocationId::from_uuid(id)).await?;
            return row.ok_or_else(|| location_not_found(&["input"]).into());
        }
        if store::count_locations(&tx, None).await? >= MAX_LOCATIONS {
            return Err(Refusal::new(ErrorCode::TooLong, "A vendor has at most 200 locations.")
                .at(["input"])
                .into());
        }
        store::insert_location(&tx, &row).await.map_err(code_taken)?;
        record(&tx, grant.who(), "inventoryLocation.create", None, &row, &[]).await?;
        claim.finish(&tx, row.id.uuid()).await?;
        Ok(row)
    };
    let outcome = outcome.await;
    tx.settle(outcome).await
}

fn new_row(ctx: &Ctx, input: InventoryLocationCreateInput) -> Outcome<LocationRow> {
    let mut refusals = Refusals::default();
    check_code(&input.code, &mut refusals);
    check_name(&input.name, &mut refusals);
    let serves = countries(input.serves.unwrap_or_default(), &mut refusals);
    let address = input.address.and_then(|address| read_address(address, &mut refusals));
    refusals.check()?;
    Ok(LocationRow {
        id: LocationId::from_uuid(new_uuid()),
        code: input.code,
        name: input.name.trim().to_owned(),
        sellable: input.sellable,
        active: true,
        priority: input.priority,
        default_location: false,
        serves: Array(serves),
        address,
        created_at: ctx.now(),
        version: 1,
    })
}

/// Changes a location. Closing one (`active: false`) is refused where anything is reserved there, and for the default
/// location.
pub async fn location_update(ctx: &Ctx, input: InventoryLocationUpdateInput) -> Outcome<LocationRow> {
    let grant = ctx.require(Permission::InventoryTransfer)?;
    let id: LocationId = input_id(&input.id, &["input", "id"])?;
    ctx.retrying(|| async {
        let tx = ctx.begin(&grant).await?;
        let outcome = update_in(&tx, grant.who(), id, input.clone()).await;
        tx.settle(outcome).await
    })
    .await
}

async fn update_in(
    tx: &Tx,
    who: &Who,
    id: LocationId,
    input: InventoryLocationUpdateInput,
) -> Outcome<LocationRow> {
    let before = store::lock_location(tx, id).await?.ok_or_else(|| location_not_found(&["input", "id"]))?;
    if input.expected_version.is_some_and(|expected| expected != before.version) {
        let details = RefusalDetails::VersionConflict { current_version: before.version, id: id.to_string() };
        return Err(Refusal::new(ErrorCode::VersionConflict, "The location has changed since.")
            .at(["input", "expectedVersion"])
            .with(details)
            .into());
    }
    let after = changed(&before, input)?;
    if before.active && !after.active {
        let refuse = |text| {
            Err(Failure::from(
                Refusal::new(ErrorCode::InvalidInventoryOperation, text).at(["input", "active"]),
            ))
        };
        if before.default_location {
            return refuse("The default location cannot be closed.");
        }
        if store::lock_reserved_total(tx, id).await? > 0 {
            return refuse("There are reservations at the location.");
        }
    }
    store::update_location(tx, &after).await.map_err(code_taken)?;
    // What shoppers can have may be another quantity now.
    let counted = |row: &LocationRow| row.active && row.sellable;
    let events = if counted(&before) != counted(&after) { vec![availability(id)] } else { Vec::new() };
    record(tx, who, "inventoryLocation.update", Some(&before), &after, &events).await?;
    Ok(after)
}

fn availability(id: LocationId) -> Event {
    Event {
        kind: "INVENTORY_CHANGED",
        entity_type: "InventoryLocation",
        entity_id: id.uuid(),
        data: json!({ "locationId": id.uuid(), "variantIds": [], "itemIds": [] }),
    }
}

fn changed(before: &LocationRow, input: InventoryLocationUpdateInput) -> Outcome<LocationRow> {
    let mut row = before.clone();
    row.version = row.version.saturating_add(1);
    let mut refusals = Refusals::default();
    if let Some(code) = input.code {
        check_code(&code, &mut refusals);
        row.code = code;
    }
    if let Some(name) = input.name {
        check_name(&name, &mut refusals);
        row.name = name.trim().to_owned();
    }
    if let Some(serves) = input.serves {
        row.serves = Array(countries(serves, &mut refusals));
    }
    match input.address {
        MaybeUndefined::Undefined => {}
        MaybeUndefined::Null => row.address = None,
        MaybeUndefined::Value(address) => row.address = read_address(address, &mut refusals),
    }
    row.sellable = input.sellable.unwrap_or(row.sellable);
    row.active = input.active.unwrap_or(row.active);
    row.priority = input.priority.unwrap_or(row.priority);
    refusals.check()?;
    Ok(row)
}

fn check_code(code: &str, refusals: &mut Refusals) {
    let fits = (1..=32).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !fits {
        let text = "A code has 1 to 32 letters, digits, - and _.";
        refusals.push(Refusal::new(ErrorCode::InvalidValue, text).at(["input", "code"]));
    }
}

fn check_name(name: &str, refusals: &mut Refusals) {
    let length = name.trim().chars().count();
    if !(1..=200).contains(&length) || name.chars().any(char::is_control) {
        let text = "A name has 1 to 200 printable characters.";
        refusals.push(Refusal::new(ErrorCode::InvalidValue, text).at(["input", "name"]));
    }
}

fn countries(codes: Vec<CountryCode>, refusals: &mut Refusals) -> Vec<String> {
    if codes.len() > MAX_COUNTRIES {
        refusals.push(Refusal::new(ErrorCode::TooLong, "At most 250 countries.").at(["input", "serves"]));
        return Vec::new();
    }
    let mut codes: Vec<String> = codes.into_iter().map(|code| code.as_str().to_owned()).collect();
    codes.sort();
    codes.dedup();
    codes
}

fn read_address(address: AddressInput, refusals: &mut Refusals) -> Option<serde_json::Value> {
    match address.check(&["input", "address"]) {
        Ok(address) => serde_json::to_value(&address).ok(),
        Err(errors) => {
            errors.into_iter().for_each(|refusal| refusals.push(refusal));
            None
        }
    }
}

fn code_taken(error: DbError) -> Failure {
    match error.constraint() {
        Some("inventory_locations_code_key") => {
            Refusal::new(ErrorCode::HandleTaken, "Another location has this code.")
                .at(["input", "code"])
                .into()
        }
        _ => error.into(),
    }
}

async fn record(
    tx: &Tx,
    who: &Who,
    action: &'static str,
    before: Option<&LocationRow>,
    after: &LocationRow,
    events: &[Event],
) -> Result<(), DbError> {
    let summary = |row: &LocationRow| {
        json!({ "code": row.code, "name": row.name, "sellable": row.sellable, "active": row.active,
                "priority": row.priority, "serves": row.serves.0 })
    };
    let (old, new) = (before.map(summary), summary(after));
    let entry = Entry {
        action,
        entity_type: "InventoryLocation",
        entity_id: Some(after.id.uuid()),
        before: old.as_ref(),
        after: Some(&new),
    };
    audit::record_with_events(tx, who, entry, events).await
}
