//! What the catalog keeps: rows and their enums.

use async_graphql::Enum;
use chrono::{DateTime, Utc};

use crate::framework::id::{CategoryId, ImageId, ProductId, VariantId};
use crate::framework::tax::TaxClass;

/// Whether shoppers see a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum ProductStatus {
    /// Being worked on: only the team sees it.
    Draft,
    /// Published: shoppers see it.
    Active,
    /// Put away: only the team sees it.
    Archived,
}
crate::text_enum!(ProductStatus { Draft => "DRAFT", Active => "ACTIVE", Archived => "ARCHIVED" });

/// What may be sold beyond what is on hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
#[graphql(name = "InventoryPolicy")]
pub enum Policy {
    /// Nothing.
    Deny,
    /// Up to the policy's limit, delivered later.
    Backorder,
    /// Up to the policy's limit, before the variant is out.
    Preorder,
}
crate::text_enum!(Policy { Deny => "DENY", Backorder => "BACKORDER", Preorder => "PREORDER" });

/// What kind of thing a variant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum VariantKind {
    /// Goods that are shipped or collected.
    Physical,
    /// Delivered over the network; inventory is not counted.
    Digital,
    /// Work; inventory is not counted.
    Service,
    /// Delivered again and again; inventory is not counted.
    Subscription,
}
crate::text_enum!(VariantKind {
    Physical => "PHYSICAL", Digital => "DIGITAL", Service => "SERVICE", Subscription => "SUBSCRIPTION",
});

impl VariantKind {
    /// Whether it goes into a parcel, and its inventory is counted.
    pub fn tangible(self) -> bool {
        self == Self::Physical
    }
}

/// Whether, and how, a variant can be had. Open: clients keep a default branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum Availability {
    /// In stock.
    Available,
    /// In stock, five or fewer.
    Low,
    /// Not to be had.
    Unavailable,
    /// Can be ordered before it is out; see `availableFrom`.
    Preorder,
    /// Nothing on hand; can be ordered and is delivered later.
    Backorder,
    /// Not counted: digital goods and services.
    Unlimited,
}

crate::row! {
    /// A product as lists show it; description and metadata are read apart, when they are asked for.
    pub struct ProductRow {
        pub id: ProductId,
        pub title: String,
        pub slug: String,
        pub language: Option<String>,
        pub brand: Option<String>,
        pub status: ProductStatus,
        pub featured: bool,
        pub external_id: Option<String>,
        pub price_from: Option<i64>,
        pub price_to: Option<i64>,
        pub version: i32,
        pub created_at: DateTime<Utc>,
        pub updated_at: DateTime<Utc>,
        pub key_int: i64,
        pub key_text: Option<String>,
    }
}

crate::row! {
    /// The wide columns of a product.
    pub struct ProductDetail {
        pub id: ProductId,
        pub description: Option<String>,
        pub public_metadata: serde_json::Value,
        pub metadata: serde_json::Value,
    }
}

crate::row! {
    /// A product in one of its further languages.
    pub struct ProductTranslation {
        pub product_id: ProductId,
        pub language: String,
        pub title: Option<String>,
        pub slug: Option<String>,
        pub description: Option<String>,
    }
}

crate::row! {
    /// A variant with its price and what is left of it.
    pub struct VariantRow {
        pub id: VariantId,
        pub product_id: ProductId,
        pub position: i32,
        pub title: String,
        pub sku: Option<String>,
        pub gtin: Option<String>,
        pub external_id: Option<String>,
        pub tax_class: TaxClass,
        pub options: String,
        pub requires_shipping: bool,
        pub unlimited: bool,
        pub policy: Policy,
        pub policy_limit: i32,
        pub available_from: Option<DateTime<Utc>>,
        pub min_quantity: i32,
        pub max_quantity: Option<i32>,
        pub quantity_step: i32,
        pub image_id: Option<ImageId>,
        pub version: i32,
        pub published: bool,
        pub amount: Option<i64>,
        pub compare_at: Option<i64>,
        pub lowest_prior: Option<i64>,
        pub available: Option<i64>,
    }
}

crate::row! {
    /// A picture of a product.
    pub struct ImageRow {
        pub id: ImageId,
        pub product_id: ProductId,
        pub url: String,
        pub alt_text: Option<String>,
        pub width: Option<i32>,
        pub height: Option<i32>,
    }
}

crate::row! {
    /// A category, with its name in the served language.
    pub struct CategoryRow {
        pub id: CategoryId,
        pub parent_id: Option<CategoryId>,
        pub name: String,
        pub translated: Option<String>,
        pub slug: String,
        pub position: i32,
        pub version: i32,
        pub created_at: DateTime<Utc>,
    }
}

/// One option of a variant: `Size: M`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct VariantOption {
    /// The option, `Size`.
    pub name: String,
    /// Its value, `M`.
    pub value: String,
}
