//! The locks in the database, read from its catalog.

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn every_table_has_its_locks() {
    let app = TestApp::start().await;
    let breaches = orion::commands::doctor::check(app.app()).await.expect("doctor");
    assert_eq!(breaches, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_vendor_the_application_sees_nothing_and_writes_nothing() {
    let app = TestApp::start().await;
    let sql = app.app_sql().await;
    let tables = sql
        .query(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relrowsecurity",
            &[],
        )
        .await
        .expect("tables");
    assert!(tables.len() > 30, "row security is on for {} tables only", tables.len());
    for row in tables {
        let table: String = row.get(0);
        let count: i64 =
            sql.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.expect("a count").get(0);
        assert_eq!(count, 0, "{table}");
    }
    let refused = sql.execute(
        "INSERT INTO price_lists (vendor_id, code, name, currency_code) VALUES (gen_random_uuid(), 'x', 'x', 'EUR')",
        &[],
    );
    let error = refused.await.expect_err("row security refuses the row");
    assert_eq!(error.code(), Some(&tokio_postgres::error::SqlState::INSUFFICIENT_PRIVILEGE));
}
