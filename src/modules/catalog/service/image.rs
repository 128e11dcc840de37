//! The pictures and categories of a product.

use std::collections::HashSet;

use serde_json::json;

use super::check::{self, Check};
use super::product::{self, event, not_found};
use crate::framework::audit::{self, Entry};
use crate::framework::clock::new_uuid;
use crate::framework::context::Ctx;
use crate::framework::error::{ErrorCode, Outcome, Refusal};
use crate::framework::id::{CategoryKind, ImageId, ImageKind, ProductId};
use crate::framework::permission::Permission;
use crate::graphql::types::input_id;
use crate::modules::catalog::graphql::{ProductCategoriesSetInput, ProductImageInput, ProductImagesSetInput};
use crate::modules::catalog::store::{self, ImageWrite};

/// The pictures of a new product.
pub(super) fn new_images(
    check: &mut Check<'_>,
    product: ProductId,
    inputs: &[ProductImageInput],
) -> Vec<ImageWrite> {
    let images = read(check, product, inputs);
    if images.iter().any(|(given, _)| *given) {
        check.refuse(ErrorCode::InvalidValue, &["images"], "A new product's pictures have no ids yet.");
    }
    images.into_iter().map(|(_, image)| image).collect()
}

// Each with whether its id was given; without a url it keeps the one it has.
fn read(check: &mut Check<'_>, product: ProductId, inputs: &[ProductImageInput]) -> Vec<(bool, ImageWrite)> {
    if !check.bounded(&["images"], inputs.len(), 100) {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for (index, input) in inputs.iter().enumerate() {
        let place = index.to_string();
        let path = |field| ["images", &place, field];
        let id = input
            .id
            .as_ref()
            .and_then(|id| check.ids::<ImageKind>(&path("id"), std::slice::from_ref(id)).pop());
        if id.is_none() && input.url.is_none() {
            check.refuse(ErrorCode::Required, &path("url"), "A new picture needs its address.");
        }
        if id.is_some_and(|id| !seen.insert(id)) {
            check.refuse(ErrorCode::InvalidValue, &path("id"), "A picture is named twice.");
        }
        let alt_text = check.optional(&path("altText"), input.alt_text.as_deref(), 500);
        let image = ImageWrite {
            id: id.unwrap_or_else(|| ImageId::from_uuid(new_uuid())),
            product_id: product,
            position: index as i32,
            url: input.url.as_ref().map_or_else(String::new, |url| url.as_str().to_owned()),
            alt_text,
        };
        found.push((id.is_some(), image));
    }
    found
}

/// Sets the pictures of a product: new ones by address, known ones by id; those that are not named go.
pub async fn set_images(ctx: &Ctx, input: ProductImagesSetInput) -> Outcome<ProductId> {
    let grant = ctx.require(Permission::ProductsWrite)?;
    let vendor = ctx.vendor()?.clone();
    let id = input_id(&input.id, &["input", "id"])?;
    let mut check = Check::new(&vendor);
    let images = read(&mut check, id, &input.images);
    check.refusals.check()?;

    let tx = ctx.begin(&grant).await?;
    let mut row = store::lock_product(&tx, id).await?.ok_or_else(not_found)?;
    check::version(input.expected_version, row.version, id.to_string())?;
    let known = store::images_of(&tx, vec![id]).await?;
    let mut writes = Vec::with_capacity(images.len());
    for (index, (given, mut image)) in images.into_iter().enumerate() {
        if given {
            let Some(old) = known.iter().find(|old| old.id == image.id) else {
                let message = "The picture is none of the product's.";
                let path = ["input".to_owned(), "images".to_owned(), index.to_string(), "id".to_owned()];
                return Err(Refusal::new(ErrorCode::NotFound, message).at(path).into());
            };
            if image.url.is_empty() {
                image.url.clone_from(&old.url);
            }
        }
        writes.push(image);
    }
    store::set_images(&tx, &[id], &writes).await?;
    check::own(&mut row.provenance, ["images".to_owned()]);
    store::save_product(&tx, grant.now(), &row).await?;
    let (before, after) = (json!({ "images": known.len() }), json!({ "images": writes.len() }));
    let entry = Entry {
        action: "product.imagesSet",
        entity_type: "Product",
        entity_id: Some(id.uuid()),
        before: Some(&before),
        after: Some(&after),
    };
    audit::record_with_events(&tx, grant.who(), entry, &[event("PRODUCT_UPDATED", id)]).await?;
    tx.commit().await?;
    Ok(id)
}

/// Sets the categories of a product.
pub async fn set_categories(ctx: &Ctx, input: ProductCategoriesSetInput) -> Outcome<ProductId> {
    let grant = ctx.require(Permission::ProductsWrite)?;
    let vendor = ctx.vendor()?.clone();
    let id = input_id(&input.id, &["input", "id"])?;
    let mut check = Check::new(&vendor);
    let categories = check.ids::<CategoryKind>(&["categoryIds"], &input.category_ids);
    check.refusals.check()?;

    let tx = ctx.begin(&grant).await?;
    let mut row = store::lock_product(&tx, id).await?.ok_or_else(not_found)?;
    check::version(input.expected_version, row.version, id.to_string())?;
    product::categories(&tx, &categories, &["input", "categoryIds"]).await?;
    let pairs: Vec<_> = categories.iter().map(|category| (id, *category)).collect();
    store::set_categories(&tx, &[id], &pairs).await?;
    check::own(&mut row.provenance, ["categories".to_owned()]);
    store::save_product(&tx, grant.now(), &row).await?;
    store::refresh_summary(&tx, grant.now(), &[id], &[]).await?;
    let after =
        json!({ "categoryIds": categories.iter().map(|id| id.uuid().to_string()).collect::<Vec<_>>() });
    let entry = Entry {
        action: "product.categoriesSet",
        entity_type: "Product",
        entity_id: Some(id.uuid()),
        before: None,
        after: Some(&after),
    };
    audit::record_with_events(&tx, grant.who(), entry, &[event("PRODUCT_UPDATED", id)]).await?;
    tx.commit().await?;
    Ok(id)
}
