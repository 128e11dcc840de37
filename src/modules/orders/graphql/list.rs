//! Lists of orders.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Result};

use super::order::Order;
use crate::framework::context::ContextExt as _;
use crate::framework::error::{ApiError, ErrorCode};
use crate::framework::id::CustomerId;
use crate::framework::paging::{Page, PageArgs};
use crate::framework::permission::Permission;
use crate::graphql::Connection;
use crate::graphql::connection::Counter;
use crate::graphql::scalars::DateTime;
use crate::graphql::types::{MoneyInput, argument_id};
use crate::modules::orders::model::{FulfilmentStatus, OrderChannel, OrderStatus};
use crate::modules::orders::store::{self, OrderQuery, OrderSortField};
use crate::modules::payments::model::PaymentStatus;

/// From when to when.
#[derive(InputObject, Clone, Default)]
pub struct OrderPlacedAtRange {
    /// Then or later.
    pub from: Option<DateTime>,
    /// Before.
    pub to: Option<DateTime>,
}

/// From how much to how much, in one currency.
#[derive(InputObject, Clone, Default)]
pub struct OrderTotalRange {
    /// So much or more.
    pub min: Option<MoneyInput>,
    /// So much or less.
    pub max: Option<MoneyInput>,
}

/// What a list of orders is narrowed to; all of what is given must fit. Lists have at most 20 entries.
#[derive(InputObject, Clone, Default)]
pub struct OrderFilter {
    /// One of these statuses.
    pub status: Option<Vec<OrderStatus>>,
    /// One of these payment statuses.
    pub payment_status: Option<Vec<PaymentStatus>>,
    /// One of these fulfilment statuses.
    pub fulfilment_status: Option<Vec<FulfilmentStatus>>,
    /// One of these channels.
    pub channel: Option<Vec<OrderChannel>>,
    /// Of this customer.
    pub customer_id: Option<ID>,
    /// With exactly this number.
    pub number: Option<String>,
    /// Placed then.
    pub placed_at: Option<OrderPlacedAtRange>,
    /// Costing so much, tax included.
    pub total: Option<OrderTotalRange>,
}

/// Which way a list goes.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(name = "OrderSortDirection")]
pub enum Direction {
    /// Smallest or oldest first.
    Asc,
    /// Largest or newest first.
    Desc,
}

/// What a list of orders is sorted by.
#[derive(InputObject, Clone, Copy)]
pub struct OrderSort {
    /// By what.
    #[graphql(default_with = "OrderSortField::PlacedAt")]
    pub field: OrderSortField,
    /// Which way.
    #[graphql(default_with = "Direction::Desc")]
    pub direction: Direction,
}

/// A page of orders. Whoever calls it has checked that the viewer may see them.
pub(super) async fn page(
    ctx: &Context<'_>,
    args: PageArgs,
    query: OrderQuery,
    sort: Option<OrderSort>,
) -> Result<Connection<Order>> {
    let inner = ctx.ctx();
    let sort = sort.unwrap_or(OrderSort { field: OrderSortField::PlacedAt, direction: Direction::Desc });
    let columns = store::sort_columns(sort.field, sort.direction == Direction::Desc);
    let list = async {
        let page = Page::new(&args, columns, &ctx.ctx().list_shape(&format!("{query:?}")))?;
        let rows = store::page(inner.reads()?.tx().await?, &query, &page).await?;
        Ok::<_, ApiError>(page.slice(rows, |row| sort.field.key(row)))
    };
    let slice = list.await.map_err(|error| error.extend(inner))?;
    let counting = (inner.clone(), query);
    let counter: Counter = Arc::new(move || {
        let (ctx, query) = counting.clone();
        Box::pin(async move { Ok(store::count(ctx.reads()?.tx().await?, &query).await?) })
    });
    Ok(Connection::new(slice, Some(counter), |row| Order::new(Arc::new(row))))
}

/// A customer's orders, newest first: for themselves, and for the team with `ORDERS_READ`; an empty list for others.
pub async fn orders_of_customer(
    ctx: &Context<'_>,
    customer: CustomerId,
    args: PageArgs,
    sort: Option<OrderSort>,
) -> Result<Connection<Order>> {
    let own = ctx.ctx().customer().is_some_and(|own| own.id == customer);
    if !own && !ctx.ctx().can(Permission::OrdersRead) {
        let nothing =
            crate::framework::paging::Slice { rows: Vec::new(), has_next: false, has_previous: false };
        return Ok(Connection::new(nothing, None, Order::new));
    }
    page(ctx, args, OrderQuery { customer: Some(customer), ..Default::default() }, sort).await
}

/// Checks a filter.
pub(super) fn narrow(ctx: &Context<'_>, filter: OrderFilter) -> Result<OrderQuery> {
    let refuse = |code, message: &'static str| ApiError::new(code, message).at("filter").extend(ctx.ctx());
    let mut query = OrderQuery {
        statuses: words(filter.status, OrderStatus::as_str),
        payment_statuses: words(filter.payment_status, PaymentStatus::as_str),
        fulfilment_statuses: words(filter.fulfilment_status, FulfilmentStatus::as_str),
        channels: words(filter.channel, OrderChannel::as_str),
        number: filter.number,
        ..Default::default()
    };
    let lists = [&query.statuses, &query.payment_statuses, &query.fulfilment_statuses, &query.channels];
    if lists.iter().any(|list| list.len() > 20) {
        return Err(refuse(ErrorCode::TooLong, "A list of a filter has at most 20 entries."));
    }
    if query
        .number
        .as_deref()
        .is_some_and(|number| number.len() > 100 || number.chars().any(char::is_control))
    {
        return Err(refuse(ErrorCode::InvalidValue, "No order has such a number."));
    }
    if let Some(id) = &filter.customer_id {
        query.customer = Some(argument_id(ctx, id, "filter")?);
    }
    if let Some(range) = filter.placed_at {
        query.placed_from = range.from.map(Into::into);
        query.placed_to = range.to.map(Into::into);
    }
    if let Some(OrderTotalRange { min, max }) = filter.total
        && let Some(either) = min.as_ref().or(max.as_ref())
    {
        let currency: crate::framework::money::Currency = either.currency_code.into();
        let minor = |amount: Option<&MoneyInput>| {
            let minor = amount.map(|amount| amount.minor(currency)).transpose();
            minor.map_err(|r| ApiError::new(r.code, r.message).at("filter").extend(ctx.ctx()))
        };
        (query.total_from, query.total_to) = (minor(min.as_ref())?, minor(max.as_ref())?);
        query.currency = Some(currency.code().to_owned());
    }
    Ok(query)
}

fn words<T>(list: Option<Vec<T>>, word: fn(T) -> &'static str) -> Vec<&'static str> {
    list.unwrap_or_default().into_iter().map(word).collect()
}
