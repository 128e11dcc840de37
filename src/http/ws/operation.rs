//! One operation on a connection.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::parser::types::{DocumentOperations, OperationType, Selection};
use async_graphql::{Request, Response, Value as GraphQlValue};
use axum::http::request::Parts;
use futures::{FutureExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::app::App;
use crate::framework::batch::drive_stream;
use crate::framework::context::Ctx;
use crate::framework::error::{ApiError, ErrorCode};
use crate::graphql::live::{Live, Renew};
use crate::http::HttpState;
use crate::http::graphql::{Parameters, finish, prepare as prepare_request};

/// What an operation has to say.
pub(super) struct Output {
    /// Its id, and which use of the id.
    pub operation: (String, u64),
    /// The message, ready to be sent.
    pub message: Value,
    /// Whether the operation is over.
    pub last: bool,
}

/// Who asks, by the parts of the request as `connection_init` completed them.
pub(super) async fn context(app: &App, parts: &Parts) -> Result<Ctx, ApiError> {
    let path_vendor =
        parts.uri.path().strip_prefix("/vendors/").and_then(|rest| rest.strip_suffix("/graphql"));
    crate::http::auth::context(app, parts, path_vendor).await
}

/// The request in a `subscribe` message. A subscription selects one field (GraphQL 5.2.3.1), and selects it directly.
pub(super) fn prepare(payload: Value) -> Result<Request, ApiError> {
    let parameters: Parameters = serde_json::from_value(payload).map_err(|error| {
        ApiError::new(ErrorCode::BadRequest, format!("The payload is no GraphQL request: {error}."))
    })?;
    let mut request = prepare_request(parameters, &http::Method::POST)?;
    let name = request.operation_name.clone();
    // What cannot be parsed is reported by the execution.
    let Ok(document) = request.parsed_query() else { return Ok(request) };
    let operation = match &document.operations {
        DocumentOperations::Single(operation) => Some(operation),
        DocumentOperations::Multiple(operations) => name.and_then(|name| operations.get(name.as_str())),
    };
    if let Some(operation) = operation
        && operation.node.ty == OperationType::Subscription
        && !matches!(&operation.node.selection_set.node.items[..], [one] if matches!(one.node, Selection::Field(_)))
    {
        return Err(ApiError::new(ErrorCode::ValidationError, "A subscription selects exactly one field.")
            .at("query"));
    }
    Ok(request)
}

/// The payload of an `error` message.
pub(super) fn errors(ctx: &Ctx, error: ApiError) -> Value {
    let error = error.extend(ctx).into_server_error(async_graphql::Pos::default());
    json!([error])
}

/// Runs the operation to its end, or until it is dropped.
pub(super) async fn run(
    state: HttpState,
    parts: Parts,
    ctx: Ctx,
    request: Request,
    outputs: mpsc::Sender<Output>,
    operation: (String, u64),
) {
    let app = state.app.clone();
    let renew: Renew = Arc::new(move || {
        let (app, parts) = (app.clone(), parts.clone());
        async move { context(&app, &parts).await }.boxed()
    });
    let live = Live::new(ctx.clone(), renew);
    let mut responses = drive_stream(state.live.execute_stream(request.data(ctx).data(live.clone())));
    let id = operation.0.clone();
    loop {
        let next = AssertUnwindSafe(responses.next()).catch_unwind().await;
        let ctx = live.current();
        // Whatever the message was read from is given back before anybody waits for the client.
        ctx.end_reads().await;
        let (message, last) = match next {
            Ok(Some(response)) => said(&id, finish(&state, &ctx, response)),
            Ok(None) => (json!({ "id": id, "type": "complete" }), true),
            Err(_) => {
                tracing::error!(request_id = ctx.request_id(), "an operation on a websocket panicked");
                let error = ApiError::new(ErrorCode::Internal, "Something went wrong on our side.");
                (json!({ "id": id, "type": "error", "payload": errors(&ctx, error) }), true)
            }
        };
        if outputs.send(Output { operation: operation.clone(), message, last }).await.is_err() || last {
            return;
        }
    }
}

/// A result; or, where there is none but errors, the operation's end.
fn said(id: &str, response: Response) -> (Value, bool) {
    if response.data == GraphQlValue::Null && !response.errors.is_empty() {
        return (json!({ "id": id, "type": "error", "payload": response.errors }), true);
    }
    (json!({ "id": id, "type": "next", "payload": response }), false)
}
