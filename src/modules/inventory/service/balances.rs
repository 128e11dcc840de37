//! What the team does to quantities: adjust, set, transfer.

use async_graphql::{InputType as _, Value};
use uuid::Uuid;

use super::movements::{item_failure, location_not_found};
use crate::framework::audit::{self, Entry};
use crate::framework::context::{Ctx, Grant, Who};
use crate::framework::db::Tx;
use crate::framework::error::{ErrorCode, Outcome, Refusal, RefusalDetails, Refusals};
use crate::framework::id::{InventoryItemId, LocationId, MovementId, VariantId};
use crate::framework::idempotency::{self, Claim};
use crate::framework::permission::Permission;
use crate::graphql::types::input_id;
use crate::modules::inventory::graphql::inputs::{
    InventoryAdjustInput, InventorySetInput, InventoryTransferInput,
};
use crate::modules::inventory::model::{InventoryReason, ItemRow, MAX_QUANTITY, MovementKind, MovementRow};
use crate::modules::inventory::rules::{self, LedgerEntry, Posting};
use crate::modules::inventory::store::{self, Write};

/// The longest note, in characters.
const MAX_NOTE: usize = 500;

/// What a change made.
#[derive(Debug, Default)]
pub struct Changed {
    /// The items as they are now.
    pub items: Vec<ItemRow>,
    /// The ledger entries; none where nothing changed.
    pub movements: Vec<MovementRow>,
}

/// A change that was asked for, its input checked.
struct Change<'a> {
    operation: &'static str,
    action: &'static str,
    /// The input's field that a refusal is about.
    field: &'static str,
    variant: VariantId,
    /// Where; `None`: at the default location.
    places: [Option<LocationId>; 2],
    note: Option<&'a str>,
    expected_version: Option<i32>,
    key: Option<&'a str>,
    value: Value,
}

/// Changes on hand by a difference.
pub async fn adjust(ctx: &Ctx, input: InventoryAdjustInput) -> Outcome<Changed> {
    let grant = ctx.require(Permission::InventoryAdjust)?;
    let mut refusals = Refusals::default();
    let variant = keep(input_id(&input.variant_id, &["input", "variantId"]), &mut refusals);
    let location = location_id(input.location_id.as_ref(), "locationId", &mut refusals);
    if input.delta == 0 || input.delta.unsigned_abs() > MAX_QUANTITY.unsigned_abs() {
        refusals.push(out_of_range("delta", "A difference is not 0, and at most 1,000,000,000."));
    }
    check_note(input.note.as_deref(), &mut refusals);
    refusals.check()?;
    let Some(variant) = variant else { return Ok(Changed::default()) };
    let change = Change {
        operation: "inventoryAdjust",
        action: "inventory.adjust",
        field: "delta",
        variant,
        places: [location, None],
        note: input.note.as_deref(),
        expected_version: None,
        key: input.idempotency_key.as_deref(),
        value: input.to_value(),
    };
    let reason = input.reason;
    ctx.retrying(|| {
        run(ctx, &grant, &change, 1, |items| {
            items
                .first()
                .map(|item| posting(item, MovementKind::Adjust, input.delta, Some(reason)))
                .into_iter()
                .collect()
        })
    })
    .await
}

/// Sets on hand to a number.
pub async fn set(ctx: &Ctx, input: InventorySetInput) -> Outcome<Changed> {
    let grant = ctx.require(Permission::InventoryAdjust)?;
    let mut refusals = Refusals::default();
    let variant = keep(input_id(&input.variant_id, &["input", "variantId"]), &mut refusals);
    let location = location_id(input.location_id.as_ref(), "locationId", &mut refusals);
    if input.on_hand < 0 {
        let text = "There cannot be less than nothing.";
        refusals.push(Refusal::new(ErrorCode::InvalidInventoryOperation, text).at(["input", "onHand"]));
    } else if input.on_hand > MAX_QUANTITY {
        refusals.push(out_of_range("onHand", "A quantity is at most 1,000,000,000."));
    }
    check_note(input.note.as_deref(), &mut refusals);
    refusals.check()?;
    let Some(variant) = variant else { return Ok(Changed::default()) };
    let change = Change {
        operation: "inventorySet",
        action: "inventory.set",
        field: "onHand",
        variant,
        places: [location, None],
        note: input.note.as_deref(),
        expected_version: input.expected_version,
        key: input.idempotency_key.as_deref(),
        value: input.to_value(),
    };
    let reason = input.reason;
    ctx.retrying(|| {
        run(ctx, &grant, &change, 1, |items| {
            let item = items.first().filter(|item| item.on_hand != input.on_hand);
            item.map(|item| posting(item, MovementKind::Set, input.on_hand - item.on_hand, Some(reason)))
                .into_iter()
                .collect()
        })
    })
    .await
}

