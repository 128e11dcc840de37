//! Batched reads: one statement for each kind of thing.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Context;
use async_graphql::dataloader::Loader;

use super::extended;
use crate::framework::context::{ContextExt as _, Snapshot};
use crate::framework::error::ApiError;
use crate::framework::id::{ImportJobId, MarketplaceProductId, ProductId, PublishJobId};
use crate::modules::marketplace::model::{ImportJobRow, PublishJobRow, StagedProductRow};
use crate::modules::marketplace::service::read;

struct ImportJobs(Arc<Snapshot>);
struct PublishJobs(Arc<Snapshot>);
struct Staged(Arc<Snapshot>);
struct StagedOf(Arc<Snapshot>);

impl Loader<ImportJobId> for ImportJobs {
    type Value = Arc<ImportJobRow>;
    type Error = ApiError;
    async fn load(&self, ids: &[ImportJobId]) -> Result<HashMap<ImportJobId, Self::Value>, ApiError> {
        let rows = read::import_jobs_by_ids(self.0.tx().await?, ids.to_vec()).await?;
        Ok(rows.into_iter().map(|row| (row.id, Arc::new(row))).collect())
    }
}
impl Loader<PublishJobId> for PublishJobs {
    type Value = Arc<PublishJobRow>;
    type Error = ApiError;
    async fn load(&self, ids: &[PublishJobId]) -> Result<HashMap<PublishJobId, Self::Value>, ApiError> {
        let rows = read::publish_jobs_by_ids(self.0.tx().await?, ids.to_vec()).await?;
        Ok(rows.into_iter().map(|row| (row.id, Arc::new(row))).collect())
    }
}
impl Loader<MarketplaceProductId> for Staged {
    type Value = Arc<StagedProductRow>;
    type Error = ApiError;
    async fn load(
        &self,
        ids: &[MarketplaceProductId],
    ) -> Result<HashMap<MarketplaceProductId, Self::Value>, ApiError> {
        let rows = read::staged_by_ids(self.0.tx().await?, ids.to_vec()).await?;
        Ok(rows.into_iter().map(|row| (row.id, Arc::new(row))).collect())
    }
}
impl Loader<ProductId> for StagedOf {
    type Value = Arc<StagedProductRow>;
    type Error = ApiError;
    async fn load(&self, ids: &[ProductId]) -> Result<HashMap<ProductId, Self::Value>, ApiError> {
        let rows = read::staged_of_products(self.0.tx().await?, ids.to_vec()).await?;
        Ok(rows.into_iter().filter_map(|row| Some((row.product_id?, Arc::new(row)))).collect())
    }
}

pub(super) async fn import_job(
    ctx: &Context<'_>,
    id: ImportJobId,
) -> async_graphql::Result<Option<Arc<ImportJobRow>>> {
    let reads = extended(ctx, ctx.ctx().reads())?;
    extended(ctx, reads.loader(ImportJobs).load_one(id).await)
}

pub(super) async fn publish_job(
    ctx: &Context<'_>,
    id: PublishJobId,
) -> async_graphql::Result<Option<Arc<PublishJobRow>>> {
    let reads = extended(ctx, ctx.ctx().reads())?;
    extended(ctx, reads.loader(PublishJobs).load_one(id).await)
}

pub(super) async fn staged(
    ctx: &Context<'_>,
    id: MarketplaceProductId,
) -> async_graphql::Result<Option<Arc<StagedProductRow>>> {
    let reads = extended(ctx, ctx.ctx().reads())?;
    extended(ctx, reads.loader(Staged).load_one(id).await)
}

pub(super) async fn staged_of(
    ctx: &Context<'_>,
    id: ProductId,
) -> async_graphql::Result<Option<Arc<StagedProductRow>>> {
    let reads = extended(ctx, ctx.ctx().reads())?;
    extended(ctx, reads.loader(StagedOf).load_one(id).await)
}
