//! What products can be filtered and sorted by, and how that becomes conditions.

use async_graphql::{Enum, ID, InputObject};

use crate::framework::error::{ApiError, ErrorCode};
use crate::framework::id::{Id, Kind};
use crate::framework::money::{Currency, parse_amount};
use crate::graphql::SortDirection;
use crate::graphql::scalars::{DateTime, Decimal};
use crate::modules::catalog::model::ProductStatus;
use crate::modules::catalog::service::read::{Condition, SortBy};

/// Which products. Fields are joined by AND; an empty list finds nothing. At most 30 conditions, three levels deep, lists
/// of at most 100.
#[derive(InputObject, Clone, Default)]
pub struct ProductFilter {
    /// These products.
    pub ids: Option<Vec<ID>>,
    /// By category, those below it included.
    pub category: Option<CategoryFilter>,
    /// By brand.
    pub brand: Option<TextFilter>,
    /// By the price of the cheapest variant, in the vendor's currency.
    pub price: Option<PriceRangeFilter>,
    /// Whether one of the variants can be had now.
    pub available: Option<bool>,
    /// By status; the public sees only `ACTIVE` ones in any case.
    pub status: Option<ProductStatusFilter>,
    /// Whether the vendor puts it forward.
    pub featured: Option<bool>,
    /// By when it was made.
    pub created_at: Option<DateTimeRangeFilter>,
    /// All of these as well.
    pub and: Option<Vec<ProductFilter>>,
    /// One of these as well.
    pub or: Option<Vec<ProductFilter>>,
    /// And not this.
    pub not: Option<Box<ProductFilter>>,
}

/// By category.
#[derive(InputObject, Clone)]
pub struct CategoryFilter {
    /// In this one, or below.
    pub eq: Option<ID>,
    /// In one of these, or below.
    #[graphql(name = "in")]
    pub any: Option<Vec<ID>>,
}

/// By a text, exactly.
#[derive(InputObject, Clone)]
pub struct TextFilter {
    /// This one.
    pub eq: Option<String>,
    /// One of these.
    #[graphql(name = "in")]
    pub any: Option<Vec<String>>,
}

/// By an amount in the vendor's currency, both ends included.
#[derive(InputObject, Clone)]
pub struct PriceRangeFilter {
    /// The lowest.
    pub min: Option<Decimal>,
    /// The highest.
    pub max: Option<Decimal>,
}

/// By status.
#[derive(InputObject, Clone)]
pub struct ProductStatusFilter {
    /// This one.
    pub eq: Option<ProductStatus>,
    /// One of these.
    #[graphql(name = "in")]
    pub any: Option<Vec<ProductStatus>>,
}

/// By an instant, both ends included.
#[derive(InputObject, Clone)]
pub struct DateTimeRangeFilter {
    /// The earliest.
    pub min: Option<DateTime>,
    /// The latest.
    pub max: Option<DateTime>,
}

/// What products are sorted by.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ProductSortField {
    /// When they were made.
    CreatedAt,
    /// When they were last changed.
    UpdatedAt,
    /// The title in the vendor's default language, as the alphabet goes.
    Title,
    /// The cheapest variant's price; products without one count as the dearest.
    Price,
    /// How well they fit the search, best first whatever the direction; needs `search`.
    Relevance,
}

/// How products are sorted.
#[derive(InputObject, Clone, Copy)]
pub struct ProductSort {
    /// By what.
    pub field: ProductSortField,
    /// Which way.
    #[graphql(default)]
    pub direction: SortDirection,
}

/// The sort of a list: as the client says, else best first for a search, else newest first.
pub(super) fn sort_by(sort: Option<ProductSort>, search: bool) -> Result<(SortBy, bool), ApiError> {
    let Some(sort) = sort else {
        return Ok(if search { (SortBy::Relevance, true) } else { (SortBy::Created, true) });
    };
    let descending = sort.direction == SortDirection::Desc;
    Ok(match sort.field {
        ProductSortField::CreatedAt => (SortBy::Created, descending),
        ProductSortField::UpdatedAt => (SortBy::Updated, descending),
        ProductSortField::Title => (SortBy::Title, descending),
        ProductSortField::Price => (SortBy::Price, descending),
        ProductSortField::Relevance if search => (SortBy::Relevance, true),
        ProductSortField::Relevance => {
            return Err(
                ApiError::new(ErrorCode::InvalidValue, "Sorting by relevance needs a search.").at("sort")
            );
        }
    })
}