/// Moves some from one location to another: two entries.
pub async fn transfer(ctx: &Ctx, input: InventoryTransferInput) -> Outcome<Changed> {
    let grant = ctx.require(Permission::InventoryTransfer)?;
    let mut refusals = Refusals::default();
    let variant = keep(input_id(&input.variant_id, &["input", "variantId"]), &mut refusals);
    let from = location_id(Some(&input.from_location_id), "fromLocationId", &mut refusals);
    let to = location_id(Some(&input.to_location_id), "toLocationId", &mut refusals);
    if !(1..=MAX_QUANTITY).contains(&input.quantity) {
        refusals.push(out_of_range("quantity", "A quantity is 1 to 1,000,000,000."));
    }
    if from.is_some() && from == to {
        let text = "A transfer is between two locations.";
        refusals.push(Refusal::new(ErrorCode::InvalidInventoryOperation, text).at(["input", "toLocationId"]));
    }
    refusals.check()?;
    let (Some(variant), Some(from), Some(to)) = (variant, from, to) else { return Ok(Changed::default()) };
    let change = Change {
        operation: "inventoryTransfer",
        action: "inventory.transfer",
        field: "quantity",
        variant,
        places: [Some(from), Some(to)],
        note: None,
        expected_version: None,
        key: input.idempotency_key.as_deref(),
        value: input.to_value(),
    };
    ctx.retrying(|| {
        run(ctx, &grant, &change, 2, |items| {
            let at = |location| items.iter().find(|item| item.location_id == location);
            let out = at(from).map(|item| posting(item, MovementKind::TransferOut, -input.quantity, None));
            let into = at(to).map(|item| posting(item, MovementKind::TransferIn, input.quantity, None));
            out.into_iter().chain(into).collect()
        })
    })
    .await
}

fn posting(item: &ItemRow, kind: MovementKind, delta: i32, reason: Option<InventoryReason>) -> Posting {
    Posting { item: item.id, kind, delta, reserved_delta: 0, reason, order: None, line: None }
}

async fn run(
    ctx: &Ctx,
    grant: &Grant,
    change: &Change<'_>,
    places: usize,
    decide: impl Fn(&[ItemRow]) -> Vec<Posting>,
) -> Outcome<Changed> {
    let tx = ctx.begin(grant).await?;
    let outcome = async {
        let scope = idempotency::scope(ctx, "");
        let claim = idempotency::claim(&tx, scope, change.operation, change.key, &change.value, 7).await?;
        if let Claim::Replay(id) = claim {
            ctx.mark_replayed();
            return replay(&tx, id).await;
        }
        let before = lock(&tx, grant.who(), change, places).await?;
        let postings = decide(&before);
        let changed = write(&tx, grant.who(), change, before, &postings).await?;
        // The first entry, or the item that did not change, stands for the result.
        let entry = changed.movements.first().map(|movement| movement.id.uuid());
        let result = entry.or_else(|| changed.items.first().map(|item| item.id.uuid()));
        claim.finish(&tx, result.unwrap_or_default()).await?;
        Ok(changed)
    };
    let outcome = outcome.await;
    tx.settle(outcome).await
}

/// Makes the items where they are missing, and locks them.
async fn lock(tx: &Tx, who: &Who, change: &Change<'_>, places: usize) -> Outcome<Vec<ItemRow>> {
    let fields: &[&str] = if places == 2 { &["fromLocationId", "toLocationId"] } else { &["locationId"] };
    let mut locations = Vec::with_capacity(places);
    for (place, field) in change.places.iter().zip(fields) {
        locations.push(match place {
            Some(id) => {
                let location = store::location(tx, *id).await?;
                let location = location.ok_or_else(|| location_not_found(&["input", field]))?;
                if places == 2 && !location.active && *field == "toLocationId" {
                    return Err(Refusal::new(
                        ErrorCode::InvalidInventoryOperation,
                        "The location is closed.",
                    )
                    .at(["input", field])
                    .into());
                }
                location.id
            }
            None => store::default_location(tx, who).await?,
        });
    }
    // In one order, as everybody makes items.
    let mut ordered = locations.clone();
    ordered.sort();
    for location in ordered {
        store::ensure_items(tx, who, location, &[change.variant]).await.map_err(item_failure)?;
    }
    let items = store::lock_items(tx, &locations, &[change.variant]).await?;
    if let (Some(expected), Some(item)) = (change.expected_version, items.first())
        && expected != item.version
    {
        let details =
            RefusalDetails::VersionConflict { current_version: item.version, id: item.id.to_string() };
        return Err(Refusal::new(ErrorCode::VersionConflict, "The quantity has changed since.")
            .at(["input", "expectedVersion"])
            .with(details)
            .into());
    }
    Ok(items)
}

