//! Lists of products: filters, sorts, search, totals and facets, put together from fixed parts.

use chrono::{DateTime, Utc};

use super::read::{AVAILABLE, PRODUCT_COLUMNS, PRODUCT_FROM};
use crate::framework::db::{Array, DbError, Sql, Tx, sql};
use crate::framework::id::{CategoryId, ProductId};
use crate::framework::paging::{COUNT_LIMIT, Page, SortColumns};
use crate::modules::catalog::model::{ProductRow, ProductStatus};

/// What products must be to be in a list.
#[derive(Debug, Clone)]
pub enum Condition {
    /// One of these.
    Ids(Vec<ProductId>),
    /// In one of these categories, or below.
    Categories(Vec<CategoryId>),
    /// Of one of these brands.
    Brands(Vec<String>),
    /// Its cheapest variant costs at least so much.
    PriceMin(i64),
    /// Its cheapest variant costs at most so much.
    PriceMax(i64),
    /// Whether one of its variants can be had.
    Available(bool),
    /// Of one of these statuses.
    Statuses(Vec<ProductStatus>),
    /// Whether it is featured.
    Featured(bool),
    /// Made at or after.
    CreatedMin(DateTime<Utc>),
    /// Made before or at.
    CreatedMax(DateTime<Utc>),
    /// All of these.
    All(Vec<Condition>),
    /// One of these.
    Any(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
}

/// How products can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// By when they were made.
    Created,
    /// By when they were changed.
    Updated,
    /// By title, as the alphabet goes.
    Title,
    /// By the cheapest variant's price; without one last.
    Price,
    /// By how well they fit the search.
    Relevance,
}

impl SortBy {
    /// The columns of the sort.
    pub fn columns(self, descending: bool) -> SortColumns {
        let columns: &'static [(&'static str, char)] = match self {
            Self::Created => &[("p.created_at", 'd'), ("p.id", 'u')],
            Self::Updated => &[("p.updated_at", 'd'), ("p.id", 'u')],
            Self::Title => &[("p.sort_title COLLATE \"und-x-icu\"", 's'), ("p.id", 'u')],
            Self::Price => &[("p.sort_price", 'i'), ("p.id", 'u')],
            Self::Relevance => &[("(found.rank * 1000000)::bigint", 'i'), ("p.id", 'u')],
        };
        SortColumns { columns, descending }
    }
    // What the cursor needs besides the row's own columns.
    fn keys(self) -> &'static str {
        match self {
            Self::Title => "0::bigint AS key_int, p.sort_title AS key_text",
            Self::Price => "p.sort_price AS key_int, NULL::text AS key_text",
            Self::Relevance => "(found.rank * 1000000)::bigint AS key_int, NULL::text AS key_text",
            Self::Created | Self::Updated => "0::bigint AS key_int, NULL::text AS key_text",
        }
    }
}

/// A list of products.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Whether only published ones are in it.
    pub only_active: bool,
    /// What was searched for.
    pub search: Option<String>,
    /// What they must be.
    pub conditions: Vec<Condition>,
}

/// The most matches of a search, and the most that facets look at.
pub const MAX_MATCHES: i32 = 2_000;

// A variant that can be had, of product p.
const HAS_AVAILABLE: &str = "EXISTS (SELECT 1 FROM product_variants v WHERE v.vendor_id = $1 AND v.product_id = p.id \
     AND v.deleted_at IS NULL AND (v.unlimited OR coalesce({available}, 0) + CASE WHEN v.policy = 'DENY' THEN 0 ELSE v.policy_limit END > 0))";

