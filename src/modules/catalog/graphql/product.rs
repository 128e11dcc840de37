//! Products.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use orion_macros::secured;
use tokio::sync::OnceCell;

use super::loaders::{self, Extended as _};
use super::variant::{SelectedOptionInput, money, options_of};
use super::{Category, Image, ProductVariant};
use crate::framework::context::ContextExt as _;
use crate::framework::id::ProductId;
use crate::framework::paging::{Page, SortColumns};
use crate::graphql::scalars::{DateTime, Json, LanguageCode};
use crate::graphql::types::Money;
use crate::graphql::{Connection, page_args};
use crate::modules::catalog::model::{
    ImageRow, ProductDetail, ProductRow, ProductStatus, ProductTranslation, VariantOption, VariantRow,
};
use crate::modules::catalog::rules;
use crate::modules::marketplace::graphql::MarketplaceProduct;

/// A product of the vendor's catalog. What is sold are its variants.
#[derive(Clone)]
pub struct Product(Arc<Node>);

// What hangs on a product is read once a document, however many of its fields need it.
struct Node {
    row: Arc<ProductRow>,
    variants: OnceCell<Arc<[VariantRow]>>,
    images: OnceCell<Arc<[ImageRow]>>,
    detail: OnceCell<Option<Arc<ProductDetail>>>,
}

impl Product {
    pub(super) fn new(row: Arc<ProductRow>) -> Self {
        Self(Arc::new(Node {
            row,
            variants: OnceCell::new(),
            images: OnceCell::new(),
            detail: OnceCell::new(),
        }))
    }
    /// What was read.
    pub fn row(&self) -> &ProductRow {
        &self.0.row
    }
    /// Its id.
    pub fn product_id(&self) -> ProductId {
        self.0.row.id
    }
    pub(super) async fn images(&self, ctx: &Context<'_>) -> Result<Arc<[ImageRow]>> {
        let load = || async {
            Ok::<_, async_graphql::Error>(
                loaders::product_images(ctx, self.product_id()).await?.unwrap_or_default(),
            )
        };
        self.0.images.get_or_try_init(load).await.cloned()
    }
    async fn variants(&self, ctx: &Context<'_>) -> Result<&Arc<[VariantRow]>> {
        let load = || async {
            Ok::<_, async_graphql::Error>(
                loaders::product_variants(ctx, self.product_id()).await?.unwrap_or_default(),
            )
        };
        self.0.variants.get_or_try_init(load).await
    }
    async fn detail(&self, ctx: &Context<'_>) -> Result<Option<&ProductDetail>> {
        let load = || loaders::product_detail(ctx, self.product_id());
        Ok(self.0.detail.get_or_try_init(load).await?.as_deref())
    }
    // The text in a language that the client named: there, else in the vendor's default language.
    async fn text(
        &self,
        ctx: &Context<'_>,
        language: &LanguageCode,
        pick: impl Fn(&ProductTranslation) -> Option<&String>,
    ) -> Result<Option<String>> {
        let all = loaders::product_translations(ctx, self.product_id()).await?.unwrap_or_default();
        let of = |code: &str| all.iter().find(|one| one.language == code).and_then(&pick).cloned();
        Ok(of(language.as_str()).or_else(|| of("")))
    }
    fn is_served(&self, ctx: &Context<'_>, language: &LanguageCode) -> bool {
        match &self.0.row.language {
            Some(served) => served == language.as_str(),
            None => ctx.ctx().vendor_opt().is_some_and(|vendor| vendor.default_language == language.as_str()),
        }
    }
}

/// One option of a product with the values that its variants have: `Size: S, M, L`.
#[derive(SimpleObject)]
pub struct ProductOption {
    /// The option, `Size`.
    name: String,
    /// Its values, in the order of the variants.
    values: Vec<String>,
}

/// The lowest and the highest price of a product's variants.
#[derive(SimpleObject)]
pub struct PriceRange {
    /// The lowest price.
    pub min: Money,
    /// The highest price.
    pub max: Money,
}

