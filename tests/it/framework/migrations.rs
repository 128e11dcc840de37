//! The schema goes up, down and up again.

use orion::framework::migrate;

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn migrations_go_up_down_and_up_again() {
    let app = TestApp::start().await;
    let owner = app.app().config.database.owner.clone();
    migrate::revert_all(&owner).await.expect("down");
    let left: i64 = app
        .owner_sql()
        .await
        .query_one(
            "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE n.nspname = 'public' AND c.relkind IN ('r', 'v', 'S') AND c.relname <> '__diesel_schema_migrations'",
            &[],
        )
        .await
        .expect("a count")
        .get(0);
    assert_eq!(left, 0, "relations are left after going down");
    let ran = migrate::run(&owner).await.expect("up again");
    assert!(!ran.is_empty());
    assert_eq!(migrate::pending(&app.app().db).await.expect("pending"), Vec::<String>::new());
}
