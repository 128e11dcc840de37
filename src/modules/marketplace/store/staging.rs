//! A slice of a feed into the staging table.

use sha2::{Digest as _, Sha256};

use crate::framework::clock::new_uuid;
use crate::framework::db::{Array, DbError, Tx, sql};
use crate::framework::id::ImportJobId;
use crate::modules::marketplace::feed::StagedRow;
use crate::modules::marketplace::model::{FeedFormat, StagedAvailability};

/// Separates the names of a category path on the way into the database; no name contains it.
const UNIT: &str = "\u{1f}";

/// Where a slice belongs.
pub struct Target<'a> {
    pub job: ImportJobId,
    pub format: FeedFormat,
    pub source: &'a str,
    /// Of the file.
    pub language: &'a str,
    /// The vendor's.
    pub default_language: &'a str,
}

/// How many rows a slice created and changed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Staged {
    pub created: i32,
    pub updated: i32,
}

/// Marks the ids as met by the run. Returns those that the run, or this very slice, has met before in another row, as
/// (position in `ids`, the earlier row). The first row of an id wins.
pub async fn claim_ids(
    tx: &Tx,
    job: ImportJobId,
    ids: &[&str],
    rows: &[i64],
) -> Result<Vec<(usize, i64)>, DbError> {
    let claimed: Vec<(String, i64)> = tx
        .load(
            sql("WITH claimed AS (
                     INSERT INTO import_job_rows (vendor_id, import_job_id, external_id, row_number)
                     SELECT $1, $2, t.external_id, t.row_number FROM unnest($3, $4) AS t (external_id, row_number)
                     ON CONFLICT DO NOTHING RETURNING external_id, row_number)
                 SELECT external_id, row_number FROM claimed
                 UNION ALL
                 SELECT external_id, row_number FROM import_job_rows
                 WHERE vendor_id = $1 AND import_job_id = $2 AND external_id = ANY($3)")
            .bind(tx.vendor())
            .bind(job)
            .bind(Array(ids.to_vec()))
            .bind(Array(rows.to_vec())),
        )
        .await?;
    let owner: std::collections::HashMap<&str, i64> =
        claimed.iter().map(|(id, row)| (id.as_str(), *row)).collect();
    let twice = ids.iter().zip(rows).enumerate().filter_map(|(at, (id, row))| {
        let first = *owner.get(id)?;
        (first != *row).then_some((at, first))
    });
    Ok(twice.collect())
}

/// Stages rows whose ids differ from each other. Two statements, whatever their number.
///
/// Facts (price, GTIN, pictures …) are taken from any language's file; texts of the row itself only from the file of
/// the language that the row is kept in, which is the vendor's default as soon as there is a file in it. Each file
/// writes the translation of its language. Rows that change nothing are not written.
pub async fn stage(tx: &Tx, target: &Target<'_>, rows: &[(i64, StagedRow)]) -> Result<Staged, DbError> {
    if rows.is_empty() {
        return Ok(Staged::default());
    }
    let mut columns = Columns::of(rows);
    let changed: Vec<(uuid::Uuid, String, bool)> = tx
        .load(
            sql(STAGE)
                .bind(tx.vendor())
                .bind(target.format)
                .bind(target.source)
                .bind(target.language)
                .bind(target.default_language)
                .bind(target.job)
                .bind(Array(std::mem::take(&mut columns.id)))
                .bind(Array(std::mem::take(&mut columns.row_number)))
                .bind(Array(columns.external_id.clone()))
                .bind(Array(columns.title.clone()))
                .bind(Array(std::mem::take(&mut columns.brand)))
                .bind(Array(std::mem::take(&mut columns.gtin)))
                .bind(Array(std::mem::take(&mut columns.price)))
                .bind(Array(std::mem::take(&mut columns.currency)))
                .bind(Array(std::mem::take(&mut columns.sale_price)))
                .bind(Array(std::mem::take(&mut columns.sale_from)))
                .bind(Array(std::mem::take(&mut columns.sale_to)))
                .bind(Array(std::mem::take(&mut columns.tax_rate)))
                .bind(Array(std::mem::take(&mut columns.availability)))
                .bind(Array(std::mem::take(&mut columns.quantity)))
                .bind(Array(std::mem::take(&mut columns.image_url)))
                .bind(Array(std::mem::take(&mut columns.category_path)))
                .bind(Array(std::mem::take(&mut columns.item_group_id)))
                .bind(Array(std::mem::take(&mut columns.data)))
                .bind(Array(std::mem::take(&mut columns.texts)))
                .bind(Array(std::mem::take(&mut columns.fingerprint)))
                .bind(Array(columns.text_fingerprint.clone())),
        )
        .await?;
    let created = changed.iter().filter(|(_, _, created)| *created).count();
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    let staged = Staged { created: count(created), updated: count(changed.len() - created) };
    translate(tx, target.language, &columns, changed).await?;
    Ok(staged)
}

