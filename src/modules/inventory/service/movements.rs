//! What other modules ask of inventory, inside their own transactions.
//!
//! Each publishes `INVENTORY_CHANGED` itself, in the statement that changes the balances.

use std::collections::HashMap;

use crate::framework::context::Who;
use crate::framework::db::{DbError, Tx};
use crate::framework::error::{ErrorCode, Failure, Outcome, Refusal, RefusalDetails};
use crate::framework::id::{InventoryItemId, LocationId, OrderId, OrderLineId, VariantId};
use crate::modules::inventory::model::{ItemRow, MAX_QUANTITY, MovementKind};
use crate::modules::inventory::rules::{self, Posting};
use crate::modules::inventory::store::{self, ReservationChange, Write};

/// What a line needs.
#[derive(Debug, Clone)]
pub struct Need {
    /// The line that reserves.
    pub order_line: OrderLineId,
    /// What it sells.
    pub variant: VariantId,
    /// How many.
    pub quantity: i32,
    /// The path of the line in the input or cart, for the refusal.
    pub path: Vec<String>,
}

/// Reserves for an order, over the sellable locations that serve the country, by priority; all of it or nothing:
/// refuses with `INSUFFICIENT_INVENTORY` and details for each short variant, whose `available` is the true number (the
/// caller hides or caps it as the vendor says). Two statements, called as late in the transaction as can be. Needs of
/// unlimited variants are not passed in. [`Failure::Conflict`] means that the whole transaction may be tried again.
pub async fn reserve(
    tx: &Tx,
    who: &Who,
    order: OrderId,
    needs: &[Need],
    country: Option<&str>,
) -> Outcome<()> {
    if needs.is_empty() {
        return Ok(());
    }
    let mut variants: Vec<VariantId> = needs.iter().map(|need| need.variant).collect();
    variants.sort();
    variants.dedup();
    let before = store::lock_candidates(tx, variants, country).await?;
    let wanted: Vec<(VariantId, i32)> = needs.iter().map(|need| (need.variant, need.quantity)).collect();
    let takes = match rules::allocate(&wanted, &before) {
        Ok(takes) => takes,
        Err(short) => {
            return Err(Failure::Refused(short.iter().map(|short| refuse_short(short, needs)).collect()));
        }
    };
    let reservations: Vec<ReservationChange> = takes
        .iter()
        .map(|take| ReservationChange {
            line: needs[take.line].order_line,
            item: take.item,
            delta: take.quantity,
        })
        .collect();
    let postings: Vec<Posting> = reservations
        .iter()
        .map(|change| posting(change, MovementKind::Reserve, 0, change.delta, order))
        .collect();
    apply(tx, who, &before, &postings, Some(order), &reservations, true).await
}

fn refuse_short(short: &rules::Short, needs: &[Need]) -> Refusal {
    let path = needs.iter().find(|need| need.variant == short.variant).map(|need| need.path.clone());
    Refusal::new(ErrorCode::InsufficientInventory, "There is less than was asked for.")
        .at(path.unwrap_or_default())
        .with(insufficient(short.variant, short.requested, short.available))
}

fn insufficient(variant: VariantId, requested: i64, available: i64) -> RefusalDetails {
    let narrow = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
    RefusalDetails::InsufficientInventory {
        variant,
        requested: narrow(requested),
        available: Some(narrow(available)),
    }
}

/// Releases what is still reserved for the lines (quantity `None`: all of it), from the last location first. Releasing
/// more than is reserved releases what is. Three statements.
pub async fn release(
    tx: &Tx,
    who: &Who,
    order: OrderId,
    lines: &[(OrderLineId, Option<i32>)],
) -> Outcome<()> {
    let ids: Vec<OrderLineId> = lines.iter().map(|(line, _)| *line).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let before = store::lock_reserved(tx, order, &ids, None).await?;
    if before.is_empty() {
        return Ok(());
    }
    let mut held = store::reservations(tx, order, &ids).await?;
    held.reverse();
    let reservations: Vec<ReservationChange> = rules::draw(&held, lines)
        .into_iter()
        .map(|(index, quantity)| ReservationChange {
            line: held[index].order_line_id,
            item: held[index].item_id,
            delta: -quantity,
        })
        .collect();
    let postings: Vec<Posting> = reservations
        .iter()
        .map(|change| posting(change, MovementKind::Release, 0, change.delta, order))
        .collect();
    apply(tx, who, &before, &postings, Some(order), &reservations, false).await
}