impl Listing {
    // `… FROM … WHERE …`; `select` may use p, and found where there is a search.
    fn statement(&self, tx: &Tx, select: &str, language: Option<&str>) -> Sql<'static> {
        let mut query = sql(format!("SELECT {select} FROM ")).bind(tx.vendor());
        match language {
            Some(language) => {
                query.bind_next(language.to_owned());
                query.push_mut(PRODUCT_FROM);
            }
            None => query.push_mut("products p"),
        }
        if let Some(search) = &self.search {
            let (words, active) = (query.bind_next(search.clone()), query.bind_next(self.only_active));
            query.push_mut(&format!(
                " JOIN orion_product_search(${words}, ${active}, {MAX_MATCHES}) AS found (id, rank) ON found.id = p.id"
            ));
        }
        query.push_mut(" WHERE p.vendor_id = $1 AND p.deleted_at IS NULL");
        if self.only_active {
            query.push_mut(" AND p.status = 'ACTIVE'");
        }
        for condition in &self.conditions {
            query.push_mut(" AND ");
            condition.write(&mut query);
        }
        // Texts with one condition are few enough to keep; their combinations are the clients' own.
        if self.conditions.len() > 1 || self.conditions.iter().any(Condition::is_nested) {
            query.one_off();
        }
        query
    }

    /// One page, in the page's sort.
    pub async fn load(
        &self,
        tx: &Tx,
        page: &Page,
        sort: SortBy,
        language: &str,
    ) -> Result<Vec<ProductRow>, DbError> {
        let select = format!("{PRODUCT_COLUMNS}, {}", sort.keys());
        let mut query = self.statement(tx, &select, Some(language));
        page.apply(&mut query);
        tx.load(query).await
    }

    /// How many there are, counted up to [`COUNT_LIMIT`].
    pub async fn count(&self, tx: &Tx) -> Result<i64, DbError> {
        let inner = self.statement(tx, "1", None).push(&format!(" LIMIT {COUNT_LIMIT}"));
        let (count,) = tx.one::<(i64,)>(inner.wrap("SELECT count(*) FROM (", ") AS counted")).await?;
        Ok(count)
    }

    /// What the list's first [`MAX_MATCHES`] products have in common: `(kind, value, category, count, low, high)` rows.
    /// Without `availability` their variants and inventory, which are most of the work, are not read.
    pub async fn facets(&self, tx: &Tx, availability: bool) -> Result<Vec<FacetRow>, DbError> {
        let inner = self
            .statement(tx, "p.id, p.brand, p.price_from, p.price_to", None)
            .push(&format!(" LIMIT {MAX_MATCHES}"));
        const MATCHED: &str = "WITH matched AS MATERIALIZED (";
        if availability {
            // Planned for its values each time: a plan for any values reads variants and inventory of 2,000 products in 2.8 s
            // instead of 40 ms (measured with 50,000 products beside 100 vendors of 1,000).
            let mut query = inner.wrap(MATCHED, &FACETS_WITH_AVAILABILITY);
            query.one_off();
            return tx.load(query).await;
        }
        tx.load(inner.wrap(MATCHED, FACETS)).await
    }
}

const FACETS: &str = ") \
     (SELECT 'brand' AS kind, brand AS value, NULL::uuid AS category_id, count(*) AS count, NULL::bigint AS low, NULL::bigint AS high \
       FROM matched WHERE brand IS NOT NULL GROUP BY brand ORDER BY count(*) DESC, brand LIMIT 50) \
     UNION ALL (SELECT 'category', NULL, pc.category_id, count(*), NULL, NULL FROM matched m \
       JOIN product_categories pc ON pc.vendor_id = $1 AND pc.product_id = m.id \
       GROUP BY pc.category_id ORDER BY count(*) DESC, pc.category_id LIMIT 100) \
     UNION ALL (SELECT 'price', NULL, NULL, count(price_from), min(price_from), max(price_to) FROM matched) \
     UNION ALL (SELECT 'all', NULL, NULL, count(*), NULL, NULL FROM matched)";

static FACETS_WITH_AVAILABILITY: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
    // The arrays let variants and the grouped view be read by their keys, each once for all products.
    let goods = "), goods AS MATERIALIZED (SELECT v.id, v.product_id, v.unlimited, CASE WHEN v.policy = 'DENY' THEN 0 ELSE v.policy_limit END AS beyond \
           FROM product_variants v WHERE v.vendor_id = $1 AND v.product_id = ANY(ARRAY(SELECT id FROM matched)) AND v.deleted_at IS NULL), \
         sold AS (SELECT DISTINCT g.product_id FROM goods g LEFT JOIN variant_availability a ON a.vendor_id = $1 AND a.variant_id = g.id \
           AND a.variant_id = ANY(ARRAY(SELECT id FROM goods)) WHERE g.unlimited OR coalesce(a.available, 0) + g.beyond > 0)";
    let counted = " UNION ALL (SELECT 'available', NULL, NULL, (SELECT count(*) FROM sold), NULL, NULL)";
    format!("{goods}{}{counted}", FACETS.trim_start_matches(')'))
});

