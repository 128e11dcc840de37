//! Reading single objects and what hangs on them, in batches.

use chrono::{DateTime, Utc};

use crate::framework::db::{Array, DbError, Tx, sql};
use crate::framework::id::{CategoryId, ImageId, ProductId, VariantId};
use crate::modules::catalog::model::{
    CategoryRow, ImageRow, ProductDetail, ProductRow, ProductTranslation, VariantRow,
};
use crate::modules::catalog::offer::{OfferQuery, OfferRow};

// Prices and availability are read by scalar subselects: only so does the planner push the variant's id into the
// grouped view and use the inventory's key, whatever the tables' sizes.
const PRICE_NOW: &str = "r.vendor_id = $1 AND r.variant_id = v.id AND r.price_list = {list} AND r.currency_code = {currency} \
     AND r.min_quantity = 1 AND (r.valid_from IS NULL OR r.valid_from <= {now}) AND (r.valid_to IS NULL OR r.valid_to > {now}) \
     ORDER BY r.valid_from DESC NULLS LAST LIMIT 1";

fn price_now(list: &str, currency: &str, now: &str) -> String {
    PRICE_NOW.replace("{list}", list).replace("{currency}", currency).replace("{now}", now)
}

/// What is left, as a column of a statement on `product_variants v`.
pub const AVAILABLE: &str =
    "(SELECT a.available FROM variant_availability a WHERE a.vendor_id = $1 AND a.variant_id = v.id)";

/// See [`crate::modules::catalog::offer::offers`].
pub async fn offers(tx: &Tx, query: &OfferQuery<'_>) -> Result<Vec<OfferRow>, DbError> {
    static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        format!(
            "SELECT v.id AS variant_id, v.product_id, p.title AS product_title, \
             CASE WHEN EXISTS (SELECT 1 FROM product_variants o WHERE o.vendor_id = $1 AND o.product_id = v.product_id \
             AND o.id <> v.id AND o.deleted_at IS NULL) THEN v.title END AS variant_title, v.sku, \
             (p.status = 'ACTIVE' AND p.deleted_at IS NULL AND v.deleted_at IS NULL) AS live, \
             (SELECT r.amount FROM variant_prices r WHERE {price}) AS price, v.tax_class, \
             (SELECT t.rate_bp FROM tax_rates t WHERE t.country_code = $6 AND t.tax_class = v.tax_class \
             AND t.valid_from <= $7 AND (t.valid_to IS NULL OR t.valid_to >= $7) ORDER BY t.valid_from DESC LIMIT 1) AS tax_rate_bp, \
             v.min_quantity, v.max_quantity, v.quantity_step, v.requires_shipping, v.unlimited, v.policy, v.policy_limit, \
             {AVAILABLE} AS available \
             FROM product_variants v JOIN products p ON p.vendor_id = v.vendor_id AND p.id = v.product_id \
             WHERE v.vendor_id = $1 AND v.id = ANY($2)",
            price = price_now("$3", "$4", "$5"),
        )
    });
    tx.load(
        sql(TEXT.as_str())
            .bind(tx.vendor())
            .bind(Array(query.variants.to_vec()))
            .bind(query.price_list)
            .bind(query.currency)
            .bind(query.now)
            .bind(query.tax_country)
            .bind(query.on),
    )
    .await
}

/// The columns of a [`ProductRow`], over `products p` and its translation `t` in the served language.
pub const PRODUCT_COLUMNS: &str = "p.id, coalesce(t.title, p.title) AS title, coalesce(t.slug, p.slug) AS slug, \
     CASE WHEN t.title IS NOT NULL THEN t.language END AS language, p.brand, p.status, p.featured, p.external_id, \
     p.price_from, p.price_to, p.version, p.created_at, p.updated_at";

/// The join that gives `t`; `$2` is the served language, or empty where that is the vendor's default.
pub const PRODUCT_FROM: &str = "products p LEFT JOIN product_translations t \
     ON t.vendor_id = $1 AND t.product_id = p.id AND t.language = $2 AND t.deleted_at IS NULL";

