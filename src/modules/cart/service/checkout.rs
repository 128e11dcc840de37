//! What orders ask of carts, inside their own transactions.

use chrono::{DateTime, Utc};

use super::open::{changed, open, view};
use crate::framework::context::Ctx;
use crate::framework::db::{DbError, Tx};
use crate::framework::error::{ErrorCode, Outcome, Refusal};
use crate::framework::id::{CartId, OrderId};
use crate::framework::outbox;
use crate::modules::cart::model::{CartStatus, LIFETIME, MERGED_LIFETIME};
use crate::modules::cart::store;
use crate::modules::cart::view::{CartView, Place};

/// The cart behind a token, locked until the transaction ends, with its lines, offers, sums and what it lacks
/// (`missing`, which the caller refuses with). Refuses with `CART_NOT_FOUND` (also where it is not the asker's) and
/// `CART_CLOSED`. Three statements.
pub async fn lock_for_checkout(tx: &Tx, token: &str, ctx: &Ctx) -> Outcome<CartView> {
    let place = Place::of(ctx)?;
    let cart = open(tx, ctx, &place, token).await?;
    Ok(view(tx, &place, cart, Some(token.to_owned())).await?)
}

/// Closes a locked cart because it became an order. One statement; the order's event tells of it.
pub async fn mark_ordered(tx: &Tx, cart: CartId, order: OrderId, now: DateTime<Utc>) -> Outcome<()> {
    if store::close_ordered(tx, cart, order, now).await? {
        return Ok(());
    }
    Err(Refusal::new(ErrorCode::CartClosed, "The cart has become an order, or was merged into another.")
        .into())
}

/// Gives a cart back after its order expired or was cancelled. Where its customer has begun another one, the lines go
/// there (of the same variant the larger quantity), and its token stands for that one for a day. Does nothing with a
/// cart that is gone or was not ordered. At most four statements, the event `CART_UPDATED` included.
pub async fn reopen(tx: &Tx, cart: CartId, now: DateTime<Utc>) -> Result<(), DbError> {
    let rows = store::lock_for_reopen(tx, cart).await?;
    if !rows.iter().any(|row| row.id == cart && row.status == CartStatus::Ordered) {
        return Ok(());
    }
    let other = rows.iter().find(|row| row.id != cart && row.status == CartStatus::Active);
    let living = match other {
        Some(other) => {
            store::copy_lines(tx, cart, other.id, now).await?;
            store::close_merged(tx, cart, other.id, now, now + MERGED_LIFETIME).await?;
            other.id
        }
        None => {
            store::open_again(tx, cart, now, now + LIFETIME).await.map_err(another_one)?;
            cart
        }
    };
    outbox::publish(tx, &[changed(living)]).await
}

/// The customer began another cart this very moment: the transaction may be tried again.
pub(super) fn another_one(error: DbError) -> DbError {
    match error.constraint() {
        Some("carts_customer_key") => DbError::Conflict,
        _ => error,
    }
}
