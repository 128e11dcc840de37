//! The catalog's root fields for reading.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use orion_macros::secured;

use super::filter::{self, ProductFilter, ProductSort};
use super::loaders::{self, Extended as _};
use super::product::PriceRange;
use super::variant::money;
use super::{Category, Product};
use crate::framework::context::{ContextExt as _, Snapshot};
use crate::framework::error::{ApiError, ErrorCode};
use crate::framework::paging::{Page, PageArgs, SortColumns};
use crate::graphql::connection::{Count, PageInfo};
use crate::graphql::types::argument_id;
use crate::graphql::{Connection, Edge, page_args};
use crate::modules::catalog::model::{ProductRow, ProductStatus};
use crate::modules::catalog::service::read::{self, Listing, ProductHandle, SortBy};

/// A page of products, with what the whole list has in common.
pub struct ProductConnection {
    page: Connection<Product>,
    listing: Arc<Listing>,
    snapshot: Arc<Snapshot>,
}

/// A page of products, with what the whole list has in common.
#[Object]
impl ProductConnection {
    /// The products with their cursors.
    async fn edges(&self) -> &[Edge<Product>] {
        self.page.edges()
    }
    /// The products.
    async fn nodes(&self) -> Vec<&Product> {
        self.page.edges().iter().map(|edge| &edge.node).collect()
    }
    /// Where the page stands in its list.
    async fn page_info(&self) -> &PageInfo {
        self.page.page_info()
    }
    /// How many products the whole list has, counted up to 1,000 and only when selected.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<Option<Count>> {
        self.page.count(ctx).await
    }
    /// What the list's products have in common, to narrow it by; its filter and search applied. Looks at 2,000 of them at
    /// most.
    async fn facets(&self, ctx: &Context<'_>) -> Result<ProductFacets> {
        let tx = self.snapshot.tx().await.extended(ctx)?;
        let availability = ctx.look_ahead().field("availability").exists();
        let rows = self.listing.facets(tx, availability).await.extended(ctx)?;
        let named = rows.iter().any(|row| row.category_id.is_some());
        let tree = if named { loaders::tree(ctx).await? } else { Arc::default() };
        let mut facets = ProductFacets::default();
        let (mut all, mut available) = (0, 0);
        for row in rows {
            let count = i32::try_from(row.count).unwrap_or(i32::MAX);
            match row.kind.as_str() {
                "brand" => facets.brands.extend(row.value.map(|value| BrandFacet { value, count })),
                "category" => {
                    let category = row.category_id.and_then(|id| tree.get(id)).cloned().map(Category);
                    facets.categories.extend(category.map(|category| CategoryFacet { category, count }));
                }
                "price" => {
                    let (min, max) = (money(ctx, row.low)?, money(ctx, row.high)?);
                    facets.price_range = min.zip(max).map(|(min, max)| PriceRange { min, max });
                }
                "available" => available = count,
                _ => all = count,
            }
        }
        facets.availability =
            AvailabilityFacet { available, unavailable: all.saturating_sub(available), counted: all };
        Ok(facets)
    }
}

/// What the products of a list have in common.
#[derive(SimpleObject, Default)]
pub struct ProductFacets {
    /// The 50 most frequent brands.
    brands: Vec<BrandFacet>,
    /// The 100 most frequent categories.
    categories: Vec<CategoryFacet>,
    /// The lowest and the highest price; null where nothing has one.
    price_range: Option<PriceRange>,
    /// How many can be had.
    availability: AvailabilityFacet,
}

/// A brand, and how many products have it.
#[derive(SimpleObject)]
pub struct BrandFacet {
    /// The brand.
    value: String,
    /// How many products have it.
    count: i32,
}

/// A category, and how many products are in it.
#[derive(SimpleObject)]
pub struct CategoryFacet {
    /// The category.
    category: Category,
    /// How many products are in it itself.
    count: i32,
}