/// Living products by id.
pub async fn products(tx: &Tx, ids: Vec<ProductId>, language: &str) -> Result<Vec<ProductRow>, DbError> {
    static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        format!(
            "SELECT {PRODUCT_COLUMNS}, 0::bigint AS key_int, NULL::text AS key_text FROM {PRODUCT_FROM} \
             WHERE p.vendor_id = $1 AND p.id = ANY($3) AND p.deleted_at IS NULL"
        )
    });
    tx.load(sql(TEXT.as_str()).bind(tx.vendor()).bind(language).bind(Array(ids))).await
}

/// How a product is named by something else than its id.
#[derive(Debug, Clone, Copy)]
pub enum ProductHandle<'a> {
    /// Its slug, or a translation's.
    Slug(&'a str),
    /// The SKU of one of its living variants.
    Sku(&'a str),
    /// The id that a system outside gave it.
    ExternalId(&'a str),
}

impl ProductHandle<'_> {
    /// The text.
    pub fn value(&self) -> &str {
        match self {
            Self::Slug(value) | Self::Sku(value) | Self::ExternalId(value) => value,
        }
    }
}

/// The living product of a handle; its own slug goes before a translation's.
pub async fn product_by(
    tx: &Tx,
    handle: ProductHandle<'_>,
    language: &str,
) -> Result<Option<ProductRow>, DbError> {
    let (ids, value) = match handle {
        ProductHandle::Slug(slug) => (
            "SELECT id, 0 AS place FROM products WHERE vendor_id = $1 AND slug = $3 AND deleted_at IS NULL \
             UNION ALL SELECT product_id, CASE WHEN language = $2 THEN 1 ELSE 2 END FROM product_translations \
             WHERE vendor_id = $1 AND slug = $3 AND deleted_at IS NULL",
            slug,
        ),
        ProductHandle::Sku(sku) => (
            "SELECT product_id AS id, 0 AS place FROM product_variants WHERE vendor_id = $1 AND sku = $3 AND deleted_at IS NULL",
            sku,
        ),
        ProductHandle::ExternalId(id) => (
            "SELECT id, 0 AS place FROM products WHERE vendor_id = $1 AND external_id = $3 AND deleted_at IS NULL",
            id,
        ),
    };
    tx.optional(
        sql(format!(
            "SELECT {PRODUCT_COLUMNS}, 0::bigint AS key_int, NULL::text AS key_text FROM ({ids}) AS named \
             JOIN {PRODUCT_FROM} ON p.vendor_id = $1 AND p.id = named.id AND p.deleted_at IS NULL ORDER BY named.place LIMIT 1"
        ))
        .bind(tx.vendor())
        .bind(language)
        .bind(value),
    )
    .await
}

/// Descriptions (in the served language) and metadata.
pub async fn product_details(
    tx: &Tx,
    ids: Vec<ProductId>,
    language: &str,
) -> Result<Vec<ProductDetail>, DbError> {
    static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        format!(
            "SELECT p.id, coalesce(t.description, p.description) AS description, p.public_metadata, p.metadata \
             FROM {PRODUCT_FROM} WHERE p.vendor_id = $1 AND p.id = ANY($3)"
        )
    });
    tx.load(sql(TEXT.as_str()).bind(tx.vendor()).bind(language).bind(Array(ids))).await
}

/// All languages of products, the default one (with an empty code) included.
pub async fn product_translations(tx: &Tx, ids: Vec<ProductId>) -> Result<Vec<ProductTranslation>, DbError> {
    tx.load(
        sql("SELECT product_id, language, title, slug, description FROM product_translations \
             WHERE vendor_id = $1 AND product_id = ANY($2) AND deleted_at IS NULL \
             UNION ALL SELECT id, '', title, slug, description FROM products WHERE vendor_id = $1 AND id = ANY($2)")
        .bind(tx.vendor())
        .bind(Array(ids)),
    )
    .await
}

/// The most variants that a product has.
pub const MAX_VARIANTS: i64 = 2_000;

