//! The protocol `graphql-transport-ws`, over a real socket.

use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::framework::jobs::bare_vendor;
use crate::support::{TestApp, Value, json};

/// A client's end of a connection.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Connects to a server of its own for the application.
    pub async fn open(app: &TestApp, protocol: Option<&str>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = app.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut request = format!("ws://{address}/graphql").into_client_request().expect("a request");
        if let Some(protocol) = protocol {
            let value = protocol.parse().expect("a header value");
            request.headers_mut().insert("sec-websocket-protocol", value);
        }
        Self(tokio_tungstenite::connect_async(request).await.expect("a connection").0)
    }

    /// Connects and says who it is.
    pub async fn init(app: &TestApp, payload: Value) -> Self {
        let mut socket = Self::open(app, Some("graphql-transport-ws")).await;
        socket.send(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.next().await, json!({ "type": "connection_ack" }));
        socket
    }

    pub async fn send(&mut self, message: Value) {
        self.send_raw(Message::text(message.to_string())).await;
    }

    pub async fn send_raw(&mut self, message: Message) {
        self.0.send(message).await.expect("an open connection");
    }

    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.send(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    /// The next message.
    pub async fn next(&mut self) -> Value {
        match self.next_raw().await {
            Message::Text(text) => serde_json::from_str(&text).expect("JSON"),
            other => panic!("{other:?}"),
        }
    }

    /// The code that the server closes with.
    pub async fn closed(&mut self) -> u16 {
        match self.next_raw().await {
            Message::Close(Some(frame)) => frame.code.into(),
            other => panic!("{other:?}"),
        }
    }

    async fn next_raw(&mut self) -> Message {
        let next = tokio::time::timeout(Duration::from_secs(30), self.0.next()).await;
        next.expect("a message in time").expect("an open connection").expect("a message")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_has_its_close_code() {
    let app = TestApp::start().await;
    let init = json!({ "type": "connection_init" });
    let subscribe = json!({ "type": "subscribe", "id": "1", "payload": { "query": "{ __typename }" } });
    let cases = [
        (vec![json!({ "type": "start", "id": "1" })], 4400),
        (vec![json!([])], 4400),
        (vec![json!({ "type": "connection_init", "payload": "Bearer x" })], 4400),
        (vec![json!({ "type": "connection_init", "payload": { "X-Vendor": 7 } })], 4400),
        (vec![json!({ "type": "connection_init", "payload": { "X-Vendor": "a\nb" } })], 4400),
        (vec![subscribe.clone()], 4401),
        (vec![init.clone(), init.clone()], 4429),
        (vec![init.clone(), json!({ "type": "subscribe", "payload": { "query": "{ __typename }" } })], 4400),
        (vec![init.clone(), json!({ "type": "subscribe", "id": "1", "payload": {} })], 4400),
    ];
    for (messages, code) in cases {
        let mut socket = Socket::open(&app, Some("graphql-transport-ws")).await;
        for message in &messages {
            socket.send(message.clone()).await;
        }
        if messages[0] == init {
            assert_eq!(socket.next().await, json!({ "type": "connection_ack" }));
        }
        assert_eq!(socket.closed().await, code, "{messages:?}");
    }
    assert_eq!(Socket::open(&app, None).await.closed().await, 4406);
    let mut socket = Socket::init(&app, json!({})).await;
    socket.send_raw(Message::binary(b"{}".to_vec())).await;
    assert_eq!(socket.closed().await, 4400);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_is_closed_after_ten_seconds() {
    let app = TestApp::start().await;
    assert_eq!(Socket::open(&app, Some("graphql-transport-ws")).await.closed().await, 4408);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_pings_and_errors_are_answered() {
    let app = TestApp::start().await;
    let mut socket = Socket::init(&app, json!(null)).await;
    socket.send(json!({ "type": "ping", "payload": { "n": 1 } })).await;
    assert_eq!(socket.next().await, json!({ "type": "pong", "payload": { "n": 1 } }));

    socket.subscribe("a", "{ __typename }", json!({})).await;
    let next = socket.next().await;
    assert_eq!((&next["type"], &next["id"]), (&json!("next"), &json!("a")));
    assert_eq!(next["payload"]["data"], json!({ "__typename": "Query" }));
    assert_eq!(socket.next().await, json!({ "type": "complete", "id": "a" }));

    // An operation's error ends the operation, not the connection.
    for (query, code) in [
        ("{", "VALIDATION_ERROR"),
        ("{ nothing }", "VALIDATION_ERROR"),
        ("subscription { cartUpdated(token: \"x\") { id } }", "VENDOR_REQUIRED"),
        ("subscription { orderPlaced { id } }", "UNAUTHENTICATED"),
        ("subscription { a: orderPlaced { id } b: orderPlaced { id } }", "VALIDATION_ERROR"),
        ("subscription { ...F } fragment F on Subscription { orderPlaced { id } }", "VALIDATION_ERROR"),
        ("subscription { orderUpdated { id } }", "EXACTLY_ONE"),
        ("subscription { orderUpdated(id: \"prod_x\") { id } }", "INVALID_ID"),
    ] {
        socket.subscribe("a", query, json!({})).await;
        let error = socket.next().await;
        assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("a")), "{query}: {error}");
        assert_eq!(error["payload"][0]["extensions"]["code"], code, "{query}: {error}");
    }
    socket.subscribe("a", "{ __typename }", json!({})).await;
    assert_eq!(socket.next().await["type"], "next");
}

const CART_CREATE: &str = "mutation { cartCreate(input: {}) { cart { token } userErrors { code } } }";
const CART_EMAIL: &str = "mutation($token: String!, $email: String!) {
    cartUpdate(input: { token: $token, email: $email }) { cart { id } userErrors { code message } } }";
const CART_UPDATED: &str = "subscription($token: String!) { cartUpdated(token: $token) { email } }";

/// Reads messages until the cart has this e-mail: changes may be sent as one, but the last is never lost.
async fn until_email(socket: &mut Socket, id: &str, email: &Value) {
    loop {
        let message = socket.next().await;
        assert_eq!(message["type"], "next", "{message}");
        if message["id"] == id && message["payload"]["data"]["cartUpdated"]["email"] == *email {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_subscriptions_share_four_connections_with_everybody_else() {
    let app = TestApp::with(|config| config.pool_size = 4).await;
    bare_vendor(app.app(), "ACME").await;
    let relay = orion::framework::relay::Relay::start(app.app(), true);
    let shopper = app.anonymous().at("ACME");
    let created = shopper.run(CART_CREATE, json!({})).await;
    let token = created.ok()["cart"]["token"].clone();

    let mut socket = Socket::init(&app, json!({ "X-Vendor": "ACME" })).await;
    for n in 0..64 {
        socket.subscribe(&n.to_string(), CART_UPDATED, json!({ "token": token })).await;
    }
    // The state at once, on each.
    for _ in 0..64 {
        let first = socket.next().await;
        assert_eq!(first["payload"]["data"], json!({ "cartUpdated": { "email": null } }), "{first}");
    }
    // Between messages no subscription holds a connection, so twenty writers at once come through.
    let writers = (0..20).map(|n| {
        let (shopper, token) = (shopper.clone(), token.clone());
        async move {
            let email = format!("shopper{n}@example.com");
            shopper.run(CART_EMAIL, json!({ "token": token, "email": email })).await.ok();
        }
    });
    futures::future::join_all(writers).await;
    let last = json!("last@example.com");
    shopper.run(CART_EMAIL, json!({ "token": token, "email": last })).await.ok();
    let mut waiting: std::collections::HashSet<String> = (0..64).map(|n| n.to_string()).collect();
    while !waiting.is_empty() {
        let message = socket.next().await;
        assert_eq!(message["type"], "next", "{message}");
        if message["payload"]["data"]["cartUpdated"]["email"] == last {
            waiting.remove(message["id"].as_str().expect("an id"));
        }
    }
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completed_subscription_is_silent_and_an_open_id_is_taken() {
    let app = TestApp::start().await;
    bare_vendor(app.app(), "ACME").await;
    let relay = orion::framework::relay::Relay::start(app.app(), true);
    let shopper = app.anonymous().at("ACME");
    let created = shopper.run(CART_CREATE, json!({})).await;
    let token = created.ok()["cart"]["token"].clone();
    let mut socket = Socket::init(&app, json!({ "vendor": "ACME" })).await;
    socket.subscribe("a", CART_UPDATED, json!({ "token": token })).await;
    until_email(&mut socket, "a", &Value::Null).await;
    socket.send(json!({ "type": "complete", "id": "a" })).await;
    socket.subscribe("b", CART_UPDATED, json!({ "token": token })).await;
    until_email(&mut socket, "b", &Value::Null).await;
    let email = json!("b@example.com");
    shopper.run(CART_EMAIL, json!({ "token": token, "email": email })).await.ok();
    until_email(&mut socket, "b", &email).await;
    socket.subscribe("b", CART_UPDATED, json!({ "token": token })).await;
    assert_eq!(socket.closed().await, 4409);
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_session_ends_its_subscriptions_with_a_code() {
    let app = TestApp::start().await;
    let acme = app.vendor("ACME").await;
    let relay = orion::framework::relay::Relay::start(app.app(), true);
    let shopper = acme.visitor();
    let created = shopper.run(CART_CREATE, json!({})).await;
    let token = created.ok()["cart"]["token"].clone();
    let bearer = format!("Bearer {}", acme.owner().token().expect("a token"));
    let mut socket = Socket::init(&app, json!({ "Authorization": bearer, "X-Vendor": "ACME" })).await;
    socket.subscribe("a", CART_UPDATED, json!({ "token": token })).await;
    until_email(&mut socket, "a", &Value::Null).await;
    let revoked = "mutation { sessionRevoke(input: { all: true }) { revoked userErrors { code } } }";
    acme.owner().run(revoked, json!({})).await.ok();
    shopper.run(CART_EMAIL, json!({ "token": token, "email": "c@example.com" })).await.ok();
    // The listener's first connection may have sent the state once more before.
    let mut end = socket.next().await;
    while end["type"] == "next" && end["payload"]["data"]["cartUpdated"]["email"] == Value::Null {
        end = socket.next().await;
    }
    assert_eq!((&end["type"], &end["id"]), (&json!("error"), &json!("a")), "{end}");
    assert_eq!(end["payload"][0]["extensions"]["code"], "INVALID_TOKEN", "{end}");

    let mut refused = Socket::open(&app, Some("graphql-transport-ws")).await;
    refused.send(json!({ "type": "connection_init", "payload": { "Authorization": bearer } })).await;
    assert_eq!(refused.closed().await, 4403);
    relay.stop().await;
}
