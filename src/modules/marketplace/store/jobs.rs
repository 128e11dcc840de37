//! Import runs: their state, their complaints, their end.

use serde_json::Value;

use crate::framework::db::{Array, DbError, Sql, Tx, sql};
use crate::framework::id::{ImportJobId, PublishJobId};
use crate::modules::marketplace::model::{FeedFormat, ImportJobRow, ImportState, ImportStatus, Severity};

/// The columns of [`ImportJobRow`].
pub const IMPORT_COLUMNS: &str = "id, status, format, language, source, url, file_name, rows_read, created, updated, \
     unchanged, failed, warnings, progress, missing_columns, publish_job_id, failure_code, failure_message, created_at, \
     started_at, finished_at, version";

/// A run that waits.
pub struct NewImport<'a> {
    pub id: ImportJobId,
    pub format: Option<FeedFormat>,
    pub language: &'a str,
    pub source: &'a str,
    pub url: Option<&'a str>,
    pub file_name: Option<&'a str>,
    pub file_bytes: Option<i64>,
    pub created_by: Option<uuid::Uuid>,
}

/// Writes a run that waits for its first slice.
pub async fn insert(tx: &Tx, new: &NewImport<'_>) -> Result<ImportJobRow, DbError> {
    tx.one(
        sql("INSERT INTO import_jobs (vendor_id, id, format, language, source, url, file_name, file_bytes, created_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING ")
        .push(IMPORT_COLUMNS)
        .bind(tx.vendor())
        .bind(new.id)
        .bind(new.format)
        .bind(new.language)
        .bind(new.source)
        .bind(new.url)
        .bind(new.file_name)
        .bind(new.file_bytes)
        .bind(new.created_by),
    )
    .await
}

/// A run.
pub async fn get(tx: &Tx, id: ImportJobId) -> Result<Option<ImportJobRow>, DbError> {
    tx.optional(one(id, tx, "")).await
}

/// A run, locked for a change.
pub async fn lock(tx: &Tx, id: ImportJobId) -> Result<Option<ImportJobRow>, DbError> {
    tx.optional(one(id, tx, " FOR NO KEY UPDATE")).await
}

fn one<'q>(id: ImportJobId, tx: &Tx, suffix: &str) -> Sql<'q> {
    sql("SELECT ")
        .push(IMPORT_COLUMNS)
        .push(" FROM import_jobs WHERE vendor_id = $1 AND id = $2")
        .push(suffix)
        .bind(tx.vendor())
        .bind(id)
}

