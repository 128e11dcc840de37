//! Making, changing and deleting variants.

use async_graphql::{InputType as _, MaybeUndefined, Value as GraphValue};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::check::{self, Check};
use super::product::{event, not_found, taken};
use crate::framework::audit::{self, Entry};
use crate::framework::clock::new_uuid;
use crate::framework::context::{Ctx, Grant, Who};
use crate::framework::db::{DbError, Tx};
use crate::framework::error::{ErrorCode, Failure, Outcome, Refusal};
use crate::framework::id::{ImageId, ProductId, VariantId};
use crate::framework::idempotency::{self, Claim};
use crate::framework::permission::Permission;
use crate::framework::tax::TaxClass;
use crate::graphql::types::input_id;
use crate::modules::catalog::graphql::{
    ProductVariantCreateInput, ProductVariantDeleteInput, ProductVariantInput, ProductVariantUpdateInput,
};
use crate::modules::catalog::model::{Policy, VariantKind, VariantOption};
use crate::modules::catalog::rules;
use crate::modules::catalog::store::{self, NewVariant, PriceWrite, VariantEdit};
use crate::modules::inventory;

const MAX_QUANTITY: i32 = 1_000_000;

/// A variant to be made, with what is kept apart from its row.
pub struct Draft {
    pub row: NewVariant,
    pub amount: Option<i64>,
    pub compare_at: Option<i64>,
    pub quantity: Option<i32>,
    // What an insert of many has no column for; written by an edit after it.
    pub rest: Option<Changes>,
}

/// The variants of a new product: at least one.
pub fn drafts(check: &mut Check<'_>, product: ProductId, inputs: Vec<ProductVariantInput>) -> Vec<Draft> {
    if !check.bounded(&["variants"], inputs.len(), 100) {
        return Vec::new();
    }
    let mut found: Vec<Draft> = Vec::new();
    for (index, input) in inputs.into_iter().enumerate() {
        let place = index.to_string();
        let draft = draft(check, product, index as i32, &["variants", &place], input);
        if found.iter().any(|other| other.row.options_key == draft.row.options_key) {
            let message = "Another variant of the product has the same options.";
            check.refuse(ErrorCode::DuplicateOptions, &["variants", &place, "options"], message);
        }
        if draft.row.sku.is_some() && found.iter().any(|other| other.row.sku == draft.row.sku) {
            check.refuse(ErrorCode::HandleTaken, &["variants", &place, "sku"], "The SKU is given twice.");
        }
        found.push(draft);
    }
    if found.is_empty() {
        found.push(draft(check, product, 0, &["variants"], ProductVariantInput::default()));
    }
    found
}

fn draft(
    check: &mut Check<'_>,
    product: ProductId,
    position: i32,
    path: &[&str],
    input: ProductVariantInput,
) -> Draft {
    let quantity = input
        .initial_quantity
        .map(|quantity| check.range(&[path, &["initialQuantity"]].concat(), quantity, 0..=1_000_000_000));
    let kind = input.kind.unwrap_or(VariantKind::Physical);
    let mut changes = Changes::read(check, path, input);
    let options = changes.options.take().unwrap_or_default();
    let mut provenance = json!({});
    check::own(&mut provenance, changes.owned.iter().map(|field| (*field).to_owned()));
    let row = NewVariant {
        id: VariantId::from_uuid(new_uuid()),
        product_id: product,
        position,
        title: changes.title.take().flatten().unwrap_or_else(|| title_of(&options)),
        sku: changes.sku.take().flatten(),
        gtin: changes.gtin.take().flatten(),
        external_id: changes.external_id.take().flatten(),
        kind,
        tax_class: changes.tax_class.take().unwrap_or(TaxClass::Standard),
        options: options_json(&options).to_string(),
        options_key: rules::options_key(&options),
        policy: changes.policy.take().unwrap_or(Policy::Deny),
        policy_limit: changes.policy_limit.take().unwrap_or(0),
        available_from: changes.available_from.take().flatten(),
        weight_grams: changes.weight_grams.take().flatten(),
        markup_bp: 0,
        provenance: provenance.to_string(),
    };
    let (amount, compare_at) = (changes.amount.take().flatten(), changes.compare_at.take().flatten());
    if compare_at.is_some() && amount.is_none() {
        check.refuse(ErrorCode::Required, &[path, &["price"]].concat(), "A compare-at price needs a price.");
    }
    let rest = changes.has_rest().then_some(changes);
    Draft { row, amount, compare_at, quantity, rest }
}

