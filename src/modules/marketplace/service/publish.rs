//! Publishing staged products: some at once, many as a job.

use std::collections::HashMap;

use async_graphql::Value;

use super::settings::Settings;
use super::{PUBLISH_JOB, enqueue_slice, publish_updated};
use crate::framework::audit::{self, Entry};
use crate::framework::clock::new_uuid;
use crate::framework::context::{Ctx, Grant, Who};
use crate::framework::db::Tx;
use crate::framework::error::{ErrorCode, Outcome, Refusal, Refusals};
use crate::framework::id::{ImportJobId, MarketplaceProductId, ProductId, PublishJobId, VariantId};
use crate::framework::idempotency::{self, Claim};
use crate::framework::permission::Permission;
use crate::modules::catalog::import::{ImportedOutcome, ImportedProduct, ImportedResult};
use crate::modules::catalog::model::ProductStatus;
use crate::modules::marketplace::model::{PublishJobRow, PublishOutcome};
use crate::modules::marketplace::rules::{self, MARKUP_RANGE, PublishPolicy};
use crate::modules::marketplace::store::publish::{self as rows, Link, NewPublish, PublishRow, TextRow};
use crate::modules::marketplace::store::read::StagedFilter;
use crate::modules::marketplace::store::{self};
use crate::modules::{catalog, inventory};

/// Most ids of one mutation.
pub const MAX_IDS: usize = 100;
/// Most rows that become one product.
const MAX_GROUP: usize = 500;
/// Most rows that are loaded at once, published rows of the same groups included.
const MAX_ROWS: i64 = 20_000;
const MAX_QUANTITY: i32 = 1_000_000;

/// What to publish.
pub enum Selection {
    /// These, at once.
    Ids(Vec<MarketplaceProductId>),
    /// All that an import met, as a job.
    Import(ImportJobId),
    /// All that a filter leaves, as a job.
    Filter(StagedFilter),
}

/// How to publish it.
pub struct Publish {
    pub selection: Selection,
    /// The first quantity of new variants.
    pub initial_quantity: Option<i32>,
    /// On every price of the feed, now and later; `None` keeps what the product has.
    pub markup_bp: Option<i32>,
    /// Of new products.
    pub status: ProductStatus,
    pub idempotency_key: Option<String>,
}

/// What became of one row.
#[derive(Debug, Clone)]
pub struct RowResult {
    pub id: MarketplaceProductId,
    pub product: Option<ProductId>,
    pub outcome: PublishOutcome,
    pub refusals: Vec<Refusal>,
}

/// What publishing gave: results of ids, or the job that does the rest.
pub struct Published {
    pub job: Option<PublishJobRow>,
    pub results: Vec<RowResult>,
}

/// Publishes. Refuses: `INVALID_VALUE` of quantity or markup, `TOO_LONG` for more than 100 ids, `IMPORT_JOB_NOT_FOUND`,
/// `IMPORT_ALREADY_RUNNING` while the import has not ended.
pub async fn publish(ctx: &Ctx, publish: Publish, input: Value) -> Outcome<Published> {
    let grant = ctx.require(Permission::ImportsPublish)?;
    check(&publish)?;
    ctx.retrying(|| publish_once(ctx, &grant, &publish, &input)).await
}