/// How many products can be had.
#[derive(SimpleObject, Default)]
pub struct AvailabilityFacet {
    /// Products with a variant that can be had.
    available: i32,
    /// Products without one.
    unavailable: i32,
    /// How many products were looked at, 2,000 at most.
    counted: i32,
}

/// What a list of products was asked for with.
pub(super) struct ListArgs {
    pub page: PageArgs,
    pub search: Option<String>,
    pub filter: Option<ProductFilter>,
    pub sort: Option<ProductSort>,
    /// Conditions of the field itself, before the client's.
    pub within: Vec<read::Condition>,
}

/// A page of the products that the viewer may see.
pub(super) async fn list(ctx: &Context<'_>, args: ListArgs) -> Result<ProductConnection> {
    let request = ctx.ctx();
    request.require_public_shop().extended(ctx)?;
    let vendor = request.vendor().extended(ctx)?;
    let search = args.search.map(|search| search.trim().to_owned()).filter(|search| !search.is_empty());
    if search.as_ref().is_some_and(|search| search.chars().count() > 200 || search.contains('\0')) {
        let error =
            ApiError::new(ErrorCode::InvalidValue, "A search has at most 200 characters.").at("search");
        return Err(error.extend(request));
    }
    let mut conditions = args.within;
    if let Some(filter) = &args.filter {
        conditions.extend(filter::conditions(filter, vendor.currency).extended(ctx)?);
    }
    let (sort, descending) = filter::sort_by(args.sort, search.is_some()).extended(ctx)?;
    let listing = Listing { only_active: !super::is_team(request), search, conditions };
    let page =
        Page::new(&args.page, sort.columns(descending), &ctx.ctx().list_shape(&format!("{listing:?}")))
            .extended(ctx)?;
    let reads = request.reads().extended(ctx)?;
    let tx = reads.tx().await.extended(ctx)?;
    let rows = listing.load(tx, &page, sort, loaders::served_language(request)).await.extended(ctx)?;
    let listing = Arc::new(listing);
    let slice = page.slice(rows, |row| key(sort, row));
    let (counted, snapshot) = (listing.clone(), reads.snapshot());
    let counter: crate::graphql::connection::Counter = Arc::new(move || {
        let (listing, snapshot) = (counted.clone(), snapshot.clone());
        Box::pin(async move { Ok(listing.count(snapshot.tx().await?).await?) })
    });
    let page = Connection::new(slice, Some(counter), |row| Product::new(Arc::new(row)));
    Ok(ProductConnection { page, listing, snapshot: reads.snapshot() })
}

fn key(sort: SortBy, row: &ProductRow) -> Vec<crate::framework::paging::KeyValue> {
    let first = match sort {
        SortBy::Created => row.created_at.into(),
        SortBy::Updated => row.updated_at.into(),
        SortBy::Title => row.key_text.clone().unwrap_or_default().into(),
        SortBy::Price | SortBy::Relevance => row.key_int.into(),
    };
    vec![first, row.id.into()]
}

/// The catalog's root fields for reading.
#[derive(Default)]
pub struct CatalogQuery;

