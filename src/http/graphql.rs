//! GraphQL over HTTP: POST and GET, JSON and multipart, and how an execution's end looks on the wire.

use std::panic::AssertUnwindSafe;

use async_graphql::{Request, Response as GraphQlResponse, ServerError, Variables};
use axum::body::Body;
use axum::extract::{FromRequestParts as _, State, WebSocketUpgrade};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use http_body_util::BodyExt as _;
use serde::Deserialize;

use super::HttpState;
use super::multipart::{UploadLimits, read_multipart};
use crate::framework::batch::drive;
use crate::framework::context::{Actor, Ctx};
use crate::framework::error::{ApiError, ErrorCode};

/// Bytes of a JSON request.
const MAX_BODY: usize = 1 << 20;
/// Bytes of a document.
const MAX_DOCUMENT: usize = 100_000;
/// Brackets within brackets in a document. The parser recurses: a thousand would overflow its stack.
const MAX_NESTING: usize = 60;

const GRAPHQL_JSON: &str = "application/graphql-response+json; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";

/// What a request brings, as the specification names it.
#[derive(Deserialize)]
pub struct Parameters {
    /// The document.
    pub query: Option<String>,
    #[serde(rename = "operationName")]
    /// Which operation of the document.
    pub operation_name: Option<String>,
    /// Values of its variables.
    pub variables: Option<serde_json::Value>,
    extensions: Option<serde_json::Value>,
}

/// How the answer is written.
#[derive(Clone, Copy, PartialEq)]
enum Media {
    GraphQl,
    Json,
}

/// 405 with the methods that there are.
pub async fn method_not_allowed(State(state): State<HttpState>, headers: HeaderMap) -> Response {
    let error = ApiError::new(ErrorCode::BadRequest, "Use POST, or GET for queries.");
    let mut response = super::error::plain(&error, super::error::request_id(&headers), state.app.clock.now());
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
    response
}