pub(super) const BY_POSITION: SortColumns =
    SortColumns { columns: &[("position", 'i'), ("id", 'u')], descending: false };

/// A product of the vendor's catalog. What is sold are its variants.
#[secured]
#[Object]
impl Product {
    /// Its id.
    pub async fn id(&self) -> ID {
        self.0.row.id.into()
    }
    /// Its title in the language, else in the request's, else in the vendor's default.
    async fn title(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language that is wanted.")] language: Option<LanguageCode>,
    ) -> Result<String> {
        match language.filter(|language| !self.is_served(ctx, language)) {
            Some(language) => {
                let text = self.text(ctx, &language, |one| one.title.as_ref()).await?;
                Ok(text.unwrap_or_else(|| self.0.row.title.clone()))
            }
            None => Ok(self.0.row.title.clone()),
        }
    }
    /// Its name in addresses, unique among the vendor's living products.
    async fn slug(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language that is wanted.")] language: Option<LanguageCode>,
    ) -> Result<String> {
        match language.filter(|language| !self.is_served(ctx, language)) {
            Some(language) => {
                let text = self.text(ctx, &language, |one| one.slug.as_ref()).await?;
                Ok(text.unwrap_or_else(|| self.0.row.slug.clone()))
            }
            None => Ok(self.0.row.slug.clone()),
        }
    }
    /// Its description: HTML of a small safe set of elements, without scripts, styles or event handlers.
    async fn description(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The language that is wanted.")] language: Option<LanguageCode>,
    ) -> Result<Option<String>> {
        match language.filter(|language| !self.is_served(ctx, language)) {
            Some(language) => self.text(ctx, &language, |one| one.description.as_ref()).await,
            None => Ok(self.detail(ctx).await?.and_then(|detail| detail.description.clone())),
        }
    }
    /// The language that was served.
    async fn language(&self, ctx: &Context<'_>) -> Result<LanguageCode> {
        let vendor = ctx.ctx().vendor().extended(ctx)?;
        let code = self.0.row.language.as_deref().unwrap_or(&vendor.default_language);
        Ok(code.parse::<LanguageCode>()?)
    }
    /// The maker.
    async fn brand(&self) -> Option<&str> {
        self.0.row.brand.as_deref()
    }
    /// Whether shoppers see it.
    async fn status(&self) -> ProductStatus {
        self.0.row.status
    }
    /// Whether the vendor puts it forward.
    async fn featured(&self) -> bool {
        self.0.row.featured
    }
    /// The price of the cheapest variant; null without one.
    async fn price(&self, ctx: &Context<'_>) -> Result<Option<Money>> {
        money(ctx, self.0.row.price_from)
    }
    /// The lowest and the highest price of its variants; null without one.
    async fn price_range(&self, ctx: &Context<'_>) -> Result<Option<PriceRange>> {
        let (min, max) = (money(ctx, self.0.row.price_from)?, money(ctx, self.0.row.price_to)?);
        Ok(min.zip(max).map(|(min, max)| PriceRange { min, max }))
    }
    /// The first picture.
    async fn featured_image(&self, ctx: &Context<'_>) -> Result<Option<Image>> {
        let images = self.images(ctx).await?;
        Ok((!images.is_empty()).then(|| Image::new(images, 0)))
    }
    /// Its pictures, in their order; 250 at most.
    #[graphql(name = "images")]
    async fn image_connection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 0 to 100; 20 without.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
    ) -> Result<Connection<Image>> {
        let images = self.images(ctx).await?;
        let page =
            Page::new(&page_args(first, after, last, before), BY_PLACE, &ctx.ctx().list_shape("images"))
                .extended(ctx)?;
        let total = images.len();
        let slice = page.cut((0..total).collect(), |index| vec![(*index as i64).into()]);
        Ok(Connection::new(slice, Some(counter(total)), |index| Image::new(images.clone(), index)))
    }
    /// The options that its variants differ in, with their values.
    async fn options(&self, ctx: &Context<'_>) -> Result<Vec<ProductOption>> {
        let mut options: Vec<ProductOption> = Vec::new();
        for row in self.variants(ctx).await?.iter() {
            for VariantOption { name, value } in options_of(row) {
                match options.iter_mut().find(|option| option.name == name) {
                    Some(option) if option.values.contains(&value) => {}
                    Some(option) => option.values.push(value),
                    None => options.push(ProductOption { name, values: vec![value] }),
                }
            }
        }
        Ok(options)
    }
    /// Its variants, in their order; 2,000 at most.
    #[graphql(name = "variants")]
    async fn variant_connection(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 0 to 100; 20 without.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
    ) -> Result<Connection<ProductVariant>> {
        let page =
            Page::new(&page_args(first, after, last, before), BY_POSITION, &ctx.ctx().list_shape("variants"))
                .extended(ctx)?;
        let rows = self.variants(ctx).await?;
        let key = |index: &usize| vec![i64::from(rows[*index].position).into(), rows[*index].id.into()];
        let slice = page.cut((0..rows.len()).collect(), key);
        Ok(Connection::new(slice, Some(counter(rows.len())), |index| ProductVariant::of(self, rows, index)))
    }
    /// The variant with exactly these options, whatever their order and case; null where there is none.
    async fn variant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The options, 20 at most.", validator(max_items = 20))] selected_options: Vec<
            SelectedOptionInput,
        >,
    ) -> Result<Option<ProductVariant>> {
        let wanted: Vec<VariantOption> = selected_options
            .into_iter()
            .map(|option| VariantOption { name: option.name, value: option.value })
            .collect();
        let key = rules::options_key(&wanted);
        let rows = self.variants(ctx).await?;
        let index = rows.iter().position(|row| rules::options_key(&options_of(row)) == key);
        Ok(index.map(|index| ProductVariant::of(self, rows, index)))
    }
    /// The categories that it is in, by name; 100 at most.
    async fn categories(&self, ctx: &Context<'_>) -> Result<Vec<Category>> {
        let categories = loaders::product_categories(ctx, self.product_id()).await?.unwrap_or_default();
        Ok(categories.iter().cloned().map(Category).collect())
    }
    /// The staged row of a feed that it was published from; null for hand-made ones.
    #[permission(IMPORTS_READ)]
    async fn marketplace_product(&self, ctx: &Context<'_>) -> Result<Option<MarketplaceProduct>> {
        crate::modules::marketplace::graphql::load_marketplace_product_of(ctx, self.product_id()).await
    }
    /// The id that a system outside gave it.
    async fn external_id(&self) -> Option<&str> {
        self.0.row.external_id.as_deref()
    }
    /// Free data of the vendor that everybody may see.
    async fn public_metadata(&self, ctx: &Context<'_>) -> Result<Json> {
        let detail = self.detail(ctx).await?;
        Ok(detail.map_or_else(|| serde_json::json!({}), |detail| detail.public_metadata.clone()).into())
    }
    /// Free data of the vendor for its team.
    #[permission(PRODUCTS_READ)]
    async fn metadata(&self, ctx: &Context<'_>) -> Result<Option<Json>> {
        Ok(self.detail(ctx).await?.map(|detail| detail.metadata.clone().into()))
    }
    /// Counts changes; give it back as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.row.version
    }
    /// When it was made.
    async fn created_at(&self) -> DateTime {
        self.0.row.created_at.into()
    }
    /// When it was last changed.
    async fn updated_at(&self) -> DateTime {
        self.0.row.updated_at.into()
    }
}

const BY_PLACE: SortColumns = SortColumns { columns: &[("place", 'i')], descending: false };

// A list in memory knows its length.
fn counter(total: usize) -> crate::graphql::connection::Counter {
    Arc::new(move || Box::pin(async move { Ok(total as i64) }))
}