/// Ships: deducts on hand and the reservation, from one location or from where it was reserved. Lines without any
/// reservation (unlimited variants) are passed over. Refuses with `INSUFFICIENT_INVENTORY` where a location has less
/// on hand than is to leave it, and with `INVENTORY_NOT_FOUND` for an unknown location. Returns the location that
/// everything left from, if it was one. Three statements, one more with a location.
pub async fn fulfil(
    tx: &Tx,
    who: &Who,
    order: OrderId,
    lines: &[(OrderLineId, i32)],
    location: Option<LocationId>,
) -> Outcome<Option<LocationId>> {
    if let Some(location) = location
        && store::location(tx, location).await?.is_none()
    {
        return Err(location_not_found(&["input", "locationId"]).into());
    }
    let ids: Vec<OrderLineId> = lines.iter().map(|(line, _)| *line).collect();
    let before =
        if ids.is_empty() { Vec::new() } else { store::lock_reserved(tx, order, &ids, location).await? };
    if before.is_empty() {
        return Ok(location);
    }
    let held = store::reservations(tx, order, &ids).await?;
    let wanted: Vec<_> = lines.iter().map(|(line, quantity)| (*line, Some(*quantity))).collect();
    check_reserved(lines, &held)?;
    let items: HashMap<InventoryItemId, &ItemRow> = before.iter().map(|item| (item.id, item)).collect();
    let mut reservations = Vec::new();
    let mut postings = Vec::new();
    let mut left: Vec<LocationId> = Vec::new();
    for (index, quantity) in rules::draw(&held, &wanted) {
        let row = &held[index];
        let change = ReservationChange { line: row.order_line_id, item: row.item_id, delta: -quantity };
        let Some(reserved_at) = items.get(&row.item_id) else { return Err(DbError::Conflict.into()) };
        reservations.push(change);
        match location {
            // Another location than the one it was promised from gives the goods; the promise there ends.
            Some(location) if location != reserved_at.location_id => {
                let source = before
                    .iter()
                    .find(|item| item.location_id == location && item.variant_id == reserved_at.variant_id)
                    .ok_or_else(|| nothing_there(reserved_at.variant_id, quantity, 0))?;
                postings.push(posting(&change, MovementKind::Release, 0, -quantity, order));
                let there = ReservationChange { item: source.id, ..change };
                postings.push(posting(&there, MovementKind::Fulfill, -quantity, 0, order));
                left.push(location);
            }
            _ => {
                postings.push(posting(&change, MovementKind::Fulfill, -quantity, -quantity, order));
                left.push(reserved_at.location_id);
            }
        }
    }
    apply(tx, who, &before, &postings, Some(order), &reservations, false).await?;
    left.sort();
    left.dedup();
    Ok(if let [only] = left[..] { Some(only) } else { location })
}

/// A line that has reservations must have enough of them; one that has none draws on nothing.
fn check_reserved(
    lines: &[(OrderLineId, i32)],
    held: &[crate::modules::inventory::model::ReservationRow],
) -> Outcome<()> {
    for (line, quantity) in lines {
        let reserved: i64 =
            held.iter().filter(|row| row.order_line_id == *line).map(|row| i64::from(row.quantity)).sum();
        if reserved > 0 && reserved < i64::from(*quantity) {
            return Err(Refusal::new(
                ErrorCode::InvalidInventoryOperation,
                "More was to be shipped than is reserved for the line.",
            )
            .into());
        }
    }
    Ok(())
}

fn nothing_there(variant: VariantId, requested: i32, available: i64) -> Refusal {
    Refusal::new(ErrorCode::InsufficientInventory, "The location has less on hand than is to leave it.")
        .with(insufficient(variant, i64::from(requested), available))
}

/// Creates items with a first quantity (movement `IMPORT`), for variants that have none at the default location; an
/// item that exists keeps its quantity unless `overwrite`, and then never falls below what is reserved. An item that
/// was never moved counts as none. Of several quantities for one variant the last counts. Four statements at most,
/// whatever the number of variants.
pub async fn set_initial(
    tx: &Tx,
    who: &Who,
    quantities: &[(VariantId, i32)],
    overwrite: bool,
) -> Outcome<()> {
    let wanted: HashMap<VariantId, i32> = quantities.iter().copied().collect();
    if wanted.is_empty() {
        return Ok(());
    }
    if wanted.values().any(|quantity| !(0..=MAX_QUANTITY).contains(quantity)) {
        return Err(Refusal::new(ErrorCode::InvalidValue, "A quantity is 0 to 1,000,000,000.").into());
    }
    let location = store::default_location(tx, who).await?;
    let mut variants: Vec<VariantId> = wanted.keys().copied().collect();
    variants.sort();
    store::ensure_items(tx, who, location, &variants).await.map_err(item_failure)?;
    let before = store::lock_items(tx, &[location], &variants).await?;
    let postings: Vec<Posting> = before
        .iter()
        .filter(|item| overwrite || item.version == 1)
        .filter_map(|item| {
            let target = wanted.get(&item.variant_id)?.max(&(item.reserved - item.overdraft)).to_owned();
            let delta = target - item.on_hand;
            (delta != 0).then_some(Posting {
                item: item.id,
                kind: MovementKind::Import,
                delta,
                reserved_delta: 0,
                reason: None,
                order: None,
                line: None,
            })
        })
        .collect();
    apply(tx, who, &before, &postings, None, &[], false).await
}

