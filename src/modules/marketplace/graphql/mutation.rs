//! Starting and cancelling imports, and publishing.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, InputType as _, Object, Result, SimpleObject};
use orion_macros::secured;

use super::publish::PublishResult;
use super::staged::MarketplaceProductFilter;
use super::{ImportJob, PublishJob};
use crate::framework::context::ContextExt as _;
use crate::framework::error::{ErrorCode, Failure, Refusal, Refusals};
use crate::framework::money::BasisPoints;
use crate::graphql::scalars::{Decimal, LanguageCode, Url};
use crate::graphql::types::{Payload, UserError, input_id, payload};
use crate::graphql::upload::Upload;
use crate::modules::catalog::model::ProductStatus;
use crate::modules::marketplace::model::{FeedFormat, ImportJobRow, PublishOutcome};
use crate::modules::marketplace::service::import::{self, StartImport};
use crate::modules::marketplace::service::publish::{self, Publish, Published, Selection};

/// A feed to import: exactly one of address and file.
#[derive(InputObject, Clone)]
pub struct ImportStartInput {
    /// The feed's address, http or https, on the public internet. It is fetched by the job: 256 MiB at most, in two
    /// minutes.
    pub url: Option<Url>,
    /// The feed itself, 256 MiB at most.
    pub file: Option<Upload>,
    /// The kind of feed; recognised by its columns without. Letzshop's and Google's are one dialect: name Letzshop's, so
    /// that all its language files share rows.
    pub format: Option<FeedFormat>,
    /// The language of the file's texts; the vendor's default without.
    pub language: Option<LanguageCode>,
    /// Whose rows these are: the language files of one source share rows. 1 to 50 letters, digits, dots, dashes and
    /// underscores.
    #[graphql(default_with = "Some(\"default\".to_owned())")]
    pub source: Option<String>,
    /// Makes a repeated request answer the first one's import.
    pub idempotency_key: Option<String>,
}

/// An import to cancel.
#[derive(InputObject, Clone)]
pub struct ImportCancelInput {
    /// The import.
    pub id: ID,
}

/// An import to repeat.
#[derive(InputObject, Clone)]
pub struct ImportRetryInput {
    /// The import, of an address, that failed or was cancelled.
    pub id: ID,
    /// Makes a repeated request answer the first one's import.
    pub idempotency_key: Option<String>,
}

/// An import, or why not.
#[derive(SimpleObject)]
pub struct ImportJobPayload {
    /// The import; null where it was refused.
    import_job: Option<ImportJob>,
    /// Why it was refused.
    user_errors: Vec<UserError>,
}

impl Payload for ImportJobPayload {
    type Done = ImportJobRow;
    fn done(done: ImportJobRow) -> Self {
        Self { import_job: Some(ImportJob(Arc::new(done))), user_errors: Vec::new() }
    }
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { import_job: None, user_errors }
    }
}

/// What to publish (exactly one of `ids`, `importJobId` and `filter`), and how.
#[derive(InputObject, Clone)]
pub struct MarketplaceProductsPublishInput {
    /// These, at once, with a result for each; 1 to 100.
    pub ids: Option<Vec<ID>>,
    /// All that an import has met, changed or not, as a job.
    pub import_job_id: Option<ID>,
    /// All that the filter leaves, as a job.
    pub filter: Option<MarketplaceProductFilter>,
    /// The first quantity of variants that are new, 0 to 1,000,000, at the default location; without it the feed's, where
    /// it has one. Variants that exist keep their quantity.
    pub initial_quantity: Option<i32>,
    /// Percent on every price of the feed, rounded half up, from -99.99 to 1000. Kept, and applied to later prices of the
    /// feed, too; without it products keep the markup that they have.
    pub markup_percent: Option<Decimal>,
    /// The status of products that are new; `ACTIVE` without. Products that exist keep theirs.
    pub status: Option<ProductStatus>,
    /// Makes a repeated request answer the first one's job, or the products as they are.
    pub idempotency_key: Option<String>,
}

/// What publishing did, or the job that does it.
#[derive(SimpleObject)]
pub struct MarketplaceProductsPublishPayload {
    /// The job; null where `ids` were given, and where it was refused.
    job: Option<PublishJob>,
    /// A result for each of `ids`, in their order; empty for a job.
    results: Vec<PublishResult>,
    /// How many of `ids` were made or brought up to date.
    published: i32,
    /// How many of `ids` needed nothing, or were left alone.
    skipped: i32,
    /// Why nothing was done at all; what is wrong with single products is in the results.
    user_errors: Vec<UserError>,
}

impl Payload for MarketplaceProductsPublishPayload {
    type Done = Published;
    fn done(done: Published) -> Self {
        let (mut published, mut skipped) = (0, 0);
        for result in &done.results {
            match result.outcome {
                PublishOutcome::Created | PublishOutcome::Updated => published += 1,
                PublishOutcome::Unchanged | PublishOutcome::Skipped => skipped += 1,
                PublishOutcome::Failed => {}
            }
        }
        Self {
            job: done.job.map(|row| PublishJob(Arc::new(row))),
            results: done.results.into_iter().map(PublishResult).collect(),
            published,
            skipped,
            user_errors: Vec::new(),
        }
    }
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { job: None, results: Vec::new(), published: 0, skipped: 0, user_errors }
    }
}

