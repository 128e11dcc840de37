//! Writing categories.

use chrono::{DateTime, Utc};

use super::write::column;
use crate::framework::db::{Array, DbError, Tx, sql};
use crate::framework::id::{CategoryId, ProductId};

/// Orders all changes of the vendor's tree until the transaction ends: two moves at once could close a cycle.
pub async fn lock_tree(tx: &Tx) -> Result<(), DbError> {
    tx.load::<(i32,)>(
        sql("SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtextextended('categories:' || $1::text, 0))) AS locked")
            .bind(tx.vendor()),
    )
    .await
    .map(|_| ())
}

/// Writes a category, new or known, counting the change. Refused by `categories_slug_key`.
pub async fn save_category(
    tx: &Tx,
    now: DateTime<Utc>,
    id: CategoryId,
    parent: Option<CategoryId>,
    name: &str,
    slug: &str,
    position: i32,
) -> Result<(), DbError> {
    tx.execute(
        sql("INSERT INTO categories AS c (vendor_id, id, parent_id, name, slug, position, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (vendor_id, id) DO UPDATE \
             SET parent_id = excluded.parent_id, name = excluded.name, slug = excluded.slug, position = excluded.position, \
               updated_at = excluded.updated_at, version = c.version + 1")
            .bind(tx.vendor())
            .bind(id)
            .bind(parent)
            .bind(name)
            .bind(slug)
            .bind(position)
            .bind(now),
    )
    .await
    .map(|_| ())
}

/// Gives a category exactly these names in further languages.
pub async fn set_category_names(tx: &Tx, id: CategoryId, names: &[(String, String)]) -> Result<(), DbError> {
    tx.execute(
        sql("WITH gone AS (DELETE FROM category_translations WHERE vendor_id = $1 AND category_id = $2 AND language <> ALL($3::text[])) \
             INSERT INTO category_translations (vendor_id, category_id, language, name) \
             SELECT $1, $2, n.language, n.name FROM unnest($3::text[], $4::text[]) AS n (language, name) \
             ON CONFLICT (vendor_id, category_id, language) DO UPDATE SET name = excluded.name")
            .bind(tx.vendor())
            .bind(id)
            .bind(column(names, |name| name.0.as_str()))
            .bind(column(names, |name| name.1.as_str())),
    )
    .await
    .map(|_| ())
}

/// Deletes a category softly: its children move up to its parent, its products leave it.
pub async fn delete_category(
    tx: &Tx,
    now: DateTime<Utc>,
    id: CategoryId,
    parent: Option<CategoryId>,
) -> Result<(), DbError> {
    tx.execute(
        sql("WITH children AS (UPDATE categories SET parent_id = $3, updated_at = $4, version = version + 1 \
               WHERE vendor_id = $1 AND parent_id = $2 AND deleted_at IS NULL) \
             UPDATE categories SET deleted_at = $4, updated_at = $4, version = version + 1 WHERE vendor_id = $1 AND id = $2")
            .bind(tx.vendor())
            .bind(id)
            .bind(parent)
            .bind(now),
    )
    .await
    .map(|_| ())
}

/// Some of the products of a category, whose search text has its name.
pub async fn products_in(tx: &Tx, id: CategoryId, most: i64) -> Result<Vec<ProductId>, DbError> {
    let rows = tx
        .load::<(ProductId,)>(
            sql("SELECT product_id FROM product_categories WHERE vendor_id = $1 AND category_id = $2 LIMIT $3")
                .bind(tx.vendor())
                .bind(id)
                .bind(most),
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Those of the slugs that living categories have.
pub async fn taken_category_slugs(tx: &Tx, slugs: Vec<String>) -> Result<Vec<String>, DbError> {
    let rows = tx
        .load::<(String,)>(
            sql("SELECT slug FROM categories WHERE vendor_id = $1 AND deleted_at IS NULL AND slug = ANY($2)")
                .bind(tx.vendor())
                .bind(Array(slugs)),
        )
        .await?;
    Ok(rows.into_iter().map(|(slug,)| slug).collect())
}
