//! The endpoint: well-formed answers to every malformed request.

pub mod websocket;

use axum::body::Body;
use axum::http::Request;

use crate::support::{TestApp, json};

fn post(content_type: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post("/graphql").header("content-type", content_type).body(body.into()).expect("a request")
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_get_a_status_and_a_code() {
    let app = TestApp::start().await;
    let nobody = app.anonymous();
    let cases: [(&str, &str, u16); 9] = [
        ("application/json", "{", 400),
        ("application/json", "[]", 400),
        ("application/json", "[{\"query\":\"{ __typename }\"}]", 400),
        ("application/json", "{}", 400),
        ("application/json", "{\"query\": 7}", 400),
        ("application/json", "{\"query\":\"{ __typename }\",\"variables\":[]}", 400),
        ("application/json; charset=latin1", "{\"query\":\"{ __typename }\"}", 415),
        ("application/x-www-form-urlencoded", "query={__typename}", 415),
        ("text/plain", "{\"query\":\"{ __typename }\"}", 415),
    ];
    for (content_type, body, status) in cases {
        let answer = nobody.exchange(post(content_type, body.to_owned())).await;
        assert_eq!(answer.status, status, "{content_type}: {body}");
        assert_eq!(answer.code(), "BAD_REQUEST", "{body}");
        assert!(answer.body["errors"][0]["extensions"]["requestId"].is_string());
    }
    let missing = nobody.exchange(Request::delete("/graphql").body(Body::empty()).expect("a request")).await;
    assert_eq!((missing.status, missing.headers["allow"].to_str().expect("text")), (405, "GET, POST"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_new_media_type_has_its_own_status_rules() {
    let app = TestApp::start().await;
    let nobody = app.anonymous();
    for (accept, status) in
        [("application/graphql-response+json", 400), ("application/json", 200), ("*/*", 200)]
    {
        let request = Request::post("/graphql")
            .header("content-type", "application/json")
            .header("accept", accept)
            .body(Body::from("{\"query\":\"{ noSuchField }\"}"))
            .expect("a request");
        let answer = nobody.exchange(request).await;
        assert_eq!(answer.status, status, "{accept}");
        assert_eq!(answer.code(), "VALIDATION_ERROR");
    }
    let request =
        Request::get("/graphql?query=mutation%7B__typename%7D").body(Body::empty()).expect("a request");
    assert_eq!(nobody.exchange(request).await.status, 405);
    let request =
        Request::get("/graphql?query=mutation%20X%7B__typename%7D").body(Body::empty()).expect("a request");
    assert_eq!(nobody.exchange(request).await.status, 405, "a named one too");
    let request = Request::get("/graphql?query=%7B__typename%7D").body(Body::empty()).expect("a request");
    assert_eq!(nobody.exchange(request).await.data()["__typename"], "Query");
    let request = Request::get("/graphql?query=%7B__typename%7D")
        .header("accept", "text/csv")
        .body(Body::empty())
        .expect("a request");
    assert_eq!(nobody.exchange(request).await.status, 406);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_request_id_is_taken_over_or_made() {
    let app = TestApp::start().await;
    let given =
        app.anonymous().with_header("x-request-id", "my-id_7").run("{ noSuchField }", json!({})).await;
    assert_eq!(given.headers["x-request-id"], "my-id_7");
    assert_eq!(given.body["errors"][0]["extensions"]["requestId"], "my-id_7");
    let made = app
        .anonymous()
        .with_header("x-request-id", "no spaces, please")
        .run("{ __typename }", json!({}))
        .await;
    assert_eq!(made.headers["x-request-id"].len(), 32);
    assert!(made.headers.contains_key("x-process-time"));
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_would_overflow_the_parser_are_refused() {
    let app = TestApp::start().await;
    let deep = |open: &str, close: &str, n: usize| format!("{}{}", open.repeat(n), close.repeat(n));
    let attacks = [
        format!("{{ node(id: {}) {{ id }} }}", deep("[", "]", 5_000)),
        format!("{{ node(id: {}1{}) {{ id }} }}", "{a:".repeat(5_000), "}".repeat(5_000)),
        deep("{a", "}", 10_000),
        format!("query({}) {{ __typename }}", deep("[", "]", 5_000)),
        "{ __typename }".repeat(20_000),
    ];
    for attack in attacks {
        let answer = app.anonymous().run(&attack, json!({})).await;
        assert_eq!(answer.code(), "LIMIT_EXCEEDED");
    }
    let mut variables = json!(1);
    for _ in 0..120 {
        variables = json!([variables]);
    }
    let answer =
        app.anonymous().run("query($v: [ID!]) { nodes(ids: $v) { id } }", json!({ "v": variables })).await;
    assert_eq!(answer.code(), "VALIDATION_ERROR");
    assert_eq!(app.anonymous().run("{ __typename }", json!({})).await.data()["__typename"], "Query");
}
