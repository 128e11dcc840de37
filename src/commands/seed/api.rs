//! The API, asked from inside the process: the demo is made as a client would make it.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::CommandError;
use crate::app::App;

/// Somebody who asks.
#[derive(Clone)]
pub struct Api {
    router: Router,
    vendor: Option<String>,
    token: Option<String>,
}

impl Api {
    /// Nobody in particular.
    pub fn new(app: &App) -> Self {
        Self { router: crate::http::router(app.clone()), vendor: None, token: None }
    }

    /// In a vendor's context.
    pub fn at(&self, vendor: &str) -> Self {
        Self { vendor: Some(vendor.to_owned()), token: None, router: self.router.clone() }
    }

    /// With an access token.
    pub fn with_token(&self, token: &Value) -> Self {
        Self { token: token.as_str().map(str::to_owned), ..self.clone() }
    }

    /// Runs a document with one root field; gives that field. Errors and user errors are failures.
    pub async fn run(&self, query: &str, input: Value) -> Result<Value, CommandError> {
        let body = json!({ "query": query, "variables": { "input": input } }).to_string();
        let mut request = Request::post("/graphql").header("content-type", "application/json");
        if let Some(vendor) = &self.vendor {
            request = request.header("x-vendor", vendor);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body))?).await?;
        let bytes = response.into_body().collect().await?.to_bytes();
        let mut answer: Value = serde_json::from_slice(&bytes)?;
        if !answer["errors"].is_null() {
            return Err(format!("{query}: {}", answer["errors"]).into());
        }
        let data = answer["data"].take();
        let Value::Object(fields) = data else { return Err(format!("{query}: no data").into()) };
        let field = fields.into_iter().next().map(|(_, field)| field).unwrap_or_default();
        match field["userErrors"].as_array() {
            Some(errors) if !errors.is_empty() => Err(format!("{query}: {}", field["userErrors"]).into()),
            _ => Ok(field),
        }
    }
}