crate::row! {
    /// One line of the facets.
    pub struct FacetRow {
        pub kind: String,
        pub value: Option<String>,
        pub category_id: Option<CategoryId>,
        pub count: i64,
        pub low: Option<i64>,
        pub high: Option<i64>,
    }
}

impl Condition {
    fn is_nested(&self) -> bool {
        matches!(self, Self::All(_) | Self::Any(_) | Self::Not(_))
    }

    fn write(&self, query: &mut Sql<'static>) {
        match self {
            Self::Ids(ids) => {
                let n = query.bind_next(Array(ids.clone()));
                query.push_mut(&format!("p.id = ANY(${n})"));
            }
            Self::Categories(ids) => {
                let n = query.bind_next(Array(ids.clone()));
                query.push_mut(&format!(
                    "p.id IN (WITH RECURSIVE below AS ( \
                     SELECT id FROM categories WHERE vendor_id = $1 AND id = ANY(${n}) AND deleted_at IS NULL \
                     UNION SELECT c.id FROM categories c JOIN below ON c.parent_id = below.id \
                     WHERE c.vendor_id = $1 AND c.deleted_at IS NULL) \
                     SELECT pc.product_id FROM product_categories pc JOIN below ON below.id = pc.category_id WHERE pc.vendor_id = $1)"
                ));
            }
            Self::Brands(brands) => match brands.as_slice() {
                // Equality lets the index on brand give the newest without a sort.
                [brand] => {
                    let n = query.bind_next(brand.clone());
                    query.push_mut(&format!("p.brand = ${n}"));
                }
                _ => {
                    let n = query.bind_next(Array(brands.clone()));
                    query.push_mut(&format!("p.brand = ANY(${n})"));
                }
            },
            Self::PriceMin(minor) => {
                let n = query.bind_next(*minor);
                query.push_mut(&format!("(p.sort_price >= ${n} AND p.price_from IS NOT NULL)"));
            }
            Self::PriceMax(minor) => {
                let n = query.bind_next(*minor);
                query.push_mut(&format!("(p.sort_price <= ${n} AND p.price_from IS NOT NULL)"));
            }
            Self::Available(wanted) => {
                query.push_mut(if *wanted { "" } else { "NOT " });
                query.push_mut(&HAS_AVAILABLE.replace("{available}", AVAILABLE));
            }
            Self::Statuses(statuses) if statuses.len() == 1 => {
                // As of a brand.
                let n = query.bind_next(statuses[0].as_str());
                query.push_mut(&format!("p.status = ${n}"));
            }
            Self::Statuses(statuses) => {
                let n =
                    query.bind_next(Array(statuses.iter().map(|status| status.as_str()).collect::<Vec<_>>()));
                query.push_mut(&format!("p.status = ANY(${n})"));
            }
            Self::Featured(wanted) => query.push_mut(if *wanted { "p.featured" } else { "NOT p.featured" }),
            Self::CreatedMin(at) => {
                let n = query.bind_next(*at);
                query.push_mut(&format!("p.created_at >= ${n}"));
            }
            Self::CreatedMax(at) => {
                let n = query.bind_next(*at);
                query.push_mut(&format!("p.created_at <= ${n}"));
            }
            Self::All(all) => join(query, all, " AND ", "true"),
            Self::Any(any) => join(query, any, " OR ", "false"),
            Self::Not(condition) => {
                // What cannot be told (a product without brand) is not what was named.
                query.push_mut("coalesce(NOT (");
                condition.write(query);
                query.push_mut("), true)");
            }
        }
    }
}

fn join(query: &mut Sql<'static>, conditions: &[Condition], word: &str, empty: &str) {
    if conditions.is_empty() {
        return query.push_mut(empty);
    }
    query.push_mut("(");
    for (index, condition) in conditions.iter().enumerate() {
        if index > 0 {
            query.push_mut(word);
        }
        condition.write(query);
    }
    query.push_mut(")");
}
