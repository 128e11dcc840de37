//! Import jobs and what they complain of.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::{extended, load_publish_job};
use crate::framework::context::ContextExt as _;
use crate::framework::error::{ErrorCode, Refusal};
use crate::framework::id::PublishJobId;
use crate::framework::paging::{KeyValue, Page, SortColumns};
use crate::graphql::connection::{Connection, Counter, page_args};
use crate::graphql::scalars::{DateTime, LanguageCode};
use crate::graphql::types::UserError;
use crate::modules::marketplace::model::{FeedFormat, ImportJobRow, ImportStatus, RowErrorRow, Severity};
use crate::modules::marketplace::service::read;

/// A run of a feed import. It works in slices; after each its counts have moved on, and `importJobUpdated` says so.
#[derive(Clone)]
pub struct ImportJob(pub Arc<ImportJobRow>);

/// A run of a feed import. It works in slices; after each its counts have moved on, and `importJobUpdated` says so.
#[Object]
impl ImportJob {
    /// Its id, `imp_…`.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }
    /// Where it stands. It ends only when published products are up to date, too.
    async fn status(&self) -> ImportStatus {
        self.0.status
    }
    /// The kind of feed: as announced, else as recognised; null before the file was opened.
    async fn format(&self) -> Option<FeedFormat> {
        self.0.format
    }
    /// The language of the file's texts.
    async fn language(&self) -> Option<LanguageCode> {
        self.0.language.parse().ok()
    }
    /// The source whose rows it stages; the language files of one source share rows.
    async fn source(&self) -> &str {
        &self.0.source
    }
    /// The name of the uploaded file; null for an import from an address.
    async fn file_name(&self) -> Option<&str> {
        self.0.file_name.as_deref()
    }
    /// Rows read so far, the bad ones included.
    async fn rows_read(&self) -> i32 {
        self.0.rows_read
    }
    /// Rows that were staged for the first time.
    async fn created(&self) -> i32 {
        self.0.created
    }
    /// Rows that changed what was staged before.
    async fn updated(&self) -> i32 {
        self.0.updated
    }
    /// Rows that are as they were staged before.
    async fn unchanged(&self) -> i32 {
        self.0.unchanged
    }
    /// Rows that were refused; `errors` says why.
    async fn failed(&self) -> i32 {
        self.0.failed
    }
    /// Complaints about rows that were staged nevertheless.
    async fn warnings(&self) -> i32 {
        self.0.warnings
    }
    /// The share of the file that was read, 0 to 1; null before it began.
    async fn progress(&self) -> Option<f64> {
        self.0.progress
    }
    /// Columns that Google requires of a feed and that this file lacks. Without `price` every row is an error; the others
    /// only leave their fields empty.
    async fn missing_columns(&self) -> &[String] {
        &self.0.missing_columns.0
    }
    /// Why it failed as a whole; null unless its status is `FAILED`.
    async fn failure(&self) -> Option<UserError> {
        let name = self.0.failure_code.as_deref()?;
        let code = ErrorCode::from_name(name).unwrap_or(ErrorCode::Internal);
        Some(UserError(Refusal::new(code, self.0.failure_message.clone().unwrap_or_default())))
    }
    /// What is wrong with rows, in the order of the file. Of a run 10,000 are kept at most, warnings up to 5,000; the
    /// counts are exact in any case.
    #[allow(clippy::too_many_arguments)]
    async fn errors(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 0 to 100; 20 without.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "Only errors, or only warnings; both without.")] severity: Option<Severity>,
    ) -> Result<Connection<ImportRowError>> {
        const SORT: SortColumns =
            SortColumns { columns: &[("row_number", 'i'), ("ordinal", 'i')], descending: false };
        let severity = severity.map(Severity::as_str);
        let job = self.0.id;
        let args = page_args(first, after, last, before);
        let page = extended(
            ctx,
            Page::new(&args, SORT, &ctx.ctx().list_shape(&format!("errors|{job}|{severity:?}"))),
        )?;
        let reads = extended(ctx, ctx.ctx().reads())?;
        let tx = extended(ctx, reads.tx().await)?;
        let rows = extended(ctx, read::row_errors(tx, job, severity, &page).await)?;
        let snapshot = reads.snapshot();
        let counter: Counter = Arc::new(move || {
            let snapshot = snapshot.clone();
            Box::pin(async move { Ok(read::count_row_errors(snapshot.tx().await?, job, severity).await?) })
        });
        let slice = page.slice(rows, |row| vec![KeyValue::Int(row.row_number), KeyValue::Int(row.ordinal)]);
        Ok(Connection::new(slice, Some(counter), ImportRowError))
    }
    /// The job that brought published products up to date as this import's last step; null where there was none.
    async fn publish_job(&self, ctx: &Context<'_>) -> Result<Option<super::PublishJob>> {
        match self.0.publish_job_id.map(PublishJobId::from_uuid) {
            Some(id) => load_publish_job(ctx, id).await,
            None => Ok(None),
        }
    }
    /// When it was started by a request.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }
    /// When its first slice began.
    async fn started_at(&self) -> Option<DateTime> {
        self.0.started_at.map(Into::into)
    }
    /// When it ended.
    async fn finished_at(&self) -> Option<DateTime> {
        self.0.finished_at.map(Into::into)
    }
    /// Moves on with every change.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

/// A complaint about a row of a feed.
pub struct ImportRowError(RowErrorRow);

/// A complaint about a row of a feed.
#[Object]
impl ImportRowError {
    /// The number of the data row: 1 is the first after the header; blank lines are not counted.
    async fn row(&self) -> i32 {
        i32::try_from(self.0.row_number).unwrap_or(i32::MAX)
    }
    /// The column by its standard name (`price`), whatever the header calls it; null when it is about the whole row.
    async fn column(&self) -> Option<&str> {
        self.0.column_name.as_deref()
    }
    /// The offending value, 200 characters of it at most.
    async fn value(&self) -> Option<&str> {
        self.0.value.as_deref()
    }
    /// Whether it kept the row out.
    async fn severity(&self) -> Severity {
        self.0.severity
    }
    /// The stable code.
    async fn code(&self) -> ErrorCode {
        ErrorCode::from_name(&self.0.code).unwrap_or(ErrorCode::InvalidValue)
    }
    /// For people, in English.
    async fn message(&self) -> &str {
        &self.0.message
    }
}
