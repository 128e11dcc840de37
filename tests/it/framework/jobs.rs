//! The queue: together with its cause, at least once, and nothing lost.

use std::sync::OnceLock;
use std::time::Duration;

use chrono::TimeDelta;
use futures::FutureExt as _;
use orion::app::App;
use orion::framework::context::{Grant, PlatformGrant};
use orion::framework::db::{Tx, sql};
use orion::framework::id::VendorId;
use orion::framework::jobs::{
    JobError, JobHandler, Worker, drain, enqueue, enqueue_at, enqueue_keyed, pending_jobs,
};
use tokio::sync::mpsc;

use crate::support::{TestApp, Value, json};

/// A vendor's bare row, for tests beneath the API.
pub async fn bare_vendor(app: &App, code: &str) -> VendorId {
    let grant = PlatformGrant::for_system("a test's vendor", app.clock.now());
    let tx = app.db.platform(&grant).await.expect("a transaction");
    let id = VendorId::from_uuid(orion::framework::clock::new_uuid());
    tx.execute(
        sql("INSERT INTO vendors (id, code, name, subdomain, verified, currency_code, country_code, \
                default_language, languages, time_zone) \
             VALUES ($1, $2, 'Vendor', lower($2), true, 'EUR', 'LU', 'en', '{en}', 'Europe/Luxembourg')")
        .bind(id)
        .bind(code.to_owned()),
    )
    .await
    .expect("a vendor");
    tx.commit().await.expect("a commit");
    id
}

pub async fn write(app: &App, vendor: VendorId) -> Tx {
    let grant = Grant::for_job(vendor, "test", app.clock.now());
    app.db.write(&grant).await.expect("a transaction")
}

async fn echo(payload: Value) -> Result<(), JobError> {
    RAN.get().expect("a channel").send(payload).map_err(|error| JobError(error.to_string()))
}

static RAN: OnceLock<mpsc::UnboundedSender<Value>> = OnceLock::new();
static HANDLERS: &[JobHandler] = &[
    JobHandler { name: "test.echo", run: |_, payload| echo(payload).boxed() },
    JobHandler { name: "test.panic", run: |_, _| async { panic!("the test wants it") }.boxed() },
];

#[tokio::test(flavor = "multi_thread")]
async fn a_job_runs_once_its_cause_is_committed_and_not_otherwise() {
    let (sender, mut ran) = mpsc::unbounded_channel();
    RAN.set(sender).expect("one test uses it");
    let test = TestApp::start().await;
    let app = test.app();
    let vendor = bare_vendor(app, "ACME").await;
    let worker = Worker::start(app.clone(), HANDLERS, &[], 2);

    let tx = write(app, vendor).await;
    enqueue(&tx, "test.echo", json!({ "n": 1 }), 0).await.expect("queued");
    tx.rollback().await.expect("undone");
    let tx = write(app, vendor).await;
    enqueue(&tx, "test.panic", json!({}), 0).await.expect("queued");
    enqueue(&tx, "test.echo", json!({ "n": 2 }), 0).await.expect("queued");
    enqueue_keyed(&tx, "test.echo", "key", json!({ "n": 3 }), 0, None).await.expect("queued");
    enqueue_keyed(&tx, "test.echo", "key", json!({ "n": 4 }), 0, None).await.expect("queued");
    let hour = app.clock.now() + TimeDelta::hours(1);
    enqueue_at(&tx, "test.echo", json!({ "n": 5 }), 0, hour).await.expect("queued");
    tx.commit().await.expect("a commit");

    let mut seen = Vec::new();
    for _ in 0..2 {
        let next = tokio::time::timeout(Duration::from_secs(20), ran.recv()).await;
        seen.push(next.expect("in time").expect("open")["n"].clone());
    }
    seen.sort_by_key(Value::as_i64);
    // Not 1, which was undone; not 3, which 4 replaced; not 5, which is not due.
    assert_eq!(seen, [2, 4]);
    worker.stop().await;
    assert!(ran.try_recv().is_err());
    // What panicked waits to be tried again, and a test that leaves it there is told so.
    assert_eq!(pending_jobs(app).await.expect("counted"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_follows_the_applications_clock() {
    let test = TestApp::start().await;
    let app = test.app();
    let vendor = bare_vendor(app, "ACME").await;
    let tx = write(app, vendor).await;
    let hour = app.clock.now() + TimeDelta::hours(1);
    enqueue_at(&tx, "framework.cleanup", json!({}), 0, hour).await.expect("queued");
    tx.commit().await.expect("a commit");
    assert_eq!(pending_jobs(app).await.expect("counted"), 0);
    app.clock.advance(TimeDelta::hours(2));
    assert_eq!(pending_jobs(app).await.expect("counted"), 1);
    drain(app).await.expect("drained");
    assert_eq!(pending_jobs(app).await.expect("counted"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_can_enqueue_and_do_nothing_else_to_the_queue() {
    let test = TestApp::start().await;
    let client = test.app_sql().await;
    for statement in [
        "SELECT * FROM graphile_worker._private_jobs",
        "SELECT graphile_worker.add_job('orion', '{}'::json)",
        "DELETE FROM graphile_worker._private_jobs",
        "CREATE TABLE graphile_worker.mine (n int)",
    ] {
        let error = client.batch_execute(statement).await.expect_err(statement);
        let code = error.code().expect("a refusal of the server").code();
        assert!(code == "42501" || statement.contains("add_job"), "{statement}: {code}");
    }
    client
        .batch_execute("SELECT graphile_worker.orion_enqueue('framework.cleanup', '{}', 0, NULL, NULL)")
        .await
        .expect("enqueued");
}
