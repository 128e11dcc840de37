//! Reading carts.

use super::open::view;
use crate::framework::context::Ctx;
use crate::framework::error::ApiError;
use crate::framework::id::CartId;
use crate::framework::secret::hash_token;
use crate::modules::cart::rules;
use crate::modules::cart::store::{self, Key};
use crate::modules::cart::view::{CartView, Place};

/// The cart behind a token, if the asker may use it. Three statements.
pub async fn by_token(ctx: &Ctx, token: &str) -> Result<Option<CartView>, ApiError> {
    read(ctx, Key::Token(hash_token(token)), Some(token)).await
}

/// The logged-in customer's own active cart.
pub async fn own(ctx: &Ctx) -> Result<Option<CartView>, ApiError> {
    let Some(customer) = ctx.customer() else { return Ok(None) };
    read(ctx, Key::Customer(customer.id), None).await
}

/// A cart by its id: only a customer's own, because an id is no key.
pub async fn by_id(ctx: &Ctx, id: CartId) -> Result<Option<CartView>, ApiError> {
    if ctx.customer().is_none() {
        return Ok(None);
    }
    let view = read(ctx, Key::Id(id), None).await?;
    Ok(view.filter(|view| view.cart.customer_id.is_some()))
}

async fn read(ctx: &Ctx, key: Key, token: Option<&str>) -> Result<Option<CartView>, ApiError> {
    let place = Place::of(ctx)?;
    let reads = ctx.reads()?;
    let tx = reads.tx().await?;
    let cart = store::cart(tx, &place, key, false).await?;
    let Some(cart) = cart.filter(|cart| rules::may_use(cart, ctx.actor())) else { return Ok(None) };
    Ok(Some(view(tx, &place, cart, token.map(str::to_owned)).await?))
}
