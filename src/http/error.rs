//! How plain HTTP answers say what went wrong: the same words as GraphQL's, as `facts` E wants them.

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::framework::error::{ApiError, ErrorCode};

/// The request's id as [`super::server::outermost`] has set it.
pub fn request_id(headers: &HeaderMap) -> &str {
    headers.get("x-request-id").and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// An error of a plain endpoint: `detail`, `error_code`, `status_code`, `timestamp`, `request_id`.
pub fn plain(error: &ApiError, request_id: &str, now: chrono::DateTime<chrono::Utc>) -> Response {
    let status = error.code.status();
    let body = json!({
        "detail": error.message,
        "error_code": error.code.name(),
        "status_code": status,
        "timestamp": now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        "request_id": request_id,
    });
    (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), Json(body)).into_response()
}

/// No such endpoint.
pub async fn not_found(
    axum::extract::State(state): axum::extract::State<super::HttpState>,
    headers: HeaderMap,
) -> Response {
    let error = ApiError::new(ErrorCode::NotFound, "There is no such address here; the API is at /graphql.");
    plain(&error, request_id(&headers), state.app.clock.now())
}
