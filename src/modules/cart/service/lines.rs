//! Adding, changing and removing lines.

use async_graphql::InputType as _;

use super::open::{Done, claim, offers_for, open, record, replay, touch};
use crate::framework::clock::new_uuid;
use crate::framework::context::Ctx;
use crate::framework::db::Tx;
use crate::framework::error::{ErrorCode, Outcome, Refusal, RefusalDetails, Refusals};
use crate::framework::id::{CartLineId, VariantId};
use crate::framework::idempotency::Claim;
use crate::graphql::types::input_id;
use crate::modules::cart::graphql::inputs::{
    CartClearInput, CartLineInput, CartLinesAddInput, CartLinesRemoveInput, CartLinesUpdateInput,
};
use crate::modules::cart::model::{CartRow, LineRow, MAX_INPUT_LINES, MAX_LINES, MAX_QUANTITY};
use crate::modules::cart::rules::{self, Unfit};
use crate::modules::cart::store;
use crate::modules::cart::view::{CartView, Place};
use crate::modules::catalog::offer::Offer;

/// A line of an input, its id read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<I> {
    /// The variant or line.
    pub id: I,
    /// How many.
    pub quantity: i32,
    /// Its place in the input.
    pub index: usize,
}

/// Puts variants into a cart. Eight statements with an idempotency key, the payload's reads included.
pub async fn add(ctx: &Ctx, input: CartLinesAddInput) -> Outcome<Done> {
    let grant = ctx.shopper()?;
    let place = Place::of(ctx)?;
    let wanted = read_lines(Some(&input.lines))?;
    if wanted.is_empty() {
        return Err(no_lines().into());
    }
    let tx = ctx.begin(&grant).await?;
    let outcome = async {
        let value = input.to_value();
        let claim =
            claim(&tx, ctx, &input.token, "cartLinesAdd", input.idempotency_key.as_deref(), &value).await?;
        if let Claim::Replay(_) = claim {
            return replay(&tx, ctx, &place, &input.token).await;
        }
        let cart = open(&tx, ctx, &place, &input.token).await?;
        let before = store::lines(&tx, cart.id).await?;
        let view = add_to(&tx, &place, cart, before, &wanted, Some(input.token.clone())).await?;
        record(&tx, grant.who(), "cart.linesAdd", view.cart.id).await?;
        claim.finish(&tx, view.cart.id.uuid()).await?;
        Ok(Done::new(view))
    };
    let outcome = outcome.await;
    tx.settle(outcome).await
}

/// Reads and bounds the lines of an input.
pub(super) fn read_lines(lines: Option<&Vec<CartLineInput>>) -> Outcome<Vec<Wanted<VariantId>>> {
    let lines = lines.map(Vec::as_slice).unwrap_or_default();
    check_count(lines.len(), "lines")?;
    let mut refusals = Refusals::default();
    let mut wanted = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        let place = index.to_string();
        if !(1..=MAX_QUANTITY).contains(&line.quantity) {
            refusals.push(bad_quantity().at(["input", "lines", &place, "quantity"]));
        }
        match input_id(&line.variant_id, &["input", "lines", &place, "variantId"]) {
            Ok(id) => wanted.push(Wanted { id, quantity: line.quantity, index }),
            Err(refusal) => refusals.push(refusal),
        }
    }
    refusals.check()?;
    Ok(wanted)
}

fn check_count(count: usize, field: &str) -> Outcome<()> {
    if count > MAX_INPUT_LINES {
        return Err(Refusal::new(ErrorCode::TooLong, "At most 100 lines at once.")
            .at(["input", field])
            .into());
    }
    Ok(())
}

fn no_lines() -> Refusal {
    Refusal::new(ErrorCode::Required, "Name at least one line.").at(["input", "lines"])
}

fn bad_quantity() -> Refusal {
    Refusal::new(ErrorCode::InvalidCartQuantity, "A quantity is 1 to 1,000,000.")
}

/// Adds to a locked cart and stores it. Two statements (none where nothing is wanted but the offers).
pub(super) async fn add_to(
    tx: &Tx,
    place: &Place,
    mut cart: CartRow,
    before: Vec<LineRow>,
    wanted: &[Wanted<VariantId>],
    token: Option<String>,
) -> Outcome<CartView> {
    let variants: Vec<VariantId> = wanted.iter().map(|line| line.id).collect();
    let offers = offers_for(tx, place, &cart, &before, &variants).await?;
    let mut lines = before;
    let mut refusals = Refusals::default();
    let mut changed: Vec<usize> = Vec::new();
    for want in first_of_each(wanted) {
        let offer = offers.iter().find(|offer| offer.variant_id == want.id);
        let at = lines.iter().position(|line| line.variant_id == want.id);
        let added: i64 =
            wanted.iter().filter(|other| other.id == want.id).map(|other| i64::from(other.quantity)).sum();
        let total = added + at.map_or(0, |at| i64::from(lines[at].quantity));
        match check(place, offer, total, &["input", "lines", &want.index.to_string()]) {
            Err(refusal) => refusals.push(refusal),
            Ok((offer, quantity)) => changed.push(match at {
                Some(at) => {
                    lines[at].quantity = quantity;
                    at
                }
                None => {
                    lines.push(new_line(offer, quantity));
                    lines.len() - 1
                }
            }),
        }
    }
    refusals.check()?;
    if lines.len() > MAX_LINES {
        return Err(Refusal::new(ErrorCode::TooLong, "A cart has at most 200 lines.")
            .at(["input", "lines"])
            .into());
    }
    touch(&mut cart, place);
    let written: Vec<LineRow> = changed.iter().map(|at| lines[*at].clone()).collect();
    let view = checked_view(place, cart, lines, &offers, token)?;
    store::save_lines(tx, &view.cart, &written, &[]).await?;
    Ok(view)
}

