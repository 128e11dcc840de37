//! Categories.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result};

use super::filter::{ProductFilter, ProductSort};
use super::loaders;
use super::query::{self, ListArgs, ProductConnection};
use crate::graphql::page_args;
use crate::graphql::scalars::{DateTime, LanguageCode};
use crate::modules::catalog::model::CategoryRow;
use crate::modules::catalog::service::read::Condition;

/// A category of the vendor's tree.
#[derive(Clone)]
pub struct Category(pub Arc<CategoryRow>);

/// A category of the vendor's tree.
#[Object]
impl Category {
    /// Its id.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }
    /// Its name in the language, else in the request's, else in the vendor's default.
    async fn name(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language that is wanted.")] language: Option<LanguageCode>,
    ) -> Result<String> {
        if let Some(language) = language {
            let names = loaders::category_translations(ctx, self.0.id).await?;
            let name = names.and_then(|names| {
                names.iter().find(|(_, of, _)| of == language.as_str()).map(|(_, _, name)| name.clone())
            });
            return Ok(name.unwrap_or_else(|| self.0.name.clone()));
        }
        Ok(self.0.translated.as_ref().unwrap_or(&self.0.name).clone())
    }
    /// Its name in addresses, unique among the vendor's living categories.
    async fn slug(&self) -> &str {
        &self.0.slug
    }
    /// Its place among its siblings.
    async fn position(&self) -> i32 {
        self.0.position
    }
    /// The category above; null for a root.
    async fn parent(&self, ctx: &Context<'_>) -> Result<Option<Category>> {
        let Some(parent) = self.0.parent_id else { return Ok(None) };
        Ok(loaders::tree(ctx).await?.get(parent).cloned().map(Category))
    }
    /// The categories right below, in their order. A vendor has at most 2,000 categories.
    async fn children(&self, ctx: &Context<'_>) -> Result<Vec<Category>> {
        Ok(loaders::tree(ctx).await?.children(Some(self.0.id)).iter().cloned().map(Category).collect())
    }
    /// The categories above, the root first.
    async fn ancestors(&self, ctx: &Context<'_>) -> Result<Vec<Category>> {
        Ok(loaders::tree(ctx).await?.ancestors(&self.0).into_iter().map(Category).collect())
    }
    /// The products in it and below it that the viewer may see.
    #[allow(clippy::too_many_arguments)]
    async fn products(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 0 to 100; 20 without.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "What to search for.")] search: Option<String>,
        #[graphql(desc = "Which of them.")] filter: Option<ProductFilter>,
        #[graphql(desc = "How they are sorted.")] sort: Option<ProductSort>,
    ) -> Result<ProductConnection> {
        let page = page_args(first, after, last, before);
        let within = vec![Condition::Categories(vec![self.0.id])];
        query::list(ctx, ListArgs { page, search, filter, sort, within }).await
    }
    /// When it was made.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }
    /// Counts changes; give it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.version
    }
}
