//! Who asks.

use axum::http::request::Parts;

use crate::app::App;
use crate::framework::context::{Actor, Ctx, RequestMeta};
use crate::framework::error::ApiError;

/// The context of a request.
pub async fn context(app: &App, parts: &Parts, _path_vendor: Option<&str>) -> Result<Ctx, ApiError> {
    let meta =
        RequestMeta { request_id: super::error::request_id(&parts.headers).to_owned(), ..Default::default() };
    Ok(Ctx::new(app.clone(), None, Actor::Anonymous, meta))
}
