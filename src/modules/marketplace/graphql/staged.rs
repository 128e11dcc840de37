//! Staged products.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result};

use crate::framework::context::ContextExt as _;
use crate::framework::error::{ApiError, ErrorCode, Refusal};
use crate::framework::paging::SortColumns;
use crate::graphql::SortDirection;
use crate::graphql::scalars::{DateTime, LanguageCode};
use crate::graphql::types::{Money, input_id};
use crate::modules::catalog::graphql::{Product, ProductVariant, load_product, load_variant};
use crate::modules::catalog::model::Availability;
use crate::modules::marketplace::model::{FeedFormat, StagedAvailability, StagedProductRow};
use crate::modules::marketplace::service::read::StagedFilter;

/// A row of a feed, staged: to be looked at and published. Publishing makes an independent copy with a link back.
#[derive(Clone)]
pub struct MarketplaceProduct(pub Arc<StagedProductRow>);

/// A row of a feed, staged: to be looked at and published. Publishing makes an independent copy with a link back.
#[Object]
impl MarketplaceProduct {
    /// Its id, `mprod_…`.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }
    /// The vendor's own id in the feed; unique in format and source.
    async fn external_id(&self) -> &str {
        &self.0.external_id
    }
    /// The kind of feed that it came in.
    async fn format(&self) -> FeedFormat {
        self.0.format
    }
    /// The source that it came from.
    async fn source(&self) -> &str {
        &self.0.source
    }
    /// The title, in `language`.
    async fn title(&self) -> &str {
        &self.0.title
    }
    /// The language of the title: the vendor's default as soon as there was a file in it, else that of the first file.
    async fn language(&self) -> Option<LanguageCode> {
        self.0.language.parse().ok()
    }
    /// The maker.
    async fn brand(&self) -> Option<&str> {
        self.0.brand.as_deref()
    }
    /// The GTIN, digits only.
    async fn gtin(&self) -> Option<&str> {
        self.0.gtin.as_deref()
    }
    /// The feed's regular price, without markup.
    async fn price(&self, ctx: &Context<'_>) -> Result<Option<Money>> {
        money(ctx, &self.0, Some(self.0.price))
    }
    /// The feed's sale price, whatever its dates.
    async fn sale_price(&self, ctx: &Context<'_>) -> Result<Option<Money>> {
        money(ctx, &self.0, self.0.sale_price)
    }
    /// What the feed says of its availability: a word, never a quantity.
    async fn availability(&self) -> Availability {
        match self.0.availability {
            StagedAvailability::Available => Availability::Available,
            StagedAvailability::Unavailable => Availability::Unavailable,
            StagedAvailability::Preorder => Availability::Preorder,
            StagedAvailability::Backorder => Availability::Backorder,
        }
    }
    /// The quantity in the feed, where it has one.
    async fn quantity(&self) -> Option<i32> {
        self.0.quantity
    }
    /// The address of the main picture; it is not fetched.
    async fn image_url(&self) -> Option<&str> {
        self.0.image_url.as_deref()
    }
    /// The feed's category, from the root.
    async fn category_path(&self) -> &[String] {
        &self.0.category_path.0
    }
    /// Rows with the same one become variants of one product.
    async fn item_group_id(&self) -> Option<&str> {
        self.0.item_group_id.as_deref()
    }
    /// What it was published as; null before that, and where the viewer may not see it.
    async fn product(&self, ctx: &Context<'_>) -> Result<Option<Product>> {
        match self.0.product_id {
            Some(id) => load_product(ctx, id).await,
            None => Ok(None),
        }
    }
    /// The variant that it was published as.
    async fn variant(&self, ctx: &Context<'_>) -> Result<Option<ProductVariant>> {
        match self.0.variant_id {
            Some(id) => load_variant(ctx, id).await,
            None => Ok(None),
        }
    }
    /// When it was first staged.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }
    /// When an import last changed it.
    async fn updated_at(&self) -> DateTime {
        self.0.updated_at.into()
    }
}

