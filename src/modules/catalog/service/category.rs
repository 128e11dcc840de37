//! Making, moving and deleting categories.

use std::collections::HashSet;

use async_graphql::{InputType as _, MaybeUndefined, Value as GraphValue};
use serde_json::{Value, json};

use super::check::{self, Check};
use super::product::taken;
use crate::framework::audit::{self, Entry};
use crate::framework::clock::new_uuid;
use crate::framework::context::{Ctx, Grant};
use crate::framework::db::{DbError, Tx};
use crate::framework::error::{ErrorCode, Failure, Outcome, Refusal};
use crate::framework::id::CategoryId;
use crate::framework::idempotency::{self, Claim};
use crate::framework::outbox::Event;
use crate::framework::permission::Permission;
use crate::graphql::types::input_id;
use crate::modules::catalog::graphql::{
    CategoryCreateInput, CategoryDeleteInput, CategoryTranslationInput, CategoryUpdateInput,
};
use crate::modules::catalog::model::CategoryRow;
use crate::modules::catalog::{rules, store};

// A renamed category's products are found by its new name at once, so many of them; the others with their next change.
const MAX_REFRESHED: i64 = 5_000;

fn not_found(field: &'static str) -> Failure {
    Refusal::new(ErrorCode::CategoryNotFound, "There is no such category.").at(["input", field]).into()
}

