//! What publishing in bulk reads and writes besides the sets of [`super::write`].

use chrono::{DateTime, Utc};

use super::write::column;
use crate::framework::db::{Array, DbError, Tx, sql};
use crate::framework::id::{ProductId, VariantId};
use crate::framework::tax::TaxClass;
use crate::modules::catalog::model::Policy;

/// What an import needs to know of its vendor: currency and default language.
pub async fn vendor_basics(tx: &Tx) -> Result<(String, String), DbError> {
    tx.one(sql("SELECT currency_code, default_language FROM vendors WHERE id = $1").bind(tx.vendor())).await
}

crate::row! {
    /// A product that an import may mean.
    pub struct KnownProduct {
        pub id: ProductId,
        pub external_id: Option<String>,
        pub deleted: bool,
        pub images_owned: bool,
        pub categories_owned: bool,
    }
}

/// The products of these ids and external ids, living and deleted, locked in the order of their ids.
pub async fn known_products(
    tx: &Tx,
    ids: Vec<ProductId>,
    external_ids: Vec<&str>,
) -> Result<Vec<KnownProduct>, DbError> {
    tx.load(
        sql("SELECT id, external_id, deleted_at IS NOT NULL AS deleted, \
               coalesce(provenance -> 'images' ->> 'owner' = 'HUMAN', false) AS images_owned, \
               coalesce(provenance -> 'categories' ->> 'owner' = 'HUMAN', false) AS categories_owned \
             FROM products WHERE vendor_id = $1 AND id IN ( \
               SELECT id FROM products WHERE vendor_id = $1 AND id = ANY($2) \
               UNION ALL SELECT id FROM products WHERE vendor_id = $1 AND external_id = ANY($3) AND deleted_at IS NULL AND external_id IS NOT NULL \
               UNION ALL SELECT id FROM products WHERE vendor_id = $1 AND external_id = ANY($3) AND deleted_at IS NOT NULL AND external_id IS NOT NULL) \
             ORDER BY id FOR NO KEY UPDATE")
            .bind(tx.vendor())
            .bind(Array(ids))
            .bind(Array(external_ids)),
    )
    .await
}

crate::row! {
    /// A variant that an import may mean, or must not collide with.
    pub struct KnownVariant {
        pub id: VariantId,
        pub product_id: ProductId,
        pub external_id: Option<String>,
        pub sku: Option<String>,
        pub options_key: String,
        pub position: i32,
        pub deleted: bool,
    }
}

/// The variants of these ids and external ids (deleted ones too), of these SKUs, and the living ones of these products.
pub async fn known_variants(
    tx: &Tx,
    ids: Vec<VariantId>,
    external_ids: Vec<&str>,
    skus: Vec<&str>,
    products: Vec<ProductId>,
) -> Result<Vec<KnownVariant>, DbError> {
    tx.load(
        sql("SELECT id, product_id, external_id, sku, options_key, position, deleted_at IS NOT NULL AS deleted \
             FROM product_variants WHERE vendor_id = $1 AND id IN ( \
               SELECT id FROM product_variants WHERE vendor_id = $1 AND id = ANY($2) \
               UNION SELECT id FROM product_variants WHERE vendor_id = $1 AND external_id = ANY($3) AND deleted_at IS NULL AND external_id IS NOT NULL \
               UNION SELECT id FROM product_variants WHERE vendor_id = $1 AND external_id = ANY($3) AND deleted_at IS NOT NULL AND external_id IS NOT NULL \
               UNION SELECT id FROM product_variants WHERE vendor_id = $1 AND sku = ANY($4) AND deleted_at IS NULL AND sku IS NOT NULL \
               UNION SELECT id FROM product_variants WHERE vendor_id = $1 AND product_id = ANY($5) AND deleted_at IS NULL)")
            .bind(tx.vendor())
            .bind(Array(ids))
            .bind(Array(external_ids))
            .bind(Array(skus))
            .bind(Array(products)),
    )
    .await
}

