//! The plans of list queries: with many rows, a page is read by an index, whatever the filter and the sort.
//!
//! PostgreSQL itself writes down each plan that ran (auto_explain), of the statements and parameters that requests
//! really send, as the application's role under row security.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use orion::framework::postgres::TestCluster;
use serde_json::{Value, json};

use crate::support::{Client, TestApp};

const PAGE: f64 = 20.0;
const MOST: f64 = 10.0 * PAGE;

/// The plans that the server has logged of one vendor's statements.
struct Plans {
    admin: tokio_postgres::Client,
    database: String,
    log: PathBuf,
    read: u64,
    vendor: String,
}

impl Plans {
    /// Of all sessions that the application opens from now on.
    async fn record(app: &TestApp) -> Self {
        let cluster = TestCluster::shared().await.expect("the tests' PostgreSQL");
        let url = cluster.superuser_url();
        let (admin, connection) =
            tokio_postgres::connect(&url, tokio_postgres::NoTls).await.expect("a superuser");
        tokio::spawn(connection);
        let database = app.database().name().to_owned();
        for (name, value) in [
            ("session_preload_libraries", "auto_explain"),
            ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_analyze", "on"),
            ("auto_explain.log_timing", "off"),
            ("auto_explain.log_format", "json"),
            // So that a plan names its vendor, and tests that run beside this one are told apart.
            ("plan_cache_mode", "force_custom_plan"),
        ] {
            let set = format!("ALTER ROLE orion_app IN DATABASE {database} SET {name} = '{value}'");
            admin.batch_execute(&set).await.expect("auto_explain is set");
        }
        let data: String = admin.query_one("SHOW data_directory", &[]).await.expect("a directory").get(0);
        let log = Path::new(&data).with_file_name("server.log");
        Self { admin, database, log, read: 0, vendor: String::new() }
    }

