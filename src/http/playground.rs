//! GraphiQL at `/`, loaded from a CDN; the page says so.

use axum::http::header;
use axum::response::{Html, IntoResponse};

/// The page.
pub async fn page() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-cache")], Html(PAGE))
}

const PAGE: &str = include_str!("playground.html");
