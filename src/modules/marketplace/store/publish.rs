//! Publish runs: what was chosen, what became of it.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::read::{StagedFilter, staged_where};
use crate::framework::db::{Array, DbError, Tx, sql};
use crate::framework::id::{
    CategoryId, ImportJobId, MarketplaceProductId, ProductId, PublishJobId, VariantId,
};
use crate::modules::catalog::model::ProductStatus;
use crate::modules::marketplace::model::{FeedFormat, ImportStatus, PublishJobRow, PublishOutcome};

/// The columns of [`PublishJobRow`].
pub const PUBLISH_COLUMNS: &str = "id, status, total, published, skipped, failed, failure_code, failure_message, \
     created_at, started_at, finished_at, version";

crate::row! {
    /// A staged row on its way to the catalog.
    pub struct PublishRow {
        pub id: MarketplaceProductId,
        pub format: FeedFormat,
        pub source: String,
        pub external_id: String,
        pub language: String,
        pub title: String,
        pub brand: Option<String>,
        pub gtin: Option<String>,
        pub price: i64,
        pub sale_price: Option<i64>,
        pub sale_from: Option<DateTime<Utc>>,
        pub sale_to: Option<DateTime<Utc>>,
        pub tax_rate_bp: Option<i32>,
        pub quantity: Option<i32>,
        pub image_url: Option<String>,
        pub item_group_id: Option<String>,
        pub data: Value,
        pub texts: Value,
        pub product_id: Option<ProductId>,
        pub variant_id: Option<VariantId>,
        pub markup_bp: i32,
        pub last_import_job_id: Option<Uuid>,
        pub last_row_number: Option<i64>,
        pub category_id: Option<CategoryId>,
        pub updates_quantity: bool,
    }
}

crate::row! {
    /// The texts of a staged row in one language.
    pub struct TextRow {
        pub marketplace_product_id: MarketplaceProductId,
        pub language: String,
        pub title: String,
        pub description: Option<String>,
    }
}

crate::row! {
    /// What a slice needs to know of its run.
    pub struct PublishState {
        pub status: ImportStatus,
        pub selector: Value,
        pub initial_quantity: Option<i32>,
        pub markup_bp: Option<i32>,
        pub product_status: ProductStatus,
        pub position: Option<i32>,
        pub failed: i32,
        pub import_job_id: Option<Uuid>,
    }
}

/// A publish run that waits.
pub struct NewPublish {
    pub id: PublishJobId,
    pub selector: StagedFilter,
    pub initial_quantity: Option<i32>,
    pub markup_bp: Option<i32>,
    pub status: ProductStatus,
    pub created_by: Option<Uuid>,
    /// The import whose last step this is.
    pub import: Option<ImportJobId>,
}

/// Writes a run that waits for its first slice.
pub async fn insert(tx: &Tx, new: &NewPublish) -> Result<PublishJobRow, DbError> {
    let selector = serde_json::to_value(&new.selector).map_err(|e| DbError::Internal(e.to_string()))?;
    tx.one(
        sql("INSERT INTO publish_jobs (vendor_id, id, selector, initial_quantity, markup_bp, product_status, created_by, import_job_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ")
        .push(PUBLISH_COLUMNS)
        .bind(tx.vendor())
        .bind(new.id)
        .bind(selector)
        .bind(new.initial_quantity)
        .bind(new.markup_bp)
        .bind(new.status)
        .bind(new.created_by)
        .bind(new.import),
    )
    .await
}

/// A run.
pub async fn get(tx: &Tx, id: PublishJobId) -> Result<Option<PublishJobRow>, DbError> {
    tx.optional(
        sql("SELECT ")
            .push(PUBLISH_COLUMNS)
            .push(" FROM publish_jobs WHERE vendor_id = $1 AND id = $2")
            .bind(tx.vendor())
            .bind(id),
    )
    .await
}

