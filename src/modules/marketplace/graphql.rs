//! Imports in the API.

use async_graphql::{Context, ID, Object, Result};

use crate::framework::id::{ImportJobId, MarketplaceProductId, ProductId, PublishJobId};

/// A staged row of a feed.
pub struct MarketplaceProduct(pub MarketplaceProductId);
/// A staged row of a feed.
#[Object]
impl MarketplaceProduct {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.into()
    }
}
/// A run of a feed import.
pub struct ImportJob(pub ImportJobId);
/// A run of a feed import.
#[Object]
impl ImportJob {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.into()
    }
}
/// A run that publishes staged rows.
pub struct PublishJob(pub PublishJobId);
/// A run that publishes staged rows.
#[Object]
impl PublishJob {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.into()
    }
}
/// The staged row that a product was published from (batched).
pub async fn load_marketplace_product_of(
    _ctx: &Context<'_>,
    _product: ProductId,
) -> Result<Option<MarketplaceProduct>> {
    Ok(None)
}
/// The import job (team).
pub async fn load_import_job(_ctx: &Context<'_>, _id: ImportJobId) -> Result<Option<ImportJob>> {
    Ok(None)
}
/// The publish job (team).
pub async fn load_publish_job(_ctx: &Context<'_>, _id: PublishJobId) -> Result<Option<PublishJob>> {
    Ok(None)
}
