//! The whole story over real HTTP: an admin makes two vendors, the owner invites an editor, the editor imports a feed
//! and publishes, a customer browses, fills a cart and orders, the team ships, and the other vendor sees none of it.
//! `examples/quickstart.sh` walks it with curl against the real binary, so that the example is tested too.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use futures::StreamExt as _;

use crate::support::{CHECKOUT, PASSWORD, TestApp, Value, json};

/// The server as a process, killed with the value.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve(app: &TestApp) -> (Server, String) {
    let config = &app.app().config;
    let mut child = Command::new(env!("CARGO_BIN_EXE_orion"))
        .arg("serve")
        .env("ORION_ENV", "test")
        .env("ORION_LISTEN", "127.0.0.1:0")
        .env("ORION_SECRET_KEY", String::from_utf8_lossy(&config.secret_key).as_ref())
        .env("ORION_DATA_DIR", config.data_dir.join("served"))
        .env("ORION_LOGIN_LIMIT", "0")
        .env("DATABASE_URL", &config.database.app)
        .env("ORION_PLATFORM_DATABASE_URL", &config.database.platform)
        .env("ORION_WORKER_DATABASE_URL", &config.database.worker)
        .env("ORION_OWNER_DATABASE_URL", &config.database.owner)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let server = Server(child);
    let mut seen = String::new();
    let address = loop {
        let line = lines.next().unwrap_or_else(|| panic!("the server ended: {seen}")).expect("a line");
        if let Some((_, address)) = line.split_once("listening on ") {
            break address.trim().to_owned();
        }
        seen.push_str(&line);
        seen.push('\n');
    };
    // Goes on reading, so that the server never waits for its log to be read.
    std::thread::spawn(move || for _ in lines.by_ref() {});
    (server, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quickstart_walks_the_whole_story_against_the_real_binary() {
    let app = TestApp::start().await;
    orion::modules::identity::service::admin_create(app.app(), "admin@orion.test", true, PASSWORD.to_owned())
        .await
        .expect("an admin");
    let (_server, address) = serve(&app);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/quickstart.sh");
    let output = tokio::task::spawn_blocking(move || {
        Command::new("bash")
            .args([script, &address])
            .env("ORION_ADMIN_EMAIL", "admin@orion.test")
            .env("ORION_ADMIN_PASSWORD", PASSWORD)
            .output()
    })
    .await
    .expect("a thread")
    .expect("bash");
    let told =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}");
    let delivered: i64 = app
        .owner_sql()
        .await
        .query_one("SELECT count(*) FROM orders WHERE status = 'DELIVERED'", &[])
        .await
        .expect("a count")
        .get(0);
    assert_eq!(delivered, 1, "{told}");
    assert_eq!(orion::commands::doctor::check(app.app()).await.expect("doctor"), Vec::<String>::new());
}

/// Checks out over HTTP; `None` where the server went away before it answered.
async fn checkout(http: &reqwest::Client, address: &str, cart: &str) -> Option<String> {
    let body = json!({ "query": CHECKOUT, "variables": { "input": {
        "token": cart, "idempotencyKey": cart, "payment": { "gateway": "test", "data": { "outcome": "approve" } } } } });
    let request = http.post(format!("{address}/graphql")).header("x-vendor", "ACME").body(body.to_string());
    let response = request.header("content-type", "application/json").send().await.ok()?;
    let answer: Value = serde_json::from_slice(&response.bytes().await.ok()?).ok()?;
    answer["data"]["checkoutComplete"]["order"]["number"].as_str().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_loses_nothing_that_it_acknowledged() {
    let app = TestApp::start().await;
    let acme = app.vendor("ACME").await;
    let goods = acme.goods("Lamp", "10.00", 1_000).await;
    let visitor = acme.visitor();
    let mut carts = Vec::new();
    for _ in 0..60 {
        carts.push(acme.ready_cart(&visitor, &[(&goods.variant, 1)]).await);
    }
    let http = reqwest::Client::new();
    let (server, address) = serve(&app);
    let mut server = Some(server);
    let mut acknowledged = Vec::new();
    let mut answers =
        futures::stream::iter(carts.iter().map(|cart| checkout(&http, &address, cart))).buffer_unordered(8);
    while let Some(answer) = answers.next().await {
        acknowledged.extend(answer);
        if acknowledged.len() == 20 {
            // SIGKILL, in the middle of the others.
            drop(server.take());
        }
    }
    drop(answers);
    assert!((20..60).contains(&acknowledged.len()), "{} were acknowledged", acknowledged.len());
    let (_second, address) = serve(&app);
    let numbers: Vec<String> = app
        .owner_sql()
        .await
        .query("SELECT number FROM orders", &[])
        .await
        .expect("orders")
        .iter()
        .map(|row| row.get(0))
        .collect();
    for number in &acknowledged {
        assert!(numbers.contains(number), "order {number} was acknowledged and is gone");
    }
    // Everybody asks again with the same key: one order for each cart, paid.
    for cart in &carts {
        checkout(&http, &address, cart).await.expect("an answer");
    }
    let row = app
        .owner_sql()
        .await
        .query_one("SELECT count(*), count(*) FILTER (WHERE payment_status = 'PAID') FROM orders", &[])
        .await
        .expect("counts");
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (60, 60));
    assert_eq!(orion::commands::doctor::check(app.app()).await.expect("doctor"), Vec::<String>::new());
}
