//! Use cases of the platform's admins: list vendors, verify, switch on and off.

use std::sync::Arc;

use serde_json::json;

use crate::framework::audit::{Entry, record_platform};
use crate::framework::context::{Ctx, PlatformGrant, VendorContext};
use crate::framework::db::Tx;
use crate::framework::error::{ApiError, ErrorCode, Outcome, Refusal, RefusalDetails};
use crate::framework::id::VendorId;
use crate::framework::outbox::{Event, publish_for};
use crate::framework::paging::{KeyValue, Page, PageArgs, Slice, SortColumns};

use super::cache::VendorKey;
use super::model::VendorRow;
use super::store;

pub use store::VendorFilter;

/// The vendor of an id, from the cache; `None` where there is none (any more).
pub async fn by_id(ctx: &Ctx, id: VendorId) -> Result<Option<Arc<VendorContext>>, ApiError> {
    ctx.app().vendors.get(&ctx.app().db, ctx.stats(), VendorKey::Id(id)).await
}

/// How a list of vendors is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VendorOrder {
    /// By the time of creation.
    Created,
    /// By code.
    Code,
}

/// A page of all vendors (platform admins).
pub async fn list(
    ctx: &Ctx,
    filter: &VendorFilter,
    order: (VendorOrder, bool),
    args: &PageArgs,
) -> Result<Slice<VendorRow>, ApiError> {
    let grant = ctx.require_admin("vendors")?;
    let columns: &'static [(&'static str, char)] = match order.0 {
        VendorOrder::Created => &[("created_at", 'd'), ("id", 'u')],
        VendorOrder::Code => &[("code", 's')],
    };
    let page = Page::new(args, SortColumns { columns, descending: order.1 }, &format!("{filter:?}"))?;
    let tx = ctx.app().db.platform(&grant).await?;
    let rows = store::page(&tx, filter, &page).await?;
    tx.commit().await?;
    Ok(page.slice(rows, |row| match order.0 {
        VendorOrder::Created => vec![row.created_at.into(), row.id.into()],
        VendorOrder::Code => vec![KeyValue::Text(row.code.clone())],
    }))
}

/// How many vendors the filter leaves (platform admins).
pub async fn count(ctx: &Ctx, filter: &VendorFilter) -> Result<i64, ApiError> {
    let tx = ctx.app().db.platform(&ctx.require_admin("vendors")?).await?;
    let count = store::count(&tx, filter).await?;
    tx.commit().await?;
    Ok(count)
}

/// Verifies a vendor, or takes it back: an unverified vendor's shop is not public.
pub async fn set_verified(
    ctx: &Ctx,
    id: VendorId,
    verified: bool,
    expected: Option<i32>,
) -> Outcome<Arc<VendorContext>> {
    set_flag(ctx, id, expected, "vendor.verifiedSet", |row| row.verified = verified).await
}

/// Switches a vendor on or off: with an inactive one, shop and log-ins are refused.
pub async fn set_active(
    ctx: &Ctx,
    id: VendorId,
    active: bool,
    expected: Option<i32>,
) -> Outcome<Arc<VendorContext>> {
    set_flag(ctx, id, expected, "vendor.activeSet", |row| row.active = active).await
}

async fn set_flag(
    ctx: &Ctx,
    id: VendorId,
    expected: Option<i32>,
    action: &'static str,
    change: impl FnOnce(&mut VendorRow),
) -> Outcome<Arc<VendorContext>> {
    let grant = ctx.require_admin(action)?;
    let tx = ctx.app().db.platform(&grant).await?;
    let Some(before) = store::lock(&tx, id).await? else {
        tx.rollback().await?;
        return Err(Refusal::new(ErrorCode::VendorNotFound, "There is no such vendor.")
            .at(["input", "id"])
            .into());
    };
    if let Some(expected) = expected
        && expected != before.version
    {
        tx.rollback().await?;
        let details =
            RefusalDetails::VersionConflict { current_version: before.version, id: before.id.to_string() };
        return Err(Refusal::new(ErrorCode::VersionConflict, "The vendor has changed meanwhile.")
            .at(["input", "expectedVersion"])
            .with(details)
            .into());
    }
    let mut wanted = before.clone();
    change(&mut wanted);
    if (wanted.verified, wanted.active) == (before.verified, before.active) {
        tx.commit().await?;
        return Ok(before.into_context()?);
    }
    let after = store::set_flags(&tx, id, wanted.verified, wanted.active).await?;
    let flags = |row: &VendorRow| json!({ "verified": row.verified, "active": row.active });
    let (was, is) = (flags(&before), flags(&after));
    let entry = Entry {
        action,
        entity_type: "Vendor",
        entity_id: Some(id.uuid()),
        before: Some(&was),
        after: Some(&is),
    };
    record(&tx, &grant, id, entry, "VENDOR_UPDATED").await?;
    tx.commit().await?;
    changed(ctx, id).await;
    Ok(after.into_context()?)
}

/// Writes what the platform did to a vendor: into the platform's log, the vendor's own, and the vendor's events.
pub(super) async fn record(
    tx: &Tx,
    grant: &PlatformGrant,
    vendor: VendorId,
    entry: Entry<'_>,
    event: &'static str,
) -> Outcome<()> {
    record_platform(tx, None, grant.who(), entry.clone()).await?;
    record_platform(tx, Some(vendor), grant.who(), entry).await?;
    let event = Event { kind: event, entity_type: "Vendor", entity_id: vendor.uuid(), data: json!({}) };
    publish_for(tx, vendor, &[event]).await?;
    Ok(())
}

/// After the commit of a vendor's change: this node forgets it at once, the others when they hear of it. An
/// announcement that is lost costs them a minute.
pub async fn changed(ctx: &Ctx, id: VendorId) {
    let app = ctx.app();
    app.vendors.invalidate(id);
    if let Err(error) = store::announce(&app.db, ctx.stats(), id).await {
        tracing::warn!(%error, vendor = %id, "a vendor's change was not announced");
    }
}