fn first_of_each(wanted: &[Wanted<VariantId>]) -> impl Iterator<Item = &Wanted<VariantId>> {
    wanted
        .iter()
        .enumerate()
        .filter(|(at, want)| !wanted[..*at].iter().any(|other| other.id == want.id))
        .map(|(_, want)| want)
}

fn new_line(offer: &Offer, quantity: i32) -> LineRow {
    LineRow {
        id: CartLineId::from_uuid(new_uuid()),
        variant_id: offer.variant_id,
        quantity,
        price_at_add: offer.price.unwrap_or(0),
        title: offer.title.chars().take(1_000).collect(),
    }
}

fn checked_view(
    place: &Place,
    cart: CartRow,
    lines: Vec<LineRow>,
    offers: &[Offer],
    token: Option<String>,
) -> Outcome<CartView> {
    let view = CartView::build(place, cart, lines, offers, token);
    if view.overflow {
        return Err(Refusal::new(ErrorCode::InvalidCartQuantity, "The cart's total would be too large.")
            .at(["input", "lines"])
            .into());
    }
    Ok(view)
}

/// The offer of a line and its quantity, or why the line cannot have it.
fn check<'o>(
    place: &Place,
    offer: Option<&'o Offer>,
    quantity: i64,
    path: &[&str],
) -> Result<(&'o Offer, i32), Refusal> {
    let at = |refusal: Refusal, field| refusal.at(path.iter().copied().chain([field]));
    let Some(offer) = offer else {
        let refusal = Refusal::new(ErrorCode::ProductNotInCatalog, "There is no such variant in this shop.");
        return Err(at(refusal, "variantId"));
    };
    let rule = RefusalDetails::QuantityRule {
        min: offer.min_quantity,
        max: offer.max_quantity,
        step: offer.quantity_step,
    };
    match rules::check_quantity(offer, quantity) {
        Ok(()) => Ok((offer, i32::try_from(quantity).unwrap_or(MAX_QUANTITY))),
        Err(Unfit::NotSellable) => {
            Err(at(Refusal::new(ErrorCode::ProductNotAvailable, "This cannot be bought now."), "variantId"))
        }
        Err(Unfit::Rule) => {
            let text = "The quantity breaks the variant's minimum, maximum or step.";
            Err(at(Refusal::new(ErrorCode::InvalidCartQuantity, text).with(rule), "quantity"))
        }
        Err(Unfit::Short(available)) => {
            let details = RefusalDetails::InsufficientInventory {
                variant: offer.variant_id,
                requested: i32::try_from(quantity).unwrap_or(i32::MAX),
                available: rules::shown(available, place.vendor.shown_quantity_cap),
            };
            let text = "There is less than was asked for.";
            Err(at(Refusal::new(ErrorCode::InsufficientInventory, text).with(details), "quantity"))
        }
    }
}

/// Sets lines to quantities; 0 removes.
pub async fn change(ctx: &Ctx, input: CartLinesUpdateInput) -> Outcome<Done> {
    let wanted = read_changes(&input)?;
    let value = input.to_value();
    let key = input.idempotency_key.as_deref();
    write(
        ctx,
        &input.token,
        "cartLinesUpdate",
        "cart.linesUpdate",
        Some((key, &value)),
        |place, lines, offers| set_quantities(place, lines, offers, &wanted),
    )
    .await
}

fn read_changes(input: &CartLinesUpdateInput) -> Outcome<Vec<Wanted<CartLineId>>> {
    check_count(input.lines.len(), "lines")?;
    if input.lines.is_empty() {
        return Err(no_lines().into());
    }
    let mut refusals = Refusals::default();
    let mut wanted = Vec::with_capacity(input.lines.len());
    for (index, line) in input.lines.iter().enumerate() {
        let at = index.to_string();
        if !(0..=MAX_QUANTITY).contains(&line.quantity) {
            refusals.push(bad_quantity().at(["input", "lines", &at, "quantity"]));
        }
        match input_id(&line.id, &["input", "lines", &at, "id"]) {
            Ok(id) => wanted.push(Wanted { id, quantity: line.quantity, index }),
            Err(refusal) => refusals.push(refusal),
        }
    }
    refusals.check()?;
    Ok(wanted)
}

