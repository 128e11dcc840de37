//! Reading jobs, complaints and staged products for the API.

use crate::framework::db::{Array, DbError, Sql, Tx, sql};
use crate::framework::id::{ImportJobId, MarketplaceProductId, ProductId, PublishJobId};
use crate::framework::paging::{COUNT_LIMIT, Page};
use crate::modules::marketplace::model::{
    FeedFormat, ImportJobRow, ImportStatus, PublishJobRow, RowErrorRow, StagedProductRow,
};

use super::jobs::IMPORT_COLUMNS;
use super::publish::PUBLISH_COLUMNS;

/// The columns of [`StagedProductRow`], of alias `p`.
pub const STAGED_COLUMNS: &str = "p.id, p.format, p.source, p.external_id, p.language, p.title, p.brand, p.gtin, \
     p.price, p.currency_code, p.sale_price, p.availability, p.quantity, p.image_url, p.category_path, \
     p.item_group_id, p.product_id, p.variant_id, p.created_at, p.updated_at";

/// Import runs by id.
pub async fn import_jobs_by_ids(tx: &Tx, ids: Vec<ImportJobId>) -> Result<Vec<ImportJobRow>, DbError> {
    tx.load(
        sql("SELECT ")
            .push(IMPORT_COLUMNS)
            .push(" FROM import_jobs WHERE vendor_id = $1 AND id = ANY($2)")
            .bind(tx.vendor())
            .bind(Array(ids)),
    )
    .await
}

/// Publish runs by id.
pub async fn publish_jobs_by_ids(tx: &Tx, ids: Vec<PublishJobId>) -> Result<Vec<PublishJobRow>, DbError> {
    tx.load(
        sql("SELECT ")
            .push(PUBLISH_COLUMNS)
            .push(" FROM publish_jobs WHERE vendor_id = $1 AND id = ANY($2)")
            .bind(tx.vendor())
            .bind(Array(ids)),
    )
    .await
}

/// Staged products by id.
pub async fn staged_by_ids(
    tx: &Tx,
    ids: Vec<MarketplaceProductId>,
) -> Result<Vec<StagedProductRow>, DbError> {
    tx.load(
        sql("SELECT ")
            .push(STAGED_COLUMNS)
            .push(" FROM marketplace_products p WHERE p.vendor_id = $1 AND p.id = ANY($2)")
            .bind(tx.vendor())
            .bind(Array(ids)),
    )
    .await
}

/// The staged row that each product was published from; of a product with variants, the first one.
pub async fn staged_of_products(tx: &Tx, ids: Vec<ProductId>) -> Result<Vec<StagedProductRow>, DbError> {
    tx.load(
        sql("SELECT DISTINCT ON (p.product_id) ")
            .push(STAGED_COLUMNS)
            .push(
                " FROM marketplace_products p WHERE p.vendor_id = $1 AND p.product_id = ANY($2) \
                 ORDER BY p.product_id, p.id",
            )
            .bind(tx.vendor())
            .bind(Array(ids)),
    )
    .await
}

/// Which import runs a list shows.
#[derive(Debug, Clone, Default)]
pub struct ImportJobFilter {
    pub status: Option<Vec<ImportStatus>>,
    pub format: Option<FeedFormat>,
    pub source: Option<String>,
}

fn jobs_where<'q>(tx: &Tx, head: &str, filter: &ImportJobFilter) -> Sql<'q> {
    let mut query = sql(head.to_owned()).push(" FROM import_jobs WHERE vendor_id = $1").bind(tx.vendor());
    match filter.status.as_deref() {
        None => {}
        // Equality lets the index on status give the newest without a sort.
        Some([status]) => {
            let n = query.bind_next(status.as_str());
            query.push_mut(&format!(" AND status = ${n}"));
        }
        Some(statuses) => {
            let n = query.bind_next(Array(statuses.iter().map(|status| status.as_str()).collect::<Vec<_>>()));
            query.push_mut(&format!(" AND status = ANY(${n})"));
        }
    }
    if let Some(format) = filter.format {
        let n = query.bind_next(format);
        query.push_mut(&format!(" AND format = ${n}"));
    }
    if let Some(source) = &filter.source {
        let n = query.bind_next(source.clone());
        query.push_mut(&format!(" AND source = ${n}"));
    }
    query
}

/// A page of import runs.
pub async fn import_jobs(
    tx: &Tx,
    filter: &ImportJobFilter,
    page: &Page,
) -> Result<Vec<ImportJobRow>, DbError> {
    let mut query = jobs_where(tx, &format!("SELECT {IMPORT_COLUMNS}"), filter);
    page.apply(&mut query);
    tx.load(query).await
}

/// How many import runs there are, counted up to the limit.
pub async fn count_import_jobs(tx: &Tx, filter: &ImportJobFilter) -> Result<i64, DbError> {
    counted(tx, jobs_where(tx, "SELECT count(*) FROM (SELECT 1", filter)).await
}