fn money(ctx: &Context<'_>, row: &StagedProductRow, minor: Option<i64>) -> Result<Option<Money>> {
    let Some(minor) = minor else { return Ok(None) };
    let amount = row
        .currency_code
        .parse()
        .ok()
        .and_then(|currency| crate::framework::money::Money::new(minor, currency).ok().map(Money));
    match amount {
        Some(amount) => Ok(Some(amount)),
        None => Err(ApiError::new(ErrorCode::Internal, "A stored amount is out of range.").extend(ctx.ctx())),
    }
}

/// Which staged products. Every condition that is given must hold; without any they are all.
#[derive(InputObject, Clone, Default)]
pub struct MarketplaceProductFilter {
    /// Met by this import, changed or not.
    pub job_id: Option<ID>,
    /// Published, or not yet.
    pub published: Option<bool>,
    /// One of these; at most 10. Feeds know `AVAILABLE`, `UNAVAILABLE`, `PREORDER` and `BACKORDER`.
    pub availability: Option<Vec<Availability>>,
    /// Exactly this brand.
    pub brand: Option<String>,
    /// Exactly this source.
    pub source: Option<String>,
    /// Exactly this kind of feed.
    pub format: Option<FeedFormat>,
    /// Part of title, brand, GTIN or external id; accents and case do not matter. Finds 2,000 at most.
    pub search: Option<String>,
}

impl MarketplaceProductFilter {
    /// The filter, checked; `path` is where it stands in the input.
    pub(super) fn check(self, path: &[&str]) -> std::result::Result<StagedFilter, Refusal> {
        let at = |field: &str| {
            path.iter().map(|part| (*part).to_owned()).chain([field.to_owned()]).collect::<Vec<_>>()
        };
        let job = match &self.job_id {
            Some(id) => Some(input_id(id, &[]).map_err(|refusal| refusal.at(at("jobId")))?),
            None => None,
        };
        for (name, value) in [("brand", &self.brand), ("source", &self.source), ("search", &self.search)] {
            let bad = |value: &String| value.chars().count() > 200 || value.chars().any(char::is_control);
            if value.as_ref().is_some_and(bad) {
                let message = "At most 200 characters, without control characters.";
                return Err(Refusal::new(ErrorCode::InvalidValue, message).at(at(name)));
            }
        }
        if self.availability.as_ref().is_some_and(|words| words.len() > 10) {
            return Err(Refusal::new(ErrorCode::TooLong, "At most 10 values.").at(at("availability")));
        }
        let words = self.availability.map(|words| words.into_iter().filter_map(word).collect());
        let search = self.search.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(StagedFilter {
            job,
            published: self.published,
            availability: words,
            brand: self.brand,
            source: self.source,
            format: self.format,
            search,
            changed_by: None,
        })
    }
}

/// The word of a feed; no feed says anything else.
fn word(availability: Availability) -> Option<String> {
    let word = match availability {
        Availability::Available => StagedAvailability::Available,
        Availability::Unavailable => StagedAvailability::Unavailable,
        Availability::Preorder => StagedAvailability::Preorder,
        Availability::Backorder => StagedAvailability::Backorder,
        Availability::Low | Availability::Unlimited => return None,
    };
    Some(word.as_str().to_owned())
}

/// What staged products are sorted by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum MarketplaceProductSortField {
    /// When they were first staged.
    CreatedAt,
    /// The vendor's own id, as text.
    ExternalId,
}

/// How staged products are sorted.
#[derive(InputObject, Clone, Copy)]
pub struct MarketplaceProductSort {
    /// By what.
    pub field: MarketplaceProductSortField,
    /// In which direction.
    #[graphql(default_with = "SortDirection::Desc")]
    pub direction: SortDirection,
}

impl MarketplaceProductSort {
    pub(super) fn columns(self) -> SortColumns {
        let columns: &'static [(&'static str, char)] = match self.field {
            MarketplaceProductSortField::CreatedAt => &[("p.created_at", 'd'), ("p.id", 'u')],
            MarketplaceProductSortField::ExternalId => &[("p.external_id COLLATE \"C\"", 's'), ("p.id", 'u')],
        };
        SortColumns { columns, descending: self.direction == SortDirection::Desc }
    }
}