/// A query in the address, or the beginning of a websocket.
pub async fn get(State(state): State<HttpState>, request: axum::extract::Request) -> Response {
    let (mut parts, _) = request.into_parts();
    if parts
        .headers
        .get(header::UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
    {
        return match WebSocketUpgrade::from_request_parts(&mut parts, &state).await {
            Ok(upgrade) => super::ws::graphql_ws(state, parts, upgrade).await,
            Err(rejection) => rejection.into_response(),
        };
    }
    let Some(media) = negotiate(&parts.headers) else { return not_acceptable(&state, &parts) };
    let pairs = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let mut parameters = Parameters { query: None, operation_name: None, variables: None, extensions: None };
    for (name, value) in pairs {
        let json = || {
            serde_json::from_str(&value)
                .map_err(|_| bad("The parameter is not well-formed JSON.").at(name.to_string()))
        };
        let set = match name.as_ref() {
            "query" => {
                parameters.query = Some(value.into_owned());
                Ok(())
            }
            "operationName" => {
                parameters.operation_name = (!value.is_empty()).then(|| value.into_owned());
                Ok(())
            }
            "variables" => json().map(|json| parameters.variables = Some(json)),
            "extensions" => json().map(|json| parameters.extensions = Some(json)),
            _ => Ok(()),
        };
        if let Err(error) = set {
            return refuse(&state, &parts, media, &error);
        }
    }
    run(state, parts, media, async |_| Ok((parameters, None))).await
}

/// A query or mutation in the body.
pub async fn post(State(state): State<HttpState>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let Some(media) = negotiate(&parts.headers) else { return not_acceptable(&state, &parts) };
    let content_type =
        parts.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let mut kind = content_type.split(';').map(str::trim);
    let essence = kind.next().unwrap_or_default().to_ascii_lowercase();
    let charset_ok = kind.filter_map(|p| p.split_once('=')).all(|(name, value)| {
        !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    match essence.as_str() {
        "application/json" if charset_ok => {
            run(state, parts, media, async |_| json_body(body).await.map(|parameters| (parameters, None)))
                .await
        }
        "multipart/form-data" => {
            let spool = state.app.spool.clone();
            run(state, parts, media, async |_| {
                let limits = UploadLimits::default();
                let multipart = read_multipart(&content_type, body.into_data_stream(), &limits, &spool)
                    .await
                    .map_err(|error| {
                        let code = ErrorCode::from_name(error.code()).unwrap_or(ErrorCode::UploadInvalid);
                        ApiError::new(code, error.to_string())
                    })?;
                let (operations, uploads) = multipart.bind();
                let parameters = serde_json::from_value(operations)
                    .map_err(|_| bad("operations is no GraphQL request."))?;
                Ok((parameters, Some(uploads)))
            })
            .await
        }
        _ => {
            let error = bad("Send application/json in UTF-8, or multipart/form-data for uploads.");
            let mut response = refuse(&state, &parts, media, &error);
            *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            response
        }
    }
}

async fn json_body(body: Body) -> Result<Parameters, ApiError> {
    let body = http_body_util::Limited::new(body, MAX_BODY).collect().await.map_err(|_| {
        ApiError::new(ErrorCode::LimitExceeded, "The request is larger than 1 MiB, or was cut off.")
    })?;
    let value: serde_json::Value =
        serde_json::from_slice(&body.to_bytes()).map_err(|_| bad("The body is not well-formed JSON."))?;
    if value.is_array() {
        return Err(bad("Batches are not accepted: send one request at a time."));
    }
    serde_json::from_value(value).map_err(|error| bad(format!("The body is no GraphQL request: {error}.")))
}

type Read = (Parameters, Option<crate::graphql::upload::Uploads>);

/// Authenticates, only then reads, then executes.
async fn run(
    state: HttpState,
    parts: Parts,
    media: Media,
    read: impl AsyncFnOnce(&Ctx) -> Result<Read, ApiError>,
) -> Response {
    let path_vendor =
        parts.uri.path().strip_prefix("/vendors/").and_then(|rest| rest.strip_suffix("/graphql"));
    let ctx = match super::auth::context(&state.app, &parts, path_vendor).await {
        Ok(ctx) => ctx,
        Err(error) => return refuse(&state, &parts, media, &error),
    };
    let (parameters, uploads) = match read(&ctx).await {
        Ok(read) => read,
        Err(error) => return refuse(&state, &parts, media, &error),
    };
    let reuse = super::cache::Lookup::new(&state.app, &ctx, media == Media::GraphQl, &parameters);
    if let Some(reuse) = &reuse
        && let Some(body) = reuse.find(&state.app).await
    {
        return respond(media, StatusCode::OK, body, PUBLIC_CACHE, &[("x-cache", "hit")]);
    }
    let request = match prepare(parameters, &parts.method) {
        Ok(request) => request,
        Err(error) => return refuse(&state, &parts, media, &error),
    };
    let mut request = match uploads {
        Some(uploads) => request.data(uploads),
        None => request,
    };
    let public = matches!(ctx.actor(), Actor::Anonymous) && super::cache::is_public_read(&mut request);
    if public {
        ctx.allow_replica();
    }
    let reuse = reuse.filter(|_| public);
    let response = execute(&state, &ctx, request).await;
    let whole = response.is_ok();
    let (status, body, headers) = answer(media, response);
    let caching = if matches!(ctx.actor(), Actor::Anonymous) { PUBLIC_CACHE } else { "private, no-store" };
    if let Some(reuse) = reuse.filter(|_| whole) {
        reuse.store(&state.app, body.clone()).await;
    }
    let mut answer = respond(media, status, body, caching, &[]);
    for (name, value) in &headers {
        answer.headers_mut().append(name.clone(), value.clone());
    }
    answer
}

const PUBLIC_CACHE: &str = "no-cache";

fn respond(
    media: Media,
    status: StatusCode,
    body: bytes::Bytes,
    caching: &'static str,
    more: &[(&'static str, &'static str)],
) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type(media));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers
        .insert(header::VARY, HeaderValue::from_static("Accept, Accept-Language, Authorization, X-Vendor"));
    for (name, value) in more {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    response
}

/// The request, checked as far as it can be without executing it.
pub(super) fn prepare(parameters: Parameters, method: &Method) -> Result<Request, ApiError> {
    let query = parameters.query.ok_or_else(|| bad("The request has no query.").at("query"))?;
    check_document(&query)?;
    let variables = match parameters.variables {
        None | Some(serde_json::Value::Null) => Variables::default(),
        Some(object @ serde_json::Value::Object(_)) => Variables::from_json(object),
        Some(_) => return Err(bad("variables is not an object.").at("variables")),
    };
    if parameters.extensions.is_some_and(|extensions| !extensions.is_object() && !extensions.is_null()) {
        return Err(bad("extensions is not an object.").at("extensions"));
    }
    let mut request = Request::new(query).variables(variables);
    if let Some(name) = parameters.operation_name {
        request = request.operation_name(name);
    }
    if method == Method::GET && is_no_query(&mut request) {
        return Err(ApiError::new(ErrorCode::BadRequest, "GET is for queries only.").at("method"));
    }
    Ok(request)
}

/// Bounds what the parser gets to see: bytes, and brackets within brackets.
pub fn check_document(query: &str) -> Result<(), ApiError> {
    if query.len() > MAX_DOCUMENT {
        return Err(
            ApiError::new(ErrorCode::LimitExceeded, "The document is longer than 100,000 bytes.").at("query")
        );
    }
    let mut depth = 0usize;
    for byte in query.bytes() {
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(
                ApiError::new(ErrorCode::LimitExceeded, "The document is nested too deeply.").at("query")
            );
        }
    }
    Ok(())
}

fn is_no_query(request: &mut Request) -> bool {
    use async_graphql::parser::types::{DocumentOperations, OperationType};
    let name = request.operation_name.clone();
    let Ok(document) = request.parsed_query() else { return false };
    let operation = match &document.operations {
        DocumentOperations::Single(operation) => Some(operation),
        DocumentOperations::Multiple(operations) => match name {
            Some(name) => operations.get(name.as_str()),
            // A single operation with a name of its own runs without being named.
            None => operations.values().find(|operation| operation.node.ty != OperationType::Query),
        },
    };
    operation.is_some_and(|operation| operation.node.ty != OperationType::Query)
}

/// Executes one request; a panic becomes `INTERNAL`. The snapshot that it read from is ended.
pub async fn execute(state: &HttpState, ctx: &Ctx, request: Request) -> GraphQlResponse {
    let execution = AssertUnwindSafe(drive(state.schema.execute(request.data(ctx.clone())))).catch_unwind();
    let response = match execution.await {
        Ok(response) => response,
        Err(panic) => {
            let text = panic
                .downcast_ref::<&str>()
                .copied()
                .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
            tracing::error!(request_id = ctx.request_id(), panic = text.unwrap_or("?"), "a request panicked");
            let error = ApiError::new(ErrorCode::Internal, "Something went wrong on our side.").extend(ctx);
            GraphQlResponse::from_errors(vec![error.into_server_error(async_graphql::Pos::default())])
        }
    };
    let ended = ctx.clone();
    tokio::spawn(async move { ended.end_reads().await });
    finish(state, ctx, response)
}

/// Gives every error its code and the request's id, and the answer its extensions.
pub fn finish(state: &HttpState, ctx: &Ctx, mut response: GraphQlResponse) -> GraphQlResponse {
    for error in &mut response.errors {
        complete(error, ctx);
    }
    if ctx.replayed() {
        response.extensions.insert("idempotentReplay".into(), true.into());
    }
    if !state.app.config.is_production() {
        response.extensions.insert("statements".into(), ctx.stats().statements().into());
        response.extensions.insert("lookups".into(), ctx.stats().lookups().into());
    }
    response
}

fn complete(error: &mut ServerError, ctx: &Ctx) {
    let extensions = error.extensions.get_or_insert_default();
    let code = match extensions.get("code") {
        Some(async_graphql::Value::String(code)) => ErrorCode::from_name(code),
        _ => None,
    };
    let code = code.unwrap_or(ErrorCode::ValidationError);
    extensions.set("code", code.name());
    extensions.set("status", i32::from(code.status()));
    extensions.set("requestId", ctx.request_id());
    extensions.set("timestamp", ctx.now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
}

fn answer(media: Media, response: GraphQlResponse) -> (StatusCode, bytes::Bytes, HeaderMap) {
    // A request that could not be executed at all: 4xx in the new media type, 200 in the old one (GraphQL over HTTP 6.4).
    let no_data = response.data == async_graphql::Value::Null && response.is_err();
    let request_error = no_data && response.errors.iter().all(|error| error.path.is_empty());
    let status = match media {
        Media::GraphQl if request_error => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    };
    (status, serde_json::to_vec(&response).unwrap_or_default().into(), response.http_headers)
}

fn content_type(media: Media) -> HeaderValue {
    HeaderValue::from_static(match media {
        Media::GraphQl => GRAPHQL_JSON,
        Media::Json => JSON,
    })
}

/// The media type to answer in; `None` if the client accepts neither. Without `Accept` the old one is meant.
fn negotiate(headers: &HeaderMap) -> Option<Media> {
    let mut values = headers.get_all(header::ACCEPT).iter().peekable();
    if values.peek().is_none() {
        return Some(Media::Json);
    }
    let mut best: Option<(f32, Media)> = None;
    for part in values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')) {
        let mut pieces = part.split(';').map(str::trim);
        let media = match pieces.next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "application/graphql-response+json" => Media::GraphQl,
            "application/json" | "*/*" | "application/*" | "" => Media::Json,
            _ => continue,
        };
        let quality = pieces.find_map(|p| p.strip_prefix("q=")).and_then(|q| q.parse().ok()).unwrap_or(1.0);
        if quality > 0.0 && best.is_none_or(|(known, _)| quality > known) {
            best = Some((quality, media));
        }
    }
    best.map(|(_, media)| media)
}

fn bad(message: impl Into<std::borrow::Cow<'static, str>>) -> ApiError {
    ApiError::new(ErrorCode::BadRequest, message)
}

fn not_acceptable(state: &HttpState, parts: &Parts) -> Response {
    let error = bad("The answer is application/graphql-response+json or application/json.");
    let mut response = refuse(state, parts, Media::Json, &error);
    *response.status_mut() = StatusCode::NOT_ACCEPTABLE;
    response
}

/// The answer to a request that is not executed: `errors` alone, with the status of its code.
fn refuse(state: &HttpState, parts: &Parts, media: Media, error: &ApiError) -> Response {
    let request_id = super::error::request_id(&parts.headers);
    let now = state.app.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let mut extensions = serde_json::json!({
        "code": error.code.name(), "status": error.code.status(), "requestId": request_id, "timestamp": now,
    });
    if let Some(field) = &error.field {
        extensions["details"] = serde_json::json!({ "field": field });
    }
    let body = serde_json::json!({ "errors": [{ "message": error.message, "extensions": extensions }] });
    let mut status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
    if error.field.as_deref() == Some("method") {
        status = StatusCode::METHOD_NOT_ALLOWED;
    }
    let mut response = (status, body.to_string()).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, content_type(media));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}