// $3 currency, $4 now. The reduction began when the price row took its present values, or with its validity where it
// was scheduled; the lowest price is that of the 30 days before (98/6/EC, article 6a).
static VARIANT_COLUMNS: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
    format!(
        "v.id, v.product_id, v.position, v.title, v.sku, v.gtin, v.external_id, v.tax_class, v.options::text AS options, \
         v.requires_shipping, v.unlimited, v.policy, v.policy_limit, v.available_from, v.min_quantity, v.max_quantity, \
         v.quantity_step, v.image_id, v.version, r.amount, r.compare_at, CASE WHEN r.compare_at > r.amount THEN ({LOWEST_PRIOR}) END AS lowest_prior, \
         {AVAILABLE} AS available"
    )
});
const LOWEST_PRIOR: &str = "SELECT min(h.amount) FROM ( \
       SELECT greatest(o.valid_from, r.valid_from) AS at FROM variant_price_history o \
       WHERE o.vendor_id = $1 AND o.price_id = r.id AND o.valid_to IS NULL) AS reduced \
     JOIN variant_price_history h ON h.vendor_id = $1 AND h.variant_id = v.id AND h.price_list = 'base' \
       AND h.currency_code = $3 AND h.min_quantity = 1 \
       AND greatest(h.valid_from, h.price_valid_from) < reduced.at \
       AND coalesce(least(h.valid_to, h.price_valid_to), 'infinity') > greatest(reduced.at - interval '30 days', h.valid_from, h.price_valid_from)";

fn price_join() -> String {
    format!(
        "LEFT JOIN LATERAL (SELECT r.id, r.amount, r.compare_at, r.valid_from FROM variant_prices r WHERE {}) r ON true",
        price_now("'base'", "$3", "$4")
    )
}

/// The living variants of products, by product in their order.
pub async fn variants_of(
    tx: &Tx,
    products: Vec<ProductId>,
    currency: &str,
    now: DateTime<Utc>,
) -> Result<Vec<VariantRow>, DbError> {
    static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        // By product, so that it stays an index scan a product and each product's share is bounded.
        format!(
            "SELECT {columns}, wanted.published FROM ( \
             SELECT id, status = 'ACTIVE' AS published FROM products WHERE vendor_id = $1 AND id = ANY($2)) AS wanted CROSS JOIN LATERAL ( \
             SELECT * FROM product_variants WHERE vendor_id = $1 AND product_id = wanted.id AND deleted_at IS NULL \
             ORDER BY position, id LIMIT {MAX_VARIANTS}) v {price}",
            columns = *VARIANT_COLUMNS,
            price = price_join(),
        )
    });
    tx.load(sql(TEXT.as_str()).bind(tx.vendor()).bind(Array(products)).bind(currency).bind(now)).await
}

/// Living variants of living products by id, each with whether its product is published.
pub async fn variants(
    tx: &Tx,
    ids: Vec<VariantId>,
    currency: &str,
    now: DateTime<Utc>,
) -> Result<Vec<VariantRow>, DbError> {
    static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        format!(
            "SELECT {columns}, p.status = 'ACTIVE' AS published FROM product_variants v \
             JOIN products p ON p.vendor_id = $1 AND p.id = v.product_id AND p.deleted_at IS NULL {price} \
             WHERE v.vendor_id = $1 AND v.id = ANY($2) AND v.deleted_at IS NULL",
            columns = *VARIANT_COLUMNS,
            price = price_join(),
        )
    });
    tx.load(sql(TEXT.as_str()).bind(tx.vendor()).bind(Array(ids)).bind(currency).bind(now)).await
}

/// The pictures of products, by product in their order.
pub async fn images_of(tx: &Tx, products: Vec<ProductId>) -> Result<Vec<ImageRow>, DbError> {
    tx.load(
        sql("SELECT i.id, i.product_id, i.url, i.alt_text, i.width, i.height \
             FROM unnest($2::uuid[]) AS wanted (id) CROSS JOIN LATERAL ( \
             SELECT * FROM product_images WHERE vendor_id = $1 AND product_id = wanted.id \
             AND url IS NOT NULL ORDER BY position, id LIMIT 250) i")
        .bind(tx.vendor())
        .bind(Array(products)),
    )
    .await
}

