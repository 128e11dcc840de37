//! What happens to orders after they were placed.

use chrono::TimeDelta;
use orion::framework::permission::RolePreset;

use super::shop::{Shop, later, pays};
use crate::support::{Value, json};

const SHIP: &str = "mutation($input: OrderShipInput!) { orderShip(input: $input) {
    order { status fulfilmentStatus version lines { fulfilledQuantity fulfillableQuantity } }
    fulfilment { id status trackingNumber lines { quantity orderLine { title } } }
    userErrors { code field details { __typename ... on InvalidStatusDetails { status allowedActions } } } } }";
const CANCEL: &str = "mutation($input: OrderCancelInput!) { orderCancel(input: $input) {
    order { status paymentStatus refundedTotal { amount } lines { cancelledQuantity } } userErrors { code } } }";
const CONFIRM: &str = "mutation($input: OrderPaymentConfirmInput!) { orderPaymentConfirm(input: $input) {
    order { status paymentStatus paidTotal { amount } } userErrors { code } } }";

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_shipped_in_parcels_and_delivered() {
    let shop = Shop::with(5).await;
    let order = shop.order(3, pays("approve")).await;
    let line = &order["lines"][0]["id"];
    let first = json!({ "input": { "id": order["id"], "lines": [{ "orderLineId": line, "quantity": 1 }],
        "carrier": "Post", "trackingNumber": "T1", "idempotencyKey": "s1" } });
    let shipped = shop.team(SHIP, first.clone()).await;
    assert_eq!(shipped.ok()["order"]["status"], "PARTIALLY_SHIPPED");
    assert_eq!(
        shipped.root()["fulfilment"]["lines"],
        json!([{ "quantity": 1, "orderLine": { "title": "Lamp" } }])
    );
    assert_eq!(shop.team(SHIP, first).await.root(), shipped.root(), "a repeat ships nothing more");
    assert_eq!(shop.balance().await, (4, 2));
    let stale = json!({ "input": { "id": order["id"], "expectedVersion": 1 } });
    assert_eq!(shop.team(SHIP, stale).await.refusals(), ["VERSION_CONFLICT"]);
    let much = json!({ "input": { "id": order["id"], "lines": [{ "orderLineId": line, "quantity": 3 }] } });
    assert_eq!(shop.team(SHIP, much).await.refusals(), ["INVALID_ORDER_QUANTITY"]);
    let rest = shop.team(SHIP, json!({ "input": { "id": order["id"] } })).await;
    assert_eq!(rest.ok()["order"]["status"], "SHIPPED");
    assert_eq!(shop.balance().await, (2, 0));
    let done = shop.team(SHIP, json!({ "input": { "id": order["id"] } })).await;
    assert_eq!(done.refusals(), ["INVALID_ORDER_STATUS"]);
    assert_eq!(
        done.root()["userErrors"][0]["details"],
        json!({ "__typename": "InvalidStatusDetails", "status": "SHIPPED", "allowedActions": ["DELIVER"] })
    );
    assert_eq!(
        shop.team(CANCEL, json!({ "input": { "id": order["id"], "reason": "OTHER" } })).await.refusals(),
        ["ORDER_CANNOT_BE_CANCELLED"]
    );
    let deliver = "mutation($input: OrderDeliverInput!) { orderDeliver(input: $input) {
        order { status fulfilments { status deliveredAt } history { kind } } userErrors { code } } }";
    let one = json!({ "input": { "id": order["id"], "fulfilmentId": shipped.root()["fulfilment"]["id"] } });
    assert_eq!(shop.team(deliver, one).await.ok()["order"]["status"], "SHIPPED");
    let all = shop.team(deliver, json!({ "input": { "id": order["id"] } })).await;
    assert_eq!(all.ok()["order"]["status"], "DELIVERED");
    let kinds: Vec<&str> = all.root()["order"]["history"]
        .as_array()
        .expect("history")
        .iter()
        .filter_map(|e| e["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["PLACED", "PAID", "SHIPPED", "SHIPPED", "DELIVERED", "DELIVERED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_money_or_pay_later_releases_an_order() {
    let shop = Shop::with(5).await;
    let declined = shop.order(1, pays("decline")).await;
    let refused = shop.team(SHIP, json!({ "input": { "id": declined["id"] } })).await;
    assert_eq!(refused.refusals(), ["INVALID_ORDER_STATUS"]);
    assert_eq!(refused.root()["userErrors"][0]["details"]["allowedActions"], json!(["CANCEL"]));
    let pending = shop.order(1, later()).await;
    assert_eq!(
        shop.team(SHIP, json!({ "input": { "id": pending["id"] } })).await.ok()["order"]["status"],
        "SHIPPED"
    );
    let viewer = shop.member(RolePreset::Viewer, SHIP, json!({ "input": { "id": pending["id"] } })).await;
    assert_eq!(viewer.code(), "INSUFFICIENT_PERMISSIONS");
    let nobody = shop.visitor(SHIP, json!({ "input": { "id": pending["id"] } })).await;
    assert_eq!(nobody.code(), "UNAUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_team_confirms_money_in_parts() {
    let shop = Shop::with(5).await;
    let order = shop.order(1, later()).await;
    let confirm = |amount: Value, key: &str| json!({ "input": { "id": order["id"], "amount": amount, "idempotencyKey": key, "reference": "R" } });
    let euro = |amount: &str| json!({ "amount": amount, "currencyCode": "EUR" });
    assert_eq!(shop.team(CONFIRM, confirm(euro("15.00"), "a")).await.refusals(), ["INVALID_AMOUNT"]);
    let part = shop.team(CONFIRM, confirm(euro("4.90"), "a")).await;
    assert_eq!(
        part.ok()["order"],
        json!({ "status": "PENDING", "paymentStatus": "PARTIALLY_PAID", "paidTotal": { "amount": "4.90" } })
    );
    assert_eq!(
        shop.team(CONFIRM, confirm(euro("4.90"), "a")).await.root(),
        part.root(),
        "a repeat counts once"
    );
    let rest = shop.team(CONFIRM, confirm(Value::Null, "b")).await;
    assert_eq!(
        rest.ok()["order"],
        json!({ "status": "PROCESSING", "paymentStatus": "PAID", "paidTotal": { "amount": "14.90" } })
    );
    assert_eq!(shop.team(CONFIRM, confirm(Value::Null, "c")).await.refusals(), ["INVALID_ORDER_STATUS"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_releases_and_gives_money_and_cart_back() {
    let shop = Shop::with(5).await;
    let paid = shop.order(2, pays("approve")).await;
    let one = json!({ "input": { "id": paid["id"], "reason": "INVENTORY",
        "lines": [{ "orderLineId": paid["lines"][0]["id"], "quantity": 1 }] } });
    assert_eq!(shop.member(RolePreset::Editor, CANCEL, one.clone()).await.code(), "INSUFFICIENT_PERMISSIONS");
    let partly = shop.team(CANCEL, one).await;
    assert_eq!(partly.ok()["order"]["paymentStatus"], "PARTIALLY_REFUNDED");
    assert_eq!(partly.root()["order"]["refundedTotal"]["amount"], "10.00");
    assert_eq!(shop.balance().await, (5, 1));
    let by_id = json!({ "input": { "id": paid["id"], "reason": "CUSTOMER" } });
    assert_eq!(shop.visitor(CANCEL, by_id).await.refusals(), ["ORDER_NOT_FOUND"]);

    let token = shop.cart(&[(&shop.variant, 1)]).await;
    let unpaid = shop.checkout(&token, "k", later()).await.ok()["order"].clone();
    let own = json!({ "input": { "token": unpaid["token"], "reason": "CUSTOMER", "idempotencyKey": "c" } });
    let gone = shop.visitor(CANCEL, own.clone()).await;
    assert_eq!(gone.ok()["order"]["status"], "CANCELLED");
    assert_eq!(gone.root()["order"]["paymentStatus"], "CANCELLED");
    assert_eq!(shop.visitor(CANCEL, own).await.root(), gone.root());
    assert_eq!(shop.balance().await, (5, 1));
    let next = shop.checkout(&token, "k2", pays("approve")).await;
    assert_ne!(next.ok()["order"]["number"], unpaid["number"], "the cart makes another order");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_expire_and_money_that_comes_late_revives_them_or_goes_back() {
    let shop = Shop::with(1).await;
    let clock = &shop.app.app().clock;
    clock.set(clock.now());
    let token = shop.cart(&[(&shop.variant, 1)]).await;
    let order = shop.checkout(&token, "k", later()).await.ok()["order"].clone();
    let state = || async {
        let query = "query($id: ID) { order(id: $id) { status paymentStatus } }";
        shop.team(query, json!({ "id": order["id"] })).await.root().clone()
    };
    let expire = || async {
        orion::modules::orders::service::expire(shop.app.app().clone(), json!({})).await.expect("the job")
    };
    clock.advance(TimeDelta::days(7) - TimeDelta::seconds(1));
    expire().await;
    assert_eq!(state().await["status"], "PENDING");
    clock.advance(TimeDelta::seconds(1));
    expire().await;
    expire().await;
    assert_eq!(state().await, json!({ "status": "CANCELLED", "paymentStatus": "CANCELLED" }));
    assert_eq!(shop.balance().await, (1, 0));
    let confirm = |key: &str| json!({ "input": { "id": order["id"], "idempotencyKey": key } });
    let revived = shop.team(CONFIRM, confirm("late")).await;
    assert_eq!(revived.ok()["order"]["status"], "PROCESSING");
    assert_eq!(shop.balance().await, (1, 1));

    // The cart was given back; what it makes now finds nothing left, so a second late payment has no way back.
    let shop = Shop::with(1).await;
    let clock = &shop.app.app().clock;
    clock.set(clock.now());
    let first = shop.order(1, later()).await;
    clock.advance(TimeDelta::days(7));
    orion::modules::orders::service::expire(shop.app.app().clone(), json!({})).await.expect("the job");
    shop.order(1, pays("approve")).await;
    let late = json!({ "input": { "id": first["id"], "idempotencyKey": "late" } });
    let refunded = shop.team(CONFIRM, late).await;
    assert_eq!(refunded.refusals(), ["INSUFFICIENT_INVENTORY"]);
    assert_eq!(refunded.root()["order"]["status"], "CANCELLED");
    assert_eq!(refunded.root()["order"]["paymentStatus"], "REFUNDED");
    assert_eq!(shop.balance().await, (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_team_lists_orders_by_filter_and_page() {
    let shop = Shop::with(50).await;
    for (quantity, payment) in [(1, pays("approve")), (2, pays("decline")), (3, later())] {
        shop.order(quantity, payment).await;
    }
    let list = "query($filter: OrderFilter, $sort: OrderSort, $first: Int, $after: String) {
        orders(filter: $filter, sort: $sort, first: $first, after: $after) {
          nodes { number lines { quantity } payments { status } history { kind } } totalCount { value } pageInfo { endCursor hasNextPage } } }";
    let numbers = |answer: &crate::support::Answer| -> Vec<String> {
        let nodes = answer.root()["nodes"].as_array().expect("nodes").clone();
        nodes.iter().map(|node| node["number"].as_str().expect("a number").to_owned()).collect()
    };
    let all = shop.team(list, json!({})).await;
    assert_eq!(numbers(&all), ["A-1003", "A-1002", "A-1001"]);
    assert_eq!(all.root()["totalCount"]["value"], 3);
    let euro = |amount: &str| json!({ "amount": amount, "currencyCode": "EUR" });
    for (filter, expected) in [
        (json!({ "status": ["PENDING"] }), vec!["A-1003", "A-1002"]),
        (json!({ "paymentStatus": ["FAILED", "PAID"] }), vec!["A-1002", "A-1001"]),
        (json!({ "fulfilmentStatus": ["FULFILLED"] }), vec![]),
        (json!({ "number": "A-1002" }), vec!["A-1002"]),
        (
            json!({ "channel": ["DIRECT"], "total": { "min": euro("24.90"), "max": euro("34.90") } }),
            vec!["A-1003", "A-1002"],
        ),
        (json!({ "placedAt": { "to": "2020-01-01T00:00:00Z" } }), vec![]),
    ] {
        assert_eq!(numbers(&shop.team(list, json!({ "filter": filter })).await), expected, "{filter}");
    }
    let sort = json!({ "field": "TOTAL", "direction": "ASC" });
    let page = shop.team(list, json!({ "sort": sort, "first": 2 })).await;
    assert_eq!(numbers(&page), ["A-1001", "A-1002"]);
    let after = &page.root()["pageInfo"]["endCursor"];
    assert_eq!(
        numbers(&shop.team(list, json!({ "sort": sort, "first": 2, "after": after })).await),
        ["A-1003"]
    );
    assert_eq!(shop.visitor(list, json!({})).await.code(), "UNAUTHENTICATED");
    let payments = shop
        .team(
            "{ payments(filter: { gateway: \"manual\" }) { nodes { status order { number } } } }",
            json!({}),
        )
        .await;
    assert_eq!(payments.root()["nodes"], json!([{ "status": "PENDING", "order": { "number": "A-1003" } }]));
}
