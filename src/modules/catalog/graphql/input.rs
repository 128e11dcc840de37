//! What mutations take.

use async_graphql::{ID, InputObject, MaybeUndefined};

use super::variant::SelectedOptionInput;
use crate::framework::tax::TaxClass;
use crate::graphql::scalars::{DateTime, Json, LanguageCode, Url};
use crate::graphql::types::MoneyInput;
use crate::modules::catalog::model::{Policy, ProductStatus, VariantKind};

/// A product to be made.
#[derive(InputObject)]
pub struct ProductCreateInput {
    /// Its title in the vendor's default language (1 to 500 characters).
    pub title: String,
    /// Its name in addresses: lower-case letters, digits and hyphens, 200 at most; made from the title without.
    pub slug: Option<String>,
    /// Its description (100,000 characters at most). HTML is kept as far as it is safe.
    pub description: Option<String>,
    /// The maker (200 characters at most).
    pub brand: Option<String>,
    /// Whether shoppers see it; anything but `DRAFT` needs `PRODUCTS_PUBLISH`.
    #[graphql(default_with = "Some(ProductStatus::Draft)")]
    pub status: Option<ProductStatus>,
    /// Whether the vendor puts it forward.
    pub featured: Option<bool>,
    /// The categories that it is in (100 at most).
    pub category_ids: Option<Vec<ID>>,
    /// The id that a system outside gave it (200 characters at most); unique among the vendor's products.
    pub external_id: Option<String>,
    /// Its variants (100 at most); one without options where none is given.
    pub variants: Option<Vec<ProductVariantInput>>,
    /// Its pictures, in their order (100 at most).
    pub images: Option<Vec<ProductImageInput>>,
    /// Its texts in the vendor's other languages.
    pub translations: Option<Vec<ProductTranslationInput>>,
    /// Free data that everybody may see: an object of at most 16 KB.
    pub public_metadata: Option<Json>,
    /// Free data for the team: an object of at most 16 KB.
    pub metadata: Option<Json>,
    /// Makes a retry safe: the same key with the same input makes one product. Kept 7 days.
    pub idempotency_key: Option<String>,
}

/// Changes of a product: what is omitted stays, null clears, a list replaces the list.
#[derive(InputObject)]
pub struct ProductUpdateInput {
    /// The product.
    pub id: ID,
    /// Its title in the vendor's default language.
    pub title: MaybeUndefined<String>,
    /// Its name in addresses.
    pub slug: MaybeUndefined<String>,
    /// Its description.
    pub description: MaybeUndefined<String>,
    /// The maker.
    pub brand: MaybeUndefined<String>,
    /// Whether the vendor puts it forward.
    pub featured: Option<bool>,
    /// The categories that it is in.
    pub category_ids: MaybeUndefined<Vec<ID>>,
    /// Its texts in the vendor's other languages.
    pub translations: MaybeUndefined<Vec<ProductTranslationInput>>,
    /// Free data that everybody may see.
    pub public_metadata: MaybeUndefined<Json>,
    /// Free data for the team.
    pub metadata: MaybeUndefined<Json>,
    /// Refuses with `VERSION_CONFLICT` if the product has another version by now.
    pub expected_version: Option<i32>,
}

/// A change of a product's status.
#[derive(InputObject)]
pub struct ProductStatusSetInput {
    /// The product.
    pub id: ID,
    /// The status.
    pub status: ProductStatus,
    /// Refuses with `VERSION_CONFLICT` if the product has another version by now.
    pub expected_version: Option<i32>,
}

/// A product to be deleted.
#[derive(InputObject)]
pub struct ProductDeleteInput {
    /// The product.
    pub id: ID,
    /// Refuses with `VERSION_CONFLICT` if the product has another version by now.
    pub expected_version: Option<i32>,
}

/// A product's texts in a language other than the default.
#[derive(InputObject)]
pub struct ProductTranslationInput {
    /// One of the vendor's languages, not its default.
    pub language: LanguageCode,
    /// Its title.
    pub title: Option<String>,
    /// Its name in addresses.
    pub slug: Option<String>,
    /// Its description.
    pub description: Option<String>,
}

/// A picture by its address.
#[derive(InputObject)]
pub struct ProductImageInput {
    /// A picture of the product that stays; without, it is a new one.
    pub id: Option<ID>,
    /// Where it is; needed for a new one.
    pub url: Option<Url>,
    /// What it shows (500 characters at most).
    pub alt_text: Option<String>,
}

