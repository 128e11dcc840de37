//! Relay connections: `edges`, `nodes`, `pageInfo`, and a `totalCount` that is counted only when asked for.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::{Context, Enum, Object, OutputType, SimpleObject, TypeName};
use futures::future::BoxFuture;

use crate::framework::context::ContextExt as _;
use crate::framework::error::ApiError;
use crate::framework::paging::{COUNT_LIMIT, PageArgs, Slice};

/// Where a page stands in its list.
#[derive(SimpleObject, Clone)]
pub struct PageInfo {
    /// Whether there is more after `endCursor`.
    pub has_next_page: bool,
    /// Whether there is more before `startCursor`.
    pub has_previous_page: bool,
    /// The cursor of the first edge; null on an empty page.
    pub start_cursor: Option<String>,
    /// The cursor of the last edge; null on an empty page.
    pub end_cursor: Option<String>,
}

/// Which way a list is sorted.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SortDirection {
    /// Smallest, oldest or first of the alphabet first.
    #[default]
    Asc,
    /// Largest, newest or last of the alphabet first.
    Desc,
}

/// How well a total is known.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum CountPrecision {
    /// The value is the total.
    Exact,
    /// There are at least so many: counting stops at 1,000.
    AtLeast,
}

/// How many entries a list has.
#[derive(SimpleObject, Clone)]
pub struct Count {
    /// The number, at most 1,000.
    pub value: i32,
    /// Whether it is the exact number.
    pub precision: CountPrecision,
}

/// Counts a list up to [`COUNT_LIMIT`]; run only when the client selects `totalCount`.
pub type Counter = Arc<dyn Fn() -> BoxFuture<'static, Result<i64, ApiError>> + Send + Sync>;

/// One entry of a list with its cursor.
pub struct Edge<T> {
    /// The entry's position, for `after` and `before`.
    pub cursor: String,
    /// The entry.
    pub node: T,
}

impl<T: OutputType> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", T::type_name()).into()
    }
}

/// One entry of a list with its cursor.
#[Object(name_type)]
impl<T: OutputType> Edge<T> {
    /// The entry's position, for `after` and `before`.
    async fn cursor(&self) -> &str {
        &self.cursor
    }
    /// The entry.
    async fn node(&self) -> &T {
        &self.node
    }
}

/// A page of a list.
pub struct Connection<T> {
    edges: Vec<Edge<T>>,
    page_info: PageInfo,
    counter: Option<Counter>,
}

impl<T> Connection<T> {
    /// From a slice of rows, each made into its node.
    pub fn new<R>(slice: Slice<R>, counter: Option<Counter>, mut node: impl FnMut(R) -> T) -> Self {
        let page_info = PageInfo {
            has_next_page: slice.has_next,
            has_previous_page: slice.has_previous,
            start_cursor: slice.rows.first().map(|(cursor, _)| cursor.clone()),
            end_cursor: slice.rows.last().map(|(cursor, _)| cursor.clone()),
        };
        let edges = slice.rows.into_iter().map(|(cursor, row)| Edge { cursor, node: node(row) }).collect();
        Self { edges, page_info, counter }
    }
    /// The edges.
    pub fn edges(&self) -> &[Edge<T>] {
        &self.edges
    }
    /// Where the page stands.
    pub fn page_info(&self) -> &PageInfo {
        &self.page_info
    }
    /// The total, counted now.
    pub async fn count(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Count>> {
        let Some(counter) = &self.counter else { return Ok(None) };
        let counted = counter().await.map_err(|error| error.extend(ctx.ctx()))?;
        let precise = counted < COUNT_LIMIT;
        Ok(Some(Count {
            value: i32::try_from(counted.min(COUNT_LIMIT - 1)).unwrap_or(i32::MAX),
            precision: if precise { CountPrecision::Exact } else { CountPrecision::AtLeast },
        }))
    }
}

impl<T: OutputType> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::type_name()).into()
    }
}

/// A page of a list.
#[Object(name_type)]
impl<T: OutputType> Connection<T> {
    /// The entries with their cursors.
    #[graphql(name = "edges")]
    async fn edges_field(&self) -> &[Edge<T>] {
        &self.edges
    }
    /// The entries.
    async fn nodes(&self) -> Vec<&T> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }
    /// Where the page stands in its list.
    #[graphql(name = "pageInfo")]
    async fn page_info_field(&self) -> &PageInfo {
        &self.page_info
    }
    /// How many entries the whole list has, counted up to 1,000 and only when selected.
    async fn total_count(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Count>> {
        self.count(ctx).await
    }
}

/// The four arguments of a connection, as resolvers take them.
pub fn page_args(
    first: Option<i32>,
    after: Option<String>,
    last: Option<i32>,
    before: Option<String>,
) -> PageArgs {
    PageArgs { first, after, last, before }
}
