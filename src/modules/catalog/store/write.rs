//! Writing, set by set: a thousand products take the statements of one.

use chrono::{DateTime, Utc};

use crate::framework::db::{Array, DbError, Tx, sql};
use crate::framework::id::{CategoryId, ImageId, ProductId, VariantId};
use crate::framework::tax::TaxClass;
use crate::modules::catalog::model::{Policy, ProductStatus, VariantKind};

/// One column of a set of rows.
pub(super) fn column<'a, T, V>(rows: &'a [T], get: impl Fn(&'a T) -> V) -> Array<V> {
    Array(rows.iter().map(get).collect())
}

/// Everything of a product that search reads, folded, as a column of a statement on `products p`.
const SEARCH_TEXT: &str = "orion_fold(left(concat_ws(' ', p.title, p.brand, \
     (SELECT string_agg(concat_ws(' ', v.sku, v.gtin), ' ' ORDER BY v.position, v.id) FROM product_variants v \
      WHERE v.vendor_id = $1 AND v.product_id = p.id AND v.deleted_at IS NULL), \
     (SELECT string_agg(c.name, ' ' ORDER BY c.name) FROM product_categories pc \
      JOIN categories c ON c.vendor_id = $1 AND c.id = pc.category_id AND c.deleted_at IS NULL \
      WHERE pc.vendor_id = $1 AND pc.product_id = p.id), \
     (SELECT string_agg(t.title, ' ' ORDER BY t.language) FROM product_translations t \
      WHERE t.vendor_id = $1 AND t.product_id = p.id AND t.deleted_at IS NULL)), 20000))";

/// See [`crate::modules::catalog::service::refresh_summary`].
/// `touched` are those of the products whose parts changed: they are counted as changed in the same write.
pub async fn refresh_summary(
    tx: &Tx,
    now: DateTime<Utc>,
    products: &[ProductId],
    touched: &[ProductId],
) -> Result<(), DbError> {
    static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        format!(
            "UPDATE products u SET price_from = s.low, price_to = s.high, search_text = s.words, \
               version = u.version + CASE WHEN u.id = ANY($4) THEN 1 ELSE 0 END, \
               updated_at = CASE WHEN u.id = ANY($4) THEN $3 ELSE u.updated_at END FROM ( \
             SELECT p.id, range.low, range.high, {SEARCH_TEXT} AS words FROM products p CROSS JOIN LATERAL ( \
               SELECT min(n.amount) AS low, max(n.amount) AS high FROM product_variants v CROSS JOIN LATERAL ( \
                 SELECT r.amount FROM variant_prices r WHERE r.vendor_id = $1 AND r.variant_id = v.id \
                   AND r.price_list = 'base' AND r.min_quantity = 1 \
                   AND r.currency_code = (SELECT currency_code FROM vendors WHERE id = $1) \
                   AND (r.valid_from IS NULL OR r.valid_from <= $3) AND (r.valid_to IS NULL OR r.valid_to > $3) \
                 ORDER BY r.valid_from DESC NULLS LAST LIMIT 1) n \
               WHERE v.vendor_id = $1 AND v.product_id = p.id AND v.deleted_at IS NULL) range \
             WHERE p.vendor_id = $1 AND p.id = ANY($2)) s \
             WHERE u.vendor_id = $1 AND u.id = s.id \
               AND (u.id = ANY($4) OR (u.price_from, u.price_to, u.search_text) IS DISTINCT FROM (s.low, s.high, s.words))"
        )
    });
    let query = sql(TEXT.as_str()).bind(tx.vendor()).bind(Array(products.to_vec())).bind(now);
    tx.execute(query.bind(Array(touched.to_vec()))).await.map(|_| ())
}

/// A product to be made, checked. `words` is what its search text has besides title and brand.
#[derive(Debug, Clone)]
pub struct NewProduct {
    pub id: ProductId,
    pub title: String,
    pub slug: String,
    pub description: Option<String>,
    pub brand: Option<String>,
    pub status: ProductStatus,
    pub featured: bool,
    pub external_id: Option<String>,
    pub source: Option<String>,
    pub price_from: Option<i64>,
    pub price_to: Option<i64>,
    pub words: String,
    pub public_metadata: String,
    pub metadata: String,
    pub provenance: String,
}