async fn publish_once(ctx: &Ctx, grant: &Grant, publish: &Publish, input: &Value) -> Outcome<Published> {
    let tx = ctx.begin(grant).await?;
    let (scope, key) = (idempotency::scope(ctx, ""), publish.idempotency_key.as_deref());
    let claim = idempotency::claim(&tx, scope, "marketplaceProductsPublish", key, input, 7).await?;
    if let Claim::Replay(done) = claim {
        let published = replay(&tx, &publish.selection, PublishJobId::from_uuid(done)).await?;
        tx.rollback().await?;
        ctx.mark_replayed();
        return Ok(published);
    }
    let selector = match &publish.selection {
        Selection::Ids(ids) => {
            let settings = Settings::of(&tx, ctx.vendor()?).await?;
            let batch = Batch {
                policy: policy(settings, publish.status, publish.markup_bp, ctx.now()),
                initial_quantity: publish.initial_quantity,
            };
            let results = batch.publish(&tx, grant.who(), ids).await?;
            let after = serde_json::json!({ "ids": ids.iter().map(|id| id.uuid()).collect::<Vec<_>>() });
            record(&tx, grant.who(), "marketplace.publish", None, &after).await?;
            claim.finish(&tx, ids.first().map(|id| id.uuid()).unwrap_or_default()).await?;
            tx.commit().await?;
            return Ok(Published { job: None, results });
        }
        Selection::Import(job) => {
            require_ended(&tx, *job).await?;
            StagedFilter { job: Some(*job), ..StagedFilter::default() }
        }
        Selection::Filter(filter) => filter.clone(),
    };
    let new = NewPublish {
        id: PublishJobId::from_uuid(new_uuid()),
        selector,
        initial_quantity: publish.initial_quantity,
        markup_bp: publish.markup_bp,
        status: publish.status,
        created_by: grant.who().id,
        import: None,
    };
    let job = rows::insert(&tx, &new).await?;
    let after = serde_json::json!({ "status": publish.status.as_str() });
    record(&tx, grant.who(), "marketplace.publish", Some(job.id), &after).await?;
    enqueue_slice(&tx, PUBLISH_JOB, job.id).await?;
    claim.finish(&tx, job.id.uuid()).await?;
    tx.commit().await?;
    Ok(Published { job: Some(job), results: Vec::new() })
}

fn check(publish: &Publish) -> Outcome<()> {
    let mut refusals = Refusals::default();
    if publish.initial_quantity.is_some_and(|quantity| !(0..=MAX_QUANTITY).contains(&quantity)) {
        let message = "An initial quantity is 0 to 1,000,000.";
        refusals.push(Refusal::new(ErrorCode::InvalidValue, message).at(["input", "initialQuantity"]));
    }
    if publish.markup_bp.is_some_and(|markup| !MARKUP_RANGE.contains(&markup)) {
        let message = "A markup is -99.99 to 1000 percent.";
        refusals.push(Refusal::new(ErrorCode::InvalidValue, message).at(["input", "markupPercent"]));
    }
    if let Selection::Ids(ids) = &publish.selection {
        if ids.is_empty() {
            let message = "Name at least one staged product.";
            refusals.push(Refusal::new(ErrorCode::Required, message).at(["input", "ids"]));
        }
        if ids.len() > MAX_IDS {
            let message = "At most 100 ids at once; publish more by import or filter, as a job.";
            refusals.push(Refusal::new(ErrorCode::TooLong, message).at(["input", "ids"]));
        }
    }
    refusals.check()
}

async fn require_ended(tx: &Tx, job: ImportJobId) -> Outcome<()> {
    let at = ["input", "importJobId"];
    match store::jobs::get(tx, job).await? {
        None => Err(Refusal::new(ErrorCode::ImportJobNotFound, "There is no such import.").at(at).into()),
        Some(row) if row.status.is_open() => {
            Err(Refusal::new(ErrorCode::ImportAlreadyRunning, "The import has not ended yet.").at(at).into())
        }
        Some(_) => Ok(()),
    }
}

/// The answer to a repeated request: the job, or the rows, as they are now.
async fn replay(tx: &Tx, selection: &Selection, done: PublishJobId) -> Outcome<Published> {
    let Selection::Ids(ids) = selection else {
        return Ok(Published { job: rows::get(tx, done).await?, results: Vec::new() });
    };
    let staged = store::read::staged_by_ids(tx, ids.clone()).await?;
    let products: HashMap<_, _> = staged.into_iter().map(|row| (row.id, row.product_id)).collect();
    let results = ids.iter().map(|id| match products.get(id) {
        Some(Some(product)) => RowResult {
            id: *id,
            product: Some(*product),
            outcome: PublishOutcome::Unchanged,
            refusals: Vec::new(),
        },
        Some(None) => {
            RowResult { id: *id, product: None, outcome: PublishOutcome::Skipped, refusals: Vec::new() }
        }
        None => unknown(*id),
    });
    Ok(Published { job: None, results: results.collect() })
}

