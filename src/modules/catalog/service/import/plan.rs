//! What a batch comes to, before anything is written: pure, so that it is quick and can be tested.

use std::collections::{HashMap, HashSet};

use super::owner;
use crate::framework::clock::new_uuid;
use crate::framework::error::{ErrorCode, Refusal};
use crate::framework::id::{CategoryId, ProductId, VariantId};
use crate::framework::tax::TaxClass;
use crate::modules::catalog::import::{
    ImportedOutcome, ImportedProduct, ImportedResult, ImportedText, ImportedVariant, Origin,
};
use crate::modules::catalog::model::{Policy, VariantOption};
use crate::modules::catalog::service::variant::title_of;
use crate::modules::catalog::store::{
    KnownProduct, KnownVariant, NewProduct, NewVariant, PriceWrite, ProductImport, TranslationWrite,
    VariantImport,
};
use crate::modules::catalog::{html, rules};

/// What the database knows of a batch.
pub struct Known {
    products: HashMap<ProductId, KnownProduct>,
    by_external_id: HashMap<String, ProductId>,
    variants: HashMap<VariantId, KnownVariant>,
    variant_by_external_id: HashMap<String, VariantId>,
    skus: HashMap<String, VariantId>,
    by_product: HashMap<ProductId, Vec<VariantId>>,
    pub categories: HashMap<CategoryId, String>,
}

impl Known {
    pub fn new(
        products: Vec<KnownProduct>,
        variants: Vec<KnownVariant>,
        categories: HashMap<CategoryId, String>,
    ) -> Self {
        let mut known = Self {
            products: HashMap::new(),
            by_external_id: HashMap::new(),
            variants: HashMap::new(),
            variant_by_external_id: HashMap::new(),
            skus: HashMap::new(),
            by_product: HashMap::new(),
            categories,
        };
        for row in products {
            // A living one goes before a deleted one of the same name.
            if let Some(external_id) = row.external_id.clone() {
                let entry = known.by_external_id.entry(external_id);
                if row.deleted {
                    entry.or_insert(row.id)
                } else {
                    entry.insert_entry(row.id).into_mut()
                };
            }
            known.products.insert(row.id, row);
        }
        for row in variants {
            if let Some(external_id) = row.external_id.clone() {
                let entry = known.variant_by_external_id.entry(external_id);
                if row.deleted {
                    entry.or_insert(row.id)
                } else {
                    entry.insert_entry(row.id).into_mut()
                };
            }
            if !row.deleted {
                known.by_product.entry(row.product_id).or_default().push(row.id);
                if let Some(sku) = row.sku.clone() {
                    known.skus.insert(sku, row.id);
                }
            }
            known.variants.insert(row.id, row);
        }
        known
    }

    pub fn product(&self, id: ProductId) -> Option<&KnownProduct> {
        self.products.get(&id)
    }

    fn find_product(&self, one: &ImportedProduct) -> Option<&KnownProduct> {
        let named = one.product_id.and_then(|id| self.products.get(&id));
        named.or_else(|| self.products.get(self.by_external_id.get(&one.external_id)?))
    }

    fn find_variant(&self, part: &ImportedVariant) -> Option<&KnownVariant> {
        let named = part.variant_id.and_then(|id| self.variants.get(&id));
        named.or_else(|| self.variants.get(self.variant_by_external_id.get(&part.external_id)?))
    }

    fn living(&self, product: ProductId) -> impl Iterator<Item = &KnownVariant> {
        self.by_product.get(&product).into_iter().flatten().filter_map(|id| self.variants.get(id))
    }
}

/// What is to be written, and what each product of the batch came to.
#[derive(Default)]
pub struct Plan {
    pub new_products: Vec<NewProduct>,
    pub known_products: Vec<ProductImport>,
    pub translations: Vec<TranslationWrite>,
    pub new_variants: Vec<NewVariant>,
    pub known_variants: Vec<VariantImport>,
    pub prices: Vec<PriceWrite>,
    /// The known variants among `prices`: product, markup, origin.
    pub priced: HashMap<VariantId, (ProductId, i32, Origin)>,
    pub results: Vec<ImportedResult>,
    // Handles that this batch has given away.
    external_ids: HashSet<String>,
    skus: HashSet<String>,
}

