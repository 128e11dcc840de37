//! An import, slice by slice: the first opens the file, the others stage rows, each in one transaction with its
//! checkpoint.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::files::ImportFiles;
use super::import::MAX_FEED_BYTES;
use super::settings::{Settings, vendor_of};
use super::{IMPORT_JOB, PUBLISH_JOB, SliceOf, enqueue_slice, import_updated, publish_updated};
use crate::app::App;
use crate::framework::audit::{self, Entry};
use crate::framework::clock::new_uuid;
use crate::framework::context::Grant;
use crate::framework::db::{DbError, Tx};
use crate::framework::error::ErrorCode;
use crate::framework::fetch::{FetchError, FetchPolicy, fetch_to_file};
use crate::framework::id::{ImportJobId, ImportJobKind, PublishJobId};
use crate::framework::jobs::JobError;
use crate::framework::outbox;
use crate::modules::catalog::model::ProductStatus;
use crate::modules::marketplace::feed::{
    self, FeedError, FeedLimits, FeedOptions, FeedPlan, FeedPosition, FeedReader, FeedRow, IssueCode,
    RowIssue, StagedRow,
};
use crate::modules::marketplace::model::{FeedFormat, ImportState, ImportStatus, Severity};
use crate::modules::marketplace::store::jobs::{NewIssue, SliceCounts};
use crate::modules::marketplace::store::publish::NewPublish;
use crate::modules::marketplace::store::read::StagedFilter;
use crate::modules::marketplace::store::staging::{self, Target};
use crate::modules::marketplace::store::{jobs, publish};

/// Rows of a slice, and about how many bytes of them: a slice of hostile rows must not take all memory.
const SLICE_ROWS: usize = 2_000;
const SLICE_BYTES: usize = 16 << 20;

/// Complaints kept of a run. Warnings stop at half, so that they cannot crowd out the errors.
const MAX_ISSUES: i32 = 10_000;
const MAX_WARNINGS: i32 = 5_000;

/// Where a run stands: committed together with the rows before it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Checkpoint {
    position: FeedPosition,
    /// Every row is staged; published products are being brought up to date.
    staged: bool,
}

/// Why a step does not get on.
enum Stop {
    /// The run fails for good.
    Refused(ErrorCode, String),
    /// Worth another try.
    Retry(JobError),
    /// Lost against another transaction: worth another try at once.
    Conflict,
}
impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Conflict => Self::Conflict,
            other => Self::Retry(other.into()),
        }
    }
}

/// Runs one slice.
pub fn handle(app: App, payload: Value) -> BoxFuture<'static, Result<(), JobError>> {
    Box::pin(async move {
        let slice: SliceOf<ImportJobKind> =
            serde_json::from_value(payload).map_err(|error| JobError(error.to_string()))?;
        let run = Run {
            grant: Grant::for_job(slice.vendor, IMPORT_JOB, app.clock.now()),
            files: ImportFiles::of(&app, slice.vendor, slice.job),
            job: slice.job,
            app,
        };
        for _ in 0..3 {
            match run.step().await {
                Ok(()) => return Ok(()),
                Err(Stop::Refused(code, message)) => return run.fail(code, &message).await,
                Err(Stop::Retry(error)) => return Err(error),
                Err(Stop::Conflict) => run.app.db.count_conflict(),
            }
        }
        Err(DbError::Conflict.into())
    })
}

struct Run {
    app: App,
    grant: Grant,
    job: ImportJobId,
    files: ImportFiles,
}

impl Run {
    async fn step(&self) -> Result<(), Stop> {
        let vendor = vendor_of(&self.app, &self.grant).await.map_err(|error| Stop::Retry(error.into()))?;
        let tx = self.app.db.write(&self.grant).await?;
        let state = jobs::state(&tx, self.job, false).await?;
        let settings = Settings::of(&tx, &vendor).await?;
        tx.rollback().await?;
        let Some(state) = state.filter(|state| state.status.is_open()) else {
            self.files.remove().await;
            return Ok(());
        };
        match &state.plan {
            None => self.open(&state).await,
            Some(plan) => {
                let plan: FeedPlan = decode(plan.clone())?;
                self.slice(&state, plan, &settings).await
            }
        }
    }

