//! The audit log, read.

use crate::framework::db::{DbError, Tx, sql};
use crate::framework::id::VendorId;
use crate::framework::paging::Page;
use crate::modules::identity::model::{AuditFilter, AuditRow};

const COLUMNS: &str =
    "id, occurred_at, actor_kind, actor_id, action, entity_type, entity_id, before, after, request_id, ip";

/// A page of a vendor's log; without a vendor (in a platform transaction) the platform's and all vendors' together.
pub async fn page(
    tx: &Tx,
    vendor: Option<VendorId>,
    filter: &AuditFilter,
    page: &Page,
) -> Result<Vec<AuditRow>, DbError> {
    let mut query = match vendor {
        Some(vendor) => {
            sql(format!("SELECT vendor_id, {COLUMNS} FROM audit_events WHERE vendor_id = $1")).bind(vendor)
        }
        None => sql(format!(
            "SELECT vendor_id, {COLUMNS} FROM (SELECT vendor_id, {COLUMNS} FROM audit_events \
             UNION ALL SELECT NULL::uuid, {COLUMNS} FROM platform_audit_events) e WHERE true"
        )),
    };
    if let Some(action) = &filter.action {
        let n = query.bind_next(action.clone());
        query.push_mut(&format!(" AND action = ${n}"));
    }
    if let Some(entity) = filter.entity_id {
        let n = query.bind_next(entity);
        query.push_mut(&format!(" AND entity_id = ${n}"));
    }
    if let Some(from) = filter.from {
        let n = query.bind_next(from);
        query.push_mut(&format!(" AND occurred_at >= ${n}"));
    }
    if let Some(to) = filter.to {
        let n = query.bind_next(to);
        query.push_mut(&format!(" AND occurred_at < ${n}"));
    }
    page.apply(&mut query);
    tx.load(query).await
}
