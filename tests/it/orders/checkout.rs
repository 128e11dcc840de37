//! Carts become orders.

use futures::future::join_all;

use super::shop::{CHECKOUT, Shop, later, pays};
use crate::support::{TestApp, Value, json, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_checkout_makes_a_released_order_and_reserves() {
    let shop = Shop::with(5).await;
    let token = shop.cart(&[(&shop.variant, 2)]).await;
    let placed = shop.checkout(&token, "k", pays("approve")).await;
    let order = &placed.ok()["order"];
    assert_eq!(order["number"], "A-1001");
    assert_eq!((&order["status"], &order["paymentStatus"]), (&json!("PROCESSING"), &json!("PAID")));
    assert_eq!(order["total"]["amount"], "24.90", "2 × 10.00 and 4.90");
    assert_eq!(order["lines"][0]["quantity"], 2);
    assert_eq!(order["expiresAt"], Value::Null);
    assert_eq!(placed.root()["payment"]["status"], "PAID");
    assert_eq!(shop.balance().await, (5, 2));
    let again = shop.checkout(&token, "k", pays("approve")).await;
    assert_eq!(again.root(), placed.root(), "a repeat answers the same, token included");
    assert_eq!(shop.checkout(&token, "another", pays("approve")).await.refusals(), ["CART_CLOSED"]);
    assert_eq!(shop.checkout(&token, "k", later()).await.refusals(), ["IDEMPOTENCY_KEY_REUSED"]);
    // A guest sees it by its token alone.
    let read =
        "query($id: ID, $number: String, $token: String) { order(id: $id, number: $number, token: $token) {
        number email taxes { rate tax { amount } taxable { amount } } history { kind fromStatus toStatus }
        shippingAddress { city } payments { gateway } fulfilments { id } } }";
    let seen = shop.visitor(read, json!({ "token": order["token"] })).await;
    let seen = seen.root();
    assert_eq!(seen["email"], "guest@example.test");
    assert_eq!(
        seen["taxes"],
        json!([{ "rate": "17", "tax": { "amount": "3.62" }, "taxable": { "amount": "21.28" } }])
    );
    assert_eq!(
        seen["history"],
        json!([
            { "kind": "PLACED", "fromStatus": null, "toStatus": "PENDING" },
            { "kind": "PAID", "fromStatus": "PENDING", "toStatus": "PROCESSING" },
        ])
    );
    for key in
        [json!({ "id": order["id"] }), json!({ "number": "A-1001" }), json!({ "token": "0".repeat(32) })]
    {
        assert_eq!(*shop.visitor(read, key.clone()).await.root(), Value::Null, "{key}");
    }
    assert_eq!(shop.visitor(read, json!({})).await.code(), "EXACTLY_ONE");
    assert_eq!(shop.team(read, json!({ "number": "A-1001" })).await.root()["number"], "A-1001");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manual_checkout_waits_for_its_money() {
    let shop = Shop::with(5).await;
    let token = shop.cart(&[(&shop.variant, 1)]).await;
    let placed = shop.checkout(&token, "k", later()).await;
    let order = &placed.ok()["order"];
    assert_eq!((&order["status"], &order["paymentStatus"]), (&json!("PENDING"), &json!("PENDING")));
    let next = &placed.root()["nextAction"];
    assert_eq!(next["text"], "Transfer 14.90 EUR with the reference A-1001.");
    assert_eq!((&next["reference"], &next["dueAt"]), (&order["number"], &order["expiresAt"]));
    assert_eq!(order["allowedActions"], json!(["PAY", "CANCEL"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_payment_leaves_an_order_that_can_be_paid_again() {
    let shop = Shop::with(5).await;
    let token = shop.cart(&[(&shop.variant, 1)]).await;
    let declined = shop.checkout(&token, "k", pays("decline_insufficient_funds")).await;
    assert_eq!(declined.refusals(), ["PAYMENT_DECLINED"]);
    let order = &declined.root()["order"];
    assert_eq!((&order["status"], &order["paymentStatus"]), (&json!("PENDING"), &json!("FAILED")));
    assert_eq!(declined.root()["payment"]["failureCode"], "PAYMENT_INSUFFICIENT_FUNDS");
    assert_eq!(shop.balance().await, (5, 1));
    let again = shop.checkout(&token, "k", pays("decline_insufficient_funds")).await;
    assert_eq!(again.root(), declined.root(), "a repeat answers the same");
    let pay = "mutation($input: OrderPayInput!) { orderPay(input: $input) {
        order { id number status paymentStatus } payment { id status } userErrors { code } } }";
    let input =
        json!({ "input": { "token": order["token"], "payment": pays("approve"), "idempotencyKey": "p" } });
    let paid = shop.visitor(pay, input.clone()).await;
    assert_eq!(paid.ok()["order"]["number"], order["number"]);
    assert_eq!(paid.root()["order"]["paymentStatus"], "PAID");
    assert_eq!(shop.visitor(pay, input).await.root(), paid.root());
    let more =
        json!({ "input": { "token": order["token"], "payment": pays("approve"), "idempotencyKey": "q" } });
    assert_eq!(shop.visitor(pay, more).await.refusals(), ["PAYMENT_NOT_ALLOWED"]);
    let by_id = json!({ "input": { "id": order["id"], "payment": pays("approve"), "idempotencyKey": "r" } });
    assert_eq!(shop.visitor(pay, by_id).await.refusals(), ["ORDER_NOT_FOUND"], "an id is no key");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_way_is_refused_and_leaves_nothing() {
    let shop = Shop::with(1).await;
    let token = shop.cart(&[(&shop.variant, 1)]).await;
    let input = |change: Value| {
        let mut input = json!({ "token": token, "idempotencyKey": "k", "payment": pays("approve") });
        for (name, value) in change.as_object().expect("fields") {
            input[name] = value.clone();
        }
        json!({ "input": input })
    };
    let money = |amount: &str, currency: &str| json!({ "amount": amount, "currencyCode": currency });
    for (change, code) in [
        (json!({ "payment": null }), "PAYMENT_REQUIRED"),
        (json!({ "payment": { "gateway": "gold" } }), "PAYMENT_METHOD_NOT_FOUND"),
        (json!({ "payment": { "gateway": "test", "data": { "outcome": 1 } } }), "INVALID_VALUE"),
        (json!({ "expectedTotal": money("14.80", "EUR") }), "PRICE_CHANGED"),
        (json!({ "expectedTotal": money("14.90", "USD") }), "CURRENCY_MISMATCH"),
        (json!({ "token": "nobody's" }), "CART_NOT_FOUND"),
        (json!({ "idempotencyKey": "" }), "INVALID_VALUE"),
        (json!({ "acceptedTerms": [{ "code": "", "version": "1" }] }), "INVALID_VALUE"),
    ] {
        assert_eq!(shop.visitor(CHECKOUT, input(change.clone())).await.refusals(), [code], "{change}");
    }
    let changed = shop.visitor(CHECKOUT, input(json!({ "expectedTotal": money("14.80", "EUR") }))).await;
    assert_eq!(
        changed.root()["userErrors"][0]["details"],
        json!({ "__typename": "PriceChangedDetails", "expected": { "amount": "14.80" }, "actual": { "amount": "14.90" } })
    );
    let empty = shop
        .visitor("mutation { cartCreate(input: {}) { cart { token } userErrors { code } } }", json!({}))
        .await;
    let empty = text(&empty.ok()["cart"]["token"]);
    let codes = shop.checkout(&empty, "k", pays("approve")).await.refusals();
    assert_eq!(codes, ["EMPTY_CART", "CHECKOUT_INCOMPLETE"]);
    assert_eq!(shop.balance().await, (1, 0));
    shop.checkout(&token, "k", pays("approve")).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_answer_leaves_the_order_to_a_repeat() {
    let shop = Shop::with(2).await;
    let token = shop.cart(&[(&shop.variant, 1)]).await;
    for _ in 0..2 {
        let answer = shop.checkout(&token, "k", pays("unavailable")).await;
        assert_eq!(answer.refusals(), ["EXTERNAL_SERVICE"]);
        assert_eq!(answer.root()["order"]["paymentStatus"], "PENDING");
        assert_eq!(answer.root()["order"]["number"], "A-1001");
    }
    assert_eq!(shop.balance().await, (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_checkouts_of_one_cart_make_one_order() {
    let shop = Shop::with(50).await;
    let token = shop.cart(&[(&shop.variant, 1)]).await;
    let answers = join_all((0..8).map(|i| {
        let (shop, token) = (shop.clone(), token.clone());
        async move { shop.checkout(&token, &format!("k{i}"), pays("approve")).await }
    }))
    .await;
    let placed = answers.iter().filter(|answer| answer.root()["order"].is_object()).count();
    let closed = answers.iter().filter(|answer| answer.refusals() == ["CART_CLOSED"]).count();
    assert_eq!((placed, closed), (1, 7));
    assert_eq!(shop.balance().await, (50, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_repeats_and_forty_buyers_of_ten_units() {
    let shop = Shop::with(10).await;
    let token = shop.cart(&[(&shop.variant, 1)]).await;
    let same = join_all((0..20).map(|_| shop.checkout(&token, "one", pays("approve")))).await;
    for answer in &same {
        assert_eq!(answer.ok(), same[0].ok());
    }
    let mut carts = Vec::new();
    for _ in 0..40 {
        carts.push(shop.cart(&[(&shop.variant, 1)]).await);
    }
    let answers = join_all(carts.iter().map(|token| shop.checkout(token, "k", pays("approve")))).await;
    let placed = answers.iter().filter(|answer| answer.root()["order"].is_object()).count();
    let short = answers.iter().filter(|answer| answer.refusals() == ["INSUFFICIENT_INVENTORY"]).count();
    assert_eq!((placed, short), (9, 31));
    assert_eq!(shop.balance().await, (10, 10));
    assert_eq!(shop.app.app().db.conflicts(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_stays_within_fifteen_statements_at_any_size() {
    let shop = Shop::on(TestApp::start().await, 100).await;
    let mut variants = vec![shop.variant.clone()];
    for number in 0..11 {
        variants.push(shop.goods(&format!("Thing {number}"), 100).await);
    }
    for payment in [pays("approve"), later()] {
        let mut counts = Vec::new();
        for size in [1, 12] {
            let lines: Vec<(&str, i32)> = variants.iter().take(size).map(|id| (id.as_str(), 1)).collect();
            let token = shop.cart(&lines).await;
            let input = json!({ "token": token, "idempotencyKey": "k", "payment": payment });
            let query = "mutation($input: CheckoutCompleteInput!) { checkoutComplete(input: $input) {
                order { number token status total { amount } lines { title quantity total { amount } } }
                payment { status } userErrors { code } } }";
            let (answer, ctx) = shop.visit(query, json!({ "input": input })).await;
            assert_eq!(answer.ok()["order"]["lines"].as_array().expect("lines").len(), size);
            counts.push(ctx.stats().statements());
        }
        assert_eq!(counts[0], counts[1]);
        assert!(counts[0] <= 15, "{payment}: {counts:?}");
    }
}
