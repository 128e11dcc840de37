//! Pure decisions: prices of published products, and how staged rows become products.

use chrono::{DateTime, Utc};

use super::model::FeedFormat;
use crate::framework::money::MAX_MINOR;
use crate::framework::tax::TaxClass;
use crate::modules::catalog::import::{ImportedProduct, ImportedText, ImportedVariant, Origin};
use crate::modules::catalog::model::{ProductStatus, VariantKind, VariantOption};

use super::store::publish::{PublishRow, TextRow};

/// Markups from −99.99 to +1,000 percent.
pub const MARKUP_RANGE: std::ops::RangeInclusive<i32> = -9_999..=100_000;

/// What of the vendor decides how rows become products.
#[derive(Debug, Clone)]
pub struct PublishPolicy {
    /// The vendor's default language.
    pub default_language: String,
    /// Whether the vendor's prices include tax.
    pub prices_include_tax: bool,
    /// The rates of the vendor's country today, in basis points.
    pub tax_rates: Vec<(TaxClass, i32)>,
    /// The status of new products.
    pub status: ProductStatus,
    /// The markup to use from now on; without one each row keeps its own.
    pub markup_bp: Option<i32>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// A feed's price with the product's markup, rounded half up to the minor unit. `None` beyond what can be stored.
pub fn with_markup(price: i64, markup_bp: i32) -> Option<i64> {
    let scaled = i128::from(price) * (10_000 + i128::from(markup_bp));
    let rounded = (scaled * 2 + 10_000).div_euclid(20_000);
    i64::try_from(rounded).ok().filter(|minor| (0..=MAX_MINOR).contains(minor))
}

/// The net of a gross price, rounded half up: for vendors whose prices are net, from feeds whose prices are gross.
pub fn net_of(gross: i64, rate_bp: i32) -> i64 {
    let divisor = 10_000 + i128::from(rate_bp);
    let net = (i128::from(gross) * 20_000 + divisor).div_euclid(divisor * 2);
    i64::try_from(net).unwrap_or(gross)
}

/// The price that a row has now, and the one it is compared with: within its dates the sale price goes before.
pub fn price_now(row: &PublishRow, now: DateTime<Utc>) -> (i64, Option<i64>) {
    let begun = row.sale_from.is_none_or(|from| from <= now);
    let over = row.sale_to.is_some_and(|to| to <= now);
    match row.sale_price {
        Some(sale) if sale < row.price && begun && !over => (sale, Some(row.price)),
        _ => (row.price, None),
    }
}

/// The class with this rate; an unknown rate says nothing (the import has warned), so that new variants take the default.
/// 0 is `ZERO`: a feed cannot say that something is exempt.
pub fn tax_class(rates: &[(TaxClass, i32)], rate_bp: Option<i32>) -> Option<TaxClass> {
    let rate = rate_bp?;
    TaxClass::ALL.into_iter().find(|class| rates.contains(&(*class, rate)))
}

/// The key of what becomes one product: the rows of an item group, or a row alone.
pub fn unit_key(row: &PublishRow) -> (FeedFormat, &str, &str, bool) {
    match &row.item_group_id {
        Some(group) => (row.format, &row.source, group, true),
        None => (row.format, &row.source, &row.external_id, false),
    }
}

/// A product from the rows of one unit, in the order of their ids, with the texts of the first.
pub fn product(rows: &[&PublishRow], texts: &[TextRow], policy: &PublishPolicy) -> Option<ImportedProduct> {
    let first = rows.first()?;
    let mut options = options(rows).into_iter();
    let mut variants = Vec::with_capacity(rows.len());
    for row in rows {
        variants.push(variant(row, options.next().unwrap_or_default(), policy)?);
    }
    let mut images: Vec<String> = Vec::new();
    for row in rows {
        for url in row.image_url.iter().chain(&strings(&row.data, "additionalImageLinks")) {
            if images.len() < 20 && !images.contains(url) {
                images.push(url.clone());
            }
        }
    }
    let mut categories: Vec<_> = rows.iter().filter_map(|row| row.category_id).collect();
    categories.sort();
    categories.dedup();
    Some(ImportedProduct {
        product_id: rows.iter().find_map(|row| row.product_id),
        external_id: first.item_group_id.clone().unwrap_or_else(|| first.external_id.clone()),
        texts: texts_of(first, texts, &policy.default_language),
        brand: first.brand.clone(),
        image_urls: images,
        category_ids: categories,
        status: policy.status,
        origin: origin(first),
        variants,
    })
}

/// The texts by language, the vendor's default first: its own, or the row's where the default has none.
fn texts_of(row: &PublishRow, texts: &[TextRow], default_language: &str) -> Vec<ImportedText> {
    let mut all: Vec<ImportedText> = texts
        .iter()
        .map(|text| ImportedText {
            language: text.language.clone(),
            title: text.title.clone(),
            description: text.description.clone(),
        })
        .collect();
    if all.is_empty() {
        all.push(ImportedText {
            language: row.language.clone(),
            title: row.title.clone(),
            description: None,
        });
    }
    let rank = |text: &ImportedText| match text.language.as_str() {
        language if language == default_language => 0,
        language if language == row.language => 1,
        _ => 2,
    };
    all.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.language.cmp(&b.language)));
    all
}

