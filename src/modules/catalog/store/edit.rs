//! Rows as they are locked and written back by edits.

use chrono::{DateTime, Utc};

use crate::framework::db::{DbError, Tx, sql};
use crate::framework::id::{ImageId, ProductId, VariantId};
use crate::framework::tax::TaxClass;
use crate::modules::catalog::model::{Policy, ProductStatus};

crate::row! {
    /// What an edit of a product may change.
    pub struct ProductEdit {
        pub id: ProductId,
        pub title: String,
        pub slug: String,
        pub description: Option<String>,
        pub brand: Option<String>,
        pub status: ProductStatus,
        pub featured: bool,
        pub public_metadata: serde_json::Value,
        pub metadata: serde_json::Value,
        pub provenance: serde_json::Value,
        pub version: i32,
    }
}

/// A living product, locked until the transaction ends.
pub async fn lock_product(tx: &Tx, id: ProductId) -> Result<Option<ProductEdit>, DbError> {
    tx.optional(
        sql("SELECT id, title, slug, description, brand, status, featured, public_metadata, metadata, provenance, version \
             FROM products WHERE vendor_id = $1 AND id = $2 AND deleted_at IS NULL FOR NO KEY UPDATE")
            .bind(tx.vendor())
            .bind(id),
    )
    .await
}

/// Writes an edited product back, counting the change.
pub async fn save_product(tx: &Tx, now: DateTime<Utc>, row: &ProductEdit) -> Result<(), DbError> {
    tx.execute(
        sql("UPDATE products SET title = $3, slug = $4, description = $5, brand = $6, status = $7, featured = $8, \
               public_metadata = $9, metadata = $10, provenance = $11, updated_at = $12, version = version + 1, \
               published_at = CASE WHEN $7 = 'ACTIVE' THEN coalesce(published_at, $12) ELSE published_at END \
             WHERE vendor_id = $1 AND id = $2")
            .bind(tx.vendor())
            .bind(row.id)
            .bind(row.title.as_str())
            .bind(row.slug.as_str())
            .bind(row.description.as_deref())
            .bind(row.brand.as_deref())
            .bind(row.status.as_str())
            .bind(row.featured)
            .bind(row.public_metadata.clone())
            .bind(row.metadata.clone())
            .bind(row.provenance.clone())
            .bind(now),
    )
    .await
    .map(|_| ())
}

/// Deletes a product softly, with its variants and translations: their handles become free.
pub async fn delete_product(tx: &Tx, now: DateTime<Utc>, id: ProductId) -> Result<(), DbError> {
    tx.execute(
        sql("WITH variants AS (UPDATE product_variants SET deleted_at = $3, updated_at = $3, version = version + 1 \
               WHERE vendor_id = $1 AND product_id = $2 AND deleted_at IS NULL), \
             translations AS (UPDATE product_translations SET deleted_at = $3 WHERE vendor_id = $1 AND product_id = $2) \
             UPDATE products SET deleted_at = $3, updated_at = $3, version = version + 1 WHERE vendor_id = $1 AND id = $2")
            .bind(tx.vendor())
            .bind(id)
            .bind(now),
    )
    .await
    .map(|_| ())
}

crate::row! {
    /// What an edit of a variant may change, with its price in the base list.
    pub struct VariantEdit {
        pub id: VariantId,
        pub product_id: ProductId,
        pub title: String,
        pub sku: Option<String>,
        pub gtin: Option<String>,
        pub external_id: Option<String>,
        pub tax_class: TaxClass,
        pub options: serde_json::Value,
        pub options_key: String,
        pub policy: Policy,
        pub policy_limit: i32,
        pub available_from: Option<DateTime<Utc>>,
        pub min_quantity: i32,
        pub max_quantity: Option<i32>,
        pub quantity_step: i32,
        pub requires_shipping: bool,
        pub unlimited: bool,
        pub weight_grams: Option<i32>,
        pub image_id: Option<ImageId>,
        pub provenance: serde_json::Value,
        pub version: i32,
        pub amount: Option<i64>,
        pub compare_at: Option<i64>,
    }
}