/// What a slice needs to know of its run, locked where the slice is about to write.
pub async fn state(tx: &Tx, id: ImportJobId, lock: bool) -> Result<Option<ImportState>, DbError> {
    tx.optional(
        sql("SELECT status, format, language, source, url, plan, checkpoint, failed, issues_kept
             FROM import_jobs WHERE vendor_id = $1 AND id = $2")
        .push(if lock { " FOR NO KEY UPDATE" } else { "" })
        .bind(tx.vendor())
        .bind(id),
    )
    .await
}

/// Turns a waiting run into a running one; 0 when it is not waiting any more.
pub async fn start(tx: &Tx, id: ImportJobId) -> Result<usize, DbError> {
    tx.execute(
        sql("UPDATE import_jobs SET status = 'RUNNING', started_at = now(), progress = 0, version = version + 1
             WHERE vendor_id = $1 AND id = $2 AND status = 'PENDING'")
        .bind(tx.vendor())
        .bind(id),
    )
    .await
}

/// Keeps how the file is to be read, and makes sure that its source exists.
pub async fn opened(
    tx: &Tx,
    id: ImportJobId,
    format: FeedFormat,
    plan: Value,
    checkpoint: Value,
    missing_columns: Vec<&'static str>,
    file_bytes: Option<i64>,
) -> Result<(), DbError> {
    tx.execute(
        sql("WITH opened AS (
                 UPDATE import_jobs SET format = $3, plan = $4, checkpoint = $5, file_bytes = coalesce($6, file_bytes),
                     missing_columns = $7, version = version + 1
                 WHERE vendor_id = $1 AND id = $2 RETURNING source)
             INSERT INTO import_sources (vendor_id, format, code) SELECT $1, $3, source FROM opened
             ON CONFLICT DO NOTHING")
        .bind(tx.vendor())
        .bind(id)
        .bind(format)
        .bind(plan)
        .bind(checkpoint)
        .bind(file_bytes)
        .bind(Array(missing_columns)),
    )
    .await
    .map(|_| ())
}

/// What a slice did.
#[derive(Debug, Default, Clone, Copy)]
pub struct SliceCounts {
    pub read: i32,
    pub created: i32,
    pub updated: i32,
    pub unchanged: i32,
    pub failed: i32,
    pub warnings: i32,
    pub issues_kept: i32,
}

/// Moves the checkpoint, in the transaction of the slice's rows.
pub async fn advance(
    tx: &Tx,
    id: ImportJobId,
    counts: &SliceCounts,
    checkpoint: Value,
    progress: f64,
) -> Result<(), DbError> {
    tx.execute(
        sql("UPDATE import_jobs SET rows_read = rows_read + $3, created = created + $4, updated = updated + $5,
                 unchanged = unchanged + $6, failed = failed + $7, warnings = warnings + $8,
                 issues_kept = issues_kept + $9, checkpoint = $10, progress = $11, slices = slices + 1,
                 version = version + 1
             WHERE vendor_id = $1 AND id = $2")
        .bind(tx.vendor())
        .bind(id)
        .bind(counts.read)
        .bind(counts.created)
        .bind(counts.updated)
        .bind(counts.unchanged)
        .bind(counts.failed)
        .bind(counts.warnings)
        .bind(counts.issues_kept)
        .bind(checkpoint)
        .bind(progress),
    )
    .await
    .map(|_| ())
}

/// Ends a run that has not ended; its plan and checkpoint are of no use any more. 0 when it has.
pub async fn finish(
    tx: &Tx,
    id: ImportJobId,
    status: ImportStatus,
    failure: Option<(&str, &str)>,
) -> Result<usize, DbError> {
    let complete = matches!(status, ImportStatus::Succeeded | ImportStatus::SucceededWithErrors);
    tx.execute(
        sql("UPDATE import_jobs SET status = $3, failure_code = $4, failure_message = left($5, 1000),
                 finished_at = now(), progress = CASE WHEN $6 THEN 1 ELSE progress END, plan = NULL,
                 checkpoint = NULL, version = version + 1
             WHERE vendor_id = $1 AND id = $2 AND status IN ('PENDING', 'RUNNING')")
        .bind(tx.vendor())
        .bind(id)
        .bind(status)
        .bind(failure.map(|(code, _)| code))
        .bind(failure.map(|(_, message)| message))
        .bind(complete),
    )
    .await
}

/// Names the job that brings the products up to date as the run's last step.
pub async fn hand_over(tx: &Tx, id: ImportJobId, publish: PublishJobId) -> Result<(), DbError> {
    tx.execute(
        sql("UPDATE import_jobs SET publish_job_id = $3, version = version + 1 WHERE vendor_id = $1 AND id = $2")
            .bind(tx.vendor())
            .bind(id)
            .bind(publish),
    )
    .await
    .map(|_| ())
}

/// A complaint about a row, to be kept.
pub struct NewIssue {
    pub row: i64,
    pub ordinal: i32,
    pub column: Option<String>,
    pub value: Option<String>,
    pub severity: Severity,
    pub code: &'static str,
    pub message: String,
}

/// Keeps complaints. One statement, whatever their number.
pub async fn add_issues(tx: &Tx, id: ImportJobId, issues: Vec<NewIssue>) -> Result<(), DbError> {
    if issues.is_empty() {
        return Ok(());
    }
    let (mut columns, mut values, mut messages) = (Vec::new(), Vec::new(), Vec::new());
    let (mut rows, mut ordinals, mut severities, mut codes) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for issue in issues {
        rows.push(issue.row);
        ordinals.push(issue.ordinal);
        columns.push(issue.column);
        values.push(issue.value);
        severities.push(issue.severity.as_str());
        codes.push(issue.code);
        messages.push(issue.message);
    }
    tx.execute(
        sql("INSERT INTO import_row_errors (vendor_id, import_job_id, row_number, ordinal, column_name, value, severity, code, message)
             SELECT $1, $2, * FROM unnest($3, $4, $5, $6, $7, $8, $9)")
        .bind(tx.vendor())
        .bind(id)
        .bind(Array(rows))
        .bind(Array(ordinals))
        .bind(Array(columns))
        .bind(Array(values))
        .bind(Array(severities))
        .bind(Array(codes))
        .bind(Array(messages)),
    )
    .await
    .map(|_| ())
}

/// Slices of the vendor's runs of the last ten minutes: the more, the later its next one runs.
pub async fn recent_slices(tx: &Tx) -> Result<i64, DbError> {
    tx.one::<(i64,)>(
        sql("SELECT coalesce(sum(slices), 0)::bigint FROM (
                 SELECT slices FROM import_jobs WHERE vendor_id = $1 AND created_at > now() - interval '10 minutes'
                 UNION ALL
                 SELECT slices FROM publish_jobs WHERE vendor_id = $1 AND created_at > now() - interval '10 minutes'
             ) recent")
        .bind(tx.vendor()),
    )
    .await
    .map(|(slices,)| slices)
}

/// Whether the run has changed staged rows that are published already.
pub async fn changed_published(tx: &Tx, id: ImportJobId) -> Result<bool, DbError> {
    tx.one::<(bool,)>(
        sql("SELECT EXISTS (SELECT 1 FROM marketplace_products p
                 JOIN import_jobs j ON j.vendor_id = p.vendor_id AND j.id = $2
                 JOIN import_job_rows r ON r.vendor_id = p.vendor_id AND r.import_job_id = $2 AND r.external_id = p.external_id
                 WHERE p.vendor_id = $1 AND p.format = j.format AND p.source = j.source
                   AND p.product_id IS NOT NULL AND p.last_import_job_id = $2)")
        .bind(tx.vendor())
        .bind(id),
    )
    .await
    .map(|(any,)| any)
}

/// The tax rates of a country today: class and basis points, highest rate first. Reference data of the platform.
pub async fn tax_rates(tx: &Tx, country: &str) -> Result<Vec<(String, i32)>, DbError> {
    tx.load(
        sql("SELECT DISTINCT ON (tax_class) tax_class, rate_bp FROM tax_rates
             WHERE country_code = $1 AND valid_from <= current_date AND (valid_to IS NULL OR valid_to >= current_date)
             ORDER BY tax_class, valid_from DESC")
        .bind(country),
    )
    .await
}
