//! What publishing hands to the catalog, in bulk.

use crate::framework::error::Refusal;
use crate::framework::id::{CategoryId, ProductId, VariantId};
use crate::framework::tax::TaxClass;

use super::model::{Policy, ProductStatus, VariantKind, VariantOption};

/// The most products of one call of [`super::service::import_upsert`].
pub const MAX_BATCH: usize = 1_000;

/// A product as a feed has it. It is found again by its `external_id`, or by the `product_id` of an earlier publishing.
#[derive(Debug, Clone)]
pub struct ImportedProduct {
    /// The product that was made of it before, if the caller knows; goes before `external_id`.
    pub product_id: Option<ProductId>,
    /// Unique in the vendor's catalog (200 characters at most): the item group's id, or the row's own.
    pub external_id: String,
    /// Title and description by language. One should be the vendor's default; else the first stands for it.
    pub texts: Vec<ImportedText>,
    /// The maker.
    pub brand: Option<String>,
    /// Addresses of pictures, the first one featured; empty leaves the pictures as they are.
    pub image_urls: Vec<String>,
    /// Living categories; empty leaves them as they are.
    pub category_ids: Vec<CategoryId>,
    /// The status of a new product; a known one keeps its own.
    pub status: ProductStatus,
    /// Where the product's own fields come from.
    pub origin: Origin,
    /// At least one. Variants of the product that are not named here stay as they are.
    pub variants: Vec<ImportedVariant>,
}

/// A product's texts in one language. Too long ones are cut; descriptions are sanitised.
#[derive(Debug, Clone)]
pub struct ImportedText {
    /// The language, as the vendor lists it.
    pub language: String,
    /// The title.
    pub title: String,
    /// The description, HTML or plain.
    pub description: Option<String>,
}

/// A variant as a feed has it. `None` says nothing about a field: a known variant keeps its value.
#[derive(Debug, Clone)]
pub struct ImportedVariant {
    /// The variant that was made of it before, if the caller knows; goes before `external_id`.
    pub variant_id: Option<VariantId>,
    /// Unique among the vendor's variants.
    pub external_id: String,
    /// Its own title; without one it is made of the options.
    pub title: Option<String>,
    /// The vendor's number. A new variant whose SKU is taken is refused; a known one keeps its own.
    pub sku: Option<String>,
    /// The GTIN; not checked again.
    pub gtin: Option<String>,
    /// In minor units of the vendor's currency, markup applied.
    pub price: Option<i64>,
    /// In minor units, only together with a price.
    pub compare_at: Option<i64>,
    /// The tax class; `STANDARD` for a new variant that names none.
    pub tax_class: Option<TaxClass>,
    /// Size, colour and so on.
    pub options: Vec<VariantOption>,
    /// What kind of thing it is; for new variants.
    pub kind: VariantKind,
    /// What may be sold beyond what is on hand, with its limit.
    pub policy: Option<(Policy, i32)>,
    /// From when a preorder is delivered.
    pub available_from: Option<chrono::DateTime<chrono::Utc>>,
    /// Grams.
    pub weight_grams: Option<i32>,
    /// The markup that is in the price, for later feeds.
    pub markup_bp: i32,
    /// Where its fields come from.
    pub origin: Origin,
}

/// Where a field's value comes from (facts I).
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// Format and code of the source, `GOOGLE/default`.
    pub source: String,
    /// The import job, as a plain UUID.
    pub job: Option<uuid::Uuid>,
    /// The row of its file.
    pub row: Option<i64>,
}

/// What became of an imported product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportedOutcome {
    /// It is new.
    Created,
    /// Something of it changed.
    Updated,
    /// Nothing of it changed.
    Unchanged,
    /// It was left alone; the result's refusal says why.
    Skipped,
}

/// What became of an imported product, in the order of the batch.
#[derive(Debug, Clone)]
pub struct ImportedResult {
    /// What became of it.
    pub outcome: ImportedOutcome,
    /// The product; `None` where it was skipped.
    pub product_id: Option<ProductId>,
    /// Its variants in the order given; empty where it was skipped, `None` for a variant that a person deleted.
    pub variant_ids: Vec<Option<VariantId>>,
    /// The variants that are new, for their first quantity.
    pub new_variants: Vec<VariantId>,
    /// Why it was skipped: `PRODUCT_NOT_FOUND` (a person deleted it), `HANDLE_TAKEN`, `INVALID_VALUE` …
    pub refusal: Option<Refusal>,
}
