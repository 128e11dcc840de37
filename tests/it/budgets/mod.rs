//! Statement budgets (design.md section 8), at two sizes: depth and number of rows never change a count.

use crate::support::{TestApp, Vendor, json};

const LIST: &str = "{ products(first: 24) { nodes { id title slug brand price { amount currencyCode } priceRange { min { amount } max { amount } }
    featuredImage { url altText } images(first: 3) { nodes { url } }
    variants(first: 10) { nodes { id sku title price { amount } compareAtPrice { amount } availability availableQuantity canAddToCart
        selectedOptions { name value } image { url } } } } pageInfo { endCursor hasNextPage } } }";

const PAGE: &str = "query($id: ID!) { product(id: $id) { id title description brand price { amount } images(first: 10) { nodes { url } }
    options { name values } variants(first: 50) { nodes { id sku title price { amount } lowestPriorPrice { amount } availability
        selectedOptions { name value } } } categories { id name ancestors { id name } } } }";

const SEARCH: &str =
    "{ products(first: 24, search: \"lamp\") { nodes { id title price { amount } featuredImage { url }
    variants(first: 10) { nodes { id price { amount } availability } } }
    facets { brands { value count } categories { category { id name } count } } pageInfo { hasNextPage } } }";

async fn shop(app: &TestApp, products: usize) -> (Vendor, Vec<String>) {
    let acme = app.vendor("ACME").await;
    let mut ids = Vec::new();
    for number in 0..products {
        let created = acme
            .owner()
            .run(
                "mutation($input: ProductCreateInput!) { productCreate(input: $input) {
                   product { id variants(first: 1) { nodes { id } } } userErrors { code field message } } }",
                json!({ "input": {
                    "title": format!("Lamp {number}"), "brand": format!("Brand {}", number % 3), "status": "ACTIVE",
                    "variants": (0..3).map(|v| json!({
                        "sku": format!("L{number}-{v}"), "price": { "amount": format!("{v}9.90"), "currencyCode": "EUR" },
                        "options": [{ "name": "Size", "value": format!("{v}") }], "initialQuantity": 5 })).collect::<Vec<_>>(),
                } }),
            )
            .await;
        ids.push(crate::support::text(&created.ok()["product"]["id"]));
    }
    (acme, ids)
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_the_catalog_stays_within_its_budget_at_any_size() {
    let app = TestApp::start().await;
    let (acme, ids) = shop(&app, 2).await;
    let visitor = acme.visitor();
    let page = |id: &str| json!({ "id": id });
    let small = [
        visitor.run(LIST, json!({})).await.statements(),
        visitor.run(PAGE, page(&ids[0])).await.statements(),
        visitor.run(SEARCH, json!({})).await.statements(),
    ];
    let other = TestApp::start().await;
    let (many, ids) = shop(&other, 24).await;
    let visitor = many.visitor();
    let list = visitor.run(LIST, json!({})).await;
    assert_eq!(list.root()["nodes"].as_array().expect("nodes").len(), 24);
    assert_eq!(list.root()["nodes"][0]["variants"]["nodes"].as_array().expect("variants").len(), 3);
    let large = [
        list.statements(),
        visitor.run(PAGE, page(&ids[7])).await.statements(),
        visitor.run(SEARCH, json!({})).await.statements(),
    ];
    assert_eq!(small, large, "the number of rows changes the number of statements");
    assert!(large[0] <= 4 && large[1] <= 6 && large[2] <= 6, "list, page, search: {large:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn adding_to_a_cart_and_checking_out_stay_within_their_budgets() {
    let app = TestApp::start().await;
    let acme = app.vendor("ACME").await;
    let mut variants = Vec::new();
    for number in 0..12 {
        variants.push(acme.goods(&format!("Thing {number}"), "10.00", 100).await.variant);
    }
    let visitor = acme.visitor();
    for size in [1, 12] {
        let lines: Vec<(&str, i32)> =
            variants.iter().take(size).map(|variant| (variant.as_str(), 1)).collect();
        let token = acme.ready_cart(&visitor, &lines).await;
        let added = visitor
            .run(
                "mutation($input: CartLinesAddInput!) { cartLinesAdd(input: $input) {
                   cart { itemCount subtotal { amount } taxTotal { amount } total { amount } taxes { rate tax { amount } }
                          lines { id title quantity available unitPrice { amount } priceChanged total { amount } } }
                   warnings { code } userErrors { code } } }",
                json!({ "input": { "token": token, "lines": [{ "variantId": variants[0], "quantity": 1 }], "idempotencyKey": "add" } }),
            )
            .await;
        assert_eq!(added.ok()["cart"]["itemCount"], size as i64 + 1);
        assert!(added.statements() <= 8, "add to cart with {size} lines: {}", added.statements());
        for outcome in ["approve"] {
            let placed = acme.checkout(&visitor, &token, &format!("{size}-{outcome}"), outcome).await;
            assert_eq!(placed.ok()["order"]["paymentStatus"], "PAID");
            assert!(placed.statements() <= 15, "checkout of {size} lines: {}", placed.statements());
        }
        let token = acme.ready_cart(&visitor, &lines).await;
        let placed = visitor
            .run(
                crate::support::CHECKOUT,
                json!({ "input": { "token": token, "idempotencyKey": format!("manual {size}"), "payment": { "gateway": "manual" } } }),
            )
            .await;
        assert_eq!(placed.ok()["order"]["paymentStatus"], "PENDING");
        assert!(placed.statements() <= 15, "manual checkout of {size} lines: {}", placed.statements());
    }
}
