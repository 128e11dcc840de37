//! Making, changing, publishing and deleting products.

use async_graphql::{InputType as _, MaybeUndefined, Value as GraphValue};
use serde_json::{Value, json};

use super::check::{self, Check};
use super::variant::{self, Draft};
use crate::framework::audit::{self, Entry};
use crate::framework::clock::new_uuid;
use crate::framework::context::Ctx;
use crate::framework::db::{DbError, Tx};
use crate::framework::error::{ErrorCode, Failure, Outcome, Refusal};
use crate::framework::id::{CategoryId, ProductId};
use crate::framework::idempotency::{self, Claim};
use crate::framework::outbox::Event;
use crate::framework::permission::Permission;
use crate::graphql::types::input_id;
use crate::modules::catalog::graphql::{
    ProductCreateInput, ProductDeleteInput, ProductStatusSetInput, ProductUpdateInput,
};
use crate::modules::catalog::model::ProductStatus;
use crate::modules::catalog::rules;
use crate::modules::catalog::store::{self, NewProduct, ProductEdit, TranslationWrite};
use crate::modules::inventory;

/// An event of a product.
pub(super) fn event(kind: &'static str, id: ProductId) -> Event {
    Event { kind, entity_type: "Product", entity_id: id.uuid(), data: json!({}) }
}

pub(super) fn not_found() -> Failure {
    Refusal::new(ErrorCode::ProductNotFound, "There is no such product.").at(["input", "id"]).into()
}

/// The refusal of a unique key that another living object has; other errors stay errors.
pub(super) fn taken(error: DbError) -> Failure {
    let (path, message): (&[&str], _) = match error.constraint() {
        Some("products_slug_key" | "categories_slug_key") => (&["input", "slug"], "The slug is taken."),
        Some("product_translations_slug_key") => {
            (&["input", "translations"], "A translation's slug is taken.")
        }
        Some("products_external_id_key" | "product_variants_external_id_key") => {
            (&["input", "externalId"], "The external id is taken.")
        }
        Some("product_variants_sku_key") => (&["input", "variant", "sku"], "The SKU is taken."),
        Some("product_variants_options_key") => {
            let message = "Another variant of the product has the same options.";
            return Refusal::new(ErrorCode::DuplicateOptions, message)
                .at(["input", "variant", "options"])
                .into();
        }
        Some("products_metadata_check") => {
            return Refusal::new(ErrorCode::TooLong, "Metadata is larger than 32 KB.")
                .at(["input", "metadata"])
                .into();
        }
        _ => return error.into(),
    };
    Refusal::new(ErrorCode::HandleTaken, message).at(path).into()
}

/// The category ids that live, or a refusal that names the path.
pub(super) async fn categories(tx: &Tx, ids: &[CategoryId], path: &[&str]) -> Outcome<Vec<String>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let living = store::living_categories(tx, ids.to_vec()).await?;
    if living.len() < ids.len() {
        return Err(Refusal::new(ErrorCode::CategoryNotFound, "There is no such category.").at(path).into());
    }
    Ok(living.into_iter().map(|(_, name)| name).collect())
}