/// Whether the database can hold the text as a handle.
pub fn storable(text: &&str) -> bool {
    (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// The addresses that can be kept: absolute ones, each once, 100 at most.
pub fn image_urls(urls: &[String]) -> Vec<String> {
    let mut seen = HashSet::new();
    let normal = urls.iter().filter_map(|url| url.parse::<crate::graphql::scalars::Url>().ok());
    normal.map(|url| url.to_string()).filter(|url| seen.insert(url.clone())).take(100).collect()
}

// One line, cut to what the column holds.
fn line(text: &str, most: usize) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect();
    text.trim().to_owned()
}

fn some_line(text: Option<&str>, most: usize) -> Option<String> {
    text.map(|text| line(text, most)).filter(|text| !text.is_empty())
}

fn description(text: &ImportedText) -> Option<String> {
    let text = text.description.as_deref().filter(|text| !text.trim().is_empty())?;
    let end = text.char_indices().nth(100_000).map_or(text.len(), |(end, _)| end);
    Some(html::sanitize(&text[..end]))
}

// The owners of these fields, written once and repeated as text.
fn owners<'a>(entry: &str, fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::from("{");
    for field in fields {
        if text.len() > 1 {
            text.push(',');
        }
        text.push('"');
        text.push_str(field);
        text.push_str("\":");
        text.push_str(entry);
    }
    text.push('}');
    text
}

impl Plan {
    pub fn make(batch: &[ImportedProduct], known: &Known, language: &str) -> Self {
        let mut plan = Self::default();
        for one in batch {
            let result = plan.add(one, known, language).unwrap_or_else(|refusal| ImportedResult {
                outcome: ImportedOutcome::Skipped,
                product_id: None,
                variant_ids: Vec::new(),
                new_variants: Vec::new(),
                refusal: Some(refusal),
            });
            plan.results.push(result);
        }
        plan
    }