async fn write(
    tx: &Tx,
    who: &Who,
    change: &Change<'_>,
    before: Vec<ItemRow>,
    postings: &[Posting],
) -> Outcome<Changed> {
    let mut after = before.clone();
    let entries = rules::apply(&mut after, postings).map_err(|_| {
        let text = "The change would leave less than nothing, less than is reserved, or too much.";
        Refusal::new(ErrorCode::InvalidInventoryOperation, text).at(["input", change.field])
    })?;
    let write =
        Write { before: &before, after: &after, entries: &entries, note: change.note, ..Write::default() };
    let ids = store::post(tx, who, &write).await?;
    for item in &mut after {
        if entries.iter().any(|entry| entry.posting.item == item.id) {
            item.version = item.version.saturating_add(1);
            item.updated_at = who.now;
        }
    }
    let movements =
        ids.iter().zip(&entries).map(|(id, entry)| movement(*id, entry, who, change.note)).collect();
    record(tx, who, change.action, &before, &after).await?;
    Ok(Changed { items: after, movements })
}

fn movement(id: Uuid, entry: &LedgerEntry, who: &Who, note: Option<&str>) -> MovementRow {
    let posting = &entry.posting;
    MovementRow {
        id: MovementId::from_uuid(id),
        item_id: posting.item,
        kind: posting.kind,
        delta: posting.delta,
        reserved_delta: posting.reserved_delta,
        on_hand_after: entry.on_hand_after,
        reserved_after: entry.reserved_after,
        reason: posting.reason,
        note: note.map(str::to_owned),
        actor_kind: who.kind.to_owned(),
        actor_id: who.id,
        order_id: posting.order,
        created_at: who.now,
    }
}

async fn record(
    tx: &Tx,
    who: &Who,
    action: &'static str,
    before: &[ItemRow],
    after: &[ItemRow],
) -> Outcome<()> {
    let summary = |items: &[ItemRow]| -> serde_json::Value {
        items.iter().map(|item| serde_json::json!({ "id": item.id.uuid(), "onHand": item.on_hand })).collect()
    };
    let (old, new) = (summary(before), summary(after));
    let entry = Entry {
        action,
        entity_type: "InventoryItem",
        entity_id: after.first().map(|item| item.id.uuid()),
        before: Some(&old),
        after: Some(&new),
    };
    Ok(audit::record(tx, who, entry).await?)
}

/// What an earlier request with the key did; the items as they are now.
async fn replay(tx: &Tx, id: Uuid) -> Outcome<Changed> {
    let first = store::movements_by_id(tx, vec![MovementId::from_uuid(id)]).await?;
    let movements = match first.first() {
        // Both halves of a transfer were written at one instant.
        Some(row) if row.kind == MovementKind::TransferOut => store::transfer_of(tx, row).await?,
        _ => first,
    };
    let items: Vec<InventoryItemId> = match movements.is_empty() {
        true => vec![InventoryItemId::from_uuid(id)],
        false => movements.iter().map(|row| row.item_id).collect(),
    };
    Ok(Changed { items: store::items_by_id(tx, items).await?, movements })
}

fn keep<T>(result: Result<T, Refusal>, refusals: &mut Refusals) -> Option<T> {
    result.map_err(|refusal| refusals.push(refusal)).ok()
}

fn location_id(id: Option<&async_graphql::ID>, field: &str, refusals: &mut Refusals) -> Option<LocationId> {
    id.and_then(|id| keep(input_id(id, &["input", field]), refusals))
}

fn out_of_range(field: &str, text: &'static str) -> Refusal {
    Refusal::new(ErrorCode::InvalidValue, text).at(["input", field])
}

fn check_note(note: Option<&str>, refusals: &mut Refusals) {
    let Some(note) = note else { return };
    if note.chars().count() > MAX_NOTE {
        refusals.push(Refusal::new(ErrorCode::TooLong, "At most 500 characters.").at(["input", "note"]));
    }
    if note.chars().any(|c| c.is_control() && c != '\n') {
        let text = "Control characters are not allowed.";
        refusals.push(Refusal::new(ErrorCode::InvalidValue, text).at(["input", "note"]));
    }
}