/// Makes a product with its variants, texts, categories, pictures and first quantities.
pub async fn create(ctx: &Ctx, mut input: ProductCreateInput) -> Outcome<ProductId> {
    let grant = ctx.require(Permission::ProductsWrite)?;
    let status = input.status.unwrap_or(ProductStatus::Draft);
    if status != ProductStatus::Draft {
        ctx.require(Permission::ProductsPublish)?;
    }
    let hashed = if input.idempotency_key.is_some() { input.to_value() } else { GraphValue::Null };
    let vendor = ctx.vendor()?.clone();
    let id = ProductId::from_uuid(new_uuid());
    let mut check = Check::new(&vendor);
    let mut draft = read_new(&mut check, id, &mut input);
    let given_slug = input.slug.as_deref().map(|slug| check.slug(&["slug"], slug));
    let category_ids = check.ids::<crate::framework::id::CategoryKind>(
        &["categoryIds"],
        input.category_ids.as_deref().unwrap_or_default(),
    );
    let translations = check.translations(id, input.translations.as_deref().unwrap_or_default());
    let images = super::image::new_images(&mut check, id, input.images.as_deref().unwrap_or_default());
    let variants = variant::drafts(&mut check, id, input.variants.take().unwrap_or_default());
    check.refusals.check()?;

    let tx = ctx.begin(&grant).await?;
    let scope = idempotency::scope(ctx, "");
    let claim =
        idempotency::claim(&tx, scope, "productCreate", input.idempotency_key.as_deref(), &hashed, 7).await?;
    if let Claim::Replay(done) = claim {
        ctx.mark_replayed();
        tx.commit().await?;
        return Ok(ProductId::from_uuid(done));
    }
    let names = categories(&tx, &category_ids, &["input", "categoryIds"]).await?;
    draft.slug = match given_slug {
        Some(slug) => slug,
        None => free_slug(&tx, &draft.title).await?,
    };
    summarise(&mut draft, &variants, &names, &translations);
    let now = grant.now();
    store::insert_products(&tx, now, std::slice::from_ref(&draft)).await.map_err(taken)?;
    store::set_translations(&tx, &translations, false).await.map_err(taken)?;
    let pairs: Vec<_> = category_ids.iter().map(|category| (id, *category)).collect();
    if !pairs.is_empty() {
        store::set_categories(&tx, &[id], &pairs).await?;
    }
    if !images.is_empty() {
        store::set_images(&tx, &[id], &images).await?;
    }
    variant::insert(&tx, now, vendor.currency.code(), &variants).await?;
    variant::set_overdrafts(&tx, grant.who(), &variants).await?;
    let quantities: Vec<_> = variants.iter().filter_map(|one| Some((one.row.id, one.quantity?))).collect();
    if !quantities.is_empty() {
        inventory::service::set_initial(&tx, grant.who(), &quantities, false).await?;
    }
    let after = json!({ "title": draft.title, "slug": draft.slug, "status": draft.status.as_str() });
    let entry = Entry {
        action: "product.create",
        entity_type: "Product",
        entity_id: Some(id.uuid()),
        before: None,
        after: Some(&after),
    };
    audit::record_with_events(&tx, grant.who(), entry, &[event("PRODUCT_CREATED", id)]).await?;
    claim.finish(&tx, id.uuid()).await?;
    tx.commit().await?;
    Ok(id)
}

fn read_new(check: &mut Check<'_>, id: ProductId, input: &mut ProductCreateInput) -> NewProduct {
    let mut owned = vec!["title"];
    let title = check.line(&["title"], &input.title, 500);
    let description = input.description.take().and_then(|text| check.description(&["description"], &text));
    let brand = check.optional(&["brand"], input.brand.as_deref(), 200);
    let external_id = check.optional(&["externalId"], input.external_id.as_deref(), 200);
    let public_metadata = input.public_metadata.take().map(|json| check.object(&["publicMetadata"], json));
    let metadata = input.metadata.take().map(|json| check.object(&["metadata"], json));
    owned.extend(description.is_some().then_some("description"));
    owned.extend(brand.is_some().then_some("brand"));
    owned.extend(input.category_ids.is_some().then_some("categories"));
    owned.extend(input.images.is_some().then_some("images"));
    let mut owners = json!({});
    check::own(&mut owners, owned.into_iter().map(str::to_owned));
    let languages =
        input.translations.iter().flatten().map(|one| format!("translations.{}", one.language.as_str()));
    check::own(&mut owners, languages);
    let json_text = |value: Option<Value>| value.map_or_else(|| "{}".to_owned(), |value| value.to_string());
    NewProduct {
        id,
        title,
        slug: String::new(),
        description,
        brand,
        status: input.status.unwrap_or(ProductStatus::Draft),
        featured: input.featured.unwrap_or(false),
        external_id,
        source: None,
        price_from: None,
        price_to: None,
        words: String::new(),
        public_metadata: json_text(public_metadata),
        metadata: json_text(metadata),
        provenance: owners.to_string(),
    }
}

