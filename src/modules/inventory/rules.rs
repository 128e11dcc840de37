//! Pure decisions: which items a basket takes from, and the ledger entries that a change writes.

use std::collections::{BTreeMap, HashMap};

use super::model::{InventoryReason, ItemRow, MovementKind, ReservationRow};
use crate::framework::id::{InventoryItemId, OrderId, OrderLineId, VariantId};

/// What one line takes from one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Take {
    /// The line's position among the needs.
    pub line: usize,
    /// The item.
    pub item: InventoryItemId,
    /// How many, at least one.
    pub quantity: i32,
}

/// A variant of which there is less than the lines ask for together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short {
    /// The variant.
    pub variant: VariantId,
    /// What all its lines ask for.
    pub requested: i64,
    /// What there is.
    pub available: i64,
}

/// Divides what lines need (`variant, quantity` in their order) over items: for each variant by the location's
/// priority, then id; physical quantity everywhere before overdraft anywhere. All of it, or the variants that are
/// short.
pub fn allocate(needs: &[(VariantId, i32)], items: &[ItemRow]) -> Result<Vec<Take>, Vec<Short>> {
    let mut requested: BTreeMap<VariantId, i64> = BTreeMap::new();
    for (variant, quantity) in needs {
        *requested.entry(*variant).or_default() += i64::from(*quantity);
    }
    let mut available: HashMap<VariantId, i64> = HashMap::new();
    for item in items {
        *available.entry(item.variant_id).or_default() += item.promisable().max(0);
    }
    let short: Vec<Short> = requested
        .iter()
        .map(|(variant, requested)| Short {
            variant: *variant,
            requested: *requested,
            available: available.get(variant).copied().unwrap_or(0),
        })
        .filter(|short| short.requested > short.available)
        .collect();
    if !short.is_empty() {
        return Err(short);
    }
    let mut sources = sources(items);
    let mut takes: Vec<Take> = Vec::with_capacity(needs.len());
    for (line, (variant, quantity)) in needs.iter().enumerate() {
        let mut left = i64::from(*quantity);
        for (item, free) in sources.get_mut(variant).into_iter().flatten() {
            let taken = left.min(*free);
            if taken == 0 {
                continue;
            }
            *free -= taken;
            left -= taken;
            // At most the line's quantity, so it fits.
            let quantity = i32::try_from(taken).unwrap_or(i32::MAX);
            match takes.iter_mut().rev().find(|take| take.line == line && take.item == *item) {
                Some(take) => take.quantity += quantity,
                None => takes.push(Take { line, item: *item, quantity }),
            }
        }
    }
    Ok(takes)
}

/// Where each variant can be taken from, best first; an item stands twice if it also has overdraft.
fn sources(items: &[ItemRow]) -> HashMap<VariantId, Vec<(InventoryItemId, i64)>> {
    let mut sorted: Vec<&ItemRow> = items.iter().collect();
    sorted.sort_by_key(|item| (item.priority, item.id));
    let mut sources: HashMap<VariantId, Vec<(InventoryItemId, i64)>> = HashMap::new();
    for physical in [true, false] {
        for item in &sorted {
            let on_shelf = (i64::from(item.on_hand) - i64::from(item.reserved)).max(0);
            let free = if physical { on_shelf } else { item.promisable().max(0) - on_shelf };
            if free > 0 {
                sources.entry(item.variant_id).or_default().push((item.id, free));
            }
        }
    }
    sources
}

/// Which reservations give up how many: for each line its reservations in the given order, up to the wanted
/// quantity (`None`: all). Answers `(index of the reservation, quantity)`.
pub fn draw(reservations: &[ReservationRow], lines: &[(OrderLineId, Option<i32>)]) -> Vec<(usize, i32)> {
    let mut drawn = Vec::new();
    let mut left: Vec<i32> = reservations.iter().map(|row| row.quantity).collect();
    for (line, wanted) in lines {
        let mut wanted = wanted.unwrap_or(i32::MAX);
        for (index, row) in reservations.iter().enumerate() {
            let taken = if row.order_line_id == *line { wanted.min(left[index]).max(0) } else { 0 };
            if taken > 0 {
                left[index] -= taken;
                wanted -= taken;
                drawn.push((index, taken));
            }
        }
    }
    drawn
}

/// What is to be written about one change of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// The item.
    pub item: InventoryItemId,
    /// What happens.
    pub kind: MovementKind,
    /// The change of on hand.
    pub delta: i32,
    /// The change of reserved.
    pub reserved_delta: i32,
    /// Why, where the team said so.
    pub reason: Option<InventoryReason>,
    /// For which order.
    pub order: Option<OrderId>,
    /// For which of its lines.
    pub line: Option<OrderLineId>,
}

/// A ledger entry with the balance after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerEntry {
    /// What happens.
    pub posting: Posting,
    /// On hand after it.
    pub on_hand_after: i32,
    /// Reserved after it.
    pub reserved_after: i32,
}

/// A change that an item cannot take: it would leave less than nothing, less than is reserved, or more than an item
/// can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Impossible {
    /// The item.
    pub item: InventoryItemId,
}

/// Applies postings in order to the items, and gives each entry the balance after it.
///
/// Only the balances after the last posting of each item have to be possible, because they are what is stored.
pub fn apply(items: &mut [ItemRow], postings: &[Posting]) -> Result<Vec<LedgerEntry>, Impossible> {
    let places: HashMap<InventoryItemId, usize> =
        items.iter().enumerate().map(|(index, item)| (item.id, index)).collect();
    let mut entries = Vec::with_capacity(postings.len());
    for posting in postings {
        let impossible = Impossible { item: posting.item };
        let item = places.get(&posting.item).and_then(|index| items.get_mut(*index)).ok_or(impossible)?;
        item.on_hand = item.on_hand.checked_add(posting.delta).ok_or(impossible)?;
        item.reserved = item.reserved.checked_add(posting.reserved_delta).ok_or(impossible)?;
        entries.push(LedgerEntry {
            posting: *posting,
            on_hand_after: item.on_hand,
            reserved_after: item.reserved,
        });
    }
    let possible = |item: &&ItemRow| {
        (0..=super::model::MAX_QUANTITY).contains(&item.on_hand)
            && item.reserved >= 0
            && item.promisable() >= 0
    };
    match items.iter().find(|item| !possible(item)) {
        Some(item) => Err(Impossible { item: item.id }),
        None => Ok(entries),
    }
}

#[cfg(test)]
mod tests;
