//! All SQL of tenancy.

mod provision;

use std::sync::Arc;

use crate::framework::context::{Stats, VendorContext};
use crate::framework::db::{Db, DbError, Sql, Tx, sql};
use crate::framework::id::VendorId;
use crate::framework::paging::{COUNT_LIMIT, Page};

pub use provision::{NewVendor, provision};

use super::cache::VendorKey;
use super::model::{COLUMNS, VendorRow};

/// The vendor of a name, before any vendor is known.
pub async fn lookup(
    db: &Db,
    stats: &Arc<Stats>,
    key: &VendorKey,
) -> Result<Option<Arc<VendorContext>>, DbError> {
    let (by, value) = match key {
        VendorKey::Code(code) => ("code", code.clone()),
        VendorKey::Subdomain(label) => ("subdomain", label.clone()),
        VendorKey::Domain(domain) => ("domain", domain.clone()),
        VendorKey::Id(id) => ("id", id.uuid().to_string()),
    };
    let query = sql(format!("SELECT {COLUMNS} FROM orion_vendor_lookup($1, $2)")).bind(by).bind(value);
    let row = db.lookup::<VendorRow>(query, stats).await?.into_iter().next();
    row.map(VendorRow::into_context).transpose()
}

/// Which vendors a list shows.
#[derive(Debug, Clone, Default)]
pub struct VendorFilter {
    /// In name, code or subdomain.
    pub search: Option<String>,
    /// Verified or not.
    pub verified: Option<bool>,
    /// Active or not.
    pub active: Option<bool>,
}

fn filtered<'q>(query: &mut Sql<'q>, filter: &VendorFilter) {
    if let Some(search) = &filter.search {
        let pattern = format!("%{}%", search.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
        let n = query.bind_next(pattern);
        query.push_mut(&format!(" AND (name ILIKE ${n} OR code ILIKE ${n} OR subdomain ILIKE ${n})"));
    }
    for (column, value) in [("verified", filter.verified), ("active", filter.active)] {
        if let Some(value) = value {
            let n = query.bind_next(value);
            query.push_mut(&format!(" AND {column} = ${n}"));
        }
    }
}

/// A page of all vendors, in a platform transaction.
pub async fn page(tx: &Tx, filter: &VendorFilter, page: &Page) -> Result<Vec<VendorRow>, DbError> {
    let mut query = sql(format!("SELECT {COLUMNS} FROM vendors WHERE deleted_at IS NULL"));
    filtered(&mut query, filter);
    page.apply(&mut query);
    tx.load(query).await
}

/// How many vendors the filter leaves, counted up to the limit.
pub async fn count(tx: &Tx, filter: &VendorFilter) -> Result<i64, DbError> {
    let mut query = sql("SELECT count(*) FROM (SELECT 1 FROM vendors WHERE deleted_at IS NULL");
    filtered(&mut query, filter);
    let n = query.bind_next(COUNT_LIMIT);
    query.push_mut(&format!(" LIMIT ${n}) t"));
    tx.one::<(i64,)>(query).await.map(|(count,)| count)
}

/// The vendor, locked for a change, in a platform transaction.
pub async fn lock(tx: &Tx, id: VendorId) -> Result<Option<VendorRow>, DbError> {
    tx.optional(
        sql(format!("SELECT {COLUMNS} FROM vendors WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE"))
            .bind(id),
    )
    .await
}

/// Sets both flags and counts the version on.
pub async fn set_flags(tx: &Tx, id: VendorId, verified: bool, active: bool) -> Result<VendorRow, DbError> {
    tx.one(
        sql(format!(
            "UPDATE vendors SET verified = $2, active = $3, version = version + 1, updated_at = now() \
             WHERE id = $1 RETURNING {COLUMNS}"
        ))
        .bind(id)
        .bind(verified)
        .bind(active),
    )
    .await
}

/// The vendor, in a platform transaction.
pub async fn get(tx: &Tx, id: VendorId) -> Result<Option<VendorRow>, DbError> {
    tx.optional(sql(format!("SELECT {COLUMNS} FROM vendors WHERE id = $1 AND deleted_at IS NULL")).bind(id))
        .await
}

/// Tells every node that the vendor has changed; after the commit, on a connection of its own.
pub async fn announce(db: &Db, stats: &Arc<Stats>, id: VendorId) -> Result<(), DbError> {
    let query = sql("SELECT true FROM pg_notify('orion_vendor', $1)").bind(id.uuid().to_string());
    db.lookup::<(bool,)>(query, stats).await.map(|_| ())
}