/// What a new product keeps of its parts: prices and words.
fn summarise(
    draft: &mut NewProduct,
    variants: &[Draft],
    categories: &[String],
    translations: &[TranslationWrite],
) {
    draft.price_from = variants.iter().filter_map(|one| one.amount).min();
    draft.price_to = variants.iter().filter_map(|one| one.amount).max();
    let codes = variants.iter().flat_map(|one| [one.row.sku.as_deref(), one.row.gtin.as_deref()]).flatten();
    let titles = translations.iter().filter_map(|one| one.title.as_deref());
    let words: Vec<&str> = codes.chain(categories.iter().map(String::as_str)).chain(titles).collect();
    draft.words = words.join(" ");
}

/// A free slug for a title.
pub(super) async fn free_slug(tx: &Tx, title: &str) -> Result<String, DbError> {
    let base = rules::slug(title);
    let taken = store::taken_slugs(tx, rules::slug_candidates(&base).collect()).await?;
    let tail = new_uuid().simple().to_string();
    Ok(rules::free_slug(&base, |slug| taken.iter().any(|one| one == slug), &tail[20..]))
}

/// Changes a product.
pub async fn update(ctx: &Ctx, mut input: ProductUpdateInput) -> Outcome<ProductId> {
    let grant = ctx.require(Permission::ProductsWrite)?;
    let vendor = ctx.vendor()?.clone();
    let id = input_id(&input.id, &["input", "id"])?;
    let mut check = Check::new(&vendor);
    let edits = read_edits(&mut check, &mut input);
    let category_ids = match &input.category_ids {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(Vec::new()),
        MaybeUndefined::Value(ids) => {
            Some(check.ids::<crate::framework::id::CategoryKind>(&["categoryIds"], ids))
        }
    };
    let translations = match &input.translations {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(Vec::new()),
        MaybeUndefined::Value(list) => Some(check.translations(id, list)),
    };
    check.refusals.check()?;

    let tx = ctx.begin(&grant).await?;
    let now = grant.now();
    let mut row = store::lock_product(&tx, id).await?.ok_or_else(not_found)?;
    check::version(input.expected_version, row.version, id.to_string())?;
    let before = snapshot(&row);
    let mut owned = edits.apply(&mut row);
    if let Some(ids) = &category_ids {
        categories(&tx, ids, &["input", "categoryIds"]).await?;
        let pairs: Vec<_> = ids.iter().map(|category| (id, *category)).collect();
        store::set_categories(&tx, &[id], &pairs).await?;
        owned.push("categories".to_owned());
    }
    if let Some(translations) = &translations {
        let languages: Vec<_> = translations.iter().map(|one| one.language.clone()).collect();
        owned.extend(languages.iter().map(|language| format!("translations.{language}")));
        store::retain_translations(&tx, id, languages).await?;
        store::set_translations(&tx, translations, false).await.map_err(taken)?;
    }
    check::own(&mut row.provenance, owned);
    store::save_product(&tx, now, &row).await.map_err(taken)?;
    store::refresh_summary(&tx, now, &[id], &[]).await?;
    record(&tx, &grant, "product.update", &before, &snapshot(&row), id).await?;
    tx.commit().await?;
    Ok(id)
}

async fn record(
    tx: &Tx,
    grant: &crate::framework::context::Grant,
    action: &'static str,
    before: &Value,
    after: &Value,
    id: ProductId,
) -> Result<(), DbError> {
    let entry = Entry {
        action,
        entity_type: "Product",
        entity_id: Some(id.uuid()),
        before: Some(before),
        after: Some(after),
    };
    audit::record_with_events(tx, grant.who(), entry, &[event("PRODUCT_UPDATED", id)]).await
}

// What the audit log keeps of a product.
fn snapshot(row: &ProductEdit) -> Value {
    json!({
        "title": row.title, "slug": row.slug, "brand": row.brand, "status": row.status.as_str(), "featured": row.featured,
        "descriptionLength": row.description.as_ref().map(String::len), "metadata": row.metadata,
        "publicMetadata": row.public_metadata,
    })
}

#[derive(Default)]
struct Edits {
    title: Option<String>,
    slug: Option<String>,
    description: Option<Option<String>>,
    brand: Option<Option<String>>,
    featured: Option<bool>,
    public_metadata: Option<Value>,
    metadata: Option<Value>,
}