fn unknown(id: MarketplaceProductId) -> RowResult {
    let refusal = Refusal::new(ErrorCode::MarketplaceProductNotFound, "There is no such staged product.");
    RowResult {
        id,
        product: None,
        outcome: PublishOutcome::Failed,
        refusals: vec![refusal.at(["input", "ids"])],
    }
}

async fn record(
    tx: &Tx,
    who: &Who,
    action: &'static str,
    job: Option<PublishJobId>,
    after: &serde_json::Value,
) -> Outcome<()> {
    let events: Vec<_> = job.into_iter().map(publish_updated).collect();
    let entity_type = if job.is_some() { "PublishJob" } else { "MarketplaceProduct" };
    let entity_id = job.map(|job| job.uuid());
    let entry = Entry { action, entity_type, entity_id, before: None, after: Some(after) };
    Ok(audit::record_with_events(tx, who, entry, &events).await?)
}

/// The policy of a vendor's settings.
pub(super) fn policy(
    settings: Settings,
    status: ProductStatus,
    markup_bp: Option<i32>,
    now: chrono::DateTime<chrono::Utc>,
) -> PublishPolicy {
    PublishPolicy {
        default_language: settings.default_language,
        prices_include_tax: settings.prices_include_tax,
        tax_rates: settings.tax_rates,
        status,
        markup_bp,
        now,
    }
}

/// How a number of rows is published.
pub(super) struct Batch {
    pub policy: PublishPolicy,
    pub initial_quantity: Option<i32>,
}

impl Batch {
    /// Publishes rows, in the caller's transaction: one result for each id, in their order. An item group becomes one
    /// product, of the chosen rows and of those that were published before. The statements do not depend on their number.
    pub async fn publish(&self, tx: &Tx, who: &Who, ids: &[MarketplaceProductId]) -> Outcome<Vec<RowResult>> {
        rows::serialize(tx).await?;
        store::staging::prefer_indexes(tx).await?;
        let staged = rows::load(tx, ids, MAX_ROWS).await?;
        let units = units(&staged);
        let firsts = units.iter().filter_map(|unit| unit.first()).map(|row| row.id).collect();
        let mut texts: HashMap<MarketplaceProductId, Vec<TextRow>> = HashMap::new();
        for text in rows::texts(tx, firsts).await? {
            texts.entry(text.marketplace_product_id).or_default().push(text);
        }
        let mut results: HashMap<MarketplaceProductId, RowResult> = HashMap::new();
        let (mut products, mut members): (Vec<ImportedProduct>, Vec<&Vec<&PublishRow>>) = Default::default();
        for unit in &units {
            let own = unit.first().and_then(|row| texts.get(&row.id)).map_or(&[][..], Vec::as_slice);
            match self.product(unit, own) {
                Ok(product) => {
                    products.push(product);
                    members.push(unit);
                }
                Err(refusal) => refuse(&mut results, unit, PublishOutcome::Failed, &refusal),
            }
        }
        let mut imported = Vec::with_capacity(products.len());
        for part in products.chunks(catalog::import::MAX_BATCH) {
            imported.extend(catalog::service::import_upsert(tx, who, part).await?);
        }
        let mut links = Vec::new();
        for ((unit, product), result) in members.iter().zip(&products).zip(&imported) {
            collect(&mut results, &mut links, unit, product, result);
        }
        rows::link(tx, &links).await?;
        self.set_quantities(tx, who, &members, &imported).await?;
        Ok(ids.iter().map(|id| results.remove(id).unwrap_or_else(|| unknown(*id))).collect())
    }