/// A living variant of a living product, locked until the transaction ends.
pub async fn lock_variant(tx: &Tx, id: VariantId, currency: &str) -> Result<Option<VariantEdit>, DbError> {
    // The product first, as imports lock: the other way round they would wait for each other.
    tx.load::<(i32,)>(
        sql("SELECT 1 FROM products WHERE vendor_id = $1 \
             AND id = (SELECT product_id FROM product_variants WHERE vendor_id = $1 AND id = $2) FOR NO KEY UPDATE")
        .bind(tx.vendor())
        .bind(id),
    )
    .await?;
    tx.optional(
        sql("SELECT v.id, v.product_id, v.title, v.sku, v.gtin, v.external_id, v.tax_class, v.options, v.options_key, v.policy, \
               v.policy_limit, v.available_from, v.min_quantity, v.max_quantity, v.quantity_step, v.requires_shipping, v.unlimited, \
               v.weight_grams, v.image_id, v.provenance, v.version, r.amount, r.compare_at \
             FROM product_variants v LEFT JOIN variant_prices r ON r.vendor_id = $1 AND r.variant_id = v.id AND r.price_list = 'base' \
               AND r.currency_code = $3 AND r.min_quantity = 1 AND r.valid_from IS NULL \
             WHERE v.vendor_id = $1 AND v.id = $2 AND v.deleted_at IS NULL FOR NO KEY UPDATE OF v")
            .bind(tx.vendor())
            .bind(id)
            .bind(currency),
    )
    .await
}

/// Writes an edited variant back, counting the change. Its price is written apart.
pub async fn save_variant(tx: &Tx, now: DateTime<Utc>, row: &VariantEdit) -> Result<(), DbError> {
    tx.execute(
        sql("UPDATE product_variants SET title = $3, sku = $4, gtin = $5, external_id = $6, tax_class = $7, options = $8, \
               options_key = $9, policy = $10, policy_limit = $11, available_from = $12, min_quantity = $13, max_quantity = $14, \
               quantity_step = $15, requires_shipping = $16, unlimited = $17, weight_grams = $18, image_id = $19, \
               provenance = $20, updated_at = $21, version = version + 1 \
             WHERE vendor_id = $1 AND id = $2")
            .bind(tx.vendor())
            .bind(row.id)
            .bind(row.title.as_str())
            .bind(row.sku.as_deref())
            .bind(row.gtin.as_deref())
            .bind(row.external_id.as_deref())
            .bind(row.tax_class)
            .bind(row.options.clone())
            .bind(row.options_key.as_str())
            .bind(row.policy)
            .bind(row.policy_limit)
            .bind(row.available_from)
            .bind(row.min_quantity)
            .bind(row.max_quantity)
            .bind(row.quantity_step)
            .bind(row.requires_shipping)
            .bind(row.unlimited)
            .bind(row.weight_grams)
            .bind(row.image_id)
            .bind(row.provenance.clone())
            .bind(now),
    )
    .await
    .map(|_| ())
}

/// Deletes a variant softly.
pub async fn delete_variant(tx: &Tx, now: DateTime<Utc>, id: VariantId) -> Result<(), DbError> {
    tx.execute(
        sql("UPDATE product_variants SET deleted_at = $3, updated_at = $3, version = version + 1 WHERE vendor_id = $1 AND id = $2")
            .bind(tx.vendor())
            .bind(id)
            .bind(now),
    )
    .await
    .map(|_| ())
}

/// How many living variants a product has, and the place after the last one.
pub async fn variant_places(tx: &Tx, product: ProductId) -> Result<(i64, i32), DbError> {
    tx.one(
        sql("SELECT count(*), coalesce(max(position) + 1, 0)::int FROM product_variants \
             WHERE vendor_id = $1 AND product_id = $2 AND deleted_at IS NULL")
        .bind(tx.vendor())
        .bind(product),
    )
    .await
}

/// Whether the picture is one of the product's.
pub async fn image_is_of(tx: &Tx, product: ProductId, image: ImageId) -> Result<bool, DbError> {
    let found = tx
        .optional::<(bool,)>(
            sql("SELECT true FROM product_images WHERE vendor_id = $1 AND product_id = $2 AND id = $3")
                .bind(tx.vendor())
                .bind(product)
                .bind(image),
        )
        .await?;
    Ok(found.is_some())
}