fn set_quantities(
    place: &Place,
    mut lines: Vec<LineRow>,
    offers: &[Offer],
    wanted: &[Wanted<CartLineId>],
) -> Outcome<Changes> {
    let mut refusals = Refusals::default();
    let mut removed = Vec::new();
    let mut written = Vec::new();
    for want in wanted {
        let at = want.index.to_string();
        let path = ["input", "lines", at.as_str()];
        let Some(line) = lines.iter_mut().find(|line| line.id == want.id) else {
            refusals.push(item_not_found().at(path.iter().chain(&["id"])));
            continue;
        };
        if want.quantity == 0 {
            removed.push(line.id);
            continue;
        }
        let offer = offers.iter().find(|offer| offer.variant_id == line.variant_id);
        match check(place, offer, i64::from(want.quantity), &path) {
            Ok((_, quantity)) => {
                line.quantity = quantity;
                written.push(line.id);
            }
            Err(refusal) => refusals.push(refusal),
        }
    }
    refusals.check()?;
    lines.retain(|line| !removed.contains(&line.id));
    let written = lines.iter().filter(|line| written.contains(&line.id)).cloned().collect();
    Ok(Changes { lines, written, removed })
}

fn item_not_found() -> Refusal {
    Refusal::new(ErrorCode::CartItemNotFound, "The cart has no such line.")
}

/// Takes lines out.
pub async fn remove(ctx: &Ctx, input: CartLinesRemoveInput) -> Outcome<Done> {
    check_count(input.line_ids.len(), "lineIds")?;
    let mut refusals = Refusals::default();
    let mut ids: Vec<CartLineId> = Vec::with_capacity(input.line_ids.len());
    for (index, id) in input.line_ids.iter().enumerate() {
        match input_id(id, &["input", "lineIds", &index.to_string()]) {
            Ok(id) => ids.push(id),
            Err(refusal) => refusals.push(refusal),
        }
    }
    refusals.check()?;
    if ids.is_empty() {
        return Err(Refusal::new(ErrorCode::Required, "Name at least one line.")
            .at(["input", "lineIds"])
            .into());
    }
    write(ctx, &input.token, "cartLinesRemove", "cart.linesRemove", None, |_, lines, _| {
        let mut refusals = Refusals::default();
        for (index, id) in ids.iter().enumerate() {
            if !lines.iter().any(|line| line.id == *id) {
                refusals.push(item_not_found().at(["input", "lineIds", &index.to_string()]));
            }
        }
        refusals.check()?;
        let (removed, lines): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| ids.contains(&line.id));
        Ok(Changes { lines, written: Vec::new(), removed: removed.iter().map(|line| line.id).collect() })
    })
    .await
}

/// Empties a cart; its token stays valid.
pub async fn clear(ctx: &Ctx, input: CartClearInput) -> Outcome<Done> {
    let expected = input.expected_version;
    let grant = ctx.shopper()?;
    let place = Place::of(ctx)?;
    let tx = ctx.begin(&grant).await?;
    let outcome = async {
        let mut cart = open(&tx, ctx, &place, &input.token).await?;
        super::open::check_version(&cart, expected)?;
        let removed: Vec<CartLineId> = store::lines(&tx, cart.id).await?.iter().map(|line| line.id).collect();
        touch(&mut cart, &place);
        store::save_lines(&tx, &cart, &[], &removed).await?;
        record(&tx, grant.who(), "cart.clear", cart.id).await?;
        Ok(Done::new(CartView::build(&place, cart, Vec::new(), &[], Some(input.token.clone()))))
    };
    let outcome = outcome.await;
    tx.settle(outcome).await
}

/// What a change makes of a cart's lines.
struct Changes {
    lines: Vec<LineRow>,
    written: Vec<LineRow>,
    removed: Vec<CartLineId>,
}

/// Changes the lines of a cart by a pure function of its lines and offers.
async fn write(
    ctx: &Ctx,
    token: &str,
    operation: &'static str,
    action: &'static str,
    key: Option<(Option<&str>, &async_graphql::Value)>,
    decide: impl FnOnce(&Place, Vec<LineRow>, &[Offer]) -> Outcome<Changes>,
) -> Outcome<Done> {
    let grant = ctx.shopper()?;
    let place = Place::of(ctx)?;
    let tx = ctx.begin(&grant).await?;
    let outcome = async {
        let claim = match key {
            Some((key, value)) => claim(&tx, ctx, token, operation, key, value).await?,
            None => Claim::First(None),
        };
        if let Claim::Replay(_) = claim {
            return replay(&tx, ctx, &place, token).await;
        }
        let mut cart = open(&tx, ctx, &place, token).await?;
        let before = store::lines(&tx, cart.id).await?;
        let offers = offers_for(&tx, &place, &cart, &before, &[]).await?;
        let changes = decide(&place, before, &offers)?;
        touch(&mut cart, &place);
        let view = checked_view(&place, cart, changes.lines, &offers, Some(token.to_owned()))?;
        store::save_lines(&tx, &view.cart, &changes.written, &changes.removed).await?;
        record(&tx, grant.who(), action, view.cart.id).await?;
        claim.finish(&tx, view.cart.id.uuid()).await?;
        Ok(Done::new(view))
    };
    let outcome = outcome.await;
    tx.settle(outcome).await
}
