//! What carts and checkouts need to know of a variant, in one statement.

use chrono::{DateTime, NaiveDate, Utc};

use super::model::Policy;
use super::{rules, store};
use crate::framework::db::{DbError, Tx};
use crate::framework::id::{ProductId, VariantId};
use crate::framework::tax::TaxClass;

/// For whom and when an offer is made.
#[derive(Debug, Clone)]
pub struct OfferQuery<'a> {
    /// The variants, of any number.
    pub variants: &'a [VariantId],
    /// The price list, `base` by default.
    pub price_list: &'a str,
    /// ISO 4217.
    pub currency: &'a str,
    /// Where the tax is due (ISO 3166).
    pub tax_country: &'a str,
    /// The business date of the tax rate.
    pub on: NaiveDate,
    /// The instant of the price.
    pub now: DateTime<Utc>,
}

/// A variant as it can be bought now.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The variant.
    pub variant_id: VariantId,
    /// Its product.
    pub product_id: ProductId,
    /// The product's title, with the variant's after it where the product has several.
    pub title: String,
    /// The variant's SKU.
    pub sku: Option<String>,
    /// Whether the product is published, variant and product live, and there is a price.
    pub sellable: bool,
    /// The unit price in minor units; `None` without one in this list and currency.
    pub price: Option<i64>,
    /// The tax class.
    pub tax_class: TaxClass,
    /// The rate of the day in basis points (0 where the country has none for the class).
    pub tax_rate_bp: i32,
    /// Smallest quantity.
    pub min_quantity: i32,
    /// Largest quantity.
    pub max_quantity: Option<i32>,
    /// Quantities are multiples of it.
    pub quantity_step: i32,
    /// Whether it goes into a parcel.
    pub requires_shipping: bool,
    /// Whether its inventory is not counted (digital goods, services).
    pub unlimited: bool,
    /// What can be promised now: on hand less reserved over the sellable locations, plus what the policy allows beyond.
    pub available: i64,
}

crate::row! {
    /// What the statement gives.
    pub(super) struct OfferRow {
        pub variant_id: VariantId,
        pub product_id: ProductId,
        pub product_title: String,
        pub variant_title: Option<String>,
        pub sku: Option<String>,
        pub live: bool,
        pub price: Option<i64>,
        pub tax_class: TaxClass,
        pub tax_rate_bp: Option<i32>,
        pub min_quantity: i32,
        pub max_quantity: Option<i32>,
        pub quantity_step: i32,
        pub requires_shipping: bool,
        pub unlimited: bool,
        pub policy: Policy,
        pub policy_limit: i32,
        pub available: Option<i64>,
    }
}

/// The offers of the variants that exist (deleted ones included, as not sellable), in no particular order. One statement.
pub async fn offers(tx: &Tx, query: OfferQuery<'_>) -> Result<Vec<Offer>, DbError> {
    let rows = store::offers(tx, &query).await?;
    Ok(rows.into_iter().map(offer).collect())
}

fn offer(row: OfferRow) -> Offer {
    Offer {
        variant_id: row.variant_id,
        product_id: row.product_id,
        title: match row.variant_title {
            Some(variant) if !variant.is_empty() => format!("{} – {variant}", row.product_title),
            _ => row.product_title,
        },
        sku: row.sku,
        sellable: row.live && row.price.is_some(),
        price: row.price,
        tax_class: row.tax_class,
        tax_rate_bp: row.tax_rate_bp.unwrap_or(0),
        min_quantity: row.min_quantity,
        max_quantity: row.max_quantity,
        quantity_step: row.quantity_step,
        requires_shipping: row.requires_shipping,
        unlimited: row.unlimited,
        available: rules::promised(row.policy, row.policy_limit, row.available.unwrap_or(0)),
    }
}