    fn product(&self, unit: &[&PublishRow], texts: &[TextRow]) -> Result<ImportedProduct, Refusal> {
        if unit.len() > MAX_GROUP {
            let message = format!("An item group has at most {MAX_GROUP} rows.");
            return Err(Refusal::new(ErrorCode::TooLong, message));
        }
        rules::product(unit, texts, &self.policy)
            .ok_or_else(|| Refusal::new(ErrorCode::InvalidPrice, "With its markup the price is too large."))
    }

    /// First quantities of new variants; of known ones only where their source says that its quantities count.
    async fn set_quantities(
        &self,
        tx: &Tx,
        who: &Who,
        units: &[&Vec<&PublishRow>],
        imported: &[ImportedResult],
    ) -> Outcome<()> {
        let mut first: Vec<(VariantId, i32)> = Vec::new();
        let mut later: Vec<(VariantId, i32)> = Vec::new();
        for (unit, result) in units.iter().zip(imported) {
            for (row, variant) in unit.iter().zip(&result.variant_ids) {
                let Some(variant) = variant else { continue };
                if !rules::kind(row).tangible() {
                    continue;
                }
                if result.new_variants.contains(variant) {
                    first.extend(self.initial_quantity.or(row.quantity).map(|quantity| (*variant, quantity)));
                } else if row.updates_quantity {
                    later.extend(row.quantity.map(|quantity| (*variant, quantity)));
                }
            }
        }
        inventory::service::set_initial(tx, who, &first, false).await?;
        inventory::service::set_initial(tx, who, &later, true).await
    }
}

/// The rows of each product, in the order of their ids.
fn units(staged: &[PublishRow]) -> Vec<Vec<&PublishRow>> {
    let mut places = HashMap::new();
    let mut units: Vec<Vec<&PublishRow>> = Vec::new();
    for row in staged {
        let place = *places.entry(rules::unit_key(row)).or_insert(units.len());
        if place == units.len() {
            units.push(Vec::new());
        }
        units[place].push(row);
    }
    units
}

fn refuse(
    results: &mut HashMap<MarketplaceProductId, RowResult>,
    unit: &[&PublishRow],
    outcome: PublishOutcome,
    refusal: &Refusal,
) {
    for row in unit {
        let refusals = vec![refusal.clone()];
        results.insert(row.id, RowResult { id: row.id, product: None, outcome, refusals });
    }
}

fn collect(
    results: &mut HashMap<MarketplaceProductId, RowResult>,
    links: &mut Vec<Link>,
    unit: &[&PublishRow],
    imported: &ImportedProduct,
    result: &ImportedResult,
) {
    let deleted =
        || Refusal::new(ErrorCode::ProductNotFound, "A person has deleted it; importing does not revive it.");
    let Some(product) = result.product_id else {
        let refusal = result.refusal.clone().unwrap_or_else(deleted);
        let outcome = match refusal.code {
            ErrorCode::ProductNotFound => PublishOutcome::Skipped,
            _ => PublishOutcome::Failed,
        };
        return refuse(results, unit, outcome, &refusal);
    };
    for (at, row) in unit.iter().enumerate() {
        let variant = result.variant_ids.get(at).copied().flatten();
        let markup_bp = imported.variants.get(at).map_or(0, |variant| variant.markup_bp);
        links.push(Link { id: row.id, product, variant, markup_bp });
        let (outcome, refusals) = match variant {
            None => (PublishOutcome::Skipped, vec![deleted()]),
            Some(variant) if result.new_variants.contains(&variant) => (PublishOutcome::Created, Vec::new()),
            Some(_) => match result.outcome {
                ImportedOutcome::Created => (PublishOutcome::Created, Vec::new()),
                ImportedOutcome::Updated => (PublishOutcome::Updated, Vec::new()),
                ImportedOutcome::Unchanged => (PublishOutcome::Unchanged, Vec::new()),
                ImportedOutcome::Skipped => {
                    (PublishOutcome::Skipped, result.refusal.iter().cloned().collect())
                }
            },
        };
        results.insert(row.id, RowResult { id: row.id, product: Some(product), outcome, refusals });
    }
}