/// What a slice needs to know of its run, which is locked.
pub async fn lock(tx: &Tx, id: PublishJobId) -> Result<Option<PublishState>, DbError> {
    tx.optional(
        sql("SELECT status, selector, initial_quantity, markup_bp, product_status, position, failed, import_job_id
             FROM publish_jobs WHERE vendor_id = $1 AND id = $2 FOR NO KEY UPDATE")
        .bind(tx.vendor())
        .bind(id),
    )
    .await
}

/// Chooses the rows of a run, once; rows of one item group get the same unit. Returns how many they are.
pub async fn choose(tx: &Tx, id: PublishJobId, filter: &StagedFilter) -> Result<i32, DbError> {
    let mut query = sql("WITH chosen AS (
             INSERT INTO publish_job_rows (vendor_id, publish_job_id, marketplace_product_id, unit)
             SELECT $1, $2, c.id, dense_rank() OVER (ORDER BY c.first) FROM (
                 SELECT p.id, first_value(p.id) OVER (
                     PARTITION BY p.format, p.source, p.item_group_id, CASE WHEN p.item_group_id IS NULL THEN p.id END
                     ORDER BY p.id) AS first
                 FROM marketplace_products p WHERE p.vendor_id = $1")
    .bind(tx.vendor())
    .bind(id);
    staged_where(&mut query, filter);
    query.push_mut(
        ") c RETURNING 1)
         UPDATE publish_jobs SET status = 'RUNNING', position = 0, total = (SELECT count(*) FROM chosen),
             started_at = now(), version = version + 1
         WHERE vendor_id = $1 AND id = $2 RETURNING total",
    );
    tx.one::<(i32,)>(query).await.map(|(total,)| total)
}

/// The next rows of a run beyond its position, as (unit, row), at most `most`.
pub async fn next_rows(
    tx: &Tx,
    id: PublishJobId,
    position: i32,
    most: i64,
) -> Result<Vec<(i32, MarketplaceProductId)>, DbError> {
    tx.load(
        sql("SELECT unit, marketplace_product_id FROM publish_job_rows
             WHERE vendor_id = $1 AND publish_job_id = $2 AND unit > $3
             ORDER BY unit, marketplace_product_id LIMIT $4")
        .bind(tx.vendor())
        .bind(id)
        .bind(position)
        .bind(most),
    )
    .await
}

/// Lets one publishing of the vendor run at a time: two that make the same product would otherwise race for its handles.
pub async fn serialize(tx: &Tx) -> Result<(), DbError> {
    tx.execute(
        sql("SELECT pg_advisory_xact_lock(hashtextextended('orion.publish:' || $1, 0))")
            .bind(tx.vendor().uuid().to_string()),
    )
    .await
    .map(|_| ())
}

/// The chosen rows, and with them the published rows of the same item groups, by id: a product is always made of all its
/// rows, whichever were chosen. At most `most`.
pub async fn load(tx: &Tx, ids: &[MarketplaceProductId], most: i64) -> Result<Vec<PublishRow>, DbError> {
    tx.load(
        sql("WITH chosen AS (
                 SELECT id, format, source, item_group_id FROM marketplace_products
                 WHERE vendor_id = $1 AND id = ANY($2)
             ), wanted AS (
                 SELECT id FROM chosen
                 UNION ALL
                 SELECT m.id FROM (SELECT DISTINCT format, source, item_group_id FROM chosen WHERE item_group_id IS NOT NULL) g
                 JOIN marketplace_products m ON m.vendor_id = $1 AND m.format = g.format AND m.source = g.source
                     AND m.item_group_id = g.item_group_id
                 WHERE m.product_id IS NOT NULL AND m.id <> ALL($2)
             )
             SELECT p.id, p.format, p.source, p.external_id, p.language, p.title, p.brand, p.gtin, p.price,
                    p.sale_price, p.sale_from, p.sale_to, p.tax_rate_bp, p.quantity, p.image_url, p.item_group_id,
                    p.data, p.texts, p.product_id, p.variant_id, p.markup_bp, p.last_import_job_id, p.last_row_number,
                    m.category_id, coalesce(s.updates_quantity, false) AS updates_quantity
             FROM wanted w
             JOIN marketplace_products p ON p.vendor_id = $1 AND p.id = w.id
             LEFT JOIN import_sources s ON s.vendor_id = $1 AND s.format = p.format AND s.code = p.source
             LEFT JOIN category_mappings m ON m.vendor_id = $1 AND m.format = p.format AND m.source = p.source
                 AND m.path = p.category_path
             ORDER BY p.id LIMIT $3")
        .bind(tx.vendor())
        .bind(Array(ids.to_vec()))
        .bind(most),
    )
    .await
}

/// The texts of staged rows, in all their languages.
pub async fn texts(tx: &Tx, ids: Vec<MarketplaceProductId>) -> Result<Vec<TextRow>, DbError> {
    tx.load(
        sql("SELECT marketplace_product_id, language, title, description FROM marketplace_product_translations
             WHERE vendor_id = $1 AND marketplace_product_id = ANY($2) ORDER BY marketplace_product_id, language")
        .bind(tx.vendor())
        .bind(Array(ids)),
    )
    .await
}

/// A staged row and what was made of it.
pub struct Link {
    pub id: MarketplaceProductId,
    pub product: ProductId,
    pub variant: Option<VariantId>,
    pub markup_bp: i32,
}

/// Links staged rows to what was made of them; touches only what differs.
pub async fn link(tx: &Tx, links: &[Link]) -> Result<(), DbError> {
    if links.is_empty() {
        return Ok(());
    }
    tx.execute(
        sql("UPDATE marketplace_products p SET product_id = t.product_id, variant_id = t.variant_id, markup_bp = t.markup_bp
             FROM unnest($2, $3, $4, $5) AS t (id, product_id, variant_id, markup_bp)
             WHERE p.vendor_id = $1 AND p.id = t.id
               AND (p.product_id, p.variant_id, p.markup_bp) IS DISTINCT FROM (t.product_id, t.variant_id, t.markup_bp)")
        .bind(tx.vendor())
        .bind(Array(links.iter().map(|link| link.id).collect::<Vec<_>>()))
        .bind(Array(links.iter().map(|link| link.product).collect::<Vec<_>>()))
        .bind(Array(links.iter().map(|link| link.variant).collect::<Vec<_>>()))
        .bind(Array(links.iter().map(|link| link.markup_bp).collect::<Vec<_>>())),
    )
    .await
    .map(|_| ())
}

/// Keeps why rows of a run were not published.
pub async fn note(
    tx: &Tx,
    job: PublishJobId,
    rows: &[(MarketplaceProductId, PublishOutcome, &'static str, String)],
) -> Result<(), DbError> {
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        sql("UPDATE publish_job_rows r SET outcome = t.outcome, code = t.code, message = left(t.message, 1000)
             FROM unnest($3, $4, $5, $6) AS t (id, outcome, code, message)
             WHERE r.vendor_id = $1 AND r.publish_job_id = $2 AND r.marketplace_product_id = t.id")
        .bind(tx.vendor())
        .bind(job)
        .bind(Array(rows.iter().map(|row| row.0).collect::<Vec<_>>()))
        .bind(Array(rows.iter().map(|row| row.1.as_str()).collect::<Vec<_>>()))
        .bind(Array(rows.iter().map(|row| row.2).collect::<Vec<_>>()))
        .bind(Array(rows.iter().map(|row| row.3.clone()).collect::<Vec<_>>())),
    )
    .await
    .map(|_| ())
}

/// Moves the position, in the transaction of the slice's products.
pub async fn advance(
    tx: &Tx,
    id: PublishJobId,
    position: i32,
    published: i32,
    skipped: i32,
    failed: i32,
) -> Result<(), DbError> {
    tx.execute(
        sql("UPDATE publish_jobs SET position = $3, published = published + $4, skipped = skipped + $5,
                 failed = failed + $6, slices = slices + 1, version = version + 1
             WHERE vendor_id = $1 AND id = $2")
        .bind(tx.vendor())
        .bind(id)
        .bind(position)
        .bind(published)
        .bind(skipped)
        .bind(failed),
    )
    .await
    .map(|_| ())
}

/// Ends a run that has not ended.
pub async fn finish(tx: &Tx, id: PublishJobId, status: ImportStatus) -> Result<usize, DbError> {
    tx.execute(
        sql("UPDATE publish_jobs SET status = $3, finished_at = now(), version = version + 1
             WHERE vendor_id = $1 AND id = $2 AND status IN ('PENDING', 'RUNNING')")
        .bind(tx.vendor())
        .bind(id)
        .bind(status),
    )
    .await
}

/// All rows of a unit.
pub async fn rows_of_unit(
    tx: &Tx,
    id: PublishJobId,
    unit: i32,
) -> Result<Vec<MarketplaceProductId>, DbError> {
    let rows: Vec<(MarketplaceProductId,)> = tx
        .load(
            sql("SELECT marketplace_product_id FROM publish_job_rows
                 WHERE vendor_id = $1 AND publish_job_id = $2 AND unit = $3")
            .bind(tx.vendor())
            .bind(id)
            .bind(unit),
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