/// The title of a variant that was given none.
pub(super) fn title_of(options: &[VariantOption]) -> String {
    if options.is_empty() {
        return "Default".to_owned();
    }
    let values: Vec<&str> = options.iter().map(|option| option.value.as_str()).collect();
    values.join(" / ").chars().take(200).collect()
}

fn options_json(options: &[VariantOption]) -> Value {
    serde_json::to_value(options).unwrap_or_else(|_| json!([]))
}

/// Writes new variants with their prices.
pub async fn insert(tx: &Tx, now: DateTime<Utc>, currency: &str, drafts: &[Draft]) -> Outcome<()> {
    let rows: Vec<NewVariant> = drafts.iter().map(|draft| draft.row.clone()).collect();
    store::insert_variants(tx, now, &rows).await.map_err(taken)?;
    let prices: Vec<PriceWrite> = drafts
        .iter()
        .filter_map(|draft| {
            let (id, compare_at) = (new_uuid(), draft.compare_at);
            Some(PriceWrite { id, variant_id: draft.row.id, amount: draft.amount?, compare_at })
        })
        .collect();
    store::set_prices(tx, now, currency, &prices).await?;
    for draft in drafts {
        let Some(rest) = &draft.rest else { continue };
        let mut row = store::lock_variant(tx, draft.row.id, currency).await?.ok_or_else(variant_not_found)?;
        rest.clone().apply(&mut row)?;
        own_image(tx, &row).await?;
        store::save_variant(tx, now, &row).await?;
    }
    Ok(())
}

fn variant_not_found() -> Failure {
    Refusal::new(ErrorCode::VariantNotFound, "There is no such variant.").at(["input", "id"]).into()
}

async fn own_image(tx: &Tx, row: &VariantEdit) -> Outcome<()> {
    match row.image_id {
        Some(image) if !store::image_is_of(tx, row.product_id, image).await? => {
            let message = "The picture is none of the product's.";
            Err(Refusal::new(ErrorCode::NotFound, message).at(["input", "variant", "imageId"]).into())
        }
        _ => Ok(()),
    }
}

/// Changes of a variant, checked: `None` leaves, `Some(None)` clears.
#[derive(Clone, Default)]
pub struct Changes {
    title: Option<Option<String>>,
    sku: Option<Option<String>>,
    gtin: Option<Option<String>>,
    external_id: Option<Option<String>>,
    amount: Option<Option<i64>>,
    compare_at: Option<Option<i64>>,
    tax_class: Option<TaxClass>,
    options: Option<Vec<VariantOption>>,
    policy: Option<Policy>,
    policy_limit: Option<i32>,
    available_from: Option<Option<DateTime<Utc>>>,
    min_quantity: Option<i32>,
    max_quantity: Option<Option<i32>>,
    quantity_step: Option<i32>,
    weight_grams: Option<Option<i32>>,
    image_id: Option<Option<ImageId>>,
    owned: Vec<&'static str>,
}

fn given<T, R>(value: MaybeUndefined<T>, read: impl FnOnce(T) -> Option<R>) -> Option<Option<R>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(read(value)),
    }
}

