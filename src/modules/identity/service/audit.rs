//! Reading the audit log: a vendor's own, or the platform's and everybody's.

use crate::framework::context::{Actor, Ctx};
use crate::framework::error::ApiError;
use crate::framework::paging::{Page, PageArgs, Slice, SortColumns};
use crate::framework::permission::Access;
use crate::modules::identity::model::{AuditFilter, AuditRow};
use crate::modules::identity::store::audit as store;

/// A page of the audit log, the newest first. A team member sees the vendor's; a platform admin those of the vendor
/// that the request names, else the platform's and all vendors'.
pub async fn list(ctx: &Ctx, filter: &AuditFilter, args: &PageArgs) -> Result<Slice<AuditRow>, ApiError> {
    Access::AdminOrAudit.check(ctx)?;
    let sort = SortColumns { columns: &[("occurred_at", 'd'), ("id", 'u')], descending: true };
    let page = Page::new(args, sort, &ctx.list_shape(&format!("{filter:?}")))?;
    let rows = match ctx.actor() {
        Actor::Admin(_) => {
            let vendor = ctx.vendor_opt().map(|vendor| vendor.id);
            let tx = ctx.app().db.platform(&ctx.require_admin("auditEvents")?).await?;
            let rows = store::page(&tx, vendor, filter, &page).await?;
            tx.commit().await?;
            rows
        }
        _ => {
            let vendor = ctx.vendor()?.id;
            store::page(ctx.reads()?.tx().await?, Some(vendor), filter, &page).await?
        }
    };
    Ok(page.slice(rows, |row| vec![row.occurred_at.into(), row.id.into()]))
}
