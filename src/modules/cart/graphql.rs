//! Carts in the API.

use async_graphql::{Context, ID, Object, Result};

use crate::framework::id::CartId;

/// A cart.
pub struct Cart(pub CartId);
/// A cart.
#[Object]
impl Cart {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.into()
    }
}
/// The viewer's own active cart.
pub async fn load_own_cart(_ctx: &Context<'_>) -> Result<Option<Cart>> {
    Ok(None)
}
/// The cart behind a token (batched by nothing: one at a time).
pub async fn load_cart_by_token(_ctx: &Context<'_>, _token: &str) -> Result<Option<Cart>> {
    Ok(None)
}