    /// The first slice: obtains the file and finds out how to read it. Nothing but the run itself changes.
    async fn open(&self, state: &ImportState) -> Result<(), Stop> {
        if state.status == ImportStatus::Pending {
            let tx = self.app.db.write(&self.grant).await?;
            jobs::start(&tx, self.job).await?;
            outbox::publish(&tx, &[import_updated(self.job)]).await?;
            tx.commit().await?;
        }
        if let Some(url) = &state.url {
            self.fetch(url).await?;
        }
        let (feed, copy) = (self.files.feed(), self.files.copy());
        let announced = state.format.map(Into::into);
        let limits = FeedLimits { max_bytes: MAX_FEED_BYTES };
        let plan =
            blocking(move || feed::prepare(&feed, &copy, announced, &limits)).await?.map_err(refusal)?;
        let format = FeedFormat::from(plan.format());
        let bytes =
            tokio::fs::metadata(self.files.feed()).await.ok().and_then(|meta| i64::try_from(meta.len()).ok());
        let checkpoint = encode(&Checkpoint { position: plan.start(), staged: false })?;

        let tx = self.app.db.write(&self.grant).await?;
        let now = jobs::state(&tx, self.job, true).await?;
        if now.is_none_or(|now| !now.status.is_open() || now.plan.is_some()) {
            return Ok(tx.rollback().await?);
        }
        let missing = plan.missing_columns();
        jobs::opened(&tx, self.job, format, encode(&plan)?, checkpoint, missing, bytes).await?;
        outbox::publish(&tx, &[import_updated(self.job)]).await?;
        enqueue_slice(&tx, IMPORT_JOB, self.job).await?;
        Ok(tx.commit().await?)
    }

    async fn fetch(&self, url: &str) -> Result<(), Stop> {
        let refused = |code: ErrorCode, message: String| Stop::Refused(code, message);
        let url = url::Url::parse(url)
            .map_err(|_| refused(ErrorCode::UrlNotAllowed, "the URL cannot be read".to_owned()))?;
        self.files.make_room().await.map_err(retry)?;
        let policy = FetchPolicy {
            allow: self.app.config.fetch_allow.clone(),
            max_bytes: MAX_FEED_BYTES,
            timeout: Duration::from_secs(120),
            connect_timeout: Duration::from_secs(10),
            max_redirects: 5,
        };
        match fetch_to_file(&url, &policy, &self.files.feed()).await {
            Ok(_) => Ok(()),
            Err(FetchError::Storage(error)) => Err(retry(error)),
            Err(error) => {
                let code = ErrorCode::from_name(error.code()).unwrap_or(ErrorCode::FetchFailed);
                Err(refused(code, error.to_string()))
            }
        }
    }

    /// A further slice: stages rows from the checkpoint on.
    async fn slice(&self, state: &ImportState, plan: FeedPlan, settings: &Settings) -> Result<(), Stop> {
        let before: Checkpoint = decode(state.checkpoint.clone().unwrap_or_default())?;
        if before.staged {
            return Ok(());
        }
        let options = settings.feed_options().ok_or_else(|| retry("the vendor's currency is unknown"))?;
        let (feed, copy) = (self.files.feed(), self.files.copy());
        let read_plan = plan.clone();
        let read = blocking(move || read_slice(feed, copy, &read_plan, before.position, options));
        let read = read.await?.map_err(refusal)?;
        let progress = plan.progress(&read.position);

        let tx = self.app.db.write(&self.grant).await?;
        let now = jobs::state(&tx, self.job, true).await?;
        let Some(now) = now.filter(|now| now.status.is_open() && now.checkpoint == state.checkpoint) else {
            // Cancelled, or another worker has done this slice.
            return Ok(tx.rollback().await?);
        };
        staging::prefer_indexes(&tx).await?;
        let counts = self.stage(&tx, &now, plan.format().into(), settings, read.rows).await?;
        let checkpoint = encode(&Checkpoint { position: read.position, staged: read.end })?;
        jobs::advance(&tx, self.job, &counts, checkpoint, progress).await?;
        if !read.end {
            outbox::publish(&tx, &[import_updated(self.job)]).await?;
            enqueue_slice(&tx, IMPORT_JOB, self.job).await?;
            return Ok(tx.commit().await?);
        }
        if jobs::changed_published(&tx, self.job).await? {
            self.hand_over(&tx).await?;
        } else {
            finish(&tx, &self.grant, self.job, now.failed + counts.failed).await?;
        }
        tx.commit().await?;
        self.files.remove().await;
        Ok(())
    }

