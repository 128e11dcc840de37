//! Every mutation leaves an audit row with its request's id, and a repeat with the same key does nothing twice.

use std::collections::BTreeSet;

use super::cases;
use super::schema::{Root, Schema};
use super::world::World;
use crate::support::{Answer, Value, json};

async fn audited(sql: &tokio_postgres::Client, request: &str) -> i64 {
    sql.query_one(
        "SELECT (SELECT count(*) FROM audit_events WHERE request_id = $1)
              + (SELECT count(*) FROM platform_audit_events WHERE request_id = $1)",
        &[&request],
    )
    .await
    .expect("a count")
    .get(0)
}

/// The id of the first object in the payload.
fn object(answer: &Answer) -> Value {
    let fields = answer.root().as_object().expect("a payload");
    fields.values().find_map(|field| field.get("id")).cloned().unwrap_or(Value::Null)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mutation_is_audited_and_repeats_do_nothing() {
    let world = World::make().await;
    let sql = world.app.owner_sql().await;
    let mut succeeded = BTreeSet::new();
    for (n, filled) in cases::of(Root::Mutation).into_iter().enumerate() {
        let name = &filled.field.name;
        let request = format!("sweep-{n}");
        let client = filled.case.who.client(&world, &world.a).with_header("x-request-id", request.clone());
        let arguments = filled.arguments(&world.a.ids);
        let answer = filled.run(&client, arguments.clone()).await;
        assert_eq!(answer.codes(), Vec::<String>::new(), "{name} with {arguments}: {:#}", answer.body);
        assert!(audited(&sql, &request).await > 0, "{name} left no audit row");
        succeeded.insert(name.clone());
        if filled.field.idempotent {
            let key = &arguments["input"]["idempotencyKey"];
            assert!(key.is_string(), "the case of {name} has no key");
            let repeated = format!("{request}-again");
            let client =
                filled.case.who.client(&world, &world.a).with_header("x-request-id", repeated.clone());
            let again = filled.run(&client, arguments).await;
            assert_eq!(again.codes(), Vec::<String>::new(), "{name} again: {:#}", again.body);
            assert!(again.replayed(), "{name} again is no replay: {:#}", again.body);
            assert_eq!(object(&again), object(&answer), "{name} again");
            assert_eq!(audited(&sql, &repeated).await, 0, "{name} again was done again");
        }
    }
    let all: BTreeSet<String> =
        Schema::read().roots().into_iter().filter(|f| f.root == Root::Mutation).map(|f| f.name).collect();
    assert_eq!(succeeded, all, "mutations without a case that succeeds");
    let refused = json!({ "input": { "email": "nobody@orion.test", "password": "a password of nobody" } });
    let login = cases::of(Root::Mutation).into_iter().find(|f| f.field.name == "adminLogin").expect("a case");
    assert_eq!(login.run(&world.app.anonymous(), refused).await.codes(), ["INVALID_CREDENTIALS"]);
}