crate::row! {
    /// A variant with the picture that stands for it.
    pub struct VariantImage {
        pub variant_id: VariantId,
        pub id: ImageId,
        pub product_id: ProductId,
        pub url: String,
        pub alt_text: Option<String>,
        pub width: Option<i32>,
        pub height: Option<i32>,
    }
}

/// The picture of each variant, deleted and unpublished ones included: its own, else its product's first.
pub async fn variant_images(tx: &Tx, ids: Vec<VariantId>) -> Result<Vec<VariantImage>, DbError> {
    tx.load(
        sql("SELECT v.id AS variant_id, i.id, i.product_id, i.url, i.alt_text, i.width, i.height \
             FROM product_variants v CROSS JOIN LATERAL ( \
             SELECT * FROM product_images WHERE vendor_id = $1 AND product_id = v.product_id \
             AND url IS NOT NULL ORDER BY id IS NOT DISTINCT FROM v.image_id DESC, position, id LIMIT 1) i \
             WHERE v.vendor_id = $1 AND v.id = ANY($2)")
        .bind(tx.vendor())
        .bind(Array(ids)),
    )
    .await
}

/// The columns of a [`CategoryRow`], over `categories c` and its translation `t`; `$2` is the served language.
pub const CATEGORY_COLUMNS: &str =
    "c.id, c.parent_id, c.name, t.name AS translated, c.slug, c.position, c.version, c.created_at";
/// The join that gives `t`.
pub const CATEGORY_FROM: &str = "categories c LEFT JOIN category_translations t \
     ON t.vendor_id = $1 AND t.category_id = c.id AND t.language = $2";

crate::row! {
    /// A category of one product.
    pub struct ProductCategory {
        pub product_id: ProductId,
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

/// The living categories of products (100 each at most), by their names.
pub async fn categories_of(
    tx: &Tx,
    products: Vec<ProductId>,
    language: &str,
) -> Result<Vec<ProductCategory>, DbError> {
    static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        format!(
            "SELECT pc.product_id, {CATEGORY_COLUMNS} FROM product_categories pc \
             JOIN {CATEGORY_FROM} ON c.vendor_id = $1 AND c.id = pc.category_id AND c.deleted_at IS NULL \
             WHERE pc.vendor_id = $1 AND pc.product_id = ANY($3) ORDER BY pc.product_id, c.name, c.id"
        )
    });
    tx.load(sql(TEXT.as_str()).bind(tx.vendor()).bind(language).bind(Array(products))).await
}

/// The names of categories in all languages but the default.
pub async fn category_translations(
    tx: &Tx,
    ids: Vec<CategoryId>,
) -> Result<Vec<(CategoryId, String, String)>, DbError> {
    tx.load(
        sql("SELECT category_id, language, name FROM category_translations WHERE vendor_id = $1 AND category_id = ANY($2)")
            .bind(tx.vendor())
            .bind(Array(ids)),
    )
    .await
}

/// The most categories that a vendor has: the whole tree is read at once.
pub const MAX_CATEGORIES: i64 = 2_000;

/// The vendor's whole living tree, siblings in their order.
pub async fn category_tree(tx: &Tx, language: &str) -> Result<Vec<CategoryRow>, DbError> {
    static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        format!(
            "SELECT {CATEGORY_COLUMNS} FROM {CATEGORY_FROM} WHERE c.vendor_id = $1 AND c.deleted_at IS NULL \
             ORDER BY c.position, c.id LIMIT {MAX_CATEGORIES}"
        )
    });
    tx.load(sql(TEXT.as_str()).bind(tx.vendor()).bind(language)).await
}

impl VariantImage {
    /// The picture alone.
    pub fn image(self) -> ImageRow {
        ImageRow {
            id: self.id,
            product_id: self.product_id,
            url: self.url,
            alt_text: self.alt_text,
            width: self.width,
            height: self.height,
        }
    }
}

impl ProductCategory {
    /// The category alone.
    pub fn category(self) -> CategoryRow {
        CategoryRow {
            id: self.id,
            parent_id: self.parent_id,
            name: self.name,
            translated: self.translated,
            slug: self.slug,
            position: self.position,
            version: self.version,
            created_at: self.created_at,
        }
    }
}
