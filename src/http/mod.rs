//! The router and its few endpoints.

pub mod auth;
pub mod cache;
pub mod error;
pub mod graphql;
pub mod health;
pub mod media;
pub mod multipart;
pub mod playground;
pub mod server;
pub mod ws;

use axum::Router;
use axum::routing::get;

use crate::app::App;
use crate::graphql::schema::{self, OrionSchema};

/// What every handler gets.
#[derive(Clone)]
pub struct HttpState {
    /// The application.
    pub app: App,
    /// The schema, for requests with one answer.
    pub schema: OrionSchema,
    /// The schema, for connections that stay open.
    pub live: OrionSchema,
}

/// The router. In production the path mode of naming a vendor is absent.
pub fn router(app: App) -> Router {
    let (schema, live) = (schema::build(), schema::build_live());
    let state = HttpState { app: app.clone(), schema, live };
    let mut router = Router::new()
        .route("/", get(playground::page))
        .route("/graphql", get(graphql::get).post(graphql::post).fallback(graphql::method_not_allowed))
        .route("/health", get(health::aggregate))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/media/{vendor}/{key}", get(media::serve));
    if !app.config.is_production() {
        router = router.route(
            "/vendors/{code}/graphql",
            get(graphql::get).post(graphql::post).fallback(graphql::method_not_allowed),
        );
    }
    router
        .fallback(error::not_found)
        .layer(axum::middleware::from_fn(server::outermost))
        .layer(server::cors(&app.config))
        .with_state(state)
}
