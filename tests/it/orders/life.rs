//! Orders from checkout to the door: paid, declined, expired, paid late, shipped in parcels, cancelled.

use chrono::TimeDelta;

use crate::support::{Answer, Client, TestApp, Value, Vendor, json, text};

const ORDER: &str = "query($id: ID!) { order(id: $id) { number status paymentStatus fulfilmentStatus allowedActions
    total { amount } taxTotal { amount } shippingTotal { amount } subtotal { amount } taxes { rate taxable { amount } tax { amount } }
    lines { id quantity fulfilledQuantity cancelledQuantity fulfillableQuantity taxTotal { amount } total { amount } }
    payments { status failureCode } fulfilments { status trackingNumber } history { kind fromStatus toStatus } } }";

async fn order(client: &Client, id: &str) -> Value {
    client.run(ORDER, json!({ "id": id })).await.root().clone()
}

async fn act(client: &Client, mutation: &str, input: &str, fields: Value) -> Answer {
    let query = format!(
        "mutation($input: {input}!) {{ {mutation}(input: $input) {{ order {{ id status paymentStatus }} userErrors {{ code field message }} }} }}"
    );
    client.run(&query, json!({ "input": fields })).await
}

/// Runs the job that ends orders whose time is over, as the clock would.
async fn expire(app: &TestApp) {
    let handler = orion::modules::job_handlers()
        .iter()
        .find(|handler| handler.name == "orders.expire")
        .expect("the job");
    (handler.run)(app.app().clone(), json!({})).await.expect("the job runs");
    app.settle().await;
}

async fn on_hand_and_reserved(vendor: &Vendor, variant: &str) -> (i64, i64) {
    let items = vendor
        .owner()
        .run("query($v: ID!) { inventoryItems(first: 5, filter: { variantId: $v }) { nodes { onHand reserved available } } }", json!({ "v": variant }))
        .await;
    let node = &items.root()["nodes"][0];
    (node["onHand"].as_i64().expect("onHand"), node["reserved"].as_i64().expect("reserved"))
}

#[tokio::test(flavor = "multi_thread")]
async fn declined_then_paid_then_shipped_in_two_parcels_and_delivered() {
    let app = TestApp::start().await;
    let acme = app.vendor("ACME").await;
    let goods = acme.goods("Kettle", "0.99", 10).await;
    let visitor = acme.visitor();
    let cart = acme.ready_cart(&visitor, &[(&goods.variant, 3)]).await;
    let declined = acme.checkout(&visitor, &cart, "first", "decline").await;
    assert_eq!(declined.refusals(), ["PAYMENT_DECLINED"]);
    let placed = &declined.root()["order"];
    let (id, number, token) = (text(&placed["id"]), text(&placed["number"]), text(&placed["token"]));
    assert_eq!(
        (&placed["status"], &declined.root()["payment"]["status"]),
        (&json!("PENDING"), &json!("FAILED"))
    );
    assert_eq!(on_hand_and_reserved(&acme, &goods.variant).await, (10, 3));

    let paid = visitor
        .run(
            "mutation($input: OrderPayInput!) { orderPay(input: $input) { order { id number status paymentStatus } userErrors { code } } }",
            json!({ "input": { "token": token, "idempotencyKey": "second", "payment": { "gateway": "test", "data": { "outcome": "approve" } } } }),
        )
        .await;
    assert_eq!(
        paid.ok()["order"],
        json!({ "id": id, "number": number, "status": "PROCESSING", "paymentStatus": "PAID" })
    );

    let state = order(acme.owner(), &id).await;
    assert_eq!(state["taxTotal"]["amount"], "1.14", "7.87 gross at 17 %: 1.1435");
    assert_eq!(state["total"]["amount"], "7.87", "3 × 0.99 and 4.90 shipping");
    assert_eq!(state["payments"].as_array().expect("payments").len(), 2);
    let line = text(&state["lines"][0]["id"]);

    let first = act(
        acme.owner(),
        "orderShip",
        "OrderShipInput",
        json!({ "id": id, "lines": [{ "orderLineId": line, "quantity": 1 }] }),
    )
    .await;
    assert_eq!(first.ok()["order"]["status"], "PARTIALLY_SHIPPED");
    assert_eq!(on_hand_and_reserved(&acme, &goods.variant).await, (9, 2));
    let too_many = act(
        acme.owner(),
        "orderShip",
        "OrderShipInput",
        json!({ "id": id, "lines": [{ "orderLineId": line, "quantity": 3 }] }),
    )
    .await;
    assert_eq!(too_many.refusals(), ["INVALID_ORDER_QUANTITY"]);
    let rest =
        act(acme.owner(), "orderShip", "OrderShipInput", json!({ "id": id, "trackingNumber": "LU1" })).await;
    assert_eq!(rest.ok()["order"]["status"], "SHIPPED");
    assert_eq!(on_hand_and_reserved(&acme, &goods.variant).await, (7, 0));
    let delivered = act(acme.owner(), "orderDeliver", "OrderDeliverInput", json!({ "id": id })).await;
    assert_eq!(delivered.ok()["order"]["status"], "DELIVERED");
    let late =
        act(acme.owner(), "orderCancel", "OrderCancelInput", json!({ "id": id, "reason": "OTHER" })).await;
    assert_eq!(late.refusals(), ["ORDER_CANNOT_BE_CANCELLED"]);
    assert_eq!(orion::commands::doctor::check(app.app()).await.expect("doctor"), Vec::<String>::new());
}