const MAX_LIST: usize = 100;
const MAX_DEPTH: usize = 3;
const MAX_CONDITIONS: usize = 30;

/// The conditions of a filter, checked.
pub(super) fn conditions(filter: &ProductFilter, currency: Currency) -> Result<Vec<Condition>, ApiError> {
    let mut budget = MAX_CONDITIONS;
    read(filter, currency, MAX_DEPTH, &mut budget)
}

fn read(
    filter: &ProductFilter,
    currency: Currency,
    depth: usize,
    budget: &mut usize,
) -> Result<Vec<Condition>, ApiError> {
    let mut found = Vec::new();
    if let Some(ids) = &filter.ids {
        found.push(Condition::Ids(parse_ids(ids, "filter.ids")?));
    }
    if let Some(category) = &filter.category {
        for ids in
            [category.eq.as_ref().map(std::slice::from_ref), category.any.as_deref()].into_iter().flatten()
        {
            found.push(Condition::Categories(parse_ids(ids, "filter.category")?));
        }
    }
    if let Some(brand) = &filter.brand {
        for brands in
            [brand.eq.as_ref().map(std::slice::from_ref), brand.any.as_deref()].into_iter().flatten()
        {
            bounded(brands.len(), "filter.brand")?;
            if brands.iter().any(|brand| brand.len() > 1_000 || brand.contains('\0')) {
                return Err(
                    ApiError::new(ErrorCode::InvalidValue, "This cannot be a brand.").at("filter.brand")
                );
            }
            found.push(Condition::Brands(brands.to_vec()));
        }
    }
    if let Some(price) = &filter.price {
        let minor = |amount: &Decimal| {
            parse_amount(amount.as_str(), currency).map_err(|error| {
                ApiError::new(ErrorCode::InvalidAmount, error.to_string()).at("filter.price")
            })
        };
        found.extend(price.min.as_ref().map(minor).transpose()?.map(Condition::PriceMin));
        found.extend(price.max.as_ref().map(minor).transpose()?.map(Condition::PriceMax));
    }
    found.extend(filter.available.map(Condition::Available));
    if let Some(status) = &filter.status {
        found.extend(status.eq.map(|status| Condition::Statuses(vec![status])));
        if let Some(statuses) = &status.any {
            bounded(statuses.len(), "filter.status")?;
            found.push(Condition::Statuses(statuses.clone()));
        }
    }
    found.extend(filter.featured.map(Condition::Featured));
    if let Some(created) = &filter.created_at {
        found.extend(created.min.map(|at| Condition::CreatedMin(at.into())));
        found.extend(created.max.map(|at| Condition::CreatedMax(at.into())));
    }
    *budget = budget.checked_sub(found.len()).ok_or_else(too_much)?;
    found.extend(nested(filter, currency, depth, budget)?);
    Ok(found)
}

fn nested(
    filter: &ProductFilter,
    currency: Currency,
    depth: usize,
    budget: &mut usize,
) -> Result<Vec<Condition>, ApiError> {
    let mut found = Vec::new();
    if filter.and.is_none() && filter.or.is_none() && filter.not.is_none() {
        return Ok(found);
    }
    let depth = depth.checked_sub(1).ok_or_else(too_much)?;
    for (list, any) in [(&filter.and, false), (&filter.or, true)] {
        let Some(list) = list else { continue };
        let mut parts = Vec::new();
        for one in list {
            *budget = budget.checked_sub(1).ok_or_else(too_much)?;
            parts.push(Condition::All(read(one, currency, depth, budget)?));
        }
        found.push(if any { Condition::Any(parts) } else { Condition::All(parts) });
    }
    if let Some(not) = &filter.not {
        found.push(Condition::Not(Box::new(Condition::All(read(not, currency, depth, budget)?))));
    }
    Ok(found)
}

fn too_much() -> ApiError {
    ApiError::new(ErrorCode::LimitExceeded, "A filter has at most 30 conditions, three levels deep.")
        .at("filter")
}

fn bounded(length: usize, field: &str) -> Result<(), ApiError> {
    match length {
        0..=MAX_LIST => Ok(()),
        _ => Err(ApiError::new(ErrorCode::LimitExceeded, "A list has at most 100 entries.").at(field)),
    }
}

fn parse_ids<K: Kind>(ids: &[ID], field: &str) -> Result<Vec<Id<K>>, ApiError> {
    bounded(ids.len(), field)?;
    ids.iter()
        .map(|id| {
            Id::parse(id).map_err(|error| ApiError::new(ErrorCode::InvalidId, error.to_string()).at(field))
        })
        .collect()
}