/// The catalog's root fields for reading.
#[secured(required)]
#[Object]
impl CatalogQuery {
    /// The vendor's products: the public sees published ones, the team (`PRODUCTS_READ`) all. A search finds by words,
    /// the beginning of the last one included, whatever the accents; where nothing has the words, what is spelt nearly so.
    #[permission(PUBLIC)]
    #[allow(clippy::too_many_arguments)]
    async fn products(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 0 to 100; 20 without.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "What to search for, 200 characters at most; the best 2,000 matches are found.")]
        search: Option<String>,
        #[graphql(desc = "Which of them.")] filter: Option<ProductFilter>,
        #[graphql(desc = "How they are sorted; without, a search best first, else newest first.")]
        sort: Option<ProductSort>,
    ) -> Result<Option<ProductConnection>> {
        let page = page_args(first, after, last, before);
        list(ctx, ListArgs { page, search, filter, sort, within: Vec::new() }).await.map(Some)
    }

    /// A product by exactly one of its id and handles; null where there is none, or none that the viewer may see.
    #[permission(PUBLIC)]
    async fn product(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: Option<ID>,
        #[graphql(desc = "Its slug, in the default language or a translation's.")] slug: Option<String>,
        #[graphql(desc = "The SKU of one of its variants.")] sku: Option<String>,
        #[graphql(desc = "The id that a system outside gave it.")] external_id: Option<String>,
    ) -> Result<Option<Product>> {
        let request = ctx.ctx();
        let handle = match (&id, &slug, &sku, &external_id) {
            (Some(_), None, None, None) => None,
            (None, Some(slug), None, None) => Some(ProductHandle::Slug(slug)),
            (None, None, Some(sku), None) => Some(ProductHandle::Sku(sku)),
            (None, None, None, Some(external)) => Some(ProductHandle::ExternalId(external)),
            _ => return Err(exactly_one("Give exactly one of id, slug, sku and externalId.").extend(request)),
        };
        request.require_public_shop().extended(ctx)?;
        if let Some(id) = id {
            return super::load_product(ctx, argument_id(ctx, &id, "id")?).await;
        }
        let Some(handle) = handle.filter(|handle| !handle.value().contains('\0')) else { return Ok(None) };
        let reads = request.reads().extended(ctx)?;
        let tx = reads.tx().await.extended(ctx)?;
        let row = read::product_by(tx, handle, loaders::served_language(request)).await.extended(ctx)?;
        let seen = row.filter(|row| row.status == ProductStatus::Active || super::is_team(request));
        Ok(seen.map(|row| Product::new(Arc::new(row))))
    }

    /// The vendor's categories, parents and children alike, by place among their siblings; with
    /// `roots: true` only those that have no parent, to walk the tree from.
    #[permission(PUBLIC)]
    #[allow(clippy::too_many_arguments)]
    async fn categories(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, 0 to 100; 20 without.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "Only those without a parent.", default)] roots: bool,
    ) -> Result<Option<Connection<Category>>> {
        ctx.ctx().require_public_shop().extended(ctx)?;
        let shape = if roots { "roots" } else { "all" };
        let page =
            Page::new(&page_args(first, after, last, before), BY_POSITION, &ctx.ctx().list_shape(shape))
                .extended(ctx)?;
        let rows = loaders::tree(ctx).await?.sorted(roots);
        let total = rows.len() as i64;
        let slice = page.cut(rows, |row| vec![i64::from(row.position).into(), row.id.into()]);
        let counter: crate::graphql::connection::Counter =
            Arc::new(move || Box::pin(async move { Ok(total) }));
        Ok(Some(Connection::new(slice, Some(counter), Category)))
    }

    /// A category by exactly one of id and slug; null where there is none.
    #[permission(PUBLIC)]
    async fn category(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: Option<ID>,
        #[graphql(desc = "Its slug.")] slug: Option<String>,
    ) -> Result<Option<Category>> {
        if id.is_some() == slug.is_some() {
            return Err(exactly_one("Give exactly one of id and slug.").extend(ctx.ctx()));
        }
        ctx.ctx().require_public_shop().extended(ctx)?;
        if let Some(id) = id {
            return super::load_category(ctx, argument_id(ctx, &id, "id")?).await;
        }
        let tree = loaders::tree(ctx).await?;
        Ok(tree.by_slug(&slug.unwrap_or_default()).cloned().map(Category))
    }
}

const BY_POSITION: SortColumns =
    SortColumns { columns: &[("position", 'i'), ("id", 'u')], descending: false };

fn exactly_one(message: &'static str) -> ApiError {
    ApiError::new(ErrorCode::ExactlyOne, message)
}