async fn manual_order(acme: &Vendor, variant: &str, quantity: i32, key: &str) -> (String, String) {
    let visitor = acme.visitor();
    let cart = acme.ready_cart(&visitor, &[(variant, quantity)]).await;
    let placed = visitor
        .run(
            crate::support::CHECKOUT,
            json!({ "input": { "token": cart, "idempotencyKey": key, "payment": { "gateway": "manual" } } }),
        )
        .await;
    (text(&placed.ok()["order"]["id"]), cart)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_order_expires_gives_back_what_it_held_and_a_late_payment_revives_it() {
    let app = TestApp::start().await;
    let acme = app.vendor("ACME").await;
    let goods = acme.goods("Tent", "100.00", 5).await;
    let (id, cart) = manual_order(&acme, &goods.variant, 2, "m1").await;
    app.app().clock.advance(TimeDelta::days(6));
    expire(&app).await;
    assert_eq!(on_hand_and_reserved_later(&app, &goods.variant).await, (5, 2));
    app.app().clock.advance(TimeDelta::days(2));
    expire(&app).await;
    assert_eq!(on_hand_and_reserved_later(&app, &goods.variant).await, (5, 0));
    let again = acme
        .visitor()
        .run("query($t: String!) { cart(token: $t) { itemCount order { id } } }", json!({ "t": cart }))
        .await;
    assert_eq!(*again.root(), json!({ "itemCount": 2, "order": null }), "the cart is open again");
    let owner = acme.owner_again().await;
    assert_eq!(order(&owner, &id).await["status"], "CANCELLED");
    let late = act(
        &owner,
        "orderPaymentConfirm",
        "OrderPaymentConfirmInput",
        json!({ "id": id, "idempotencyKey": "late" }),
    )
    .await;
    assert_eq!(late.ok()["order"]["paymentStatus"], "PAID");
    assert_eq!(order(&owner, &id).await["status"], "PROCESSING");
    assert_eq!(on_hand_and_reserved_later(&app, &goods.variant).await, (5, 2));
    assert_eq!(orion::commands::doctor::check(app.app()).await.expect("doctor"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_payment_for_what_is_gone_is_to_be_refunded() {
    let app = TestApp::start().await;
    let acme = app.vendor("ACME").await;
    let goods = acme.goods("Tent", "100.00", 2).await;
    let (id, _) = manual_order(&acme, &goods.variant, 2, "m1").await;
    app.app().clock.advance(TimeDelta::days(8));
    expire(&app).await;
    let (_other, _) = manual_order(&acme, &goods.variant, 1, "m2").await;
    let owner = acme.owner_again().await;
    let late = act(
        &owner,
        "orderPaymentConfirm",
        "OrderPaymentConfirmInput",
        json!({ "id": id, "idempotencyKey": "late" }),
    )
    .await;
    assert_eq!(late.refusals(), ["INSUFFICIENT_INVENTORY"], "why the order stays cancelled");
    assert_eq!(late.root()["order"], json!({ "id": id, "status": "CANCELLED", "paymentStatus": "REFUNDED" }));
    assert_eq!(on_hand_and_reserved_later(&app, &goods.variant).await, (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_buyer_cancels_an_unpaid_order_and_gets_the_cart_back() {
    let app = TestApp::start().await;
    let acme = app.vendor("ACME").await;
    let goods = acme.goods("Mug", "8.00", 5).await;
    let visitor = acme.visitor();
    let cart = acme.ready_cart(&visitor, &[(&goods.variant, 5)]).await;
    let placed = visitor
        .run(
            crate::support::CHECKOUT,
            json!({ "input": { "token": cart, "idempotencyKey": "k", "payment": { "gateway": "manual" } } }),
        )
        .await;
    let token = text(&placed.ok()["order"]["token"]);
    let stranger = act(
        &visitor,
        "orderCancel",
        "OrderCancelInput",
        json!({ "id": placed.ok()["order"]["id"], "reason": "CUSTOMER" }),
    )
    .await;
    assert_eq!(stranger.refusals(), ["ORDER_NOT_FOUND"], "an id is no key");
    let cancelled =
        act(&visitor, "orderCancel", "OrderCancelInput", json!({ "token": token, "reason": "CUSTOMER" }))
            .await;
    assert_eq!(cancelled.ok()["order"]["status"], "CANCELLED");
    assert_eq!(on_hand_and_reserved(&acme, &goods.variant).await, (5, 0));
    let again =
        visitor.run("query($t: String!) { cart(token: $t) { itemCount } }", json!({ "t": cart })).await;
    assert_eq!(again.root()["itemCount"], 5);
    // The cart is good for another order.
    assert_eq!(acme.checkout(&visitor, &cart, "k2", "approve").await.refusals(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn net_prices_add_their_tax_and_two_mutations_of_a_document_see_each_other() {
    let app = TestApp::start().await;
    let belle = app.vendor_with("BELLE", json!({ "pricesIncludeTax": false })).await;
    let goods = belle.goods("Vase", "10.00", 10).await;
    let visitor = belle.visitor();
    let cart = belle.ready_cart(&visitor, &[(&goods.variant, 3)]).await;
    let both = visitor
        .run(
            "mutation($a: CartLinesAddInput!, $b: CartUpdateInput!) {
               a: cartLinesAdd(input: $a) { cart { itemCount } userErrors { code } }
               b: cartUpdate(input: $b) { cart { itemCount note subtotal { amount } taxTotal { amount } total { amount } } userErrors { code } } }",
            json!({ "a": { "token": cart, "lines": [{ "variantId": goods.variant, "quantity": 1 }] }, "b": { "token": cart, "note": "please" } }),
        )
        .await;
    assert_eq!(both.data()["a"]["cart"]["itemCount"], 4);
    assert_eq!(
        both.data()["b"]["cart"],
        json!({ "itemCount": 4, "note": "please", "subtotal": { "amount": "40.00" }, "taxTotal": { "amount": "7.63" }, "total": { "amount": "52.53" } }),
        "44.90 net at 17 %: 7.633"
    );
}

async fn on_hand_and_reserved_later(app: &TestApp, variant: &str) -> (i64, i64) {
    let variant = orion::framework::id::VariantId::parse(variant).expect("an id").uuid().to_string();
    let row = app
        .owner_sql()
        .await
        .query_one(
            "SELECT on_hand::bigint, reserved::bigint FROM inventory_items WHERE variant_id = $1::text::uuid",
            &[&variant],
        )
        .await
        .expect("the item");
    (row.get(0), row.get(1))
}
