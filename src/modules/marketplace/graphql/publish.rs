//! Publish jobs and results.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::MarketplaceProduct;
use super::load_marketplace_product;
use crate::framework::error::{ErrorCode, Refusal};
use crate::graphql::scalars::DateTime;
use crate::graphql::types::UserError;
use crate::modules::catalog::graphql::{Product, load_product};
use crate::modules::marketplace::model::{ImportStatus, PublishJobRow, PublishOutcome};
use crate::modules::marketplace::service::publish::RowResult;

/// A run that publishes staged products. It works in slices; after each its counts have moved on, and
/// `publishJobUpdated` says so.
#[derive(Clone)]
pub struct PublishJob(pub Arc<PublishJobRow>);

/// A run that publishes staged products. It works in slices; after each its counts have moved on, and
/// `publishJobUpdated` says so.
#[Object]
impl PublishJob {
    /// Its id, `pub_…`.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }
    /// Where it stands.
    async fn status(&self) -> ImportStatus {
        self.0.status
    }
    /// How many staged products were chosen; 0 before it began.
    async fn total(&self) -> i32 {
        self.0.total
    }
    /// Staged products whose product or variant was made or brought up to date.
    async fn published(&self) -> i32 {
        self.0.published
    }
    /// Those that needed nothing, and those that a person has deleted.
    async fn skipped(&self) -> i32 {
        self.0.skipped
    }
    /// Those that were refused.
    async fn failed(&self) -> i32 {
        self.0.failed
    }
    /// The share of the chosen ones that is done, 0 to 1; null before it began.
    async fn progress(&self) -> Option<f64> {
        self.0.started_at?;
        if self.0.total == 0 {
            return Some(1.0);
        }
        let done = self.0.published + self.0.skipped + self.0.failed;
        Some((f64::from(done) / f64::from(self.0.total)).min(1.0))
    }
    /// Why it failed as a whole; null unless its status is `FAILED`.
    async fn failure(&self) -> Option<UserError> {
        let name = self.0.failure_code.as_deref()?;
        let code = ErrorCode::from_name(name).unwrap_or(ErrorCode::Internal);
        Some(UserError(Refusal::new(code, self.0.failure_message.clone().unwrap_or_default())))
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

/// What became of one staged product.
pub struct PublishResult(pub RowResult);

/// What became of one staged product.
#[Object]
impl PublishResult {
    /// The staged product's id, as it was given.
    async fn marketplace_product_id(&self) -> ID {
        self.0.id.into()
    }
    /// The staged product; null where there is none of this id.
    async fn marketplace_product(&self, ctx: &Context<'_>) -> Result<Option<MarketplaceProduct>> {
        load_marketplace_product(ctx, self.0.id).await
    }
    /// What it was published as.
    async fn product(&self, ctx: &Context<'_>) -> Result<Option<Product>> {
        match self.0.product {
            Some(id) => load_product(ctx, id).await,
            None => Ok(None),
        }
    }
    /// What was done.
    async fn outcome(&self) -> PublishOutcome {
        self.0.outcome
    }
    /// Why it was skipped or refused.
    async fn user_errors(&self) -> Vec<UserError> {
        self.0.refusals.iter().cloned().map(UserError).collect()
    }
}