/// Makes products. Refused by `products_slug_key` and `products_external_id_key`.
pub async fn insert_products(tx: &Tx, now: DateTime<Utc>, rows: &[NewProduct]) -> Result<(), DbError> {
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        sql("INSERT INTO products (vendor_id, id, title, slug, description, brand, status, featured, external_id, source, \
               price_from, price_to, search_text, public_metadata, metadata, provenance, published_at, created_at, updated_at) \
             SELECT $1, n.id, n.title, n.slug, n.description, n.brand, n.status, n.featured, n.external_id, n.source, \
               n.low, n.high, orion_fold(left(concat_ws(' ', n.title, n.brand, nullif(n.words, '')), 20000)), \
               n.public_metadata::jsonb, n.metadata::jsonb, n.provenance::jsonb, CASE WHEN n.status = 'ACTIVE' THEN $2 END, $2, $2 \
             FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bool[], $10::text[], $11::text[], \
               $12::bigint[], $13::bigint[], $14::text[], $15::text[], $16::text[], $17::text[]) \
             AS n (id, title, slug, description, brand, status, featured, external_id, source, low, high, words, public_metadata, metadata, provenance)")
            .bind(tx.vendor())
            .bind(now)
            .bind(column(rows, |row| row.id))
            .bind(column(rows, |row| row.title.as_str()))
            .bind(column(rows, |row| row.slug.as_str()))
            .bind(column(rows, |row| row.description.as_deref()))
            .bind(column(rows, |row| row.brand.as_deref()))
            .bind(column(rows, |row| row.status.as_str()))
            .bind(column(rows, |row| row.featured))
            .bind(column(rows, |row| row.external_id.as_deref()))
            .bind(column(rows, |row| row.source.as_deref()))
            .bind(column(rows, |row| row.price_from))
            .bind(column(rows, |row| row.price_to))
            .bind(column(rows, |row| row.words.as_str()))
            .bind(column(rows, |row| row.public_metadata.as_str()))
            .bind(column(rows, |row| row.metadata.as_str()))
            .bind(column(rows, |row| row.provenance.as_str())),
    )
    .await
    .map(|_| ())
}

/// A variant to be made, checked.
#[derive(Debug, Clone)]
pub struct NewVariant {
    pub id: VariantId,
    pub product_id: ProductId,
    pub position: i32,
    pub title: String,
    pub sku: Option<String>,
    pub gtin: Option<String>,
    pub external_id: Option<String>,
    pub kind: VariantKind,
    pub tax_class: TaxClass,
    pub options: String,
    pub options_key: String,
    pub policy: Policy,
    pub policy_limit: i32,
    pub available_from: Option<DateTime<Utc>>,
    pub weight_grams: Option<i32>,
    pub markup_bp: i32,
    pub provenance: String,
}

/// Makes variants. Refused by `product_variants_sku_key`, `_external_id_key` and `_options_key`.
pub async fn insert_variants(tx: &Tx, now: DateTime<Utc>, rows: &[NewVariant]) -> Result<(), DbError> {
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        sql("INSERT INTO product_variants (vendor_id, id, product_id, position, title, sku, gtin, external_id, kind, tax_class, options, \
               options_key, requires_shipping, unlimited, policy, policy_limit, available_from, weight_grams, markup_bp, provenance, \
               created_at, updated_at) \
             SELECT $1, n.id, n.product_id, n.position, n.title, n.sku, n.gtin, n.external_id, n.kind, n.tax_class, n.options::jsonb, \
               n.options_key, n.tangible, NOT n.tangible, n.policy, n.policy_limit, n.available_from, n.weight, n.markup, n.provenance::jsonb, $2, $2 \
             FROM unnest($3::uuid[], $4::uuid[], $5::int[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], \
               $12::text[], $13::text[], $14::bool[], $15::text[], $16::int[], $17::timestamptz[], $18::int[], $19::int[], $20::text[]) \
             AS n (id, product_id, position, title, sku, gtin, external_id, kind, tax_class, options, options_key, tangible, policy, \
               policy_limit, available_from, weight, markup, provenance)")
            .bind(tx.vendor())
            .bind(now)
            .bind(column(rows, |row| row.id))
            .bind(column(rows, |row| row.product_id))
            .bind(column(rows, |row| row.position))
            .bind(column(rows, |row| row.title.as_str()))
            .bind(column(rows, |row| row.sku.as_deref()))
            .bind(column(rows, |row| row.gtin.as_deref()))
            .bind(column(rows, |row| row.external_id.as_deref()))
            .bind(column(rows, |row| row.kind.as_str()))
            .bind(column(rows, |row| row.tax_class.as_str()))
            .bind(column(rows, |row| row.options.as_str()))
            .bind(column(rows, |row| row.options_key.as_str()))
            .bind(column(rows, |row| row.kind.tangible()))
            .bind(column(rows, |row| row.policy.as_str()))
            .bind(column(rows, |row| row.policy_limit))
            .bind(column(rows, |row| row.available_from))
            .bind(column(rows, |row| row.weight_grams))
            .bind(column(rows, |row| row.markup_bp))
            .bind(column(rows, |row| row.provenance.as_str())),
    )
    .await
    .map(|_| ())
}

