//! Imports in the API.

mod import;
mod loaders;
mod mutation;
mod publish;
mod query;
mod staged;

use async_graphql::{Context, Result};

pub use import::ImportJob;
pub use mutation::MarketplaceMutation;
pub use publish::PublishJob;
pub use query::MarketplaceQuery;
pub use staged::MarketplaceProduct;

use crate::framework::context::ContextExt as _;
use crate::framework::error::ApiError;
use crate::framework::id::{ImportJobId, MarketplaceProductId, ProductId, PublishJobId};
use crate::framework::permission::Permission;

fn may_read(ctx: &Context<'_>) -> bool {
    ctx.ctx().can(Permission::ImportsRead)
}

/// Errors of ours as GraphQL's, with the request's id.
fn extended<T, E: Into<ApiError>>(ctx: &Context<'_>, result: std::result::Result<T, E>) -> Result<T> {
    result.map_err(|error| error.into().extend(ctx.ctx()))
}

/// The staged row that a product was published from (batched); null without `IMPORTS_READ`.
pub async fn load_marketplace_product_of(
    ctx: &Context<'_>,
    product: ProductId,
) -> Result<Option<MarketplaceProduct>> {
    if !may_read(ctx) {
        return Ok(None);
    }
    Ok(loaders::staged_of(ctx, product).await?.map(MarketplaceProduct))
}

/// The staged row (batched); null without `IMPORTS_READ`.
pub async fn load_marketplace_product(
    ctx: &Context<'_>,
    id: MarketplaceProductId,
) -> Result<Option<MarketplaceProduct>> {
    if !may_read(ctx) {
        return Ok(None);
    }
    Ok(loaders::staged(ctx, id).await?.map(MarketplaceProduct))
}

/// The import job (batched); null without `IMPORTS_READ`.
pub async fn load_import_job(ctx: &Context<'_>, id: ImportJobId) -> Result<Option<ImportJob>> {
    if !may_read(ctx) {
        return Ok(None);
    }
    Ok(loaders::import_job(ctx, id).await?.map(ImportJob))
}

/// The publish job (batched); null without `IMPORTS_READ`.
pub async fn load_publish_job(ctx: &Context<'_>, id: PublishJobId) -> Result<Option<PublishJob>> {
    if !may_read(ctx) {
        return Ok(None);
    }
    Ok(loaders::publish_job(ctx, id).await?.map(PublishJob))
}
