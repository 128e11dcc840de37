//! Money and inventory under fire.

use futures::future::join_all;

use crate::support::{TestApp, Value, json, text};

async fn balance(app: &TestApp, variant: &str) -> (i32, i32, i64, i64) {
    let variant = orion::framework::id::VariantId::parse(variant).expect("a variant's id").uuid().to_string();
    let row = app
        .owner_sql()
        .await
        .query_one(
            "SELECT i.on_hand, i.reserved, sum(m.delta)::bigint, sum(m.reserved_delta)::bigint
             FROM inventory_items i JOIN inventory_movements m ON m.vendor_id = i.vendor_id AND m.item_id = i.id
             WHERE i.variant_id = $1::text::uuid GROUP BY 1, 2",
            &[&variant],
        )
        .await
        .expect("the item");
    (row.get(0), row.get(1), row.get(2), row.get(3))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_checkouts_for_the_last_fifty_units() {
    let app = TestApp::start().await;
    let acme = app.vendor("ACME").await;
    let goods = acme.goods("The last ones", "10.00", 50).await;
    let visitor = acme.visitor();
    let mut carts = Vec::new();
    for _ in 0..200 {
        carts.push(acme.ready_cart(&visitor, &[(&goods.variant, 1)]).await);
    }
    let answers = join_all(carts.iter().enumerate().map(|(i, token)| {
        let (acme, visitor) = (acme.clone(), visitor.clone());
        let token = token.clone();
        async move { acme.checkout(&visitor, &token, &format!("key-{i}"), "approve").await }
    }))
    .await;
    let placed = answers.iter().filter(|answer| answer.root()["order"]["number"].is_string()).count();
    let short = answers.iter().filter(|answer| answer.refusals() == ["INSUFFICIENT_INVENTORY"]).count();
    assert_eq!((placed, short), (50, 150));
    assert_eq!(balance(&app, &goods.variant).await, (50, 50, 50, 50));
    let orders: i64 =
        app.owner_sql().await.query_one("SELECT count(*) FROM orders", &[]).await.expect("a count").get(0);
    assert_eq!(orders, 50);
    assert_eq!(app.app().db.conflicts(), 0, "no deadlock was needed");
    assert_eq!(orion::commands::doctor::check(app.app()).await.expect("doctor"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_repeats_of_one_checkout_make_one_order() {
    let app = TestApp::start().await;
    let acme = app.vendor("ACME").await;
    let goods = acme.goods("Lamp", "19.90", 100).await;
    let visitor = acme.visitor();
    let token = acme.ready_cart(&visitor, &[(&goods.variant, 2)]).await;
    let answers = join_all((0..20).map(|_| acme.checkout(&visitor, &token, "one key", "approve"))).await;
    let orders: Vec<Value> = answers.iter().map(|answer| answer.ok()["order"].clone()).collect();
    assert!(orders.iter().all(|order| *order == orders[0]), "{orders:#?}");
    assert_eq!(orders[0]["total"]["amount"], "44.70", "2 × 19.90 and 4.90 shipping");
    assert_eq!(answers.iter().filter(|answer| !answer.replayed()).count(), 1);
    assert_eq!(balance(&app, &goods.variant).await, (100, 2, 100, 2));
    let count: i64 =
        app.owner_sql().await.query_one("SELECT count(*) FROM orders", &[]).await.expect("a count").get(0);
    assert_eq!(count, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_with_other_input_is_refused_and_a_refusal_does_not_use_it_up() {
    let app = TestApp::start().await;
    let acme = app.vendor("ACME").await;
    let goods = acme.goods("Chair", "50.00", 1).await;
    let visitor = acme.visitor();
    let first = acme.ready_cart(&visitor, &[(&goods.variant, 1)]).await;
    let second = acme.ready_cart(&visitor, &[(&goods.variant, 1)]).await;
    assert_eq!(acme.checkout(&visitor, &first, "k1", "approve").await.refusals(), Vec::<String>::new());
    assert_eq!(
        acme.checkout(&visitor, &second, "k2", "approve").await.refusals(),
        ["INSUFFICIENT_INVENTORY"]
    );
    acme.owner()
        .run(
            "mutation($input: InventoryAdjustInput!) { inventoryAdjust(input: $input) { userErrors { code } } }",
            json!({ "input": { "variantId": goods.variant, "delta": 1, "reason": "RECEIVED" } }),
        )
        .await
        .ok();
    let placed = acme.checkout(&visitor, &second, "k2", "approve").await;
    assert!(!placed.replayed());
    text(&placed.ok()["order"]["number"]);
    assert_eq!(
        acme.checkout(&visitor, &second, "k2", "decline").await.refusals(),
        ["IDEMPOTENCY_KEY_REUSED"]
    );
}
