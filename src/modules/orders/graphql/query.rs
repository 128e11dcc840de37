//! Reading orders.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};
use orion_macros::secured;

use super::list::{OrderFilter, OrderSort, narrow, page};
use super::order::{Order, may_see};
use crate::framework::context::{ContextExt as _, Ctx};
use crate::framework::error::{ApiError, ErrorCode};
use crate::framework::secret::hash_token;
use crate::graphql::types::argument_id;
use crate::graphql::{Connection, page_args};
use crate::modules::orders::model::OrderRow;
use crate::modules::orders::store::{self, OrderKey};

/// Orders.
#[derive(Default)]
pub struct OrdersQuery;

#[secured(required)]
#[Object]
impl OrdersQuery {
    /// An order by exactly one of its id, number or token. By id or number the team (`ORDERS_READ`) sees every order and
    /// a customer their own; a guest sees theirs by the token alone. Null for what is not there or not visible.
    #[permission(PUBLIC)]
    async fn order(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order's id.")] id: Option<ID>,
        #[graphql(desc = "The order's number.")] number: Option<String>,
        #[graphql(desc = "The token that the checkout gave.")] token: Option<String>,
    ) -> Result<Option<Order>> {
        let inner = ctx.ctx();
        let key = match (id, number, token) {
            (Some(id), None, None) => OrderKey::Id(argument_id(ctx, &id, "id")?),
            (None, Some(number), None) => OrderKey::Number(number),
            (None, None, Some(token)) => OrderKey::Token(hash_token(&token)),
            _ => {
                let message = "Give exactly one of id, number and token.";
                return Err(ApiError::new(ErrorCode::ExactlyOne, message).at("id").extend(inner));
            }
        };
        find(inner, &key).await.map_err(|error| error.extend(inner))
    }

    /// The vendor's orders, newest first.
    #[permission(ORDERS_READ)]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, or after the cursor; at most 100.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, or before the cursor; at most 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "What to narrow the list to.")] filter: Option<OrderFilter>,
        #[graphql(desc = "The order of the list; without it, by the time of placement, newest first.")] sort: Option<
            OrderSort,
        >,
    ) -> Result<Option<Connection<Order>>> {
        let query = narrow(ctx, filter.unwrap_or_default())?;
        page(ctx, page_args(first, after, last, before), query, sort).await.map(Some)
    }
}

/// The order behind its token, for whoever holds it.
pub async fn load_order_by_token(ctx: &Context<'_>, token: &str) -> Result<Option<Order>> {
    let found = find(ctx.ctx(), &OrderKey::Token(hash_token(token))).await;
    found.map_err(|error| error.extend(ctx.ctx()))
}

async fn find(ctx: &Ctx, key: &OrderKey) -> std::result::Result<Option<Order>, ApiError> {
    ctx.vendor()?;
    let by_token = matches!(key, OrderKey::Token(_));
    if matches!(key, OrderKey::Number(number) if number.len() > 100 || number.contains('\0')) {
        return Ok(None);
    }
    if !by_token && ctx.team().is_none() && ctx.customer().is_none() {
        return Ok(None);
    }
    let row: Option<OrderRow> = store::by_key(ctx.reads()?.tx().await?, key).await?;
    Ok(row.filter(|row| by_token || may_see(ctx, row)).map(|row| {
        let row = Arc::new(row);
        if by_token { Order::owned(row) } else { Order::new(row) }
    }))
}
