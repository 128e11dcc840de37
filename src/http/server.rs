//! Listening, what wraps every request, and going down in order.

use std::time::Instant;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::app::App;
use crate::config::Config;
use crate::framework::clock::new_uuid;

/// The outermost layer: gives the request its id, opens its span, and writes id and time onto the answer.
pub async fn outermost(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let given = request.headers().get("x-request-id").and_then(|value| value.to_str().ok());
    let id = match given {
        Some(id) if is_request_id(id) => id.to_owned(),
        _ => new_uuid().simple().to_string(),
    };
    let value = HeaderValue::from_str(&id).unwrap_or_else(|_| HeaderValue::from_static("invalid"));
    request.headers_mut().insert("x-request-id", value.clone());
    let span = tracing::info_span!("request", id, method = %request.method(), path = request.uri().path());
    let mut response = tracing::Instrument::instrument(next.run(request), span.clone()).await;
    let elapsed = started.elapsed();
    span.in_scope(|| {
        tracing::debug!(status = response.status().as_u16(), ms = elapsed.as_millis() as u64, "answered")
    });
    let headers = response.headers_mut();
    headers.insert("x-request-id", value);
    if let Ok(time) = HeaderValue::from_str(&format!("{:.6}", elapsed.as_secs_f64())) {
        headers.insert("x-process-time", time);
    }
    response
}

fn is_request_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Cross-origin requests: any origin outside production, where storefronts run on ports of a developer's machine.
pub fn cors(config: &Config) -> CorsLayer {
    let layer = CorsLayer::new()
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT_LANGUAGE,
            HeaderName::from_static("x-vendor"),
            HeaderName::from_static("x-request-id"),
        ])
        .expose_headers([HeaderName::from_static("x-request-id"), HeaderName::from_static("x-process-time")]);
    if config.is_production() { layer } else { layer.allow_origin(AllowOrigin::any()) }
}

/// Serves until `stop` resolves, then lets running requests end.
pub async fn serve(
    app: App,
    listener: tokio::net::TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let service = super::router(app).into_make_service_with_connect_info::<std::net::SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(stop).await
}