/// The addresses of products' pictures, in their order.
pub async fn image_urls(
    tx: &Tx,
    products: Vec<ProductId>,
) -> Result<Vec<(ProductId, Array<String>)>, DbError> {
    tx.load(
        sql("SELECT product_id, array_agg(coalesce(url, '') ORDER BY position, id) FROM product_images \
             WHERE vendor_id = $1 AND product_id = ANY($2) GROUP BY product_id")
        .bind(tx.vendor())
        .bind(Array(products)),
    )
    .await
}

/// What an import says of a known product; `None` says nothing.
#[derive(Debug, Clone)]
pub struct ProductImport {
    pub id: ProductId,
    pub title: Option<String>,
    pub description: Option<String>,
    pub brand: Option<String>,
    pub source: String,
    pub owners: String,
}

// The owners that are written: all that the import names, but for fields that a person owns.
const OWNERS: &str = "old.provenance || coalesce((SELECT jsonb_object_agg(o.key, o.value) FROM jsonb_each(w.owners::jsonb) o \
     WHERE old.provenance -> o.key ->> 'owner' IS DISTINCT FROM 'HUMAN'), '{}')";

/// Updates known products where something differs that no person owns; gives those that changed.
pub async fn import_products(
    tx: &Tx,
    now: DateTime<Utc>,
    rows: &[ProductImport],
) -> Result<Vec<ProductId>, DbError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        format!(
            "UPDATE products old SET title = w.title, description = w.description, brand = w.brand, source = w.source, \
               provenance = {OWNERS}, updated_at = $2, version = old.version + 1 \
             FROM (SELECT p.id, n.source, n.owners, \
                 CASE WHEN p.provenance -> 'title' ->> 'owner' = 'HUMAN' THEN p.title ELSE coalesce(n.title, p.title) END AS title, \
                 CASE WHEN p.provenance -> 'description' ->> 'owner' = 'HUMAN' THEN p.description ELSE coalesce(n.description, p.description) END AS description, \
                 CASE WHEN p.provenance -> 'brand' ->> 'owner' = 'HUMAN' THEN p.brand ELSE coalesce(n.brand, p.brand) END AS brand \
               FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[]) AS n (id, title, description, brand, source, owners) \
               JOIN products p ON p.vendor_id = $1 AND p.id = n.id) w \
             WHERE old.vendor_id = $1 AND old.id = w.id \
               AND (old.title, old.description, old.brand) IS DISTINCT FROM (w.title, w.description, w.brand) RETURNING old.id"
        )
    });
    let changed = tx
        .load::<(ProductId,)>(
            sql(TEXT.as_str())
                .bind(tx.vendor())
                .bind(now)
                .bind(column(rows, |row| row.id))
                .bind(column(rows, |row| row.title.as_deref()))
                .bind(column(rows, |row| row.description.as_deref()))
                .bind(column(rows, |row| row.brand.as_deref()))
                .bind(column(rows, |row| row.source.as_str()))
                .bind(column(rows, |row| row.owners.as_str())),
        )
        .await?;
    Ok(changed.into_iter().map(|(id,)| id).collect())
}

/// What an import says of a known variant; `None` says nothing.
#[derive(Debug, Clone)]
pub struct VariantImport {
    pub id: VariantId,
    pub title: Option<String>,
    pub sku: Option<String>,
    pub gtin: Option<String>,
    pub tax_class: Option<TaxClass>,
    pub options: Option<(String, String)>,
    pub policy: Option<(Policy, i32)>,
    pub available_from: Option<DateTime<Utc>>,
    pub weight_grams: Option<i32>,
    pub owners: String,
}