/// Writes the texts of the rows that changed, in the file's language. Apart from the rows: PostgreSQL does not know how
/// many there are, and would join the two lists row by row.
async fn translate(
    tx: &Tx,
    language: &str,
    columns: &Columns,
    changed: Vec<(uuid::Uuid, String, bool)>,
) -> Result<(), DbError> {
    if changed.is_empty() {
        return Ok(());
    }
    let places: std::collections::HashMap<&str, usize> =
        columns.external_id.iter().enumerate().map(|(at, id)| (id.as_str(), at)).collect();
    let (mut ids, mut titles, mut descriptions, mut links, mut prints) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (id, external_id, _) in changed {
        let Some(&at) = places.get(external_id.as_str()) else { continue };
        ids.push(id);
        titles.push(columns.title[at].clone());
        descriptions.push(columns.description[at].clone());
        links.push(columns.link[at].clone());
        prints.push(columns.text_fingerprint[at].clone());
    }
    tx.execute(
        sql(TRANSLATE)
            .bind(tx.vendor())
            .bind(language)
            .bind(Array(ids))
            .bind(Array(titles))
            .bind(Array(descriptions))
            .bind(Array(links))
            .bind(Array(prints)),
    )
    .await
    .map(|_| ())
}

/// Keeps PostgreSQL from reading whole tables in this transaction: of tables that have just been filled it knows no size
/// yet, takes them for tiny, and would read them once for each row of a slice (30 s instead of 1 s for 10,000 rows).
pub async fn prefer_indexes(tx: &Tx) -> Result<(), DbError> {
    tx.execute(sql("SELECT set_config('enable_seqscan', 'off', true)")).await.map(|_| ())
}

/// Lets PostgreSQL count tables that this transaction may have filled for the first time; does nothing later on.
pub async fn refresh_statistics(tx: &Tx) -> Result<(), DbError> {
    tx.execute(sql("SELECT orion_refresh_statistics()")).await.map(|_| ())
}

