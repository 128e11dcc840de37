//! Catalogs of any size, written in bulk through the same use case that publishes feeds.

use serde_json::json;

use super::super::told;
use super::api::Api;
use super::words::{BRANDS, COLOURS, MATERIALS, QUALITIES, THINGS};
use super::{CommandError, Draw};
use crate::app::App;
use crate::framework::clock::new_token;
use crate::framework::context::Grant;
use crate::framework::id::VendorId;
use crate::modules::catalog::import::{ImportedProduct, ImportedText, ImportedVariant, MAX_BATCH, Origin};
use crate::modules::catalog::model::{ProductStatus, VariantKind, VariantOption};
use crate::modules::{catalog, inventory};

/// Makes `vendors` vendors (`V0001` …) with `products` products of two variants each, and quantities on hand.
/// Vendors that exist are left as they are.
pub async fn catalog(app: &App, vendors: u32, products: u32, seed: u64) -> Result<(), CommandError> {
    let email = format!("seed-{seed}@orion.test");
    let password = new_token();
    crate::modules::identity::service::admin_create(app, &email, true, password.clone())
        .await
        .map_err(told)?;
    let api = Api::new(app);
    let login = api
        .run(
            "mutation($input: LoginInput!) { adminLogin(input: $input) { session { accessToken } userErrors { message } } }",
            json!({ "email": email, "password": password }),
        )
        .await?;
    let admin = api.with_token(&login["session"]["accessToken"]);
    for number in 1..=vendors {
        let code = format!("V{number:04}");
        if super::exists(app, "SELECT 1 FROM vendors WHERE code = $1", &code).await? {
            continue;
        }
        let created = admin
            .run(
                "mutation($input: VendorCreateInput!) { vendorCreate(input: $input) { vendor { id } userErrors { code message } } }",
                json!({ "name": format!("Vendor {number}"), "code": code, "subdomain": code.to_lowercase(),
                        "ownerEmail": format!("owner@{}.test", code.to_lowercase()), "currencyCode": "EUR", "countryCode": "LU" }),
            )
            .await?;
        let id = created["vendor"]["id"].clone();
        admin
            .run(
                "mutation($input: VendorVerifiedSetInput!) { vendorVerifiedSet(input: $input) { userErrors { message } } }",
                json!({ "id": id, "verified": true }),
            )
            .await?;
        let vendor = VendorId::parse(id.as_str().unwrap_or_default())?;
        fill(app, vendor, products, seed.wrapping_add(u64::from(number))).await?;
        tracing::info!(code, products, "filled");
    }
    Ok(())
}

async fn fill(app: &App, vendor: VendorId, products: u32, seed: u64) -> Result<(), CommandError> {
    let mut draw = Draw::new(seed);
    let mut number = 0;
    while number < products {
        let batch: Vec<ImportedProduct> =
            (number..products).take(MAX_BATCH).map(|number| product(number, &mut draw)).collect();
        number += batch.len() as u32;
        let grant = Grant::for_job(vendor, "seed", app.clock.now());
        let tx = app.db.write(&grant).await?;
        let results = catalog::service::import_upsert(&tx, grant.who(), &batch).await.map_err(told)?;
        let quantities: Vec<_> = results
            .iter()
            .flat_map(|result| &result.new_variants)
            .map(|variant| (*variant, 10_000 + draw.below(5_000) as i32))
            .collect();
        inventory::service::set_initial(&tx, grant.who(), &quantities, false).await.map_err(told)?;
        tx.commit().await?;
    }
    Ok(())
}

fn product(number: u32, draw: &mut Draw) -> ImportedProduct {
    let title = format!("{} {} {} {number}", draw.one(QUALITIES), draw.one(MATERIALS), draw.one(THINGS));
    let price = 500 + draw.below(20_000) as i64;
    let origin = Origin { source: "SEED".into(), job: None, row: Some(i64::from(number)) };
    let variant = |index: usize, colour: &str| ImportedVariant {
        variant_id: None,
        external_id: format!("P{number}-{index}"),
        title: None,
        sku: Some(format!("P{number}-{index}")),
        gtin: None,
        price: Some(price + 100 * index as i64),
        compare_at: None,
        tax_class: None,
        options: vec![VariantOption { name: "Colour".into(), value: colour.into() }],
        kind: VariantKind::Physical,
        policy: None,
        available_from: None,
        weight_grams: Some(500),
        markup_bp: 0,
        origin: origin.clone(),
    };
    let first = draw.below(COLOURS.len());
    ImportedProduct {
        product_id: None,
        external_id: format!("P{number}"),
        texts: vec![ImportedText {
            language: "en".into(),
            description: Some(format!("<p>{title}. Made to last, easy to mend.</p>")),
            title,
        }],
        brand: Some((*draw.one(BRANDS)).to_owned()),
        image_urls: vec![format!("https://images.example.com/{number}.jpg")],
        category_ids: Vec::new(),
        status: ProductStatus::Active,
        origin: origin.clone(),
        variants: vec![variant(0, COLOURS[first]), variant(1, COLOURS[(first + 1) % COLOURS.len()])],
    }
}
