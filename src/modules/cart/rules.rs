//! Pure decisions: quantities, merging, and who may see a cart.

use super::model::{CartRow, LineRow, MAX_QUANTITY};
use crate::framework::context::Actor;
use crate::modules::catalog::offer::Offer;

/// Why a line cannot have a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// The variant cannot be bought now.
    NotSellable,
    /// The quantity breaks the variant's minimum, maximum or step.
    Rule,
    /// There is less; so many are left.
    Short(i64),
}

/// Whether a line may have this quantity now. The step is counted from zero: quantities are multiples of it.
pub fn check_quantity(offer: &Offer, quantity: i64) -> Result<(), Unfit> {
    if !offer.sellable || offer.price.is_none() {
        return Err(Unfit::NotSellable);
    }
    let max = i64::from(offer.max_quantity.unwrap_or(MAX_QUANTITY).min(MAX_QUANTITY));
    let step = i64::from(offer.quantity_step.max(1));
    if quantity < i64::from(offer.min_quantity.max(1)) || quantity > max || quantity % step != 0 {
        return Err(Unfit::Rule);
    }
    if !offer.unlimited && quantity > offer.available {
        return Err(Unfit::Short(offer.available.max(0)));
    }
    Ok(())
}

/// The quantity of a variant that stands in both carts: the larger one, capped by what there is and by the variant's
/// rule. Where nothing that fits can be had, the larger one stays, and the line is unavailable.
pub fn merged_quantity(own: i32, guest: i32, offer: Option<&Offer>) -> i32 {
    let larger = own.max(guest);
    let Some(offer) = offer.filter(|offer| offer.sellable) else { return larger };
    let available = if offer.unlimited { i64::from(MAX_QUANTITY) } else { offer.available };
    let cap = available.min(i64::from(offer.max_quantity.unwrap_or(MAX_QUANTITY))).min(i64::from(larger));
    let step = i64::from(offer.quantity_step.max(1));
    let capped = cap - cap.rem_euclid(step);
    // Between 1 and `larger`, so it fits.
    if capped >= i64::from(offer.min_quantity.max(1)) {
        i32::try_from(capped).unwrap_or(larger)
    } else {
        larger
    }
}

/// What two carts' lines become.
#[derive(Debug, Default)]
pub struct Merged {
    /// The lines of the cart that stays, those from the guest's cart last.
    pub lines: Vec<LineRow>,
    /// Which of them have fewer pieces than one of the carts asked for.
    pub reduced: Vec<crate::framework::id::CartLineId>,
    /// How many of the guest's lines did not fit.
    pub dropped: usize,
}

/// Merges a guest's lines into those of a customer's cart, at most `max_lines` of them.
pub fn merge(own: Vec<LineRow>, guest: &[LineRow], offers: &[Offer], max_lines: usize) -> Merged {
    let mut merged = Merged { lines: own, ..Merged::default() };
    for line in guest {
        let offer = offers.iter().find(|offer| offer.variant_id == line.variant_id);
        let place = match merged.lines.iter().position(|own| own.variant_id == line.variant_id) {
            Some(place) => place,
            None if merged.lines.len() < max_lines => {
                merged.lines.push(line.clone());
                merged.lines.len() - 1
            }
            None => {
                merged.dropped += 1;
                continue;
            }
        };
        let target = &mut merged.lines[place];
        let wanted = target.quantity.max(line.quantity);
        target.quantity = merged_quantity(target.quantity, line.quantity, offer);
        if target.quantity < wanted {
            merged.reduced.push(target.id);
        }
    }
    merged
}

/// Whether somebody who presents the cart's token may use it: anybody where it is nobody's, else only its customer.
pub fn may_use(cart: &CartRow, actor: &Actor) -> bool {
    match (cart.customer_id, actor) {
        (None, _) => true,
        (Some(owner), Actor::Customer(customer)) => customer.id == owner,
        (Some(_), _) => false,
    }
}

/// What a shopper is told of an available quantity: nothing, or at most the vendor's cap.
pub fn shown(available: i64, cap: Option<i32>) -> Option<i32> {
    cap.map(|cap| i32::try_from(available.clamp(0, i64::from(cap.max(0)))).unwrap_or(cap))
}

#[cfg(test)]
mod tests;