    /// The products that are written, with what the batch says of them.
    pub fn targets<'a>(
        &'a self,
        batch: &'a [ImportedProduct],
    ) -> impl Iterator<Item = (ProductId, &'a ImportedProduct)> {
        self.results.iter().zip(batch).filter_map(|(result, one)| Some((result.product_id?, one)))
    }

    fn add(
        &mut self,
        one: &ImportedProduct,
        known: &Known,
        language: &str,
    ) -> Result<ImportedResult, Refusal> {
        if !storable(&one.external_id.as_str()) || one.variants.is_empty() || one.variants.len() > 2_000 {
            let message = "A product has an external id of at most 200 characters and 1 to 2,000 variants.";
            return Err(Refusal::new(ErrorCode::InvalidValue, message));
        }
        let text = one.texts.iter().find(|text| text.language == language).or(one.texts.first());
        let title = text.map(|text| line(&text.title, 500)).unwrap_or_default();
        let Some(text) = text.filter(|_| !title.is_empty()) else {
            return Err(Refusal::new(ErrorCode::Required, "A product needs a title."));
        };
        if !self.external_ids.insert(one.external_id.clone()) {
            return Err(Refusal::new(ErrorCode::DuplicateId, "The batch has the product twice."));
        }
        let old = known.find_product(one);
        if old.is_some_and(|row| row.deleted) {
            return Err(Refusal::new(ErrorCode::ProductNotFound, "A person has deleted the product."));
        }
        let id = old.map_or_else(|| ProductId::from_uuid(new_uuid()), |row| row.id);
        let parts = self.variants(one, known, id, old.is_some())?;
        let entry = owner(&one.origin);
        // Without a text in the default language the first one stands for it, until one comes.
        let is_default = text.language == language;
        let further =
            one.texts.iter().filter(|other| other.language != language && other.language.len() <= 35);
        let first = self.translations.len();
        self.translations.extend(further.filter_map(|other| {
            let title = some_line(Some(&other.title), 500)?;
            let language = other.language.clone();
            Some(TranslationWrite {
                product_id: id,
                language,
                title: Some(title),
                slug: None,
                description: description(other),
            })
        }));
        let brand = some_line(one.brand.as_deref(), 200);
        if old.is_some() {
            let owners = owners(&entry, ["title", "description", "brand"]);
            let source = one.origin.source.clone();
            let (title, text) =
                (is_default.then_some(title), is_default.then(|| description(text)).flatten());
            self.known_products.push(ProductImport { id, title, description: text, brand, source, owners });
        } else {
            let languages =
                self.translations[first..].iter().map(|one| format!("translations.{}", one.language));
            let languages: Vec<String> = languages.collect();
            let fields = ["title", "description", "brand", "images", "categories"];
            let owners = owners(&entry, fields.into_iter().chain(languages.iter().map(String::as_str)));
            let words = self.words(one, known, &parts, first);
            let amounts = || one.variants.iter().filter_map(|part| part.price);
            self.new_products.push(NewProduct {
                id,
                title,
                slug: String::new(),
                description: description(text),
                brand,
                status: one.status,
                featured: false,
                external_id: Some(one.external_id.clone()),
                source: Some(one.origin.source.clone()),
                price_from: amounts().min(),
                price_to: amounts().max(),
                words,
                public_metadata: "{}".to_owned(),
                metadata: "{}".to_owned(),
                provenance: owners,
            });
        }
        let new_variants = parts.new.iter().map(|row| row.id).collect();
        self.new_variants.extend(parts.new);
        Ok(ImportedResult {
            outcome: ImportedOutcome::Unchanged,
            product_id: Some(id),
            variant_ids: parts.ids,
            new_variants,
            refusal: None,
        })
    }

    // What a new product's search text has besides title and brand, in the order of the store's own.
    fn words(&self, one: &ImportedProduct, known: &Known, parts: &Parts, first: usize) -> String {
        let codes = parts.new.iter().flat_map(|row| [row.sku.as_deref(), row.gtin.as_deref()]).flatten();
        let mut categories: Vec<&str> =
            one.category_ids.iter().filter_map(|id| known.categories.get(id)).map(String::as_str).collect();
        categories.sort_unstable();
        categories.dedup();
        let titles = self.translations[first..].iter().filter_map(|one| one.title.as_deref());
        codes.chain(categories).chain(titles).collect::<Vec<_>>().join(" ")
    }

    fn variants(
        &mut self,
        one: &ImportedProduct,
        known: &Known,
        product: ProductId,
        product_known: bool,
    ) -> Result<Parts, Refusal> {
        let mut parts = Parts::default();
        let mut seen = HashSet::new();
        let mut keys: HashMap<String, Option<VariantId>> =
            known.living(product).map(|row| (row.options_key.clone(), Some(row.id))).collect();
        let mut position = known.living(product).map(|row| row.position + 1).max().unwrap_or(0);
        let (mut changes, mut fresh) = (Vec::new(), Vec::new());
        for part in &one.variants {
            if !storable(&part.external_id.as_str()) || !seen.insert(part.external_id.as_str()) {
                let message = "Each variant has an external id of at most 200 characters of its own.";
                return Err(Refusal::new(ErrorCode::DuplicateId, message));
            }
            let options = checked_options(&part.options);
            match known.find_variant(part) {
                Some(row) if row.deleted => parts.ids.push(None),
                Some(row) if !product_known => {
                    let message = format!(
                        "The row {} is a variant of another product.",
                        row.external_id.as_deref().unwrap_or_default()
                    );
                    return Err(Refusal::new(ErrorCode::HandleTaken, message));
                }
                Some(row) => {
                    parts.ids.push(Some(row.id));
                    changes.push((part, row, options));
                }
                None => {
                    let row = self.new_variant(part, known, product, position, options, &mut keys)?;
                    if row.sku.is_some() && parts.new.iter().any(|other: &NewVariant| other.sku == row.sku) {
                        return Err(Refusal::new(ErrorCode::HandleTaken, "Two variants have the same SKU."));
                    }
                    position += 1;
                    parts.ids.push(Some(row.id));
                    parts.new.push(row);
                    fresh.push(part);
                }
            }
        }
        if parts.ids.iter().all(Option::is_none) {
            return Err(Refusal::new(
                ErrorCode::VariantNotFound,
                "A person has deleted the product's variants.",
            ));
        }
        // Nothing refuses from here on.
        for (part, row, options) in changes {
            self.known_variant(part, row, known, options, &mut keys);
        }
        for (row, part) in parts.new.iter().zip(fresh) {
            self.skus.extend(row.sku.clone());
            self.price(part, row.id);
        }
        Ok(parts)
    }

    fn price(&mut self, part: &ImportedVariant, variant_id: VariantId) {
        let fits = |amount: &i64| (0..=crate::framework::money::MAX_MINOR).contains(amount);
        if let Some(amount) = part.price.filter(fits) {
            let compare_at = part.compare_at.filter(fits);
            self.prices.push(PriceWrite { id: new_uuid(), variant_id, amount, compare_at });
        }
    }

    fn new_variant(
        &self,
        part: &ImportedVariant,
        known: &Known,
        product_id: ProductId,
        position: i32,
        options: Vec<VariantOption>,
        keys: &mut HashMap<String, Option<VariantId>>,
    ) -> Result<NewVariant, Refusal> {
        let sku = some_line(part.sku.as_deref(), 100);
        if sku.as_ref().is_some_and(|sku| known.skus.contains_key(sku) || self.skus.contains(sku)) {
            return Err(Refusal::new(ErrorCode::HandleTaken, "The SKU is that of another variant."));
        }
        // Variants that a feed does not tell apart are kept apart by their ids.
        let mut options_key = rules::options_key(&options);
        if keys.contains_key(&options_key) {
            options_key = format!("{options_key}\u{1d}{}", part.external_id);
        }
        keys.insert(options_key.clone(), None);
        let (policy, policy_limit) =
            part.policy.map_or((Policy::Deny, 0), |(policy, limit)| (policy, limit.max(0)));
        let fields = ["title", "sku", "gtin", "price", "taxClass", "options", "policy", "weight"];
        Ok(NewVariant {
            id: VariantId::from_uuid(new_uuid()),
            product_id,
            position,
            title: some_line(part.title.as_deref(), 200).unwrap_or_else(|| title_of(&options)),
            sku,
            gtin: some_line(part.gtin.as_deref(), 50),
            external_id: Some(part.external_id.clone()),
            kind: part.kind,
            tax_class: part.tax_class.unwrap_or(TaxClass::Standard),
            options: serde_json::to_string(&options).unwrap_or_else(|_| "[]".to_owned()),
            options_key,
            policy,
            policy_limit,
            available_from: part.available_from,
            weight_grams: part.weight_grams.filter(|grams| *grams >= 0),
            markup_bp: part.markup_bp,
            provenance: owners(&owner(&part.origin), fields),
        })
    }

    fn known_variant(
        &mut self,
        part: &ImportedVariant,
        row: &KnownVariant,
        known: &Known,
        options: Vec<VariantOption>,
        keys: &mut HashMap<String, Option<VariantId>>,
    ) {
        let key = rules::options_key(&options);
        // Options that are another variant's now stay as they were, and so does a key with an id in it.
        let apart = row.options_key == format!("{key}\u{1d}{}", part.external_id);
        let free = !apart && keys.get(&key).is_none_or(|holder| *holder == Some(row.id));
        let given = !options.is_empty() && free;
        if given {
            keys.insert(key.clone(), Some(row.id));
        }
        let title = some_line(part.title.as_deref(), 200).or_else(|| given.then(|| title_of(&options)));
        let options =
            given.then(|| (serde_json::to_string(&options).unwrap_or_else(|_| "[]".to_owned()), key));
        let sku = some_line(part.sku.as_deref(), 100);
        let sku = sku.filter(|sku| {
            known.skus.get(sku).is_none_or(|holder| *holder == row.id) && self.skus.insert(sku.clone())
        });
        self.known_variants.push(VariantImport {
            id: row.id,
            title,
            sku,
            gtin: some_line(part.gtin.as_deref(), 50),
            tax_class: part.tax_class,
            options,
            policy: part.policy.map(|(policy, limit)| (policy, limit.max(0))),
            available_from: part.available_from,
            weight_grams: part.weight_grams.filter(|grams| *grams >= 0),
            owners: owners(
                &owner(&part.origin),
                ["title", "sku", "gtin", "taxClass", "options", "policy", "weight"],
            ),
        });
        self.price(part, row.id);
        self.priced.insert(row.id, (row.product_id, part.markup_bp, part.origin.clone()));
    }
}

#[derive(Default)]
struct Parts {
    ids: Vec<Option<VariantId>>,
    new: Vec<NewVariant>,
}

fn checked_options(options: &[VariantOption]) -> Vec<VariantOption> {
    let mut names = HashSet::new();
    options
        .iter()
        .map(|option| VariantOption { name: line(&option.name, 100), value: line(&option.value, 200) })
        .filter(|option| {
            !option.name.is_empty() && !option.value.is_empty() && names.insert(option.name.to_lowercase())
        })
        .take(20)
        .collect()
}
