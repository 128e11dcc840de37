//! Reading the feed.

use crate::framework::context::Ctx;
use crate::framework::error::{ApiError, ErrorCode};
use crate::framework::paging::{KeyValue, Page, PageArgs, Slice, SortColumns};

use super::model::{EventRow, EventType};
use super::store;

const ORDER: SortColumns = SortColumns { columns: &[("sequence", 'i')], descending: false };

/// A page of what the asker may read, oldest first. `types`: only these. The cursor is a place in the feed, and stays
/// good for other types.
pub async fn feed(
    ctx: &Ctx,
    after: Option<String>,
    types: Option<&[EventType]>,
    first: Option<i32>,
) -> Result<Slice<EventRow>, ApiError> {
    if types.is_some_and(|types| types.len() > 100) {
        return Err(ApiError::new(ErrorCode::LimitExceeded, "At most 100 types.").at("types"));
    }
    let args = PageArgs { first, after, ..Default::default() };
    let page = Page::new(&args, ORDER, &ctx.list_shape("events"))?;
    let mut kinds: Vec<EventType> = EventType::ALL.to_vec();
    kinds.retain(|kind| ctx.can(kind.permission()) && types.is_none_or(|types| types.contains(kind)));
    let all = kinds.len() == EventType::ALL.len();
    let after = match page.after() {
        Some([KeyValue::Int(after)]) => *after,
        _ => 0,
    };
    let reads = ctx.reads()?;
    let rows = store::page(reads.tx().await?, &page, after, (!all).then_some(&kinds[..])).await?;
    Ok(page.slice(rows, |row| vec![KeyValue::Int(row.sequence)]))
}

/// Where the feed ends now: what [`since`] begins after.
pub async fn position(ctx: &Ctx) -> Result<i64, ApiError> {
    let reads = ctx.reads()?;
    Ok(store::last(reads.tx().await?).await?)
}

/// The first events of some kinds after a place, at most 100, in order. The caller checks the permission.
pub async fn since(ctx: &Ctx, after: i64, kinds: &[EventType]) -> Result<Vec<EventRow>, ApiError> {
    let reads = ctx.reads()?;
    Ok(store::after_of_kinds(reads.tx().await?, after, kinds, 100).await?)
}
