//! What a row of a feed becomes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Condition, DeliveryMethod, ProductKind, StagedAvailability};

/// A row of the feed, checked and typed, as it goes into the staging table. All texts are trimmed and never empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StagedRow {
    /// The vendor's id (SKU) of the product, unique in the source; 1 to 50 characters.
    pub external_id: String,
    /// In the language of the file, at most 500 characters.
    pub title: String,
    /// In the language of the file, at most 50,000 characters. HTML is kept as it is and must be sanitised before
    /// anybody sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Absolute http or https address, at most 2,000 bytes; so are the pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_link: Option<String>,
    /// At most 20, none twice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub additional_image_links: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// 8, 12, 13 or 14 digits; an ISBN-10 as its ISBN-13. Its check digit may be wrong: then there is a warning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gtin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mpn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// Gross, in minor units of `currency`; not negative.
    pub price_minor: i64,
    /// ISO 4217 code: always the vendor's currency.
    pub currency: String,
    /// Lower than the price, in the same currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_price_minor: Option<i64>,
    /// Without both moments the sale price holds now; it begins at `from` and ends before `to`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_price_from: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_price_to: Option<DateTime<Utc>>,
    /// Basis points: 1700 is 17 percent. May be a rate without a tax class: then there is a warning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_rate_bp: Option<i32>,
    /// In stock when the feed does not say. Never a quantity.
    pub availability: StagedAvailability,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_date: Option<DateTime<Utc>>,
    /// From `product_type`, else `google_product_category`; a numeric category id stands alone. Empty when unknown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub category_path: Vec<String>,
    /// Rows with the same one are variants of one product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_group_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_grams: Option<i64>,
    /// Letzshop's rank among its products in thousandths: 0 to 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boost_sort: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_method: Option<DeliveryMethod>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preorder_days: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_kind: Option<ProductKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<i64>,
    /// Non-empty cells of columns without a field of their own, by column name; values of at most 1,000 characters.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, String>,
    /// SHA-256 of all the above: equal rows of two runs need no update. Holds the texts, so it belongs to one
    /// language's file.
    #[serde(skip)]
    pub fingerprint: [u8; 32],
}

impl StagedRow {
    /// Empty fields are left out of it, so that a field which is added later leaves old fingerprints as they are.
    pub(super) fn with_fingerprint(self) -> Option<Self> {
        let content = serde_json::to_vec(&self).ok()?;
        Some(StagedRow { fingerprint: Sha256::digest(&content).into(), ..self })
    }
}