/// A variant to be made or changed. In changes, what is omitted stays and null clears.
#[derive(InputObject, Default)]
pub struct ProductVariantInput {
    /// The vendor's number for it (100 characters at most), unique among the living.
    pub sku: MaybeUndefined<String>,
    /// What tells it from the others (200 characters at most); made of its options without.
    pub title: MaybeUndefined<String>,
    /// Its price in the vendor's currency and price mode.
    pub price: MaybeUndefined<MoneyInput>,
    /// The price that this one is compared with.
    pub compare_at_price: MaybeUndefined<MoneyInput>,
    /// What kind of tax rate it takes; `STANDARD` without.
    pub tax_class: Option<TaxClass>,
    /// The global trade item number, with its right check digit.
    pub gtin: MaybeUndefined<String>,
    /// The id that a system outside gave it.
    pub external_id: MaybeUndefined<String>,
    /// Its options (20 at most); no two variants of a product have the same.
    pub options: Option<Vec<SelectedOptionInput>>,
    /// What is on hand at the default location, for an item that is new; later use `inventorySet`.
    pub initial_quantity: Option<i32>,
    /// What kind of thing it is; only goods are shipped and counted. Only when it is made.
    pub kind: Option<VariantKind>,
    /// What may be sold beyond what is on hand.
    pub inventory_policy: Option<Policy>,
    /// How many beyond (0 to 1,000,000).
    pub inventory_policy_limit: Option<i32>,
    /// From when a preorder is delivered.
    pub available_from: MaybeUndefined<DateTime>,
    /// The smallest quantity of a cart line (1 to 1,000,000).
    pub min_quantity: Option<i32>,
    /// The largest quantity of a cart line.
    pub max_quantity: MaybeUndefined<i32>,
    /// Quantities are multiples of it (1 to 1,000,000).
    pub quantity_step: Option<i32>,
    /// Its weight in grams (0 to 1,000,000,000).
    pub weight_grams: MaybeUndefined<i32>,
    /// The picture of its product that stands for it.
    pub image_id: MaybeUndefined<ID>,
}

/// A variant to be added to a product.
#[derive(InputObject)]
pub struct ProductVariantCreateInput {
    /// The product.
    pub product_id: ID,
    /// The variant.
    pub variant: ProductVariantInput,
    /// Makes a retry safe. Kept 7 days.
    pub idempotency_key: Option<String>,
}

/// Changes of a variant.
#[derive(InputObject)]
pub struct ProductVariantUpdateInput {
    /// The variant.
    pub id: ID,
    /// What changes.
    pub variant: ProductVariantInput,
    /// Refuses with `VERSION_CONFLICT` if the variant has another version by now.
    pub expected_version: Option<i32>,
}

/// A variant to be deleted.
#[derive(InputObject)]
pub struct ProductVariantDeleteInput {
    /// The variant.
    pub id: ID,
    /// Refuses with `VERSION_CONFLICT` if the variant has another version by now.
    pub expected_version: Option<i32>,
}

/// The categories of a product.
#[derive(InputObject)]
pub struct ProductCategoriesSetInput {
    /// The product.
    pub id: ID,
    /// Exactly these (100 at most).
    pub category_ids: Vec<ID>,
    /// Refuses with `VERSION_CONFLICT` if the product has another version by now.
    pub expected_version: Option<i32>,
}

/// The pictures of a product.
#[derive(InputObject)]
pub struct ProductImagesSetInput {
    /// The product.
    pub id: ID,
    /// Exactly these, in this order (100 at most); the first is the featured one.
    pub images: Vec<ProductImageInput>,
    /// Refuses with `VERSION_CONFLICT` if the product has another version by now.
    pub expected_version: Option<i32>,
}

/// A category to be made.
#[derive(InputObject)]
pub struct CategoryCreateInput {
    /// Its name in the vendor's default language (1 to 200 characters).
    pub name: String,
    /// Its name in addresses; made from the name without.
    pub slug: Option<String>,
    /// The category above.
    pub parent_id: Option<ID>,
    /// Its place among its siblings; 0 without.
    pub position: Option<i32>,
    /// Its names in the vendor's other languages.
    pub translations: Option<Vec<CategoryTranslationInput>>,
    /// Makes a retry safe. Kept 7 days.
    pub idempotency_key: Option<String>,
}

/// A category's name in a language other than the default.
#[derive(InputObject)]
pub struct CategoryTranslationInput {
    /// One of the vendor's languages, not its default.
    pub language: LanguageCode,
    /// Its name.
    pub name: String,
}

/// Changes of a category: what is omitted stays, null clears, a list replaces the list.
#[derive(InputObject)]
pub struct CategoryUpdateInput {
    /// The category.
    pub id: ID,
    /// Its name in the vendor's default language.
    pub name: Option<String>,
    /// Its name in addresses.
    pub slug: Option<String>,
    /// The category above; null makes it a root.
    pub parent_id: MaybeUndefined<ID>,
    /// Its place among its siblings.
    pub position: Option<i32>,
    /// Its names in the vendor's other languages.
    pub translations: Option<Vec<CategoryTranslationInput>>,
    /// Refuses with `VERSION_CONFLICT` if the category has another version by now.
    pub expected_version: Option<i32>,
}

/// A category to be deleted. Its children move up to its parent; its products stay.
#[derive(InputObject)]
pub struct CategoryDeleteInput {
    /// The category.
    pub id: ID,
    /// Refuses with `VERSION_CONFLICT` if the category has another version by now.
    pub expected_version: Option<i32>,
}