// Sorted by id, so that two files of one source that are staged at once cannot deadlock. Category paths are recorded
// only from the file whose language the row is kept in.
const STAGE: &str = "
WITH input AS MATERIALIZED (
    SELECT t.*, p.id AS known_id, p.fingerprint AS known_facts, x.fingerprint AS known_text
    FROM unnest($7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)
        AS t (id, row_number, external_id, title, brand, gtin, price, currency_code, sale_price,
              sale_from, sale_to, tax_rate_bp, availability, quantity, image_url, category_path, item_group_id, data,
              texts, fingerprint, text_fingerprint)
    LEFT JOIN marketplace_products p
        ON p.vendor_id = $1 AND p.format = $2 AND p.source = $3 AND p.external_id = t.external_id
    LEFT JOIN marketplace_product_translations x
        ON x.vendor_id = $1 AND x.marketplace_product_id = p.id AND x.language = $4
), changed AS (
    SELECT * FROM input
    WHERE known_id IS NULL OR known_facts <> fingerprint OR known_text IS DISTINCT FROM text_fingerprint
), staged AS (
    INSERT INTO marketplace_products AS p (vendor_id, id, format, source, external_id, language, title, brand, gtin,
        price, currency_code, sale_price, sale_from, sale_to, tax_rate_bp, availability, quantity, image_url,
        category_path, item_group_id, data, texts, fingerprint, last_import_job_id, last_row_number, search_text)
    SELECT $1, id, $2, $3, external_id, $4, title, brand, gtin, price, currency_code, sale_price, sale_from, sale_to,
        tax_rate_bp, availability, quantity, image_url, coalesce(string_to_array(nullif(category_path, ''), E'\\x1f'), '{}'),
        item_group_id, data, texts, fingerprint, $6, row_number,
        orion_fold(concat_ws(' ', title, brand, gtin, external_id))
    FROM changed ORDER BY external_id
    ON CONFLICT (vendor_id, format, source, external_id) DO UPDATE SET
        language = CASE WHEN $4 = $5 THEN $5 ELSE p.language END,
        title = CASE WHEN $4 IN (p.language, $5) THEN EXCLUDED.title ELSE p.title END,
        category_path = CASE WHEN $4 IN (p.language, $5) THEN EXCLUDED.category_path ELSE p.category_path END,
        texts = CASE WHEN $4 IN (p.language, $5) THEN EXCLUDED.texts ELSE p.texts END,
        search_text = CASE WHEN $4 IN (p.language, $5) THEN EXCLUDED.search_text ELSE p.search_text END,
        brand = EXCLUDED.brand, gtin = EXCLUDED.gtin, price = EXCLUDED.price, currency_code = EXCLUDED.currency_code,
        sale_price = EXCLUDED.sale_price, sale_from = EXCLUDED.sale_from, sale_to = EXCLUDED.sale_to,
        tax_rate_bp = EXCLUDED.tax_rate_bp, availability = EXCLUDED.availability, quantity = EXCLUDED.quantity,
        image_url = EXCLUDED.image_url, item_group_id = EXCLUDED.item_group_id, data = EXCLUDED.data,
        fingerprint = EXCLUDED.fingerprint, last_import_job_id = EXCLUDED.last_import_job_id,
        last_row_number = EXCLUDED.last_row_number, updated_at = now()
    RETURNING id, external_id, language, category_path, (xmax = 0) AS created
), mapped AS (
    INSERT INTO category_mappings (vendor_id, format, source, path)
    SELECT DISTINCT $1, $2, $3, s.category_path FROM staged s
    WHERE s.language = $4 AND cardinality(s.category_path) > 0
    ORDER BY s.category_path
    ON CONFLICT DO NOTHING
)
SELECT id, external_id, created FROM staged";

const TRANSLATE: &str = "
INSERT INTO marketplace_product_translations AS x (vendor_id, marketplace_product_id, language, title, description, link, fingerprint)
SELECT $1, t.id, $2, t.title, t.description, t.link, t.fingerprint
FROM unnest($3, $4, $5, $6, $7) AS t (id, title, description, link, fingerprint) ORDER BY t.id
ON CONFLICT (vendor_id, marketplace_product_id, language) DO UPDATE SET
    title = EXCLUDED.title, description = EXCLUDED.description, link = EXCLUDED.link, fingerprint = EXCLUDED.fingerprint
WHERE x.fingerprint <> EXCLUDED.fingerprint";

/// The rows turned on their side, as `unnest` takes them.
#[derive(Default)]
struct Columns {
    id: Vec<uuid::Uuid>,
    row_number: Vec<i64>,
    external_id: Vec<String>,
    title: Vec<String>,
    description: Vec<Option<String>>,
    link: Vec<Option<String>>,
    brand: Vec<Option<String>>,
    gtin: Vec<Option<String>>,
    price: Vec<i64>,
    currency: Vec<String>,
    sale_price: Vec<Option<i64>>,
    sale_from: Vec<Option<chrono::DateTime<chrono::Utc>>>,
    sale_to: Vec<Option<chrono::DateTime<chrono::Utc>>>,
    tax_rate: Vec<Option<i32>>,
    availability: Vec<&'static str>,
    quantity: Vec<Option<i32>>,
    image_url: Vec<Option<String>>,
    category_path: Vec<String>,
    item_group_id: Vec<Option<String>>,
    data: Vec<serde_json::Value>,
    texts: Vec<serde_json::Value>,
    fingerprint: Vec<Vec<u8>>,
    text_fingerprint: Vec<Vec<u8>>,
}

impl Columns {
    fn of(rows: &[(i64, StagedRow)]) -> Self {
        let mut columns = Self::default();
        for (number, row) in rows {
            columns.push(*number, row);
        }
        columns
    }

