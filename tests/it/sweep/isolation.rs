//! With one vendor's token, nothing of another vendor's yields anything, and the other's rows stay as they are.

use std::collections::BTreeSet;

use orion::framework::id::VariantId;

use super::cases::{self, Filled, Who};
use super::schema::Root;
use super::world::{Realm, World};
use crate::http::websocket::Socket;
use crate::support::{Answer, Client, TestApp, Value, json};

/// What says that there is no such thing here.
const NOT_HERE: &[&str] = &[
    "NOT_FOUND",
    "CART_NOT_FOUND",
    "CART_ITEM_NOT_FOUND",
    "CATEGORY_NOT_FOUND",
    "CUSTOMER_NOT_FOUND",
    "IMPORT_JOB_NOT_FOUND",
    "INVENTORY_NOT_FOUND",
    "MARKETPLACE_PRODUCT_NOT_FOUND",
    "ORDER_NOT_FOUND",
    "ORDER_LINE_NOT_FOUND",
    "PRODUCT_NOT_FOUND",
    "PRODUCT_NOT_IN_CATALOG",
    "ROLE_NOT_FOUND",
    "SHIPPING_METHOD_NOT_FOUND",
    "TEAM_MEMBER_NOT_FOUND",
    "VARIANT_NOT_FOUND",
    "CHALLENGE_INVALID",
    "INVALID_CREDENTIALS",
    "INVALID_CURSOR",
    "INVALID_TOKEN",
    "UNAUTHORIZED_VENDOR_ACCESS",
];

/// What refuses an asker who may not ask this at all, whatever the ids.
const NOT_YOURS: &[&str] = &["UNAUTHENTICATED", "INSUFFICIENT_PERMISSIONS", "ADMIN_REQUIRED"];

/// Everything that must never be in an answer: the marker, and the ids of all rows, as UUIDs and as the API writes them.
struct Secrets(BTreeSet<String>);

impl Secrets {
    async fn of(app: &TestApp, realm: &Realm) -> Self {
        let sql = app.owner_sql().await;
        let mut secrets = BTreeSet::from([realm.marker.to_owned(), realm.marker.to_lowercase()]);
        let vendor = uuid(&realm.vendor.id);
        for table in vendor_tables(&sql).await {
            let rows = sql
                .query(&format!("SELECT t.id::text FROM {table} t WHERE vendor_id = '{vendor}'"), &[])
                .await;
            // Tables with other keys have no id of their own to be found.
            for row in rows.into_iter().flatten() {
                let id: String = row.get(0);
                let uuid = uuid::Uuid::parse_str(&id).expect("ids are UUIDs");
                let typed = VariantId::from_uuid(uuid).to_string();
                secrets.insert(typed.rsplit_once('_').expect("a prefix").1.to_owned());
                secrets.insert(id);
            }
        }
        // Numbers of orders are counted in each vendor, so the same one is no secret.
        let digits = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
        secrets.extend(realm.ids.values().filter(|id| !digits(id)).map(str::to_owned));
        secrets.insert(realm.vendor.id.clone());
        Self(secrets)
    }

    /// Fails where the answer has any of them that the request did not bring itself.
    #[track_caller]
    fn none_in(&self, answer: &Value, sent: &Value, told: &str) {
        let (answer, sent) = (answer.to_string(), sent.to_string());
        for secret in &self.0 {
            assert!(!answer.contains(secret) || sent.contains(secret), "{told}: {secret} in {answer}");
        }
    }
}

fn uuid(id: &str) -> String {
    orion::framework::id::VendorId::parse(id).expect("a vendor's id").uuid().to_string()
}

async fn vendor_tables(sql: &tokio_postgres::Client) -> Vec<String> {
    sql.query(
        "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'vendor_id'
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1",
        &[],
    )
    .await
    .expect("the tables")
    .iter()
    .map(|row| row.get(0))
    .collect()
}

/// Digests of all rows of a vendor, by table: every table with a `vendor_id`, and its own row. Nothing is left out.
struct Rows {
    sql: tokio_postgres::Client,
    query: String,
}

impl Rows {
    async fn of(app: &TestApp, realm: &Realm) -> Self {
        let sql = app.owner_sql().await;
        let vendor = uuid(&realm.vendor.id);
        let mut tables: Vec<(String, &str)> =
            vendor_tables(&sql).await.into_iter().map(|table| (table, "vendor_id")).collect();
        assert!(tables.len() > 25, "only {} tables were found", tables.len());
        tables.push(("vendors".to_owned(), "id"));
        let digests: Vec<String> = tables
            .iter()
            .map(|(table, key)| {
                format!(
                    "SELECT '{table}' AS name, count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))
                     FROM {table} t WHERE {key} = '{vendor}'"
                )
            })
            .collect();
        Self { sql, query: digests.join(" UNION ALL ") }
    }

    async fn digest(&self) -> Vec<(String, i64, String)> {
        let rows = self.sql.query(&self.query, &[]).await.expect("digests");
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
    }
}

