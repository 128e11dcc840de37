//! Carts in the API.

pub mod inputs;
mod objects;
mod roots;

use std::sync::Arc;

use async_graphql::{Context, ID, Result};

pub use objects::{Cart, CartLine, CartWarning, ShippingMethod, TaxLine};
pub use roots::{CartMutation, CartPayload, CartQuery, ShippingMethodPayload};

use super::service;
use crate::framework::context::ContextExt as _;
use crate::framework::id::CartId;

/// The viewer's own active cart.
pub async fn load_own_cart(ctx: &Context<'_>) -> Result<Option<Cart>> {
    let view = service::own(ctx.ctx()).await.map_err(|error| error.extend(ctx.ctx()))?;
    Ok(view.map(|view| Cart(Arc::new(view))))
}

/// The cart behind a token, if the asker may use it (batched by nothing: one at a time).
pub async fn load_cart_by_token(ctx: &Context<'_>, token: &str) -> Result<Option<Cart>> {
    let view = service::by_token(ctx.ctx(), token).await.map_err(|error| error.extend(ctx.ctx()))?;
    Ok(view.map(|view| Cart(Arc::new(view))))
}

/// The cart with this id, if it is the viewer's own: an id is no key.
pub async fn load_cart(ctx: &Context<'_>, id: CartId) -> Result<Option<Cart>> {
    let view = service::by_id(ctx.ctx(), id).await.map_err(|error| error.extend(ctx.ctx()))?;
    Ok(view.map(|view| Cart(Arc::new(view))))
}

/// The id of a line, as clients see it.
fn line_id(id: crate::framework::id::CartLineId) -> ID {
    id.into()
}

/// The cart's id, by which its events are known.
pub fn cart_id(cart: &Cart) -> CartId {
    cart.0.cart.id
}
