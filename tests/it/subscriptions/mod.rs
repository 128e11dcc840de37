//! Subscriptions to what vendors and shoppers watch: the state at once, and again after every change.

use futures::future::join_all;
use orion::framework::relay::Relay;

use crate::http::websocket::Socket;
use crate::support::{Client, TestApp, Value, Vendor, json, text};

async fn connect(app: &TestApp, vendor: &Vendor, client: &Client) -> Socket {
    let mut payload = json!({ "X-Vendor": vendor.code });
    if let Some(token) = client.token() {
        payload["Authorization"] = json!(format!("Bearer {token}"));
    }
    Socket::init(app, payload).await
}

/// Reads messages until one has this data: changes may be sent as one, but the last is never lost.
async fn until(socket: &mut Socket, data: impl Fn(&Value) -> bool) -> Value {
    loop {
        let message = socket.next().await;
        assert_eq!(message["type"], "next", "{message}");
        assert!(message["payload"]["errors"].is_null(), "{message}");
        if data(&message["payload"]["data"]) {
            return message["payload"]["data"].clone();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_subscriptions_and_twenty_equal_checkouts_share_four_connections() {
    let app = TestApp::with(|config| config.pool_size = 4).await;
    let acme = app.vendor("ACME").await;
    let goods = acme.goods("Lamp", "10.00", 100).await;
    let relay = Relay::start(app.app(), true);
    let visitor = acme.visitor();
    let cart = acme.ready_cart(&visitor, &[(&goods.variant, 1)]).await;
    let mut socket = connect(&app, &acme, &visitor).await;
    for n in 0..64 {
        let query =
            "subscription($token: String!) { cartUpdated(token: $token) { itemCount order { number } } }";
        socket.subscribe(&n.to_string(), query, json!({ "token": cart })).await;
    }
    let answers = join_all((0..20).map(|_| acme.checkout(&visitor, &cart, "one key", "approve"))).await;
    let first = answers[0].ok()["order"].clone();
    assert!(first["number"].is_string());
    for answer in &answers {
        assert_eq!(answer.ok()["order"], first);
    }
    let mut waiting: std::collections::HashSet<String> = (0..64).map(|n| n.to_string()).collect();
    while !waiting.is_empty() {
        let message = socket.next().await;
        assert_eq!(message["type"], "next", "{message}");
        if message["payload"]["data"]["cartUpdated"]["order"]["number"].is_string() {
            waiting.remove(message["id"].as_str().expect("an id"));
        }
    }
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_team_hears_of_orders_and_of_inventory() {
    let app = TestApp::start().await;
    let acme = app.vendor("ACME").await;
    let belle = app.vendor("BELLE").await;
    let goods = acme.goods("Lamp", "10.00", 100).await;
    let foreign = belle.goods("Vase", "10.00", 100).await;
    app.settle().await;
    let relay = Relay::start(app.app(), true);
    let mut placed = connect(&app, &acme, acme.owner()).await;
    placed.subscribe("a", "subscription { orderPlaced { number lines { title } } }", json!({})).await;
    let mut changed = connect(&app, &acme, acme.owner()).await;
    changed.subscribe("a", "subscription { inventoryChanged { variant { id } reserved } }", json!({})).await;
    // Subscribing is answered by nothing, so a first round shows that both are there.
    placed.send(json!({ "type": "ping" })).await;
    assert_eq!(placed.next().await["type"], "pong");
    changed.send(json!({ "type": "ping" })).await;
    assert_eq!(changed.next().await["type"], "pong");

    let other = belle.ready_cart(&belle.visitor(), &[(&foreign.variant, 1)]).await;
    belle.checkout(&belle.visitor(), &other, "b", "approve").await.ok();
    let cart = acme.ready_cart(&acme.visitor(), &[(&goods.variant, 3)]).await;
    let order = acme.checkout(&acme.visitor(), &cart, "a", "approve").await.ok()["order"].clone();

    let heard = until(&mut placed, |_| true).await;
    assert_eq!(
        heard["orderPlaced"],
        json!({ "number": order["number"], "lines": [{ "title": "Lamp" }] }),
        "BELLE's is not heard"
    );
    let heard = until(&mut changed, |data| data["inventoryChanged"][0]["reserved"] == 3).await;
    assert_eq!(heard["inventoryChanged"], json!([{ "variant": { "id": goods.variant }, "reserved": 3 }]));

    let mut watched = connect(&app, &acme, acme.owner()).await;
    watched
        .subscribe(
            "a",
            "subscription($id: ID!) { orderUpdated(id: $id) { status } }",
            json!({ "id": order["id"] }),
        )
        .await;
    until(&mut watched, |data| data["orderUpdated"]["status"] == "PROCESSING").await;
    let shipped = "mutation($input: OrderShipInput!) { orderShip(input: $input) { order { status } userErrors { code } } }";
    acme.owner().run(shipped, json!({ "input": { "id": order["id"] } })).await.ok();
    until(&mut watched, |data| data["orderUpdated"]["status"] == "SHIPPED").await;
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_watched_to_its_end() {
    let app = TestApp::start().await;
    let acme = app.vendor("ACME").await;
    let relay = Relay::start(app.app(), true);
    let start = "mutation($input: ImportStartInput!) { importStart(input: $input) { importJob { id } userErrors { code } } }";
    let feed = b"id\ttitle\tprice\nA\tLamp\t10.00 EUR\n";
    let started = acme
        .owner()
        .upload(start, json!({ "input": { "file": null, "language": "en" } }), "variables.input.file", feed)
        .await;
    let id = text(&started.ok()["importJob"]["id"]);
    let mut socket = connect(&app, &acme, acme.owner()).await;
    socket
        .subscribe(
            "a",
            "subscription($id: ID!) { importJobUpdated(id: $id) { status created } }",
            json!({ "id": id }),
        )
        .await;
    until(&mut socket, |data| data["importJobUpdated"]["status"] == "PENDING").await;
    orion::framework::jobs::drain(app.app()).await.expect("the jobs");
    let end = until(&mut socket, |data| data["importJobUpdated"]["status"] == "SUCCEEDED").await;
    assert_eq!(end["importJobUpdated"]["created"], 1);
    relay.stop().await;
}
