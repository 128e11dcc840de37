//! Writing what hangs together, set by set.

use chrono::{DateTime, Utc};

use crate::framework::db::{Array, DbError, Tx, sql};
use crate::framework::id::ProductId;

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
pub async fn refresh_summary(tx: &Tx, now: DateTime<Utc>, products: &[ProductId]) -> Result<(), DbError> {
    static TEXT: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
        format!(
            "UPDATE products u SET price_from = s.low, price_to = s.high, search_text = s.words FROM ( \
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
               AND (u.price_from, u.price_to, u.search_text) IS DISTINCT FROM (s.low, s.high, s.words)"
        )
    });
    tx.execute(sql(TEXT.as_str()).bind(tx.vendor()).bind(Array(products.to_vec())).bind(now))
        .await
        .map(|_| ())
}