fn read_edits(check: &mut Check<'_>, input: &mut ProductUpdateInput) -> Edits {
    let mut edits = Edits { featured: input.featured, ..Edits::default() };
    match &input.title {
        MaybeUndefined::Value(title) => edits.title = Some(check.line(&["title"], title, 500)),
        MaybeUndefined::Null => check.refuse(ErrorCode::Required, &["title"], "A product needs a title."),
        MaybeUndefined::Undefined => {}
    }
    match &input.slug {
        MaybeUndefined::Value(slug) => edits.slug = Some(check.slug(&["slug"], slug)),
        MaybeUndefined::Null => check.refuse(ErrorCode::Required, &["slug"], "A product needs a slug."),
        MaybeUndefined::Undefined => {}
    }
    edits.description = match &input.description {
        MaybeUndefined::Value(text) => Some(check.description(&["description"], text)),
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Undefined => None,
    };
    edits.brand = match &input.brand {
        MaybeUndefined::Value(brand) => Some(check.optional(&["brand"], Some(brand), 200)),
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Undefined => None,
    };
    for (field, given, edit) in [
        ("publicMetadata", &mut input.public_metadata, &mut edits.public_metadata),
        ("metadata", &mut input.metadata, &mut edits.metadata),
    ] {
        *edit = match std::mem::replace(given, MaybeUndefined::Undefined) {
            MaybeUndefined::Value(json) => Some(check.object(&[field], json)),
            MaybeUndefined::Null => Some(json!({})),
            MaybeUndefined::Undefined => None,
        };
    }
    edits
}

impl Edits {
    // Puts what is given into the row; gives the fields that are a person's own from now on.
    fn apply(self, row: &mut ProductEdit) -> Vec<String> {
        let mut owned = Vec::new();
        let mut own = |given: bool, field: &str| owned.extend(given.then(|| field.to_owned()));
        own(self.title.is_some(), "title");
        own(self.slug.is_some(), "slug");
        own(self.description.is_some(), "description");
        own(self.brand.is_some(), "brand");
        row.title = self.title.unwrap_or_else(|| std::mem::take(&mut row.title));
        row.slug = self.slug.unwrap_or_else(|| std::mem::take(&mut row.slug));
        row.description = self.description.unwrap_or_else(|| row.description.take());
        row.brand = self.brand.unwrap_or_else(|| row.brand.take());
        row.featured = self.featured.unwrap_or(row.featured);
        row.public_metadata = self.public_metadata.unwrap_or_else(|| row.public_metadata.take());
        row.metadata = self.metadata.unwrap_or_else(|| row.metadata.take());
        owned
    }
}

/// Publishes, unpublishes or archives a product.
pub async fn set_status(ctx: &Ctx, input: ProductStatusSetInput) -> Outcome<ProductId> {
    let grant = ctx.require(Permission::ProductsPublish)?;
    let id = input_id(&input.id, &["input", "id"])?;
    let tx = ctx.begin(&grant).await?;
    let mut row = store::lock_product(&tx, id).await?.ok_or_else(not_found)?;
    check::version(input.expected_version, row.version, id.to_string())?;
    if row.status == input.status {
        tx.commit().await?;
        return Ok(id);
    }
    let before = json!({ "status": row.status.as_str() });
    row.status = input.status;
    store::save_product(&tx, grant.now(), &row).await?;
    record(&tx, &grant, "product.statusSet", &before, &json!({ "status": row.status.as_str() }), id).await?;
    tx.commit().await?;
    Ok(id)
}

/// Deletes a product softly, with its variants. Orders keep what they sold.
pub async fn delete(ctx: &Ctx, input: ProductDeleteInput) -> Outcome<ProductId> {
    let grant = ctx.require(Permission::ProductsDelete)?;
    let id = input_id(&input.id, &["input", "id"])?;
    let tx = ctx.begin(&grant).await?;
    let row = store::lock_product(&tx, id).await?.ok_or_else(not_found)?;
    check::version(input.expected_version, row.version, id.to_string())?;
    store::delete_product(&tx, grant.now(), id).await?;
    let before = snapshot(&row);
    let entry = Entry {
        action: "product.delete",
        entity_type: "Product",
        entity_id: Some(id.uuid()),
        before: Some(&before),
        after: None,
    };
    audit::record_with_events(&tx, grant.who(), entry, &[event("PRODUCT_DELETED", id)]).await?;
    tx.commit().await?;
    Ok(id)
}
