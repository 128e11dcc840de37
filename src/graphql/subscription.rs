//! What can be subscribed to.

use async_graphql::{Context, ID, Result, Subscription as GraphQlSubscription};
use futures::FutureExt as _;
use futures::stream::Stream;
use orion_macros::secured;
use uuid::Uuid;

use super::live;
use super::types::argument_id;
use crate::framework::context::ContextExt as _;
use crate::framework::error::{ApiError, ErrorCode};
use crate::framework::id::{ImportJobId, InventoryItemId, OrderId, PublishJobId};
use crate::framework::permission::Access;
use crate::framework::relay::Published;
use crate::modules::cart::graphql::{Cart, cart_id, load_cart_by_token};
use crate::modules::events::model::{EventRow, EventType};
use crate::modules::inventory::graphql::{InventoryItem, load_items};
use crate::modules::marketplace::graphql::{ImportJob, PublishJob, load_import_job, load_publish_job};
use crate::modules::orders::graphql::{Order, load_order, load_order_by_token, order_id};

/// Events that one message of `inventoryChanged` answers at most.
const INVENTORY_BATCH: usize = 100;

/// Listening. Subscriptions of one object send its state at once and again after every change: the newest state wins,
/// several changes may become one message, and the last one is never lost, so that reconnecting is resuming. Session,
/// permission and vendor are checked before every message.
pub struct Subscription;

/// Listening. Subscriptions of one object send its state at once and again after every change: the newest state wins,
/// several changes may become one message, and the last one is never lost, so that reconnecting is resuming. Session,
/// permission and vendor are checked before every message.
#[secured(required)]
#[GraphQlSubscription]
impl Subscription {
    /// An import's progress. Null, and the end, where there is no such job.
    #[permission(IMPORTS_READ)]
    async fn import_job_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The job.")] id: ID,
    ) -> Result<impl Stream<Item = Result<Option<ImportJob>>>> {
        let id: ImportJobId = argument_id(ctx, &id, "id")?;
        let matters = |event: &Published, id| event.kind == "IMPORT_UPDATED" && event.entity_id == id;
        live::state(
            ctx,
            Access::IMPORTS_READ,
            move |ctx: &_| load_import_job(ctx, id).boxed(),
            move |_| id.uuid(),
            matters,
        )
    }

    /// A publish job's progress. Null, and the end, where there is no such job.
    #[permission(IMPORTS_READ)]
    async fn publish_job_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The job.")] id: ID,
    ) -> Result<impl Stream<Item = Result<Option<PublishJob>>>> {
        let id: PublishJobId = argument_id(ctx, &id, "id")?;
        let matters = |event: &Published, id| event.kind == "PUBLISH_UPDATED" && event.entity_id == id;
        live::state(
            ctx,
            Access::IMPORTS_READ,
            move |ctx: &_| load_publish_job(ctx, id).boxed(),
            move |_| id.uuid(),
            matters,
        )
    }

    /// An order: for the team and for the customer whose it is by its id, for anybody by its token. Null, and the end,
    /// where there is no such order, or not for the asker.
    #[permission(PUBLIC)]
    async fn order_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order's id; this or the token.")] id: Option<ID>,
        #[graphql(desc = "The order's token; this or the id.")] token: Option<String>,
    ) -> Result<impl Stream<Item = Result<Option<Order>>>> {
        let by = match (id, token) {
            (Some(id), None) => OrderBy::Id(argument_id(ctx, &id, "id")?),
            (None, Some(token)) => OrderBy::Token(token),
            _ => {
                let error = ApiError::new(ErrorCode::ExactlyOne, "Give exactly one of id and token.");
                return Err(error.at("id").extend(ctx.ctx()));
            }
        };
        let matters = |event: &Published, id: Uuid| {
            event.kind.starts_with("ORDER_") && (event.entity_id == id || names(&event.data, "orderId", id))
        };
        live::state(
            ctx,
            Access::PUBLIC,
            move |ctx: &_| load_order_by(ctx, by.clone()).boxed(),
            |order| order_id(order).uuid(),
            matters,
        )
    }

    /// Each order that is placed from now on, one by one.
    #[permission(ORDERS_READ)]
    async fn order_placed(&self, ctx: &Context<'_>) -> Result<impl Stream<Item = Result<Option<Order>>>> {
        live::feed(
            ctx,
            Access::ORDERS_READ,
            &[EventType::OrderPlaced],
            1,
            |ctx: &_, events: Vec<EventRow>| {
                async move {
                    match events.first() {
                        Some(event) => load_order(ctx, OrderId::from_uuid(event.entity_id)).await,
                        None => Ok(None),
                    }
                }
                .boxed()
            },
        )
        .map(nullable)
    }

    /// A cart, by its token. Null, and the end, where there is no such cart.
    #[permission(PUBLIC)]
    async fn cart_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart's token.")] token: String,
    ) -> Result<impl Stream<Item = Result<Option<Cart>>>> {
        let matters = |event: &Published, id: Uuid| {
            (event.kind == "CART_UPDATED" && event.entity_id == id) || names(&event.data, "cartId", id)
        };
        live::state(
            ctx,
            Access::PUBLIC,
            move |ctx: &_| load_cart(ctx, token.clone()).boxed(),
            |cart| cart_id(cart).uuid(),
            matters,
        )
    }

    /// Items whose quantities have changed, from now on; many changes in one message.
    #[permission(INVENTORY_READ)]
    async fn inventory_changed(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = Result<Option<Vec<InventoryItem>>>>> {
        let types = &[EventType::InventoryChanged];
        live::feed(ctx, Access::INVENTORY_READ, types, INVENTORY_BATCH, |ctx: &_, events: Vec<EventRow>| {
            async move {
                let mut ids: Vec<Uuid> = events.iter().flat_map(|event| item_ids(&event.data)).collect();
                ids.sort_unstable();
                ids.dedup();
                let ids = ids.into_iter().map(InventoryItemId::from_uuid).collect();
                let items = load_items(ctx, ids).await?;
                Ok((!items.is_empty()).then_some(items))
            }
            .boxed()
        })
        .map(nullable)
    }
}

#[derive(Clone)]
enum OrderBy {
    Id(OrderId),
    Token(String),
}

async fn load_order_by(ctx: &Context<'_>, by: OrderBy) -> Result<Option<Order>> {
    match by {
        OrderBy::Id(id) => {
            // Who is of the team but may not read orders is told so, and not that there is no such order.
            if ctx.ctx().team().is_some() {
                Access::ORDERS_READ.check(ctx.ctx()).map_err(|error| error.extend(ctx.ctx()))?;
            }
            load_order(ctx, id).await
        }
        OrderBy::Token(token) => load_order_by_token(ctx, &token).await,
    }
}

async fn load_cart(ctx: &Context<'_>, token: String) -> Result<Option<Cart>> {
    load_cart_by_token(ctx, &token).await
}

/// The schema's fields are nullable, so that clients are ready for an end by an error.
fn nullable<T>(stream: impl Stream<Item = Result<T>> + Send) -> impl Stream<Item = Result<Option<T>>> + Send {
    futures::StreamExt::map(stream, |item| item.map(Some))
}

/// Whether an event's data name an object.
fn names(data: &serde_json::Value, field: &str, id: Uuid) -> bool {
    data.get(field).and_then(|value| value.as_str()).and_then(|text| text.parse().ok()) == Some(id)
}

fn item_ids(data: &serde_json::Value) -> impl Iterator<Item = Uuid> {
    let ids = data.get("itemIds").and_then(|value| value.as_array());
    ids.into_iter().flatten().filter_map(|id| id.as_str()?.parse().ok())
}
