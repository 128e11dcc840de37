//! Whether this process lives, is ready, and how its parts are.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::HttpState;

/// 200 as long as the process answers.
pub async fn live() -> &'static str {
    "ok"
}

/// 200 when requests can be served; 503 while the database does not answer.
pub async fn ready(State(state): State<HttpState>) -> Response {
    match state.app.db.ping().await {
        Ok(()) => "ok".into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer").into_response(),
    }
}

/// Every part with its state.
pub async fn aggregate(State(state): State<HttpState>) -> Response {
    let database = state.app.db.ping().await.is_ok();
    let word = |well: bool| if well { "healthy" } else { "unhealthy" };
    let body = json!({ "status": word(database), "components": { "database": word(database) } });
    let status = if database { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(body)).into_response()
}