/// A page of a run's complaints.
pub async fn row_errors(
    tx: &Tx,
    job: ImportJobId,
    severity: Option<&'static str>,
    page: &Page,
) -> Result<Vec<RowErrorRow>, DbError> {
    let mut query = errors_where(
        tx,
        "SELECT row_number, ordinal::bigint AS ordinal, column_name, value, severity, code, message",
        job,
        severity,
    );
    page.apply(&mut query);
    tx.load(query).await
}

/// How many complaints are kept of a run, counted up to the limit.
pub async fn count_row_errors(
    tx: &Tx,
    job: ImportJobId,
    severity: Option<&'static str>,
) -> Result<i64, DbError> {
    counted(tx, errors_where(tx, "SELECT count(*) FROM (SELECT 1", job, severity)).await
}

fn errors_where<'q>(tx: &Tx, head: &str, job: ImportJobId, severity: Option<&'static str>) -> Sql<'q> {
    let mut query = sql(head.to_owned())
        .push(" FROM import_row_errors WHERE vendor_id = $1 AND import_job_id = $2")
        .bind(tx.vendor())
        .bind(job);
    if let Some(severity) = severity {
        let n = query.bind_next(severity);
        query.push_mut(&format!(" AND severity = ${n}"));
    }
    query
}

async fn counted(tx: &Tx, mut query: Sql<'_>) -> Result<i64, DbError> {
    let n = query.bind_next(COUNT_LIMIT);
    query.push_mut(&format!(" LIMIT ${n}) t"));
    tx.one::<(i64,)>(query).await.map(|(count,)| count)
}

/// Which staged products a list shows, or a job publishes.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct StagedFilter {
    /// Met by this import run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<ImportJobId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<FeedFormat>,
    /// In title, brand, GTIN or external id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// Changed by this import run, and published before: what the end of an import brings up to date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<ImportJobId>,
}

/// How many matches of a search are looked at.
const SEARCH_LIMIT: i32 = 2_000;

/// Appends the filter's conditions on alias `p`.
pub fn staged_where(query: &mut Sql<'_>, filter: &StagedFilter) {
    if let Some(job) = filter.job {
        let n = query.bind_next(job);
        query.push_mut(&format!(
            " AND (p.format, p.source) = (SELECT j.format, j.source FROM import_jobs j WHERE j.vendor_id = $1 AND j.id = ${n}) \
             AND EXISTS (SELECT 1 FROM import_job_rows r WHERE r.vendor_id = $1 AND r.import_job_id = ${n} AND r.external_id = p.external_id)"
        ));
    }
    if let Some(published) = filter.published {
        query.push_mut(if published { " AND p.product_id IS NOT NULL" } else { " AND p.product_id IS NULL" });
    }
    if let Some(words) = &filter.availability {
        let n = query.bind_next(Array(words.clone()));
        query.push_mut(&format!(" AND p.availability = ANY(${n})"));
    }
    for (column, value) in [("brand", &filter.brand), ("source", &filter.source)] {
        if let Some(value) = value {
            let n = query.bind_next(value.clone());
            query.push_mut(&format!(" AND p.{column} = ${n}"));
        }
    }
    if let Some(format) = filter.format {
        let n = query.bind_next(format);
        query.push_mut(&format!(" AND p.format = ${n}"));
    }
    if let Some(search) = &filter.search {
        let n = query.bind_next(search.clone());
        let most = query.bind_next(SEARCH_LIMIT);
        query.push_mut(&format!(" AND p.id IN (SELECT s.id FROM orion_marketplace_search(${n}, ${most}) s)"));
    }
    if let Some(job) = filter.changed_by {
        let n = query.bind_next(job);
        query.push_mut(&format!(
            " AND p.last_import_job_id = ${n} AND p.product_id IS NOT NULL \
             AND (p.format, p.source) = (SELECT j.format, j.source FROM import_jobs j WHERE j.vendor_id = $1 AND j.id = ${n}) \
             AND p.external_id IN (SELECT r.external_id FROM import_job_rows r WHERE r.vendor_id = $1 AND r.import_job_id = ${n})"
        ));
    }
}

/// A page of staged products.
pub async fn staged(tx: &Tx, filter: &StagedFilter, page: &Page) -> Result<Vec<StagedProductRow>, DbError> {
    let mut query =
        sql(format!("SELECT {STAGED_COLUMNS} FROM marketplace_products p WHERE p.vendor_id = $1"))
            .bind(tx.vendor());
    staged_where(&mut query, filter);
    page.apply(&mut query);
    tx.load(query).await
}

/// How many staged products the filter leaves, counted up to the limit.
pub async fn count_staged(tx: &Tx, filter: &StagedFilter) -> Result<i64, DbError> {
    let mut query = sql("SELECT count(*) FROM (SELECT 1 FROM marketplace_products p WHERE p.vendor_id = $1")
        .bind(tx.vendor());
    staged_where(&mut query, filter);
    counted(tx, query).await
}
