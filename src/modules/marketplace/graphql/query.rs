//! Root fields for reading imports.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result};
use orion_macros::secured;

use super::staged::{MarketplaceProductFilter, MarketplaceProductSort, MarketplaceProductSortField};
use super::{ImportJob, MarketplaceProduct, PublishJob, extended, load_import_job, load_publish_job};
use crate::framework::context::ContextExt as _;
use crate::framework::error::{ApiError, ErrorCode, Refusal};
use crate::framework::paging::{KeyValue, Page, SortColumns};
use crate::graphql::connection::{Counter, SortDirection};
use crate::graphql::types::argument_id;
use crate::graphql::{Connection, page_args};
use crate::modules::marketplace::model::{FeedFormat, ImportStatus, StagedProductRow};
use crate::modules::marketplace::service::read::{self, ImportJobFilter};

/// Which imports. Every condition that is given must hold.
#[derive(InputObject, Clone, Default)]
#[graphql(name = "ImportJobFilter")]
pub struct ImportJobFilterInput {
    /// One of these; at most 10.
    pub status: Option<Vec<ImportStatus>>,
    /// Exactly this kind of feed.
    pub format: Option<FeedFormat>,
    /// Exactly this source.
    pub source: Option<String>,
}

impl ImportJobFilterInput {
    fn check(self) -> std::result::Result<ImportJobFilter, ApiError> {
        let long = self.source.as_ref().is_some_and(|source| source.len() > 200 || source.contains('\0'));
        if long || self.status.as_ref().is_some_and(|statuses| statuses.len() > 10) {
            return Err(ApiError::new(ErrorCode::InvalidValue, "The filter is too long.").at("filter"));
        }
        Ok(ImportJobFilter { status: self.status, format: self.format, source: self.source })
    }
}

/// Root fields for reading imports.
#[derive(Default)]
pub struct MarketplaceQuery;

/// Root fields for reading imports.
#[secured(required)]
#[Object]
impl MarketplaceQuery {
    /// The vendor's imports, newest first.
    #[permission(IMPORTS_READ)]
    #[allow(clippy::too_many_arguments)]
    async fn import_jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 0 to 100; 20 without.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "Which of them.")] filter: Option<ImportJobFilterInput>,
        #[graphql(desc = "By when they were started: newest first without.")] sort: Option<SortDirection>,
    ) -> Result<Option<Connection<ImportJob>>> {
        let filter = extended(ctx, filter.unwrap_or_default().check())?;
        let descending = sort != Some(SortDirection::Asc);
        let sort = SortColumns { columns: &[("created_at", 'd'), ("id", 'u')], descending };
        let args = page_args(first, after, last, before);
        let page =
            extended(ctx, Page::new(&args, sort, &ctx.ctx().list_shape(&format!("importJobs|{filter:?}"))))?;
        let reads = extended(ctx, ctx.ctx().reads())?;
        let tx = extended(ctx, reads.tx().await)?;
        let rows = extended(ctx, read::import_jobs(tx, &filter, &page).await)?;
        let snapshot = reads.snapshot();
        let counter: Counter = Arc::new(move || {
            let (snapshot, filter) = (snapshot.clone(), filter.clone());
            Box::pin(async move { Ok(read::count_import_jobs(snapshot.tx().await?, &filter).await?) })
        });
        let slice = page.slice(rows, |row| vec![row.created_at.into(), row.id.into()]);
        Ok(Some(Connection::new(slice, Some(counter), |row| ImportJob(Arc::new(row)))))
    }

    /// An import; null where there is none of this id.
    #[permission(IMPORTS_READ)]
    async fn import_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<ImportJob>> {
        load_import_job(ctx, argument_id(ctx, &id, "id")?).await
    }

    /// A publish job; null where there is none of this id.
    #[permission(IMPORTS_READ)]
    async fn publish_job(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> Result<Option<PublishJob>> {
        load_publish_job(ctx, argument_id(ctx, &id, "id")?).await
    }

    /// What the vendor's feeds have brought, published or not; newest first without a sort.
    #[permission(IMPORTS_READ)]
    #[allow(clippy::too_many_arguments)]
    async fn marketplace_products(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 0 to 100; 20 without.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "Part of title, brand, GTIN or external id, 200 characters at most.")]
        search: Option<String>,
        #[graphql(desc = "Which of them.")] filter: Option<MarketplaceProductFilter>,
        #[graphql(desc = "How they are sorted.")] sort: Option<MarketplaceProductSort>,
    ) -> Result<Option<Connection<MarketplaceProduct>>> {
        let mut filter = filter.unwrap_or_default();
        if search.is_some() {
            filter.search = search;
        }
        let filter = extended(ctx, filter.check(&["filter"]).map_err(argument_error))?;
        let newest = MarketplaceProductSort {
            field: MarketplaceProductSortField::CreatedAt,
            direction: SortDirection::Desc,
        };
        let sort = sort.unwrap_or(newest);
        let args = page_args(first, after, last, before);
        let page = extended(
            ctx,
            Page::new(&args, sort.columns(), &ctx.ctx().list_shape(&format!("staged|{filter:?}"))),
        )?;
        let reads = extended(ctx, ctx.ctx().reads())?;
        let tx = extended(ctx, reads.tx().await)?;
        let rows = extended(ctx, read::staged(tx, &filter, &page).await)?;
        let snapshot = reads.snapshot();
        let counter: Counter = Arc::new(move || {
            let (snapshot, filter) = (snapshot.clone(), filter.clone());
            Box::pin(async move { Ok(read::count_staged(snapshot.tx().await?, &filter).await?) })
        });
        let slice = page.slice(rows, |row| key(sort.field, row));
        Ok(Some(Connection::new(slice, Some(counter), |row| MarketplaceProduct(Arc::new(row)))))
    }
}

fn key(field: MarketplaceProductSortField, row: &StagedProductRow) -> Vec<KeyValue> {
    let first = match field {
        MarketplaceProductSortField::CreatedAt => row.created_at.into(),
        MarketplaceProductSortField::ExternalId => row.external_id.clone().into(),
    };
    vec![first, row.id.into()]
}

/// A refusal about an argument of a query, which has no payload to carry it.
fn argument_error(refusal: Refusal) -> ApiError {
    ApiError::new(refusal.code, refusal.message).at(refusal.field.join("."))
}