/// The arguments with the other vendor's values in one place each, and in all.
fn mixtures(own: &Value, other: &Value) -> Vec<Value> {
    fn leaves(own: &Value, other: &Value, path: &str, found: &mut Vec<String>) {
        match (own, other) {
            (Value::Object(a), Value::Object(b)) => {
                a.iter().for_each(|(key, value)| leaves(value, &b[key], &format!("{path}/{key}"), found));
            }
            (Value::Array(a), Value::Array(b)) => {
                let pairs = a.iter().zip(b).enumerate();
                pairs.for_each(|(n, (a, b))| leaves(a, b, &format!("{path}/{n}"), found));
            }
            _ if own != other => found.push(path.to_owned()),
            _ => {}
        }
    }
    let mut paths = Vec::new();
    leaves(own, other, "", &mut paths);
    let mut mixed: Vec<Value> = paths
        .iter()
        .map(|path| {
            let mut one = own.clone();
            *one.pointer_mut(path).expect("the path") = other.pointer(path).expect("the path").clone();
            one
        })
        .collect();
    if paths.len() > 1 {
        mixed.push(other.clone());
    }
    mixed
}

/// Whether an answer tells of nothing: null, an empty list, or that there is no such thing.
fn nothing(answer: &Answer) -> bool {
    let codes = answer.codes();
    if !codes.is_empty() {
        return codes.iter().all(|code| NOT_HERE.contains(&code.as_str()));
    }
    let Some(field) = answer.body["data"].as_object().and_then(|data| data.values().next()) else {
        return false;
    };
    if field["revoked"] == 0 {
        return true;
    }
    if let Some(results) = field["results"].as_array() {
        // Published one by one: each is refused, and no job goes on with them.
        let code = |result: &Value| result["userErrors"][0]["code"].as_str().unwrap_or_default().to_owned();
        return field["job"].is_null()
            && results.iter().all(|result| NOT_HERE.contains(&code(result).as_str()));
    }
    let list = field.as_array().or_else(|| field["nodes"].as_array());
    field.is_null() || list.is_some_and(|list| list.iter().all(Value::is_null))
}

/// Words to search for are nobody's: what is near to them is found. A good log-in or registration does not fail because
/// of a cart that is not here: it goes on without it. `nodes` answers with the others, and
/// a job over a filter publishes nothing where the filter finds nothing, as is seen below.
fn may_go_on(filled: &Filled, arguments: &Value) -> bool {
    arguments["search"].is_string()
        || arguments["input"]["filter"].is_object()
        || ["customerRegister", "customerLogin", "nodes"].contains(&filled.field.name.as_str())
}

