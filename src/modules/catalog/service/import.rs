//! Publishing in bulk: a thousand products with the statements of one.

mod plan;

use std::collections::{HashMap, HashSet};

use serde_json::json;

use self::plan::{Known, Plan};
use super::product::taken;
use crate::framework::clock::new_uuid;
use crate::framework::context::Who;
use crate::framework::db::{DbError, Tx};
use crate::framework::error::{ApiError, ErrorCode, Outcome};
use crate::framework::id::{CategoryId, ImageId, ProductId, VariantId};
use crate::framework::outbox::{self, Event};
use crate::modules::catalog::import::{ImportedOutcome, ImportedProduct, ImportedResult, MAX_BATCH, Origin};
use crate::modules::catalog::rules;
use crate::modules::catalog::store::{self, ImageWrite};

/// Creates or updates products with their variants, prices, pictures and translations, inside the caller's transaction.
/// Fields that a person owns stay, deleted products and variants are not revived. At most
/// [`MAX_BATCH`](crate::modules::catalog::import::MAX_BATCH) products a call; the number of statements does not depend on
/// theirs. Writes the products' events, no audit row: that is the caller's. Results are in the batch's order.
pub async fn import_upsert(tx: &Tx, who: &Who, batch: &[ImportedProduct]) -> Outcome<Vec<ImportedResult>> {
    if batch.len() > MAX_BATCH {
        return Err(
            ApiError::new(ErrorCode::LimitExceeded, "At most 1,000 products are published at once.").into()
        );
    }
    let (currency, language) = store::vendor_basics(tx).await?;
    let known = read_known(tx, batch).await?;
    let mut plan = Plan::make(batch, &known, &language);
    name_new(tx, &mut plan).await?;
    store::insert_products(tx, who.now, &plan.new_products).await.map_err(taken)?;
    let mut changed: HashSet<ProductId> = HashSet::new();
    changed.extend(store::import_products(tx, who.now, &plan.known_products).await?);
    let counted: HashSet<ProductId> = changed.clone();
    changed.extend(store::set_translations(tx, &plan.translations, true).await.map_err(taken)?);
    store::insert_variants(tx, who.now, &plan.new_variants).await.map_err(taken)?;
    changed.extend(plan.new_variants.iter().map(|row| row.product_id));
    changed.extend(store::import_variants(tx, who.now, &plan.known_variants).await.map_err(taken)?);
    changed.extend(write_prices(tx, who, &currency, &mut plan).await?);
    changed.extend(write_images(tx, batch, &known, &plan).await?);
    changed.extend(write_categories(tx, batch, &known, &plan).await?);
    let created: HashSet<ProductId> = plan.new_products.iter().map(|row| row.id).collect();
    let updated: Vec<ProductId> = changed.iter().copied().filter(|id| !created.contains(id)).collect();
    let touched: Vec<ProductId> = updated.iter().copied().filter(|id| !counted.contains(id)).collect();
    if !updated.is_empty() {
        store::refresh_summary(tx, who.now, &updated, &touched).await?;
    }
    let event =
        |kind, id: &ProductId| Event { kind, entity_type: "Product", entity_id: id.uuid(), data: json!({}) };
    let events: Vec<Event> = plan
        .new_products
        .iter()
        .map(|row| event("PRODUCT_CREATED", &row.id))
        .chain(updated.iter().map(|id| event("PRODUCT_UPDATED", id)))
        .collect();
    outbox::publish(tx, &events).await?;
    for result in &mut plan.results {
        if let Some(id) = result.product_id {
            result.outcome = match (created.contains(&id), changed.contains(&id)) {
                (true, _) => ImportedOutcome::Created,
                (_, true) => ImportedOutcome::Updated,
                _ => ImportedOutcome::Unchanged,
            };
        }
    }
    Ok(plan.results)
}

/// One owner's entry of a provenance: `{"owner":"IMPORT","source":…,"job":…,"row":…}`.
fn owner(origin: &Origin) -> String {
    json!({ "owner": "IMPORT", "source": origin.source, "job": origin.job.map(|job| job.to_string()), "row": origin.row })
        .to_string()
}

async fn read_known(tx: &Tx, batch: &[ImportedProduct]) -> Result<Known, DbError> {
    let ids = batch.iter().filter_map(|one| one.product_id).collect();
    let external_ids = batch.iter().map(|one| one.external_id.as_str()).filter(plan::storable).collect();
    let products = store::known_products(tx, ids, external_ids).await?;
    let living: Vec<ProductId> = products.iter().filter(|one| !one.deleted).map(|one| one.id).collect();
    let parts = || batch.iter().flat_map(|one| &one.variants);
    let variants = store::known_variants(
        tx,
        parts().filter_map(|part| part.variant_id).collect(),
        parts().map(|part| part.external_id.as_str()).filter(plan::storable).collect(),
        parts().filter_map(|part| part.sku.as_deref()).filter(plan::storable).collect(),
        living,
    )
    .await?;
    let categories: HashSet<CategoryId> =
        batch.iter().flat_map(|one| one.category_ids.iter().copied()).collect();
    let categories = match categories.is_empty() {
        true => HashMap::new(),
        false => store::living_categories(tx, categories.into_iter().collect()).await?.into_iter().collect(),
    };
    Ok(Known::new(products, variants, categories))
}

