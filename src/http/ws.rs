//! Websockets.

use axum::extract::WebSocketUpgrade;
use axum::http::{StatusCode, request::Parts};
use axum::response::{IntoResponse, Response};

/// GraphQL over a websocket.
pub async fn graphql_ws(_state: super::HttpState, _parts: Parts, _upgrade: WebSocketUpgrade) -> Response {
    StatusCode::NOT_IMPLEMENTED.into_response()
}