fn variant(row: &PublishRow, options: Vec<VariantOption>, policy: &PublishPolicy) -> Option<ImportedVariant> {
    let class = tax_class(&policy.tax_rates, row.tax_rate_bp);
    let rate = class
        .or(Some(TaxClass::Standard))
        .and_then(|class| policy.tax_rates.iter().find(|(known, _)| *known == class).map(|(_, rate)| *rate));
    let markup_bp = policy.markup_bp.unwrap_or(row.markup_bp);
    // Letzshop's prices are gross (facts A); Google's are in the mode of the shop that wrote the file.
    let to_net = !policy.prices_include_tax && row.format == FeedFormat::Letzshop;
    let priced = |price: i64| {
        let price = if to_net { net_of(price, rate.unwrap_or(0)) } else { price };
        with_markup(price, markup_bp)
    };
    let (price, compare_at) = price_now(row, policy.now);
    let compare_at = match compare_at {
        Some(compare_at) => Some(priced(compare_at)?),
        None => None,
    };
    Some(ImportedVariant {
        variant_id: row.variant_id,
        external_id: row.external_id.clone(),
        title: None,
        sku: Some(row.external_id.clone()),
        gtin: row.gtin.clone(),
        price: Some(priced(price)?),
        compare_at,
        tax_class: class,
        options,
        kind: kind(row),
        policy: None,
        available_from: date(&row.data, "availabilityDate"),
        weight_grams: row
            .data
            .get("weightGrams")
            .and_then(|v| v.as_i64())
            .and_then(|g| i32::try_from(g).ok()),
        markup_bp,
        origin: origin(row),
    })
}

/// What kind of thing the row says it is; goods, when it does not.
pub fn kind(row: &PublishRow) -> VariantKind {
    match row.data.get("productKind").and_then(|v| v.as_str()) {
        Some("DIGITAL") => VariantKind::Digital,
        Some("SERVICE") => VariantKind::Service,
        Some("SUBSCRIPTION") => VariantKind::Subscription,
        _ => VariantKind::Physical,
    }
}

fn origin(row: &PublishRow) -> Origin {
    Origin {
        source: format!("{}/{}", row.format.as_str(), row.source),
        job: row.last_import_job_id,
        row: row.last_row_number,
    }
}

/// Options that tell the rows of a group apart: colour and size where there are any, more only where these are not
/// enough, and at last the id. A row alone has none.
fn options(rows: &[&PublishRow]) -> Vec<Vec<VariantOption>> {
    let mut all: Vec<Vec<VariantOption>> = vec![Vec::new(); rows.len()];
    if rows.len() < 2 && rows.first().is_none_or(|row| row.item_group_id.is_none()) {
        return all;
    }
    let candidates = [("Color", "color"), ("Size", "size"), ("Gender", "gender"), ("Age group", "ageGroup")];
    for (place, (name, key)) in candidates.into_iter().enumerate() {
        if place >= 2 && distinct(&all) {
            break;
        }
        add_option(&mut all, rows, name, |row| row.texts.get(key).and_then(|value| value.as_str()));
    }
    for (name, key) in [("Material", "material"), ("Pattern", "pattern")] {
        if !distinct(&all) {
            add_option(&mut all, rows, name, |row| row.texts.get("extra")?.get(key)?.as_str());
        }
    }
    if !distinct(&all) {
        add_option(&mut all, rows, "Item", |row| Some(&row.external_id));
    }
    all
}

/// Adds an option to all rows if one of them has it; a row without it takes a dash, so that all have the same options.
fn add_option<'a>(
    all: &mut [Vec<VariantOption>],
    rows: &[&'a PublishRow],
    name: &str,
    value: impl Fn(&'a PublishRow) -> Option<&'a str>,
) {
    let values: Vec<Option<&str>> = rows.iter().map(|row| value(row)).collect();
    if values.iter().all(Option::is_none) {
        return;
    }
    for (options, value) in all.iter_mut().zip(values) {
        options.push(VariantOption { name: name.to_owned(), value: value.unwrap_or("–").to_owned() });
    }
}

fn distinct(all: &[Vec<VariantOption>]) -> bool {
    // As the catalog compares them: without regard to case.
    let keys: std::collections::HashSet<String> = all
        .iter()
        .map(|options| {
            options.iter().map(|option| option.value.to_lowercase()).collect::<Vec<_>>().join("\u{1f}")
        })
        .collect();
    keys.len() == all.len()
}

fn strings(data: &serde_json::Value, key: &str) -> Vec<String> {
    let list = data.get(key).and_then(|value| value.as_array());
    list.into_iter().flatten().filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

fn date(data: &serde_json::Value, key: &str) -> Option<DateTime<Utc>> {
    let text = data.get(key)?.as_str()?;
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc))
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