/// A variant's price in the base list, without end.
#[derive(Debug, Clone, Copy)]
pub struct PriceWrite {
    pub id: uuid::Uuid,
    pub variant_id: VariantId,
    pub amount: i64,
    pub compare_at: Option<i64>,
}

/// Sets prices in the base list, and gives the variants whose price changed.
pub async fn set_prices(
    tx: &Tx,
    now: DateTime<Utc>,
    currency: &str,
    rows: &[PriceWrite],
) -> Result<Vec<VariantId>, DbError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let changed = tx
        .load::<(VariantId,)>(
            sql("INSERT INTO variant_prices AS r (vendor_id, id, variant_id, currency_code, amount, compare_at, updated_at) \
                 SELECT $1, n.id, n.variant_id, $2, n.amount, n.compare_at, $3 \
                 FROM unnest($4::uuid[], $5::uuid[], $6::bigint[], $7::bigint[]) AS n (id, variant_id, amount, compare_at) \
                 ON CONFLICT ON CONSTRAINT variant_prices_key DO UPDATE \
                 SET amount = excluded.amount, compare_at = excluded.compare_at, updated_at = excluded.updated_at \
                 WHERE (r.amount, r.compare_at) IS DISTINCT FROM (excluded.amount, excluded.compare_at) RETURNING variant_id")
                .bind(tx.vendor())
                .bind(currency)
                .bind(now)
                .bind(column(rows, |row| row.id))
                .bind(column(rows, |row| row.variant_id))
                .bind(column(rows, |row| row.amount))
                .bind(column(rows, |row| row.compare_at)),
        )
        .await?;
    Ok(changed.into_iter().map(|(id,)| id).collect())
}

/// Takes a variant's prices of the base list away.
pub async fn clear_prices(tx: &Tx, variant: VariantId) -> Result<(), DbError> {
    tx.execute(
        sql("DELETE FROM variant_prices WHERE vendor_id = $1 AND variant_id = $2 AND price_list = 'base'")
            .bind(tx.vendor())
            .bind(variant),
    )
    .await
    .map(|_| ())
}

/// A product's texts in one of the vendor's further languages; a text that is absent falls back to the default.
#[derive(Debug, Clone)]
pub struct TranslationWrite {
    pub product_id: ProductId,
    pub language: String,
    pub title: Option<String>,
    pub slug: Option<String>,
    pub description: Option<String>,
}

/// Sets translations, and gives the products that changed. Where `keep_human`, a translation that a person owns stays.
/// A slug that is absent stays.
pub async fn set_translations(
    tx: &Tx,
    rows: &[TranslationWrite],
    keep_human: bool,
) -> Result<Vec<ProductId>, DbError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let changed = tx
        .load::<(ProductId,)>(
            sql("INSERT INTO product_translations AS t (vendor_id, product_id, language, title, slug, description) \
                 SELECT $1, n.product_id, n.language, n.title, n.slug, n.description \
                 FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[]) AS n (product_id, language, title, slug, description) \
                 JOIN products p ON p.vendor_id = $1 AND p.id = n.product_id \
                 WHERE NOT ($7 AND coalesce(p.provenance -> ('translations.' || n.language) ->> 'owner', '') = 'HUMAN') \
                 ON CONFLICT (vendor_id, product_id, language) DO UPDATE \
                 SET title = excluded.title, slug = coalesce(excluded.slug, t.slug), description = excluded.description \
                 WHERE (t.title, t.slug, t.description) \
                   IS DISTINCT FROM (excluded.title, coalesce(excluded.slug, t.slug), excluded.description) \
                 RETURNING product_id")
                .bind(tx.vendor())
                .bind(column(rows, |row| row.product_id))
                .bind(column(rows, |row| row.language.as_str()))
                .bind(column(rows, |row| row.title.as_deref()))
                .bind(column(rows, |row| row.slug.as_deref()))
                .bind(column(rows, |row| row.description.as_deref()))
                .bind(keep_human),
        )
        .await?;
    Ok(changed.into_iter().map(|(id,)| id).collect())
}

