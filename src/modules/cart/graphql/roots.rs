//! Queries and mutations of carts.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};
use orion_macros::secured;

use super::inputs::*;
use super::objects::{Cart, CartWarning, ShippingMethod};
use super::{load_cart_by_token, load_own_cart};
use crate::framework::context::ContextExt as _;
use crate::graphql::types::{Payload, UserError, payload};
use crate::modules::cart::model::MethodRow;
use crate::modules::cart::service::{self, Done};

/// The answer of a cart's mutations.
#[derive(SimpleObject)]
pub struct CartPayload {
    /// The cart as it is now; null where the mutation was refused.
    pub cart: Option<Cart>,
    /// What a client should tell its shopper.
    pub warnings: Vec<CartWarning>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

impl Payload for CartPayload {
    type Done = Done;
    fn done(done: Done) -> Self {
        let warnings = done.warnings.into_iter().map(CartWarning::from).collect();
        Self { cart: Some(Cart(Arc::new(done.view))), warnings, user_errors: Vec::new() }
    }
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { cart: None, warnings: Vec::new(), user_errors }
    }
}

/// The answer of a shipping method's mutations.
#[derive(SimpleObject)]
pub struct ShippingMethodPayload {
    /// The method as it is now; null where the mutation was refused.
    pub shipping_method: Option<ShippingMethod>,
    /// Why it was refused.
    pub user_errors: Vec<UserError>,
}

impl Payload for ShippingMethodPayload {
    type Done = MethodRow;
    fn done(row: MethodRow) -> Self {
        Self { shipping_method: Some(ShippingMethod(row)), user_errors: Vec::new() }
    }
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { shipping_method: None, user_errors }
    }
}

/// Reading carts.
#[derive(Default)]
pub struct CartQuery;

#[secured(required)]
#[Object]
impl CartQuery {
    /// The cart behind a token, if the viewer may use it; without a token the viewer's own.
    #[permission(PUBLIC)]
    async fn cart(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart's token.")] token: Option<String>,
    ) -> Result<Option<Cart>> {
        match token {
            Some(token) => load_cart_by_token(ctx, &token).await,
            None => load_own_cart(ctx).await,
        }
    }

    /// The vendor's ways to ship, those that cannot be chosen included; at most 100.
    #[permission(SETTINGS_READ)]
    async fn shipping_methods(&self, ctx: &Context<'_>) -> Result<Option<Vec<ShippingMethod>>> {
        let methods = service::team_methods(ctx.ctx()).await.map_err(|error| error.extend(ctx.ctx()))?;
        Ok(Some(methods.into_iter().map(ShippingMethod).collect()))
    }
}

/// Changing carts.
#[derive(Default)]
pub struct CartMutation;

#[secured(required)]
#[Object]
impl CartMutation {
    /// Makes a cart and gives its token. A customer who has one already gets that one, with a further token.
    #[permission(PUBLIC)]
    async fn cart_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the cart begins with.")] input: Option<CartCreateInput>,
    ) -> Result<Option<CartPayload>> {
        payload(ctx.ctx(), service::create(ctx.ctx(), input.unwrap_or_default()).await).map(Some)
    }

    /// Puts variants into a cart. Refused as a whole where one of them cannot be had.
    #[permission(PUBLIC)]
    async fn cart_lines_add(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart and the variants.")] input: CartLinesAddInput,
    ) -> Result<Option<CartPayload>> {
        payload(ctx.ctx(), service::add(ctx.ctx(), input).await).map(Some)
    }

    /// Sets the quantities of lines; 0 removes one.
    #[permission(PUBLIC)]
    async fn cart_lines_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart, its lines and their quantities.")] input: CartLinesUpdateInput,
    ) -> Result<Option<CartPayload>> {
        payload(ctx.ctx(), service::change(ctx.ctx(), input).await).map(Some)
    }

    /// Takes lines out of a cart.
    #[permission(PUBLIC)]
    async fn cart_lines_remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart and its lines.")] input: CartLinesRemoveInput,
    ) -> Result<Option<CartPayload>> {
        payload(ctx.ctx(), service::remove(ctx.ctx(), input).await).map(Some)
    }

    /// Takes all lines out of a cart; its token stays valid.
    #[permission(PUBLIC)]
    async fn cart_clear(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart.")] input: CartClearInput,
    ) -> Result<Option<CartPayload>> {
        payload(ctx.ctx(), service::clear(ctx.ctx(), input).await).map(Some)
    }

    /// Changes what the shopper says of the cart: e-mail, addresses, shipping, note.
    #[permission(PUBLIC)]
    async fn cart_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart and what to change; omitted fields stay, null clears.")]
        input: CartUpdateInput,
    ) -> Result<Option<CartPayload>> {
        payload(ctx.ctx(), service::update(ctx.ctx(), input).await).map(Some)
    }

    /// Makes a way to ship.
    #[permission(SETTINGS_WRITE)]
    async fn shipping_method_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The method.")] input: ShippingMethodCreateInput,
    ) -> Result<Option<ShippingMethodPayload>> {
        payload(ctx.ctx(), service::method_create(ctx.ctx(), input).await).map(Some)
    }

    /// Changes a way to ship. Open carts see it at once; orders keep what they were placed with.
    #[permission(SETTINGS_WRITE)]
    async fn shipping_method_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The method and what to change; omitted fields stay, null clears.")]
        input: ShippingMethodUpdateInput,
    ) -> Result<Option<ShippingMethodPayload>> {
        payload(ctx.ctx(), service::method_update(ctx.ctx(), input).await).map(Some)
    }
}