/// Updates known variants where something differs that no person owns; gives the products of those that changed.
pub async fn import_variants(
    tx: &Tx,
    now: DateTime<Utc>,
    rows: &[VariantImport],
) -> Result<Vec<ProductId>, DbError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        let pick = |column: &str, owner: &str, new: &str| {
            format!(
                "CASE WHEN v.provenance -> '{owner}' ->> 'owner' = 'HUMAN' THEN v.{column} ELSE coalesce({new}, v.{column}) END AS {column}"
            )
        };
        let columns = [
            pick("title", "title", "n.title"),
            pick("sku", "sku", "n.sku"),
            pick("gtin", "gtin", "n.gtin"),
            pick("tax_class", "taxClass", "n.tax_class"),
            pick("options", "options", "n.options::jsonb"),
            pick("options_key", "options", "n.options_key"),
            pick("policy", "policy", "n.policy"),
            pick("policy_limit", "policy", "n.policy_limit"),
            pick("available_from", "policy", "n.available_from"),
            pick("weight_grams", "weight", "n.weight"),
        ]
        .join(", ");
        let names = "title, sku, gtin, tax_class, options, options_key, policy, policy_limit, available_from, weight_grams";
        let of = |table: &str| {
            names.split(", ").map(|name| format!("{table}.{name}")).collect::<Vec<_>>().join(", ")
        };
        format!(
            "UPDATE product_variants old SET ({names}) = ROW({new}), provenance = {OWNERS}, updated_at = $2, version = old.version + 1 \
             FROM (SELECT v.id, n.owners, {columns} \
               FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::int[], \
                 $12::timestamptz[], $13::int[], $14::text[]) \
               AS n (id, title, sku, gtin, tax_class, options, options_key, policy, policy_limit, available_from, weight, owners) \
               JOIN product_variants v ON v.vendor_id = $1 AND v.id = n.id) w \
             WHERE old.vendor_id = $1 AND old.id = w.id AND ({before}) IS DISTINCT FROM ({new}) RETURNING old.product_id",
            new = of("w"),
            before = of("old"),
        )
    });
    let changed = tx
        .load::<(ProductId,)>(
            sql(TEXT.as_str())
                .bind(tx.vendor())
                .bind(now)
                .bind(column(rows, |row| row.id))
                .bind(column(rows, |row| row.title.as_deref()))
                .bind(column(rows, |row| row.sku.as_deref()))
                .bind(column(rows, |row| row.gtin.as_deref()))
                .bind(column(rows, |row| row.tax_class.map(TaxClass::as_str)))
                .bind(column(rows, |row| row.options.as_ref().map(|options| options.0.as_str())))
                .bind(column(rows, |row| row.options.as_ref().map(|options| options.1.as_str())))
                .bind(column(rows, |row| row.policy.map(|policy| policy.0.as_str())))
                .bind(column(rows, |row| row.policy.map(|policy| policy.1)))
                .bind(column(rows, |row| row.available_from))
                .bind(column(rows, |row| row.weight_grams))
                .bind(column(rows, |row| row.owners.as_str())),
        )
        .await?;
    Ok(changed.into_iter().map(|(id,)| id).collect())
}

/// Those of the variants whose price a person owns.
pub async fn owned_prices(tx: &Tx, variants: Vec<VariantId>) -> Result<Vec<VariantId>, DbError> {
    let rows = tx
        .load::<(VariantId,)>(
            sql("SELECT id FROM product_variants WHERE vendor_id = $1 AND id = ANY($2) AND provenance -> 'price' ->> 'owner' = 'HUMAN'")
                .bind(tx.vendor())
                .bind(Array(variants)),
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Writes where the prices of known variants come from.
pub async fn own_prices(
    tx: &Tx,
    now: DateTime<Utc>,
    rows: &[(VariantId, i32, String)],
) -> Result<(), DbError> {
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        sql("UPDATE product_variants v SET provenance = v.provenance || jsonb_build_object('price', n.owner::jsonb), markup_bp = n.markup, \
               updated_at = $2, version = v.version + 1 \
             FROM unnest($3::uuid[], $4::int[], $5::text[]) AS n (id, markup, owner) WHERE v.vendor_id = $1 AND v.id = n.id")
            .bind(tx.vendor())
            .bind(now)
            .bind(column(rows, |row| row.0))
            .bind(column(rows, |row| row.1))
            .bind(column(rows, |row| row.2.as_str())),
    )
    .await
    .map(|_| ())
}