    async fn stage(
        &self,
        tx: &Tx,
        state: &ImportState,
        format: FeedFormat,
        settings: &Settings,
        rows: Vec<FeedRow>,
    ) -> Result<SliceCounts, DbError> {
        let mut counts = SliceCounts { read: count(rows.len()), ..SliceCounts::default() };
        let mut issues: Vec<RowIssue> = Vec::new();
        let mut good: Vec<(i64, StagedRow)> = Vec::new();
        for row in rows {
            issues.extend(row.issues);
            if let Some(staged) = row.staged {
                good.push((i64::try_from(row.number).unwrap_or(i64::MAX), staged));
            }
        }
        let ids: Vec<&str> = good.iter().map(|(_, row)| row.external_id.as_str()).collect();
        let numbers: Vec<i64> = good.iter().map(|(number, _)| *number).collect();
        let twice = staging::claim_ids(tx, self.job, &ids, &numbers).await?;
        for (at, first) in twice.iter().rev() {
            let (number, row) = good.remove(*at);
            let (number, first) = (u64::try_from(number).unwrap_or(0), u64::try_from(*first).unwrap_or(0));
            issues.push(RowIssue::duplicate_id(number, &row.external_id, first));
        }
        let target = Target {
            job: self.job,
            format,
            source: &state.source,
            language: &state.language,
            default_language: &settings.default_language,
        };
        let staged = staging::stage(tx, &target, &good).await?;
        counts.created = staged.created;
        counts.updated = staged.updated;
        counts.unchanged = count(good.len()) - staged.created - staged.updated;
        counts.failed = counts.read - count(good.len());
        counts.warnings =
            count(issues.iter().filter(|issue| issue.severity == feed::Severity::Warning).count());
        let kept = kept(issues, state.issues_kept);
        counts.issues_kept = count(kept.len());
        jobs::add_issues(tx, self.job, kept).await?;
        staging::refresh_statistics(tx).await?;
        Ok(counts)
    }

    /// The last step where published products have changed: a publish run brings them up to date, and ends the import.
    async fn hand_over(&self, tx: &Tx) -> Result<(), DbError> {
        let id = PublishJobId::from_uuid(new_uuid());
        let new = NewPublish {
            id,
            selector: StagedFilter { changed_by: Some(self.job), ..StagedFilter::default() },
            initial_quantity: None,
            markup_bp: None,
            status: ProductStatus::Active,
            created_by: None,
            import: Some(self.job),
        };
        publish::insert(tx, &new).await?;
        jobs::hand_over(tx, self.job, id).await?;
        outbox::publish(tx, &[import_updated(self.job), publish_updated(id)]).await?;
        enqueue_slice(tx, PUBLISH_JOB, id).await
    }

    async fn fail(&self, code: ErrorCode, message: &str) -> Result<(), JobError> {
        let tx = self.app.db.write(&self.grant).await?;
        if jobs::finish(&tx, self.job, ImportStatus::Failed, Some((code.name(), message))).await? > 0 {
            let after = serde_json::json!({ "code": code.name() });
            let entry = Entry {
                action: "import.fail",
                entity_type: "ImportJob",
                entity_id: Some(self.job.uuid()),
                before: None,
                after: Some(&after),
            };
            audit::record_with_events(&tx, self.grant.who(), entry, &[import_updated(self.job)]).await?;
        }
        tx.commit().await?;
        self.files.remove().await;
        Ok(())
    }
}

/// Ends a run that went through all of its rows.
pub(super) async fn finish(tx: &Tx, grant: &Grant, job: ImportJobId, failed: i32) -> Result<(), DbError> {
    if jobs::finish(tx, job, ImportStatus::ended(failed), None).await? == 0 {
        return Ok(());
    }
    let after = serde_json::json!({ "failed": failed });
    let entry = Entry {
        action: "import.finish",
        entity_type: "ImportJob",
        entity_id: Some(job.uuid()),
        before: None,
        after: Some(&after),
    };
    audit::record_with_events(tx, grant.who(), entry, &[import_updated(job)]).await
}

struct SliceRead {
    rows: Vec<FeedRow>,
    position: FeedPosition,
    end: bool,
}

fn read_slice(
    feed: PathBuf,
    copy: PathBuf,
    plan: &FeedPlan,
    at: FeedPosition,
    options: FeedOptions,
) -> Result<SliceRead, FeedError> {
    if plan.uses_copy() && !copy.exists() {
        plan.copy_again(&feed, &copy)?;
    }
    let path = if plan.uses_copy() { &copy } else { &feed };
    let mut reader = FeedReader::open(path, plan, at, options)?;
    let (mut rows, mut bytes, mut end) = (Vec::new(), 0, false);
    while rows.len() < SLICE_ROWS && bytes < SLICE_BYTES {
        match reader.next() {
            Some(row) => {
                let row = row?;
                bytes += weight(&row);
                rows.push(row);
            }
            None => {
                end = true;
                break;
            }
        }
    }
    Ok(SliceRead { rows, position: reader.position(), end })
}