async fn attack(
    world: &World,
    filled: &Filled,
    client: &Client,
    secrets: &Secrets,
    natural: bool,
) -> Vec<String> {
    let (own, other) = (filled.arguments(&world.a.ids), filled.arguments(&world.b.ids));
    let name = &filled.field.name;
    if own == other {
        let answer = filled.run(client, own.clone()).await;
        secrets.none_in(&answer.body, &own, name);
        return Vec::new();
    }
    let mut yields = Vec::new();
    for mixed in mixtures(&own, &other) {
        let answer = filled.run(client, mixed.clone()).await;
        secrets.none_in(&answer.body, &mixed, name);
        let refused = !natural && answer.codes().iter().any(|code| NOT_YOURS.contains(&code.as_str()));
        if !(nothing(&answer) || refused || may_go_on(filled, &mixed)) {
            yields.push(format!("{name} with {mixed} yields {}", answer.body));
        }
    }
    yields
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_another_vendor_yields_anything_and_its_rows_stay() {
    let world = World::make().await;
    let secrets = Secrets::of(&world.app, &world.b).await;
    let rows = Rows::of(&world.app, &world.b).await;
    let before = rows.digest().await;
    let mut yields = Vec::new();
    for filled in cases::requests() {
        // What is the platform's is for admins, who are of no vendor; others are refused it below.
        if filled.case.who != Who::Admin {
            let natural = filled.case.who.client(&world, &world.a);
            yields.extend(attack(&world, &filled, &natural, &secrets, true).await);
        }
        if filled.case.who != Who::Owner {
            yields.extend(attack(&world, &filled, world.a.vendor.owner(), &secrets, false).await);
        }
        assert_eq!(rows.digest().await, before, "{} changed the other vendor's rows", filled.field.name);
    }
    assert!(yields.is_empty(), "{}", yields.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_cursor_of_another_vendor_opens_a_list() {
    let world = World::make().await;
    let secrets = Secrets::of(&world.app, &world.b).await;
    let mut lists = 0;
    for filled in cases::of(Root::Query) {
        let lists_something =
            filled.field.document.contains("pageInfo") && filled.field.document.contains("$after");
        if !lists_something || filled.case.who == Who::Admin {
            continue;
        }
        let mut arguments = filled.arguments(&world.b.ids);
        let answer = filled.run(&filled.case.who.client(&world, &world.b), arguments.clone()).await;
        let cursor = &answer.root()["pageInfo"]["endCursor"];
        assert!(cursor.is_string(), "{} with {arguments}: {:#}", filled.field.name, answer.body);
        arguments = filled.arguments(&world.a.ids);
        arguments["after"] = cursor.clone();
        let answer = filled.run(&filled.case.who.client(&world, &world.a), arguments.clone()).await;
        secrets.none_in(&answer.body, &arguments, &filled.field.name);
        assert!(nothing(&answer), "{} after {cursor}: {:#}", filled.field.name, answer.body);
        lists += 1;
    }
    assert!(lists > 15, "only {lists} lists were asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn node_gives_nothing_of_another_vendor() {
    let world = World::make().await;
    let ids: Vec<&str> = world.b.ids.values().filter(|id| id.contains('_') && !id.contains('@')).collect();
    assert!(ids.len() > 20, "only {} ids", ids.len());
    for client in [world.a.vendor.owner(), &world.a.customer, &world.a.vendor.visitor()] {
        for id in &ids {
            let answer =
                client.run("query($id: ID!) { node(id: $id) { __typename id } }", json!({ "id": id })).await;
            let refused = answer.codes() == ["INVALID_ID"];
            assert!(refused || answer.body["data"]["node"].is_null(), "{id}: {:#}", answer.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_subscription_tells_of_another_vendor() {
    let world = World::make().await;
    let bearer = format!("Bearer {}", world.a.vendor.owner().token().expect("a token"));
    let mut socket = Socket::init(&world.app, json!({ "Authorization": bearer, "X-Vendor": "AMBER" })).await;
    for (n, filled) in cases::of(Root::Subscription).into_iter().enumerate() {
        let (own, other) = (filled.arguments(&world.a.ids), filled.arguments(&world.b.ids));
        if own == other {
            continue;
        }
        let id = n.to_string();
        socket.subscribe(&id, &filled.field.document, other.clone()).await;
        let next = socket.next().await;
        assert_eq!((&next["id"], &next["type"]), (&json!(id), &json!("next")), "{next}");
        assert!(next["payload"]["data"][&filled.field.name].is_null(), "{}: {next}", filled.field.name);
        assert_eq!(socket.next().await, json!({ "type": "complete", "id": id }));
    }
    let mut refused = Socket::open(&world.app, Some("graphql-transport-ws")).await;
    let payload = json!({ "Authorization": bearer, "X-Vendor": "BLUE" });
    refused.send(json!({ "type": "connection_init", "payload": payload })).await;
    assert_eq!(refused.closed().await, 4403);
}

/// What is pushed without being asked for by an id: the first message is of the own vendor, though the other had its
/// own before.
#[tokio::test(flavor = "multi_thread")]
async fn pushed_orders_and_quantities_are_the_own_vendors() {
    let world = World::make().await;
    let secrets = Secrets::of(&world.app, &world.b).await;
    let relay = orion::framework::relay::Relay::start(world.app.app(), true);
    let bearer = format!("Bearer {}", world.a.vendor.owner().token().expect("a token"));
    let mut socket = Socket::init(&world.app, json!({ "Authorization": bearer, "X-Vendor": "AMBER" })).await;
    for name in ["orderPlaced", "inventoryChanged"] {
        let filled = cases::of(Root::Subscription).into_iter().find(|filled| filled.field.name == name);
        socket.subscribe(name, &filled.expect("a case").field.document, json!({})).await;
    }
    // A query on the same connection is answered after both have begun.
    socket.subscribe("begun", "{ __typename }", json!({})).await;
    while socket.next().await["type"] != "complete" {}
    for realm in [&world.b, &world.a] {
        let visitor = realm.vendor.visitor();
        let answer =
            realm.vendor.checkout(&visitor, realm.ids.get("checkoutCart"), "pushed", "approve").await;
        answer.ok();
    }
    let mut seen = BTreeSet::new();
    while seen.len() < 2 {
        let message = socket.next().await;
        assert_eq!(message["type"], "next", "{message}");
        secrets.none_in(&message, &json!(null), "pushed");
        seen.insert(message["id"].to_string());
    }
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_over_another_vendors_import_publishes_nothing() {
    let world = World::make().await;
    for realm in [&world.a, &world.b] {
        let cancel =
            "mutation($input: ImportCancelInput!) { importCancel(input: $input) { userErrors { code } } }";
        let input = json!({ "input": { "id": realm.ids.get("waitingImport") } });
        realm.vendor.owner().run(cancel, input).await.ok();
    }
    world.app.settle().await;
    let rows = Rows::of(&world.app, &world.b).await;
    let before = rows.digest().await;
    let publish =
        "mutation($input: MarketplaceProductsPublishInput!) { marketplaceProductsPublish(input: $input) {
        job { id } userErrors { code } } }";
    let input = json!({ "input": { "filter": { "jobId": world.b.ids.get("importJob") } } });
    let owner = world.a.vendor.owner();
    let job = owner.run(publish, input).await.ok()["job"]["id"].clone();
    world.app.settle().await;
    let query = "query($id: ID!) { publishJob(id: $id) { status total published failed } }";
    let done = owner.run(query, json!({ "id": job })).await;
    assert_eq!(*done.root(), json!({ "status": "SUCCEEDED", "total": 0, "published": 0, "failed": 0 }));
    assert_eq!(rows.digest().await, before);
}