impl Changes {
    fn read(check: &mut Check<'_>, path: &[&str], input: ProductVariantInput) -> Self {
        let at = |field| [path, &[field]].concat();
        let mut owned = Vec::new();
        for (is_given, field) in [
            (!input.title.is_undefined(), "title"),
            (!input.sku.is_undefined(), "sku"),
            (!input.gtin.is_undefined(), "gtin"),
            (!input.price.is_undefined() || !input.compare_at_price.is_undefined(), "price"),
            (input.tax_class.is_some(), "taxClass"),
            (input.options.is_some(), "options"),
            (input.inventory_policy.is_some() || input.inventory_policy_limit.is_some(), "policy"),
            (!input.weight_grams.is_undefined(), "weight"),
        ] {
            owned.extend(is_given.then_some(field));
        }
        Self {
            title: given(input.title, |text| check.optional(&at("title"), Some(&text), 200)),
            sku: given(input.sku, |text| check.optional(&at("sku"), Some(&text), 100)),
            gtin: given(input.gtin, |text| {
                Some(check.gtin(&at("gtin"), &text)).filter(|gtin| !gtin.is_empty())
            }),
            external_id: given(input.external_id, |text| check.optional(&at("externalId"), Some(&text), 200)),
            amount: given(input.price, |money| check.amount(&at("price"), &money)),
            compare_at: given(input.compare_at_price, |money| check.amount(&at("compareAtPrice"), &money)),
            tax_class: input.tax_class,
            options: input.options.map(|options| check.options(&at("options"), &options)),
            policy: input.inventory_policy,
            policy_limit: input
                .inventory_policy_limit
                .map(|limit| check.range(&at("inventoryPolicyLimit"), limit, 0..=MAX_QUANTITY)),
            available_from: given(input.available_from, |from| Some(from.into())),
            min_quantity: input.min_quantity.map(|n| check.range(&at("minQuantity"), n, 1..=MAX_QUANTITY)),
            max_quantity: given(input.max_quantity, |n| {
                Some(check.range(&at("maxQuantity"), n, 1..=MAX_QUANTITY))
            }),
            quantity_step: input.quantity_step.map(|n| check.range(&at("quantityStep"), n, 1..=MAX_QUANTITY)),
            weight_grams: given(input.weight_grams, |n| {
                Some(check.range(&at("weightGrams"), n, 0..=1_000_000_000))
            }),
            image_id: given(input.image_id, |id| check.ids(&at("imageId"), &[id]).first().copied()),
            owned,
        }
    }

    fn has_rest(&self) -> bool {
        self.min_quantity.is_some()
            || self.quantity_step.is_some()
            || matches!(self.max_quantity, Some(Some(_)))
            || matches!(self.image_id, Some(Some(_)))
    }

    fn apply(self, row: &mut VariantEdit) -> Outcome<()> {
        let Self { title, sku, gtin, external_id, amount, compare_at, tax_class, options, policy, .. } = self;
        if let Some(options) = options {
            row.options_key = rules::options_key(&options);
            row.options = options_json(&options);
            if title.is_none() {
                row.title = title_of(&options);
            }
        }
        if let Some(title) = title {
            let options: Vec<VariantOption> = serde_json::from_value(row.options.clone()).unwrap_or_default();
            row.title = title.unwrap_or_else(|| title_of(&options));
        }
        row.sku = sku.unwrap_or_else(|| row.sku.take());
        row.gtin = gtin.unwrap_or_else(|| row.gtin.take());
        row.external_id = external_id.unwrap_or_else(|| row.external_id.take());
        row.amount = amount.unwrap_or(row.amount);
        row.compare_at = compare_at.unwrap_or(row.compare_at);
        row.tax_class = tax_class.unwrap_or(row.tax_class);
        row.policy = policy.unwrap_or(row.policy);
        row.policy_limit = self.policy_limit.unwrap_or(row.policy_limit);
        row.available_from = self.available_from.unwrap_or(row.available_from);
        row.min_quantity = self.min_quantity.unwrap_or(row.min_quantity);
        row.max_quantity = self.max_quantity.unwrap_or(row.max_quantity);
        row.quantity_step = self.quantity_step.unwrap_or(row.quantity_step);
        row.weight_grams = self.weight_grams.unwrap_or(row.weight_grams);
        row.image_id = self.image_id.unwrap_or(row.image_id);
        check::own(&mut row.provenance, self.owned.into_iter().map(str::to_owned));
        if row.max_quantity.is_some_and(|most| most < row.min_quantity) {
            let message = "The largest quantity is below the smallest.";
            return Err(Refusal::new(ErrorCode::InvalidValue, message)
                .at(["input", "variant", "maxQuantity"])
                .into());
        }
        if row.compare_at.is_some() && row.amount.is_none() {
            let message = "A compare-at price needs a price.";
            return Err(Refusal::new(ErrorCode::Required, message).at(["input", "variant", "price"]).into());
        }
        Ok(())
    }
}

