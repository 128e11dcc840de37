//! A credential of one vendor at another: by header, host and path; and nobody where somebody is wanted.

use super::cases::{self, Who};
use super::world::World;
use crate::support::{Answer, Client, Value, json};

/// The same request to the other vendor, by each way to name it.
async fn elsewhere(client: &Client, document: &str, variables: Value) -> Vec<(&'static str, Answer)> {
    let body = json!({ "query": document, "variables": variables });
    let host = client.clone().with_header("host", "blue.orion.test");
    let both = client.clone().at("BLUE").with_header("host", "amber.orion.test");
    vec![
        ("header", client.clone().at("BLUE").send("/graphql", body.clone()).await),
        ("host", host.send("/graphql", body.clone()).await),
        ("path", client.send("/vendors/BLUE/graphql", body.clone()).await),
        ("header and own host", both.send("/graphql", body).await),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_opens_no_other_vendor_by_header_host_or_path() {
    let world = World::make().await;
    let bare = |client: &Client| world.app.anonymous().with_token(client.token().expect("a token"));
    for (who, client) in [("owner", bare(world.a.vendor.owner())), ("customer", bare(&world.a.customer))] {
        for filled in cases::requests() {
            let arguments = filled.arguments(&world.b.ids);
            for (way, answer) in elsewhere(&client, &filled.field.document, arguments).await {
                let told = format!("{who}, {}, {way}: {:#}", filled.field.name, answer.body);
                assert_eq!(answer.codes(), ["UNAUTHORIZED_VENDOR_ACCESS"], "{told}");
                assert!(answer.body["data"].is_null(), "{told}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reaches_what_is_not_public() {
    let world = World::make().await;
    for filled in cases::requests() {
        if filled.field.permission == "PUBLIC" {
            continue;
        }
        let arguments = filled.arguments(&world.b.ids);
        let answer = filled.run(&world.b.vendor.visitor(), arguments.clone()).await;
        assert_eq!(answer.codes(), ["UNAUTHENTICATED"], "{}: {:#}", filled.field.name, answer.body);
        assert!(answer.body["data"][&filled.field.name].is_null(), "{:#}", answer.body);
        if filled.case.who != Who::Customer {
            let answer = filled.run(&world.b.customer, arguments).await;
            let codes = answer.codes();
            assert!(
                codes == ["INSUFFICIENT_PERMISSIONS"] || codes == ["ADMIN_REQUIRED"],
                "{} by a customer: {:#}",
                filled.field.name,
                answer.body
            );
        }
    }
}