    /// A plan is logged when its portal is dropped, which may be after the answer, at the end of the transaction.
    async fn settle(&self) {
        let busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND usename = 'orion_app' AND state <> 'idle'";
        loop {
            let row = self.admin.query_one(busy, &[&self.database]).await.expect("the sessions");
            if row.get::<_, i64>(0) == 0 {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// What was logged since the last call: `{"Query Text": …, "Plan": …}`.
    async fn take(&mut self) -> Vec<Value> {
        self.settle().await;
        let mut file = std::fs::File::open(&self.log).expect("the server's log");
        file.seek(SeekFrom::Start(self.read)).expect("the place in the log");
        let mut bytes = Vec::new();
        self.read += file.read_to_end(&mut bytes).expect("the server's log") as u64;
        // The lines of one message after its first begin with a tab.
        let mut plans = Vec::new();
        let mut message = String::new();
        for line in String::from_utf8_lossy(&bytes).lines().chain([""]) {
            if let Some(rest) = line.strip_prefix('\t') {
                message.push_str(rest);
                message.push('\n');
                continue;
            }
            if message.contains(&self.vendor)
                && let Ok(plan) = serde_json::from_str(&message)
            {
                plans.push(plan);
            }
            message.clear();
        }
        plans
    }
}

/// What is wrong with a plan: nodes that read far more rows than the page has.
fn waste(node: &Value, found: &mut Vec<String>) {
    let number =
        |name: &str| node[name].as_f64().unwrap_or(0.0) * node["Actual Loops"].as_f64().unwrap_or(1.0);
    let kind = node["Node Type"].as_str().unwrap_or_default();
    let removed = number("Rows Removed by Filter")
        + number("Rows Removed by Join Filter")
        + number("Rows Removed by Index Recheck");
    if removed > MOST {
        found.push(format!(
            "{kind} on {} threw {removed} rows away by {}",
            node["Relation Name"], node["Filter"]
        ));
    }
    if kind.ends_with("Scan") && kind != "Subquery Scan" && number("Actual Rows") > MOST {
        found.push(format!("{kind} on {} gave {} rows", node["Relation Name"], number("Actual Rows")));
    }
    // A sort of the whole list instead of an index that has its order.
    if kind.ends_with("Sort") && node["Plans"][0]["Actual Rows"].as_f64().unwrap_or(0.0) > MOST {
        found.push(format!("{kind} of {} rows by {}", node["Plans"][0]["Actual Rows"], node["Sort Key"]));
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        waste(child, found);
    }
}

const PRODUCTS: &str = "query($sort: ProductSort, $filter: ProductFilter, $search: String) {
    result: products(first: 20, sort: $sort, filter: $filter, search: $search) { nodes { id } pageInfo { endCursor } } }";

fn sorted(field: &str, direction: &str) -> Value {
    json!({ "sort": { "field": field, "direction": direction } })
}

/// `(what, query, variables)` of each list. Not among them, because they have no index and read on until the page is full:
/// several brands at once, availability, and conditions that are combined.
fn cases() -> Vec<(String, String, Value)> {
    let mut cases = Vec::new();
    for field in ["CREATED_AT", "UPDATED_AT", "TITLE", "PRICE"] {
        for direction in ["ASC", "DESC"] {
            cases.push((format!("products {field} {direction}"), PRODUCTS.into(), sorted(field, direction)));
        }
    }
    for filter in [
        json!({ "brand": { "eq": "Brand 7" } }),
        json!({ "price": { "min": "10.00", "max": "11.00" } }),
        json!({ "status": { "eq": "DRAFT" } }),
        json!({ "featured": true }),
        json!({ "createdAt": { "min": "2026-01-05T00:00:00Z", "max": "2026-01-05T01:00:00Z" } }),
    ] {
        cases.push((format!("products {filter}"), PRODUCTS.into(), json!({ "filter": filter })));
    }
    for search in ["rare", "number777"] {
        cases.push((format!("products search {search}"), PRODUCTS.into(), json!({ "search": search })));
    }
    for filter in [
        json!({}),
        json!({ "status": ["PENDING"] }),
        json!({ "paymentStatus": ["AUTHORIZED"] }),
        json!({ "fulfilmentStatus": ["PARTIALLY_FULFILLED"] }),
        json!({ "channel": ["MANUAL"] }),
        json!({ "number": "N77" }),
    ] {
        let query =
            "query($filter: OrderFilter) { result: orders(first: 20, filter: $filter) { nodes { id } } }";
        cases.push((format!("orders {filter}"), query.into(), json!({ "filter": filter })));
    }
    for field in ["PLACED_AT", "NUMBER", "TOTAL", "UPDATED_AT"] {
        let query = "query($sort: OrderSort) { result: orders(first: 20, sort: $sort) { nodes { id } } }";
        cases.push((format!("orders {field}"), query.into(), sorted(field, "DESC")));
    }
    for (list, argument) in [
        ("customers", ""),
        ("customers", ", search: \"customer77@\""),
        ("inventoryItems", ""),
        ("inventoryItems", ", filter: { low: true }"),
        ("inventoryMovements", ""),
        ("inventoryMovements", ", filter: { kind: TRANSFER_IN }"),
        ("importJobs", ""),
        ("importJobs", ", filter: { status: [FAILED] }"),
        ("marketplaceProducts", ""),
        ("marketplaceProducts", ", sort: { field: EXTERNAL_ID }"),
        ("marketplaceProducts", ", filter: { published: false }"),
        ("marketplaceProducts", ", filter: { brand: \"Brand 7\" }"),
        ("marketplaceProducts", ", search: \"number777 \""),
        ("auditEvents", ""),
        ("auditEvents", ", filter: { action: \"rare.action\" }"),
        ("events", ""),
        ("events", ", types: [ORDER_SHIPPED]"),
        ("payments", ""),
        ("team", ""),
    ] {
        let query = format!("{{ result: {list}(first: 20{argument}) {{ nodes {{ id }} }} }}");
        cases.push((format!("{list}{argument}"), query, json!({})));
    }
    cases
}

// Twenty thousand of each kind for one vendor. What a filter of the cases asks for is rare, and far from where the
// list begins.
const SEED: &str = "
INSERT INTO products (vendor_id, id, title, slug, brand, status, featured, price_from, price_to, search_text, created_at, updated_at)
    SELECT '{vendor}', gen_random_uuid(), 'Thing ' || md5(n::text), 'thing-' || n, 'Brand ' || n % 100,
        CASE WHEN n <= 30 THEN 'DRAFT' ELSE 'ACTIVE' END, n <= 30, n, n,
        'thing number' || n % 1000 || CASE WHEN n <= 30 THEN ' rare' ELSE '' END,
        timestamptz '2026-01-01' + n * interval '1 minute', timestamptz '2026-01-01' + n * interval '1 minute'
    FROM generate_series(1, 20000) n;
INSERT INTO product_variants (vendor_id, id, product_id, title)
    SELECT vendor_id, gen_random_uuid(), id, 'Thing' FROM products WHERE vendor_id = '{vendor}';
INSERT INTO inventory_items (vendor_id, id, variant_id, location_id, on_hand)
    SELECT v.vendor_id, gen_random_uuid(), v.id, l.id, CASE WHEN random() < 0.002 THEN 1 ELSE 100 END
    FROM product_variants v JOIN inventory_locations l USING (vendor_id) WHERE v.vendor_id = '{vendor}';
INSERT INTO inventory_movements (vendor_id, id, item_id, kind, delta, on_hand_after, reserved_after, actor_kind, created_at)
    SELECT vendor_id, gen_random_uuid(), id, CASE WHEN row_number() OVER () <= 30 THEN 'TRANSFER_IN' ELSE 'ADJUST' END, 1, 1, 0,
        'SYSTEM', timestamptz '2026-01-01' + row_number() OVER () * interval '1 second' FROM inventory_items WHERE vendor_id = '{vendor}';
INSERT INTO customers (vendor_id, id, email, registered, created_at)
    SELECT '{vendor}', gen_random_uuid(), 'customer' || n || '@example.test', true, timestamptz '2026-01-01' + n * interval '1 second'
    FROM generate_series(1, 20000) n;
INSERT INTO orders (vendor_id, id, number, sequence, token_hash, channel, language, currency_code, prices_include_tax, tax_date,
        status, payment_status, fulfilment_status, subtotal, tax_total, total, placed_at, updated_at)
    SELECT '{vendor}', gen_random_uuid(), 'N' || n, n, decode(md5(n::text), 'hex'), CASE WHEN n <= 30 THEN 'MANUAL' ELSE 'DIRECT' END,
        'en', 'EUR', true, '2026-01-01', CASE WHEN n <= 30 THEN 'PENDING' ELSE 'DELIVERED' END,
        CASE WHEN n <= 30 THEN 'AUTHORIZED' ELSE 'PAID' END, CASE WHEN n <= 30 THEN 'PARTIALLY_FULFILLED' ELSE 'FULFILLED' END,
        n, 0, n, timestamptz '2026-01-01' + n * interval '1 second', timestamptz '2026-01-01' + n * interval '1 second'
    FROM generate_series(1, 20000) n;
INSERT INTO payments (vendor_id, id, order_id, gateway, status, amount, currency_code, created_at)
    SELECT vendor_id, gen_random_uuid(), id, 'test', 'PAID', total, 'EUR', placed_at FROM orders WHERE vendor_id = '{vendor}';
INSERT INTO import_jobs (vendor_id, id, status, format, language, source, created_at)
    SELECT '{vendor}', gen_random_uuid(), CASE WHEN n <= 30 THEN 'FAILED' ELSE 'SUCCEEDED' END, 'LETZSHOP', 'en', 'main',
        timestamptz '2026-01-01' + n * interval '1 second' FROM generate_series(1, 5000) n;
INSERT INTO marketplace_products (vendor_id, id, format, source, external_id, language, title, brand, price, currency_code,
        fingerprint, availability, product_id, search_text, created_at)
    SELECT vendor_id, gen_random_uuid(), 'LETZSHOP', 'main', slug, 'en', title, brand, 1, 'EUR', '\\x00',
        CASE WHEN featured THEN 'PREORDER' ELSE 'AVAILABLE' END, CASE WHEN featured THEN NULL ELSE id END, search_text || ' ', created_at
    FROM products WHERE vendor_id = '{vendor}';
INSERT INTO audit_events (vendor_id, id, occurred_at, actor_kind, action, entity_type, request_id)
    SELECT '{vendor}', gen_random_uuid(), timestamptz '2026-01-01' + n * interval '1 second', 'SYSTEM',
        CASE WHEN n <= 30 THEN 'rare.action' ELSE 'product.update' END, 'Product', 'r' FROM generate_series(1, 20000) n;
INSERT INTO outbox_events (vendor_id, id, kind, entity_type, entity_id, sequence)
    SELECT '{vendor}', gen_random_uuid(), CASE WHEN n > 19970 THEN 'ORDER_SHIPPED' ELSE 'PRODUCT_UPDATED' END, 'Product',
        gen_random_uuid(), 1000000 + n FROM generate_series(1, 20000) n;
";

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_large_lists_are_read_by_an_index() {
    let app = TestApp::start().await;
    let mut plans = Plans::record(&app).await;
    let (large, small) = (app.vendor("LARGE").await, app.vendor("SMALL").await);
    small.goods("A thing", "5.00", 3).await;
    let owner_sql = app.owner_sql().await;
    let id = owner_sql
        .query_one("SELECT id::text FROM vendors WHERE code = 'LARGE'", &[])
        .await
        .expect("the vendor");
    plans.vendor = id.get(0);
    owner_sql.batch_execute(&SEED.replace("{vendor}", &plans.vendor)).await.expect("the seed");
    let tables = "products, product_variants, inventory_items, inventory_movements, customers, orders, payments, \
                  import_jobs, marketplace_products, audit_events, outbox_events";
    owner_sql.batch_execute(&format!("ANALYZE {tables}")).await.expect("statistics");
    plans.take().await;
    let mut wrong = Vec::new();
    for (what, query, variables) in cases() {
        check(&mut plans, large.owner(), &what, &query, variables, &mut wrong).await;
    }
    assert!(wrong.is_empty(), "{} plans read too much:\n{}", wrong.len(), wrong.join("\n"));
}

async fn check(
    plans: &mut Plans,
    client: &Client,
    what: &str,
    query: &str,
    variables: Value,
    wrong: &mut Vec<String>,
) {
    let answer = client.run(query, variables).await;
    if !answer.body["data"]["result"]["nodes"].is_array() {
        wrong.push(format!("{what}: {}", answer.body));
        return;
    }
    let logged = plans.take().await;
    assert!(!logged.is_empty(), "{what}: no plan was logged");
    for plan in logged {
        let mut found = Vec::new();
        waste(&plan["Plan"], &mut found);
        wrong.extend(found.iter().map(|waste| format!("{what}: {waste}\n    {}", plan["Query Text"])));
    }
}

/// Without an index on the referring side, each deleted row makes PostgreSQL read all of a vendor's rows there.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_often_is_found_by_an_index_where_it_is_referred_to() {
    let app = TestApp::start().await;
    let unindexed = "SELECT c.conname FROM pg_constraint c WHERE c.contype = 'f' \
         AND c.confrelid IN ('product_images'::regclass, 'carts'::regclass, 'inventory_reservations'::regclass, 'variant_prices'::regclass) \
         AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid \
           AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) ~ '^\\(\\w+ IS NOT NULL\\)$') \
           AND (i.indkey::int2[])[0:array_length(c.conkey, 1) - 1] @> c.conkey)";
    let rows = app.owner_sql().await.query(unindexed, &[]).await.expect("the constraints");
    let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(names, Vec::<String>::new());
}