    fn push(&mut self, number: i64, row: &StagedRow) {
        let data = facts(row);
        let texts = texts(row);
        let path = row.category_path.join(UNIT);
        let facts = serde_json::json!([
            &row.brand,
            &row.gtin,
            row.price_minor,
            &row.currency,
            row.sale_price_minor,
            row.sale_price_from,
            row.sale_price_to,
            row.tax_rate_bp,
            row.availability,
            row.quantity,
            &row.image_link,
            &row.item_group_id,
            &data
        ]);
        let words = serde_json::json!([&row.title, &row.description, &row.link, &path, &texts]);
        let digest = |value: &serde_json::Value| Sha256::digest(value.to_string().as_bytes()).to_vec();
        self.fingerprint.push(digest(&facts));
        self.text_fingerprint.push(digest(&words));
        self.id.push(new_uuid());
        self.row_number.push(number);
        self.external_id.push(row.external_id.clone());
        self.title.push(row.title.clone());
        self.description.push(row.description.clone());
        self.link.push(row.link.clone());
        self.brand.push(row.brand.clone());
        self.gtin.push(row.gtin.clone());
        self.price.push(row.price_minor);
        self.currency.push(row.currency.clone());
        self.sale_price.push(row.sale_price_minor);
        self.sale_from.push(row.sale_price_from);
        self.sale_to.push(row.sale_price_to);
        self.tax_rate.push(row.tax_rate_bp);
        self.availability.push(StagedAvailability::from(row.availability).as_str());
        self.quantity.push(row.quantity.and_then(|quantity| i32::try_from(quantity).ok()));
        self.image_url.push(row.image_link.clone());
        self.category_path.push(path);
        self.item_group_id.push(row.item_group_id.clone());
        self.data.push(data);
        self.texts.push(texts);
    }
}

/// What has no column of its own and does not depend on the language.
fn facts(row: &StagedRow) -> serde_json::Value {
    compact(serde_json::json!({
        "mpn": row.mpn, "condition": row.condition, "additionalImageLinks": row.additional_image_links,
        "availabilityDate": row.availability_date, "weightGrams": row.weight_grams, "boostSort": row.boost_sort,
        "deliveryMethod": row.delivery_method, "preorderDays": row.preorder_days, "productKind": row.product_kind,
    }))
}

/// What has no column of its own and may depend on the language.
fn texts(row: &StagedRow) -> serde_json::Value {
    compact(serde_json::json!({
        "color": row.color, "size": row.size, "gender": row.gender, "ageGroup": row.age_group, "extra": row.extra,
    }))
}

fn compact(mut value: serde_json::Value) -> serde_json::Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, field| match field {
            serde_json::Value::Null => false,
            serde_json::Value::Array(list) => !list.is_empty(),
            serde_json::Value::Object(map) => !map.is_empty(),
            _ => true,
        });
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> StagedRow {
        StagedRow {
            external_id: "A-1".into(),
            title: "Chair".into(),
            price_minor: 1999,
            currency: "EUR".into(),
            color: Some("red".into()),
            weight_grams: Some(4200),
            ..StagedRow::default()
        }
    }

    fn prints(row: &StagedRow) -> (Vec<u8>, Vec<u8>) {
        let mut columns = Columns::of(&[(1, row.clone())]);
        (columns.fingerprint.remove(0), columns.text_fingerprint.remove(0))
    }

    #[test]
    fn a_translation_changes_only_the_texts_fingerprint() {
        let (facts, texts) = prints(&row());
        let french = StagedRow { title: "Chaise".into(), color: Some("rouge".into()), ..row() };
        assert_eq!(prints(&french).0, facts);
        assert_ne!(prints(&french).1, texts);
        let dearer = StagedRow { price_minor: 2000, ..row() };
        assert_ne!(prints(&dearer).0, facts);
        assert_eq!(prints(&dearer).1, texts);
    }

    #[test]
    fn empty_fields_are_left_out() {
        assert_eq!(facts(&row()), serde_json::json!({ "weightGrams": 4200 }));
        assert_eq!(texts(&row()), serde_json::json!({ "color": "red" }));
    }
}