// Slugs of new products: the plain ones where free, numbered ones else.
async fn name_new(tx: &Tx, plan: &mut Plan) -> Result<(), DbError> {
    if plan.new_products.is_empty() {
        return Ok(());
    }
    let bases: Vec<String> = plan.new_products.iter().map(|row| rules::slug(&row.title)).collect();
    let mut taken: HashSet<String> = store::taken_slugs(tx, bases.clone()).await?.into_iter().collect();
    let mut seen = HashSet::new();
    let crowded: HashSet<&String> =
        bases.iter().filter(|base| taken.contains(*base) || !seen.insert(base.as_str())).collect();
    if !crowded.is_empty() {
        let candidates = crowded.iter().flat_map(|base| rules::slug_candidates(base)).collect();
        taken.extend(store::taken_slugs(tx, candidates).await?);
    }
    for (row, base) in plan.new_products.iter_mut().zip(&bases) {
        let tail = row.id.uuid().simple().to_string();
        row.slug = rules::free_slug(base, |slug| taken.contains(slug), &tail[20..]);
        taken.insert(row.slug.clone());
    }
    Ok(())
}

async fn write_prices(
    tx: &Tx,
    who: &Who,
    currency: &str,
    plan: &mut Plan,
) -> Result<Vec<ProductId>, DbError> {
    let known: Vec<VariantId> = plan.priced.keys().copied().collect();
    if !known.is_empty() {
        let owned: HashSet<VariantId> = store::owned_prices(tx, known).await?.into_iter().collect();
        plan.prices.retain(|price| !owned.contains(&price.variant_id));
    }
    let changed = store::set_prices(tx, who.now, currency, &plan.prices).await?;
    let mut owners = Vec::new();
    let mut products = Vec::new();
    for id in changed {
        // New variants carry the owner of their price from the beginning.
        if let Some((product, markup, origin)) = plan.priced.get(&id) {
            products.push(*product);
            owners.push((id, *markup, owner(origin)));
        }
    }
    store::own_prices(tx, who.now, &owners).await?;
    Ok(products)
}

async fn write_images(
    tx: &Tx,
    batch: &[ImportedProduct],
    known: &Known,
    plan: &Plan,
) -> Result<Vec<ProductId>, DbError> {
    let wanted: Vec<(ProductId, &ImportedProduct)> = plan
        .targets(batch)
        .filter(|(id, one)| {
            !one.image_urls.is_empty() && !known.product(*id).is_some_and(|row| row.images_owned)
        })
        .collect();
    let old: Vec<ProductId> =
        wanted.iter().map(|(id, _)| *id).filter(|id| known.product(*id).is_some()).collect();
    let present: HashMap<ProductId, Vec<String>> = match old.is_empty() {
        true => HashMap::new(),
        false => store::image_urls(tx, old).await?.into_iter().map(|(id, urls)| (id, urls.0)).collect(),
    };
    let (mut products, mut rows) = (Vec::new(), Vec::new());
    for (id, one) in wanted {
        let urls = plan::image_urls(&one.image_urls);
        if urls.is_empty() || present.get(&id).is_some_and(|present| *present == urls) {
            continue;
        }
        products.push(id);
        rows.extend(urls.into_iter().enumerate().map(|(position, url)| ImageWrite {
            id: ImageId::from_uuid(new_uuid()),
            product_id: id,
            position: position as i32,
            url,
            alt_text: None,
        }));
    }
    store::set_images(tx, &products, &rows).await?;
    Ok(products)
}

async fn write_categories(
    tx: &Tx,
    batch: &[ImportedProduct],
    known: &Known,
    plan: &Plan,
) -> Result<Vec<ProductId>, DbError> {
    let (mut products, mut pairs) = (Vec::new(), Vec::new());
    for (id, one) in plan.targets(batch) {
        let living = one.category_ids.iter().filter(|category| known.categories.contains_key(category));
        let living: Vec<_> = living.map(|category| (id, *category)).collect();
        if living.is_empty() || known.product(id).is_some_and(|row| row.categories_owned) {
            continue;
        }
        products.push(id);
        pairs.extend(living);
    }
    store::set_categories(tx, &products, &pairs).await
}