/// Importing and publishing.
#[derive(Default)]
pub struct MarketplaceMutation;

/// Importing and publishing.
#[secured(required)]
#[Object]
impl MarketplaceMutation {
    /// Starts an import and answers at once; the job does the rest. What is wrong with the file is in the job's `failure`,
    /// what is wrong with rows in its `errors`. Importing again updates, and never duplicates. Refuses `EXACTLY_ONE`,
    /// `INVALID_VALUE`, `FEED_TOO_LARGE`.
    #[permission(IMPORTS_RUN)]
    async fn import_start(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The feed.")] input: ImportStartInput,
    ) -> Result<Option<ImportJobPayload>> {
        let value = input.to_value();
        let file = match input.file {
            Some(upload) => Some(upload.take(ctx)?),
            None => None,
        };
        let start = StartImport {
            url: input.url.map(String::from),
            file,
            format: input.format,
            language: input.language.map(String::from),
            source: input.source.unwrap_or_else(|| "default".to_owned()),
            idempotency_key: input.idempotency_key,
        };
        payload(ctx.ctx(), import::start(ctx.ctx(), start, value).await).map(Some)
    }

    /// Ends an import that has not ended; what it staged stays. Refuses `IMPORT_JOB_NOT_FOUND` and
    /// `IMPORT_NOT_CANCELLABLE`.
    #[permission(IMPORTS_RUN)]
    async fn import_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The import.")] input: ImportCancelInput,
    ) -> Result<Option<ImportJobPayload>> {
        let outcome = match input_id(&input.id, &["input", "id"]) {
            Ok(id) => import::cancel(ctx.ctx(), id).await,
            Err(refusal) => Err(refusal.into()),
        };
        payload(ctx.ctx(), outcome).map(Some)
    }

    /// Starts a new import like one of an address that failed or was cancelled. Refuses `IMPORT_JOB_NOT_FOUND` and
    /// `INVALID_VALUE`.
    #[permission(IMPORTS_RUN)]
    async fn import_retry(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The import.")] input: ImportRetryInput,
    ) -> Result<Option<ImportJobPayload>> {
        let value = input.to_value();
        let outcome = match input_id(&input.id, &["input", "id"]) {
            Ok(id) => import::retry(ctx.ctx(), id, input.idempotency_key, value).await,
            Err(refusal) => Err(refusal.into()),
        };
        payload(ctx.ctx(), outcome).map(Some)
    }

    /// Publishes staged products: makes products of them, or brings those up to date that it made before, in the fields
    /// that imports own. Rows of one item group become variants of one product. Refuses `EXACTLY_ONE`, `INVALID_VALUE`,
    /// `TOO_LONG`, `IMPORT_JOB_NOT_FOUND`, `IMPORT_ALREADY_RUNNING`.
    #[permission(IMPORTS_PUBLISH)]
    async fn marketplace_products_publish(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to publish, and how.")] input: MarketplaceProductsPublishInput,
    ) -> Result<Option<MarketplaceProductsPublishPayload>> {
        let value = input.to_value();
        let outcome = match checked(input) {
            Ok(wanted) => publish::publish(ctx.ctx(), wanted, value).await,
            Err(failure) => Err(failure),
        };
        payload(ctx.ctx(), outcome).map(Some)
    }
}

fn checked(input: MarketplaceProductsPublishInput) -> std::result::Result<Publish, Failure> {
    let mut refusals = Refusals::default();
    let selection = match (input.ids, input.import_job_id, input.filter) {
        (Some(ids), None, None) => {
            let mut known = Vec::new();
            for (at, id) in ids.iter().take(publish::MAX_IDS + 1).enumerate() {
                match input_id(id, &["input", "ids", &at.to_string()]) {
                    Ok(id) if known.contains(&id) => {}
                    Ok(id) => known.push(id),
                    Err(refusal) => refusals.push(refusal),
                }
            }
            Some(Selection::Ids(known))
        }
        (None, Some(id), None) => {
            input_id(&id, &["input", "importJobId"]).map(Selection::Import).map_err(|r| refusals.push(r)).ok()
        }
        (None, None, Some(filter)) => {
            filter.check(&["input", "filter"]).map(Selection::Filter).map_err(|r| refusals.push(r)).ok()
        }
        _ => {
            let message = "Give exactly one of ids, importJobId and filter.";
            refusals.push(Refusal::new(ErrorCode::ExactlyOne, message).at(["input"]));
            None
        }
    };
    let mut markup_bp = None;
    if let Some(percent) = &input.markup_percent {
        match BasisPoints::parse(percent.as_str()) {
            Ok(points) => markup_bp = Some(points.0),
            Err(error) => {
                let refusal = Refusal::new(ErrorCode::InvalidValue, error.to_string());
                refusals.push(refusal.at(["input", "markupPercent"]));
            }
        }
    }
    refusals.check()?;
    let Some(selection) = selection else { return Err(Failure::Refused(Vec::new())) };
    Ok(Publish {
        selection,
        initial_quantity: input.initial_quantity,
        markup_bp,
        status: input.status.unwrap_or(ProductStatus::Active),
        idempotency_key: input.idempotency_key,
    })
}
