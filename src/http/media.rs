//! Files of the local store: a vendor's pictures.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::HttpState;

/// Serves `/media/<vendor code>/<key>`. Names are made by us and never reused, so clients may keep them for ever.
pub async fn serve(
    State(state): State<HttpState>,
    Path((vendor, key)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let plain = |text: &str, extra: &[u8]| {
        !text.is_empty()
            && text.len() <= 100
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || extra.contains(&b))
    };
    let content_type = match key.rsplit_once('.').map(|(_, extension)| extension) {
        Some("png") => "image/png",
        Some("jpg") => "image/jpeg",
        Some("webp") => "image/webp",
        _ => "",
    };
    if content_type.is_empty() || !plain(&vendor, b"_-") || !plain(&key, b"_-.") || key.contains("..") {
        return super::error::not_found(State(state), headers).await;
    }
    let path = state.app.config.data_dir.join("media").join(vendor.to_lowercase()).join(&key);
    match tokio::fs::read(path).await {
        Ok(bytes) => (
            StatusCode::OK,
            [
                (header::CONTENT_TYPE, content_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ],
            bytes,
        )
            .into_response(),
        Err(_) => super::error::not_found(State(state), headers).await,
    }
}
