//! Starting, cancelling and repeating imports.

use async_graphql::Value;
use sha2::{Digest as _, Sha256};

use super::files::ImportFiles;
use super::{IMPORT_JOB, enqueue_slice, import_updated, publish_updated};
use crate::framework::audit::{self, Entry};
use crate::framework::clock::new_uuid;
use crate::framework::context::Ctx;
use crate::framework::db::Tx;
use crate::framework::error::{ApiError, ErrorCode, Outcome, Refusal, RefusalDetails, Refusals};
use crate::framework::id::{ImportJobId, PublishJobId};
use crate::framework::idempotency::{self, Claim};
use crate::framework::outbox::Event;
use crate::framework::permission::Permission;
use crate::framework::spool::SpooledFile;
use crate::modules::marketplace::model::{FeedFormat, ImportJobRow, ImportStatus};
use crate::modules::marketplace::store::{self, jobs::NewImport};

/// The largest feed, in bytes.
pub const MAX_FEED_BYTES: u64 = 256 << 20;

/// The longest code of a source.
const MAX_SOURCE: usize = 50;

/// What to import.
pub struct StartImport {
    /// Exactly one of address and file.
    pub url: Option<String>,
    pub file: Option<SpooledFile>,
    pub format: Option<FeedFormat>,
    /// Of the file's texts; the vendor's default when absent.
    pub language: Option<String>,
    pub source: String,
    pub idempotency_key: Option<String>,
}

/// Creates a run that waits for its first slice. `input` is what the idempotency key stands for.
///
/// Refuses: `EXACTLY_ONE` of address and file, `INVALID_VALUE` for the source's code, `FEED_TOO_LARGE`.
pub async fn start(ctx: &Ctx, start: StartImport, mut input: Value) -> Outcome<ImportJobRow> {
    let grant = ctx.require(Permission::ImportsRun)?;
    let vendor = ctx.vendor()?.clone();
    check(&start)?;
    if let (Some(file), Some(_), Value::Object(fields)) = (&start.file, &start.idempotency_key, &mut input) {
        // The scalar of an upload prints as null: without its content another file would pass for the same request.
        fields.insert(async_graphql::Name::new("file"), Value::from(digest(file).await?));
    }
    let id = ImportJobId::from_uuid(new_uuid());
    let tx = ctx.begin(&grant).await?;
    let scope = idempotency::scope(ctx, "");
    let claim =
        idempotency::claim(&tx, scope, "importStart", start.idempotency_key.as_deref(), &input, 7).await?;
    if let Claim::Replay(done) = claim {
        return replay(ctx, tx, ImportJobId::from_uuid(done)).await;
    }
    let language = start.language.unwrap_or_else(|| vendor.default_language.clone());
    let file_name = start.file.as_ref().map(|file| file.file_name().to_owned());
    let new = NewImport {
        id,
        format: start.format,
        language: &language,
        source: &start.source,
        url: start.url.as_deref(),
        file_name: file_name.as_deref(),
        file_bytes: start.file.as_ref().and_then(|file| i64::try_from(file.bytes()).ok()),
        created_by: grant.who().id,
    };
    let row = store::jobs::insert(&tx, &new).await?;
    let after =
        serde_json::json!({ "source": row.source, "language": row.language, "upload": start.file.is_some() });
    record(&tx, grant.who(), "import.start", &row, Some(&after), &[import_updated(id)]).await?;
    enqueue_slice(&tx, IMPORT_JOB, id).await?;
    claim.finish(&tx, id.uuid()).await?;
    let files = ImportFiles::of(ctx.app(), vendor.id, id);
    if let Some(file) = start.file
        && let Err(error) = files.keep(file).await
    {
        tracing::error!(%error, "an upload could not be kept");
        files.remove().await;
        return Err(ApiError::new(ErrorCode::Unavailable, "The file could not be kept; try again.").into());
    }
    if let Err(error) = tx.commit().await {
        files.remove().await;
        return Err(error.into());
    }
    Ok(row)
}

fn check(start: &StartImport) -> Outcome<()> {
    let mut refusals = Refusals::default();
    if start.url.is_some() == start.file.is_some() {
        let message = "Give exactly one of url and file.";
        refusals.push(Refusal::new(ErrorCode::ExactlyOne, message).at(["input", "url"]));
    }
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if start.source.is_empty() || start.source.len() > MAX_SOURCE || !start.source.chars().all(word) {
        let message = "A source is named by 1 to 50 letters, digits, dots, dashes and underscores.";
        refusals.push(Refusal::new(ErrorCode::InvalidValue, message).at(["input", "source"]));
    }
    if start.file.as_ref().is_some_and(|file| file.bytes() > MAX_FEED_BYTES) {
        let message = format!("A feed has at most {MAX_FEED_BYTES} bytes.");
        refusals.push(Refusal::new(ErrorCode::FeedTooLarge, message).at(["input", "file"]));
    }
    refusals.check()
}