/// Adds a variant to a product.
pub async fn create(ctx: &Ctx, input: ProductVariantCreateInput) -> Outcome<VariantId> {
    let grant = ctx.require(Permission::ProductsWrite)?;
    let hashed = if input.idempotency_key.is_some() { input.to_value() } else { GraphValue::Null };
    let vendor = ctx.vendor()?.clone();
    let product = input_id(&input.product_id, &["input", "productId"])?;
    let mut check = Check::new(&vendor);
    let mut draft = draft(&mut check, product, 0, &["variant"], input.variant);
    check.refusals.check()?;

    let tx = ctx.begin(&grant).await?;
    let scope = idempotency::scope(ctx, "");
    let key = input.idempotency_key.as_deref();
    let claim = idempotency::claim(&tx, scope, "productVariantCreate", key, &hashed, 7).await?;
    if let Claim::Replay(done) = claim {
        ctx.mark_replayed();
        tx.commit().await?;
        return Ok(VariantId::from_uuid(done));
    }
    store::lock_product(&tx, product).await?.ok_or_else(not_found)?;
    let (count, position) = store::variant_places(&tx, product).await?;
    if count >= store::MAX_VARIANTS {
        return Err(Refusal::new(ErrorCode::LimitExceeded, "A product has at most 2,000 variants.")
            .at(["input"])
            .into());
    }
    draft.row.position = position;
    let id = draft.row.id;
    insert(&tx, grant.now(), vendor.currency.code(), std::slice::from_ref(&draft)).await?;
    set_overdrafts(&tx, grant.who(), std::slice::from_ref(&draft)).await?;
    if let Some(quantity) = draft.quantity {
        inventory::service::set_initial(&tx, grant.who(), &[(id, quantity)], false).await?;
    }
    let after = json!({ "sku": draft.row.sku, "title": draft.row.title, "price": draft.amount });
    finish(&tx, &grant, "variant.create", product, id, None, Some(&after)).await?;
    claim.finish(&tx, id.uuid()).await?;
    tx.commit().await?;
    Ok(id)
}

/// Lets inventory promise what new variants' policies allow beyond what is there.
pub(super) async fn set_overdrafts(tx: &Tx, who: &Who, drafts: &[Draft]) -> Outcome<()> {
    let rows = drafts.iter().map(|draft| &draft.row);
    let limits: Vec<_> = rows
        .filter(|row| row.policy != Policy::Deny && row.policy_limit > 0)
        .map(|row| (row.id, row.policy_limit))
        .collect();
    inventory::service::set_overdraft(tx, who, &limits).await
}

/// What every change of a variant ends with: its product counted and refreshed, audit row and event.
async fn finish(
    tx: &Tx,
    grant: &Grant,
    action: &'static str,
    product: ProductId,
    id: VariantId,
    before: Option<&Value>,
    after: Option<&Value>,
) -> Result<(), DbError> {
    store::refresh_summary(tx, grant.now(), &[product], &[product]).await?;
    let entry = Entry { action, entity_type: "ProductVariant", entity_id: Some(id.uuid()), before, after };
    let mut event = event("PRODUCT_UPDATED", product);
    event.data = json!({ "variantIds": [id.uuid().to_string()] });
    audit::record_with_events(tx, grant.who(), entry, &[event]).await
}