/// Takes away the translations of a product that are in none of these languages.
pub async fn retain_translations(tx: &Tx, product: ProductId, languages: Vec<String>) -> Result<(), DbError> {
    tx.execute(
        sql("DELETE FROM product_translations WHERE vendor_id = $1 AND product_id = $2 AND language <> ALL($3::text[])")
            .bind(tx.vendor())
            .bind(product)
            .bind(Array(languages)),
    )
    .await
    .map(|_| ())
}

/// Puts exactly these categories on the products of `products`, and gives the products that changed.
pub async fn set_categories(
    tx: &Tx,
    products: &[ProductId],
    pairs: &[(ProductId, CategoryId)],
) -> Result<Vec<ProductId>, DbError> {
    if products.is_empty() {
        return Ok(Vec::new());
    }
    let changed = tx
        .load::<(ProductId,)>(
            sql("WITH wanted AS (SELECT DISTINCT n.product_id, n.category_id FROM unnest($3::uuid[], $4::uuid[]) AS n (product_id, category_id)), \
                 gone AS (DELETE FROM product_categories pc WHERE pc.vendor_id = $1 AND pc.product_id = ANY($2) \
                   AND NOT EXISTS (SELECT 1 FROM wanted w WHERE w.product_id = pc.product_id AND w.category_id = pc.category_id) \
                   RETURNING product_id), \
                 added AS (INSERT INTO product_categories (vendor_id, product_id, category_id) \
                   SELECT $1, w.product_id, w.category_id FROM wanted w ON CONFLICT DO NOTHING RETURNING product_id) \
                 SELECT product_id FROM gone UNION SELECT product_id FROM added")
                .bind(tx.vendor())
                .bind(Array(products.to_vec()))
                .bind(column(pairs, |pair| pair.0))
                .bind(column(pairs, |pair| pair.1)),
        )
        .await?;
    Ok(changed.into_iter().map(|(id,)| id).collect())
}

/// A picture of a product.
#[derive(Debug, Clone)]
pub struct ImageWrite {
    pub id: ImageId,
    pub product_id: ProductId,
    pub position: i32,
    pub url: String,
    pub alt_text: Option<String>,
}

/// Puts exactly these pictures on the products of `products`. Those with an id that exists stay, with their new place.
pub async fn set_images(tx: &Tx, products: &[ProductId], rows: &[ImageWrite]) -> Result<(), DbError> {
    if products.is_empty() {
        return Ok(());
    }
    tx.execute(
        sql("WITH gone AS (DELETE FROM product_images WHERE vendor_id = $1 AND product_id = ANY($2) AND id <> ALL($3::uuid[])) \
             INSERT INTO product_images AS i (vendor_id, id, product_id, position, url, alt_text) \
             SELECT $1, n.id, n.product_id, n.position, n.url, n.alt_text \
             FROM unnest($3::uuid[], $4::uuid[], $5::int[], $6::text[], $7::text[]) AS n (id, product_id, position, url, alt_text) \
             ON CONFLICT (vendor_id, id) DO UPDATE SET position = excluded.position, url = excluded.url, alt_text = excluded.alt_text \
             WHERE i.product_id = excluded.product_id")
            .bind(tx.vendor())
            .bind(Array(products.to_vec()))
            .bind(column(rows, |row| row.id))
            .bind(column(rows, |row| row.product_id))
            .bind(column(rows, |row| row.position))
            .bind(column(rows, |row| row.url.as_str()))
            .bind(column(rows, |row| row.alt_text.as_deref())),
    )
    .await
    .map(|_| ())
}

/// Those of the slugs that living products have.
pub async fn taken_slugs(tx: &Tx, slugs: Vec<String>) -> Result<Vec<String>, DbError> {
    let rows = tx
        .load::<(String,)>(
            sql("SELECT slug FROM products WHERE vendor_id = $1 AND deleted_at IS NULL AND slug = ANY($2)")
                .bind(tx.vendor())
                .bind(Array(slugs)),
        )
        .await?;
    Ok(rows.into_iter().map(|(slug,)| slug).collect())
}

/// Those of the categories that live, with their names.
pub async fn living_categories(tx: &Tx, ids: Vec<CategoryId>) -> Result<Vec<(CategoryId, String)>, DbError> {
    tx.load(
        sql("SELECT id, name FROM categories WHERE vendor_id = $1 AND id = ANY($2) AND deleted_at IS NULL ORDER BY name")
            .bind(tx.vendor())
            .bind(Array(ids)),
    )
    .await
}