/// Lets variants be sold beyond what is there, by their backorder or preorder limit (0: not at all). Called when a
/// variant's policy is set; makes the item at the default location where it is missing. A limit never falls below what
/// is already promised.
pub async fn set_overdraft(tx: &Tx, who: &Who, limits: &[(VariantId, i32)]) -> Outcome<()> {
    if limits.is_empty() {
        return Ok(());
    }
    if limits.iter().any(|(_, limit)| !(0..=MAX_QUANTITY).contains(limit)) {
        return Err(Refusal::new(ErrorCode::InvalidValue, "A limit is 0 to 1,000,000,000.").into());
    }
    let location = store::default_location(tx, who).await?;
    let variants: Vec<VariantId> = limits.iter().map(|(variant, _)| *variant).collect();
    store::ensure_items(tx, who, location, &variants).await.map_err(item_failure)?;
    // Locked first, in the order that everybody locks in.
    store::lock_items(tx, &[location], &variants).await?;
    Ok(store::set_overdraft(tx, location, limits).await?)
}

/// The refusal for an item whose variant or location does not exist.
pub(super) fn item_failure(error: DbError) -> Failure {
    match error.constraint() {
        Some("inventory_items_variant_fkey") => {
            Refusal::new(ErrorCode::VariantNotFound, "There is no such variant.")
                .at(["input", "variantId"])
                .into()
        }
        Some("inventory_items_location_fkey") => location_not_found(&["input", "locationId"]).into(),
        _ => error.into(),
    }
}

pub(super) fn location_not_found(path: &[&str]) -> Refusal {
    Refusal::new(ErrorCode::InventoryNotFound, "There is no such location.").at(path)
}

fn posting(
    change: &ReservationChange,
    kind: MovementKind,
    delta: i32,
    reserved_delta: i32,
    order: OrderId,
) -> Posting {
    Posting {
        item: change.item,
        kind,
        delta,
        reserved_delta,
        reason: None,
        order: Some(order),
        line: Some(change.line),
    }
}

async fn apply(
    tx: &Tx,
    who: &Who,
    before: &[ItemRow],
    postings: &[Posting],
    order: Option<OrderId>,
    reservations: &[ReservationChange],
    sellable_only: bool,
) -> Outcome<()> {
    if postings.is_empty() {
        return Ok(());
    }
    let mut after = before.to_vec();
    let entries = rules::apply(&mut after, postings)
        .map_err(|impossible| refuse_impossible(impossible, before, postings))?;
    // A line may draw on one item twice; its reservation changes once.
    let reservations = sum_by_row(reservations);
    let write = Write {
        before,
        after: &after,
        entries: &entries,
        order,
        reservations: &reservations,
        note: None,
        sellable_only,
    };
    store::post(tx, who, &write).await?;
    Ok(())
}

fn refuse_impossible(impossible: rules::Impossible, before: &[ItemRow], postings: &[Posting]) -> Failure {
    let Some(item) = before.iter().find(|item| item.id == impossible.item) else { return Failure::Conflict };
    let leaving: i64 =
        postings.iter().filter(|p| p.item == item.id).map(|posting| -i64::from(posting.delta)).sum();
    nothing_there(item.variant_id, i32::try_from(leaving).unwrap_or(i32::MAX), i64::from(item.on_hand)).into()
}

fn sum_by_row(changes: &[ReservationChange]) -> Vec<ReservationChange> {
    let mut summed: Vec<ReservationChange> = Vec::with_capacity(changes.len());
    let mut places: HashMap<(OrderLineId, InventoryItemId), usize> = HashMap::new();
    for change in changes {
        match places.get(&(change.line, change.item)) {
            Some(index) => summed[*index].delta += change.delta,
            None => {
                places.insert((change.line, change.item), summed.len());
                summed.push(*change);
            }
        }
    }
    summed
}