fn names(check: &mut Check<'_>, inputs: &[CategoryTranslationInput]) -> Vec<(String, String)> {
    if !check.bounded(&["translations"], inputs.len(), 50) {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for (index, one) in inputs.iter().enumerate() {
        let place = index.to_string();
        check.language(&["translations", &place, "language"], one.language.as_str());
        if !seen.insert(one.language.as_str()) {
            check.refuse(
                ErrorCode::InvalidValue,
                &["translations", &place, "language"],
                "A language is named twice.",
            );
        }
        let name = check.line(&["translations", &place, "name"], &one.name, 200);
        found.push((one.language.as_str().to_owned(), name));
    }
    found
}

/// Makes a category.
pub async fn create(ctx: &Ctx, input: CategoryCreateInput) -> Outcome<CategoryId> {
    let grant = ctx.require(Permission::CategoriesWrite)?;
    let hashed = if input.idempotency_key.is_some() { input.to_value() } else { GraphValue::Null };
    let vendor = ctx.vendor()?.clone();
    let parent = input.parent_id.as_ref().map(|id| input_id(id, &["input", "parentId"])).transpose()?;
    let mut check = Check::new(&vendor);
    let name = check.line(&["name"], &input.name, 200);
    let slug = input.slug.as_deref().map(|slug| check.slug(&["slug"], slug));
    let names = names(&mut check, input.translations.as_deref().unwrap_or_default());
    check.refusals.check()?;

    let tx = ctx.begin(&grant).await?;
    let scope = idempotency::scope(ctx, "");
    let key = input.idempotency_key.as_deref();
    let claim = idempotency::claim(&tx, scope, "categoryCreate", key, &hashed, 7).await?;
    if let Claim::Replay(done) = claim {
        ctx.mark_replayed();
        tx.commit().await?;
        return Ok(CategoryId::from_uuid(done));
    }
    store::lock_tree(&tx).await?;
    let tree = store::category_tree(&tx, "").await?;
    if tree.len() as i64 >= store::MAX_CATEGORIES {
        return Err(Refusal::new(ErrorCode::LimitExceeded, "A vendor has at most 2,000 categories.")
            .at(["input"])
            .into());
    }
    if parent.is_some_and(|parent| !tree.iter().any(|row| row.id == parent)) {
        return Err(not_found("parentId"));
    }
    let slug = match slug {
        Some(slug) => slug,
        None => free_slug(&tx, &name).await?,
    };
    let id = CategoryId::from_uuid(new_uuid());
    let position = input.position.unwrap_or(0);
    store::save_category(&tx, grant.now(), id, parent, &name, &slug, position).await.map_err(taken)?;
    store::set_category_names(&tx, id, &names).await?;
    let after = json!({ "name": name, "slug": slug });
    record(&tx, &grant, ("category.create", "CATEGORY_CREATED"), id, None, Some(&after)).await?;
    claim.finish(&tx, id.uuid()).await?;
    tx.commit().await?;
    Ok(id)
}

async fn free_slug(tx: &Tx, name: &str) -> Result<String, DbError> {
    let base = rules::slug(name);
    let taken = store::taken_category_slugs(tx, rules::slug_candidates(&base).collect()).await?;
    let tail = new_uuid().simple().to_string();
    Ok(rules::free_slug(&base, |slug| taken.iter().any(|one| one == slug), &tail[20..]))
}

async fn record(
    tx: &Tx,
    grant: &Grant,
    (action, kind): (&'static str, &'static str),
    id: CategoryId,
    before: Option<&Value>,
    after: Option<&Value>,
) -> Result<(), DbError> {
    let entry = Entry { action, entity_type: "Category", entity_id: Some(id.uuid()), before, after };
    let event = Event { kind, entity_type: "Category", entity_id: id.uuid(), data: json!({}) };
    audit::record_with_events(tx, grant.who(), entry, &[event]).await
}

/// Whether moving `id` below `parent` would close a cycle in the tree.
fn closes_cycle(tree: &[CategoryRow], id: CategoryId, parent: CategoryId) -> bool {
    let mut above = Some(parent);
    for _ in 0..=tree.len() {
        match above {
            None => return false,
            Some(one) if one == id => return true,
            Some(one) => above = tree.iter().find(|row| row.id == one).and_then(|row| row.parent_id),
        }
    }
    true
}

/// Changes or moves a category.
pub async fn update(ctx: &Ctx, input: CategoryUpdateInput) -> Outcome<CategoryId> {
    let grant = ctx.require(Permission::CategoriesWrite)?;
    let vendor = ctx.vendor()?.clone();
    let id: CategoryId = input_id(&input.id, &["input", "id"])?;
    let parent = match &input.parent_id {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(parent) => Some(Some(input_id(parent, &["input", "parentId"])?)),
    };
    let mut check = Check::new(&vendor);
    let name = input.name.as_deref().map(|name| check.line(&["name"], name, 200));
    let slug = input.slug.as_deref().map(|slug| check.slug(&["slug"], slug));
    let names = input.translations.as_deref().map(|list| names(&mut check, list));
    check.refusals.check()?;

    let tx = ctx.begin(&grant).await?;
    store::lock_tree(&tx).await?;
    let tree = store::category_tree(&tx, "").await?;
    let row = tree.iter().find(|row| row.id == id).ok_or_else(|| not_found("id"))?;
    check::version(input.expected_version, row.version, id.to_string())?;
    if let Some(Some(parent)) = parent {
        if !tree.iter().any(|row| row.id == parent) {
            return Err(not_found("parentId"));
        }
        if closes_cycle(&tree, id, parent) {
            let message = "A category cannot be below itself.";
            return Err(Refusal::new(ErrorCode::InvalidValue, message).at(["input", "parentId"]).into());
        }
    }
    let renamed = name.as_ref().is_some_and(|name| *name != row.name);
    let (name, slug) = (name.as_ref().unwrap_or(&row.name), slug.as_ref().unwrap_or(&row.slug));
    let (parent, position) = (parent.unwrap_or(row.parent_id), input.position.unwrap_or(row.position));
    store::save_category(&tx, grant.now(), id, parent, name, slug, position).await.map_err(taken)?;
    if let Some(names) = &names {
        store::set_category_names(&tx, id, names).await?;
    }
    if renamed {
        let products = store::products_in(&tx, id, MAX_REFRESHED).await?;
        store::refresh_summary(&tx, grant.now(), &products, &[]).await?;
    }
    let before = json!({ "name": row.name, "slug": row.slug });
    let after = json!({ "name": name, "slug": slug });
    record(&tx, &grant, ("category.update", "CATEGORY_UPDATED"), id, Some(&before), Some(&after)).await?;
    tx.commit().await?;
    Ok(id)
}

/// Deletes a category softly. Its children move up to its parent; its products stay.
pub async fn delete(ctx: &Ctx, input: CategoryDeleteInput) -> Outcome<CategoryId> {
    let grant = ctx.require(Permission::CategoriesDelete)?;
    let id: CategoryId = input_id(&input.id, &["input", "id"])?;
    let tx = ctx.begin(&grant).await?;
    store::lock_tree(&tx).await?;
    let tree = store::category_tree(&tx, "").await?;
    let row = tree.iter().find(|row| row.id == id).ok_or_else(|| not_found("id"))?;
    check::version(input.expected_version, row.version, id.to_string())?;
    store::delete_category(&tx, grant.now(), id, row.parent_id).await?;
    let before = json!({ "name": row.name, "slug": row.slug });
    record(&tx, &grant, ("category.delete", "CATEGORY_DELETED"), id, Some(&before), None).await?;
    tx.commit().await?;
    Ok(id)
}