/// About how many bytes a row takes in memory.
fn weight(row: &FeedRow) -> usize {
    let texts = row.staged.as_ref().map_or(0, |staged| {
        let extra: usize = staged.extra.iter().map(|(name, value)| name.len() + value.len()).sum();
        let images: usize = staged.additional_image_links.iter().map(String::len).sum();
        staged.title.len() + staged.description.as_ref().map_or(0, String::len) + extra + images
    });
    texts + 1_000 + 300 * row.issues.len()
}

/// The complaints that are kept, of those there is room for, errors before warnings where there is not for all.
fn kept(mut issues: Vec<RowIssue>, already: i32) -> Vec<NewIssue> {
    issues.sort_by_key(|issue| issue.row);
    let room = usize::try_from(MAX_ISSUES - already).unwrap_or(0);
    let mut warnings = usize::try_from(MAX_WARNINGS - already).unwrap_or(0);
    let mut kept: Vec<NewIssue> = Vec::new();
    for issue in issues {
        if kept.len() >= room {
            break;
        }
        let severity = match issue.severity {
            feed::Severity::Error => Severity::Error,
            feed::Severity::Warning if warnings == 0 => continue,
            feed::Severity::Warning => Severity::Warning,
        };
        warnings = warnings.saturating_sub(1);
        let row = i64::try_from(issue.row).unwrap_or(i64::MAX);
        let ordinal = kept.last().filter(|last| last.row == row).map_or(0, |last| last.ordinal + 1);
        let code = issue_code(issue.code).name();
        kept.push(NewIssue {
            row,
            ordinal,
            column: issue.column,
            value: issue.value,
            severity,
            code,
            message: issue.message,
        });
    }
    kept
}

fn issue_code(code: IssueCode) -> ErrorCode {
    match code {
        IssueCode::Required => ErrorCode::Required,
        IssueCode::InvalidPrice => ErrorCode::InvalidPrice,
        IssueCode::CurrencyMismatch => ErrorCode::CurrencyMismatch,
        IssueCode::InvalidGtin => ErrorCode::InvalidGtin,
        IssueCode::UnknownTaxRate => ErrorCode::UnknownTaxRate,
        IssueCode::UnknownAvailability => ErrorCode::UnknownAvailability,
        IssueCode::UnknownValue => ErrorCode::InvalidValue,
        IssueCode::TooLong => ErrorCode::TooLong,
        IssueCode::InvalidUrl => ErrorCode::InvalidUrl,
        IssueCode::ColumnCount => ErrorCode::ColumnCount,
        IssueCode::UnclosedQuote => ErrorCode::UnclosedQuote,
        IssueCode::DuplicateId => ErrorCode::DuplicateId,
        IssueCode::InvalidDate => ErrorCode::InvalidDate,
        IssueCode::InvalidNumber => ErrorCode::InvalidNumber,
        IssueCode::Encoding => ErrorCode::Encoding,
    }
}

/// What a file's refusal means for its run.
fn refusal(error: FeedError) -> Stop {
    let code = match &error {
        FeedError::Io(cause) if cause.kind() == io::ErrorKind::NotFound => {
            return Stop::Refused(ErrorCode::FeedInvalid, "the file is not here any more".to_owned());
        }
        FeedError::Io(_) => return Stop::Retry(JobError(error.to_string())),
        FeedError::TooLarge { .. } => ErrorCode::FeedTooLarge,
        FeedError::FormatNotSupported(_) => ErrorCode::FeedFormatNotSupported,
        FeedError::Empty
        | FeedError::NotAFeed(_)
        | FeedError::MissingColumn(_)
        | FeedError::FormatMismatch { .. }
        | FeedError::TooManyColumns(_)
        | FeedError::Changed => ErrorCode::FeedInvalid,
    };
    Stop::Refused(code, error.to_string())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Stop> {
    tokio::task::spawn_blocking(work).await.map_err(retry)
}

fn retry(error: impl std::fmt::Display) -> Stop {
    Stop::Retry(JobError(error.to_string()))
}

fn encode<T: Serialize>(value: &T) -> Result<Value, Stop> {
    serde_json::to_value(value).map_err(retry)
}

fn decode<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, Stop> {
    serde_json::from_value(value).map_err(retry)
}

fn count(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}