fn snapshot(row: &VariantEdit) -> Value {
    json!({
        "title": row.title, "sku": row.sku, "gtin": row.gtin, "externalId": row.external_id, "price": row.amount,
        "compareAtPrice": row.compare_at, "taxClass": row.tax_class.as_str(), "options": row.options,
        "policy": row.policy.as_str(), "policyLimit": row.policy_limit,
    })
}

/// Changes a variant.
pub async fn update(ctx: &Ctx, input: ProductVariantUpdateInput) -> Outcome<VariantId> {
    let grant = ctx.require(Permission::ProductsWrite)?;
    let vendor = ctx.vendor()?.clone();
    let id = input_id(&input.id, &["input", "id"])?;
    let quantity = input.variant.initial_quantity;
    let mut check = Check::new(&vendor);
    if input.variant.kind.is_some() {
        check.refuse(
            ErrorCode::InvalidValue,
            &["variant", "kind"],
            "The kind is given when a variant is made.",
        );
    }
    if let Some(quantity) = quantity {
        check.range(&["variant", "initialQuantity"], quantity, 0..=1_000_000_000);
    }
    let changes = Changes::read(&mut check, &["variant"], input.variant);
    check.refusals.check()?;

    let tx = ctx.begin(&grant).await?;
    let (now, currency) = (grant.now(), vendor.currency.code());
    let mut row = store::lock_variant(&tx, id, currency).await?.ok_or_else(variant_not_found)?;
    check::version(input.expected_version, row.version, id.to_string())?;
    let before = snapshot(&row);
    let price = (row.amount, row.compare_at);
    let overdraft = rules::promised(row.policy, row.policy_limit, 0);
    changes.apply(&mut row)?;
    own_image(&tx, &row).await?;
    store::save_variant(&tx, now, &row).await.map_err(taken)?;
    match row.amount {
        _ if (row.amount, row.compare_at) == price => {}
        Some(amount) => {
            let write = PriceWrite { id: new_uuid(), variant_id: id, amount, compare_at: row.compare_at };
            store::set_prices(&tx, now, currency, &[write]).await?;
        }
        None => store::clear_prices(&tx, id).await?,
    }
    if overdraft != rules::promised(row.policy, row.policy_limit, 0) {
        let limit = if row.policy == Policy::Deny { 0 } else { row.policy_limit };
        inventory::service::set_overdraft(&tx, grant.who(), &[(id, limit)]).await?;
    }
    if let Some(quantity) = quantity {
        inventory::service::set_initial(&tx, grant.who(), &[(id, quantity)], false).await?;
    }
    finish(&tx, &grant, "variant.update", row.product_id, id, Some(&before), Some(&snapshot(&row))).await?;
    tx.commit().await?;
    Ok(id)
}

/// Deletes a variant softly; a product keeps at least one.
pub async fn delete(ctx: &Ctx, input: ProductVariantDeleteInput) -> Outcome<VariantId> {
    let grant = ctx.require(Permission::ProductsDelete)?;
    let vendor = ctx.vendor()?.clone();
    let id = input_id(&input.id, &["input", "id"])?;
    let tx = ctx.begin(&grant).await?;
    let row = store::lock_variant(&tx, id, vendor.currency.code()).await?.ok_or_else(variant_not_found)?;
    check::version(input.expected_version, row.version, id.to_string())?;
    // The product's lock orders two deletions of its last two variants.
    store::lock_product(&tx, row.product_id).await?.ok_or_else(variant_not_found)?;
    let (count, _) = store::variant_places(&tx, row.product_id).await?;
    if count <= 1 {
        let message = "A product keeps at least one variant: delete the product.";
        return Err(Refusal::new(ErrorCode::InvalidValue, message).at(["input", "id"]).into());
    }
    store::delete_variant(&tx, grant.now(), id).await?;
    finish(&tx, &grant, "variant.delete", row.product_id, id, Some(&snapshot(&row)), None).await?;
    tx.commit().await?;
    Ok(id)
}