async fn digest(file: &SpooledFile) -> Result<String, ApiError> {
    let path = file.path().to_owned();
    let unreadable = |error: String| {
        tracing::error!(error, "an upload could not be read");
        ApiError::new(ErrorCode::Unavailable, "The file could not be read; try again.")
    };
    let hash = tokio::task::spawn_blocking(move || -> std::io::Result<String> {
        let mut hasher = Sha256::new();
        let mut file = std::fs::File::open(path)?;
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = std::io::Read::read(&mut file, &mut buffer)?;
            if read == 0 {
                return Ok(hex::encode(hasher.finalize()));
            }
            hasher.update(&buffer[..read]);
        }
    });
    hash.await.map_err(|error| unreadable(error.to_string()))?.map_err(|error| unreadable(error.to_string()))
}

async fn replay(ctx: &Ctx, tx: Tx, id: ImportJobId) -> Outcome<ImportJobRow> {
    let row = store::jobs::get(&tx, id).await?.ok_or_else(not_found)?;
    tx.rollback().await?;
    ctx.mark_replayed();
    Ok(row)
}

/// Ends a run that has not ended; what it staged stays. Refuses `IMPORT_JOB_NOT_FOUND`, `IMPORT_NOT_CANCELLABLE`.
pub async fn cancel(ctx: &Ctx, id: ImportJobId) -> Outcome<ImportJobRow> {
    let grant = ctx.require(Permission::ImportsRun)?;
    let tx = ctx.begin(&grant).await?;
    let row = store::jobs::lock(&tx, id).await?.ok_or_else(not_found)?;
    if !row.status.is_open() {
        let status = row.status.as_str().to_owned();
        let refusal =
            Refusal::new(ErrorCode::ImportNotCancellable, "The import has ended.").at(["input", "id"]);
        return Err(refusal.with(RefusalDetails::InvalidStatus { status, allowed: Vec::new() }).into());
    }
    store::jobs::finish(&tx, id, ImportStatus::Cancelled, None).await?;
    let mut events = vec![import_updated(id)];
    if let Some(publish) = row.publish_job_id.map(PublishJobId::from_uuid)
        && store::publish::finish(&tx, publish, ImportStatus::Cancelled).await? > 0
    {
        events.push(publish_updated(publish));
    }
    record(&tx, grant.who(), "import.cancel", &row, None, &events).await?;
    let row = store::jobs::get(&tx, id).await?.ok_or_else(not_found)?;
    tx.commit().await?;
    ImportFiles::of(ctx.app(), grant.vendor(), id).remove().await;
    Ok(row)
}

/// Starts a new run like one that failed or was cancelled. Only of an address: an uploaded file is gone with its run.
///
/// Refuses `IMPORT_JOB_NOT_FOUND`; `INVALID_VALUE` where there is nothing to repeat.
pub async fn retry(
    ctx: &Ctx,
    id: ImportJobId,
    idempotency_key: Option<String>,
    input: Value,
) -> Outcome<ImportJobRow> {
    let grant = ctx.require(Permission::ImportsRun)?;
    let tx = ctx.begin(&grant).await?;
    let scope = idempotency::scope(ctx, "");
    let claim = idempotency::claim(&tx, scope, "importRetry", idempotency_key.as_deref(), &input, 7).await?;
    if let Claim::Replay(done) = claim {
        return replay(ctx, tx, ImportJobId::from_uuid(done)).await;
    }
    let old = store::jobs::lock(&tx, id).await?.ok_or_else(not_found)?;
    let ended_early = matches!(old.status, ImportStatus::Failed | ImportStatus::Cancelled);
    if !ended_early || old.url.is_none() {
        let message = "Only imports of an address that failed or were cancelled can be repeated.";
        return Err(Refusal::new(ErrorCode::InvalidValue, message).at(["input", "id"]).into());
    }
    let new = NewImport {
        id: ImportJobId::from_uuid(new_uuid()),
        format: old.format,
        language: &old.language,
        source: &old.source,
        url: old.url.as_deref(),
        file_name: None,
        file_bytes: None,
        created_by: grant.who().id,
    };
    let row = store::jobs::insert(&tx, &new).await?;
    let after = serde_json::json!({ "repeats": id });
    record(&tx, grant.who(), "import.retry", &row, Some(&after), &[import_updated(row.id)]).await?;
    enqueue_slice(&tx, IMPORT_JOB, row.id).await?;
    claim.finish(&tx, row.id.uuid()).await?;
    tx.commit().await?;
    Ok(row)
}

fn not_found() -> Refusal {
    Refusal::new(ErrorCode::ImportJobNotFound, "There is no such import.").at(["input", "id"])
}

async fn record(
    tx: &Tx,
    who: &crate::framework::context::Who,
    action: &'static str,
    row: &ImportJobRow,
    after: Option<&serde_json::Value>,
    events: &[Event],
) -> Outcome<()> {
    let entity_id = Some(row.id.uuid());
    let entry = Entry { action, entity_type: "ImportJob", entity_id, before: None, after };
    Ok(audit::record_with_events(tx, who, entry, events).await?)
}
