//! Finding a cart, and what every use case does with it.

use uuid::Uuid;

use crate::framework::audit::{self, Entry};
use crate::framework::context::{Ctx, Who};
use crate::framework::db::{DbError, Tx};
use crate::framework::error::{ErrorCode, Failure, Outcome, Refusal, RefusalDetails};
use crate::framework::id::{CartId, VariantId};
use crate::framework::idempotency::{self, Claim};
use crate::framework::outbox::Event;
use crate::framework::secret::hash_token;
use crate::modules::cart::model::{CartRow, CartStatus, LIFETIME, LineRow, Warning};
use crate::modules::cart::rules;
use crate::modules::cart::store::{self, Key};
use crate::modules::cart::view::{CartView, Place};
use crate::modules::catalog::offer::{Offer, OfferQuery, offers};

/// What a cart's mutation gives.
#[derive(Debug)]
pub struct Done {
    /// The cart as it is now.
    pub view: CartView,
    /// What its client should tell the shopper.
    pub warnings: Vec<Warning>,
}

impl Done {
    /// With the view's own warnings.
    pub(super) fn new(view: CartView) -> Self {
        let warnings = view.warnings();
        Self { view, warnings }
    }
}

/// There is no such cart, or it is not the asker's.
pub(super) fn not_found() -> Failure {
    Refusal::new(ErrorCode::CartNotFound, "There is no such cart.").at(["input", "token"]).into()
}

/// Finds a cart by its token and locks it. One statement (another one after losing against a merge).
pub(super) async fn open(tx: &Tx, ctx: &Ctx, place: &Place, token: &str) -> Outcome<CartRow> {
    for _ in 0..2 {
        let cart = store::cart(tx, place, Key::Token(hash_token(token)), true)
            .await?
            .filter(|cart| rules::may_use(cart, ctx.actor()))
            .ok_or_else(not_found)?;
        match cart.status {
            CartStatus::Active => return Ok(cart),
            CartStatus::Ordered => return Err(closed()),
            // Merged while we waited for it: now the token stands for the other one.
            CartStatus::Merged => {}
        }
    }
    Err(closed())
}

fn closed() -> Failure {
    Refusal::new(ErrorCode::CartClosed, "The cart has become an order, or was merged into another.")
        .at(["input", "token"])
        .into()
}

/// The offers of the lines and of further variants. One statement.
pub(super) async fn offers_for(
    tx: &Tx,
    place: &Place,
    cart: &CartRow,
    lines: &[LineRow],
    further: &[VariantId],
) -> Result<Vec<Offer>, DbError> {
    let mut variants: Vec<VariantId> =
        lines.iter().map(|line| line.variant_id).chain(further.iter().copied()).collect();
    variants.sort();
    variants.dedup();
    if variants.is_empty() {
        return Ok(Vec::new());
    }
    let query = OfferQuery {
        variants: &variants,
        price_list: &cart.price_list,
        currency: &cart.currency_code,
        tax_country: &place.vendor.country,
        on: place.on,
        now: place.now,
    };
    offers(tx, query).await
}

/// The whole of a cart whose row was read. Two statements.
pub(super) async fn view(
    tx: &Tx,
    place: &Place,
    cart: CartRow,
    token: Option<String>,
) -> Result<CartView, DbError> {
    let lines = store::lines(tx, cart.id).await?;
    let offers = offers_for(tx, place, &cart, &lines, &[]).await?;
    Ok(CartView::build(place, cart, lines, &offers, token))
}

/// Counts a change: the next version, and a new life.
pub(super) fn touch(cart: &mut CartRow, place: &Place) {
    cart.version = cart.version.saturating_add(1);
    cart.updated_at = place.now;
    cart.expires_at = place.now + LIFETIME;
}

/// The audit row and the event of a change, in one statement. Shoppers' carts are audited without their contents.
pub(super) async fn record(tx: &Tx, who: &Who, action: &'static str, cart: CartId) -> Result<(), DbError> {
    let id: Uuid = cart.uuid();
    let entry = Entry { action, entity_type: "Cart", entity_id: Some(id), before: None, after: None };
    audit::record_with_events(tx, who, entry, &[changed(cart)]).await
}

/// `CART_UPDATED`.
pub(super) fn changed(cart: CartId) -> Event {
    Event {
        kind: "CART_UPDATED",
        entity_type: "Cart",
        entity_id: cart.uuid(),
        data: serde_json::json!({ "cartId": cart.uuid() }),
    }
}

/// Claims an idempotency key in the scope of the actor, or of the cart that an anonymous shopper holds.
pub(super) async fn claim(
    tx: &Tx,
    ctx: &Ctx,
    token: &str,
    operation: &'static str,
    key: Option<&str>,
    value: &async_graphql::Value,
) -> Outcome<Claim> {
    let scope = idempotency::scope(ctx, &hex::encode(hash_token(token)));
    idempotency::claim(tx, scope, operation, key, value, 7).await
}

/// The answer to a repeated request: the cart as it is now.
pub(super) async fn replay(tx: &Tx, ctx: &Ctx, place: &Place, token: &str) -> Outcome<Done> {
    let cart = store::cart(tx, place, Key::Token(hash_token(token)), false)
        .await?
        .filter(|cart| rules::may_use(cart, ctx.actor()))
        .ok_or_else(not_found)?;
    ctx.mark_replayed();
    Ok(Done::new(view(tx, place, cart, Some(token.to_owned())).await?))
}

/// Refuses where the cart is not the one that the client saw.
pub(super) fn check_version(cart: &CartRow, expected: Option<i32>) -> Outcome<()> {
    if expected.is_none_or(|expected| expected == cart.version) {
        return Ok(());
    }
    Err(Refusal::new(ErrorCode::VersionConflict, "The cart has changed since.")
        .at(["input", "expectedVersion"])
        .with(RefusalDetails::VersionConflict { current_version: cart.version, id: cart.id.to_string() })
        .into())
}
