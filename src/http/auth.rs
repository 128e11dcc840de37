//! Who asks, and in whose vendor: from a request's parts to its [`Ctx`].

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::ConnectInfo;
use http::HeaderMap;
use http::request::Parts;

use crate::app::App;
use crate::framework::context::{Actor, Ctx, RequestMeta, Stats, VendorContext};
use crate::framework::error::{ApiError, ErrorCode};
use crate::framework::id::VendorId;
use crate::framework::secret::Claims;
use crate::modules::identity::{self, service::authenticate};
use crate::modules::tenancy::model::ContextType;
use crate::modules::tenancy::{self, RequestHints};

/// The longest access token that is looked at.
const MAX_TOKEN: usize = 4_096;
/// How many languages of an `Accept-Language` header are kept.
const MAX_LANGUAGES: usize = 16;

/// The context of a request. `path_vendor` is the code of `/vendors/{code}/graphql`.
///
/// Errors: `INVALID_TOKEN`, `TOKEN_EXPIRED`, `USER_NOT_ACTIVE` for the credential; `VENDOR_NOT_FOUND`,
/// `VENDOR_NOT_ACTIVE`, `UNAUTHORIZED_VENDOR_ACCESS` for the vendor; `UNAVAILABLE` where the database does not answer.
pub async fn context(app: &App, parts: &Parts, path_vendor: Option<&str>) -> Result<Ctx, ApiError> {
    let meta = meta(parts);
    let token = bearer(&parts.headers)?;
    context_from_token(app, meta, hints(parts, path_vendor), token.as_deref()).await
}

/// The same from what is known already: for a WebSocket, whose token comes with `connection_init`.
pub async fn context_from_token(
    app: &App,
    meta: RequestMeta,
    mut hints: RequestHints,
    token: Option<&str>,
) -> Result<Ctx, ApiError> {
    let stats = Arc::<Stats>::default();
    let claims = match token {
        Some(token) if token.len() > MAX_TOKEN => return Err(identity::rules::invalid_token()),
        Some(token) => Some(app.secrets.verify(token, app.clock.now())?),
        None => None,
    };
    hints.token_vendor = claims.as_ref().and_then(|claims| claims.vnd).map(VendorId::from_uuid);
    let vendor = match tenancy::resolve(app, &stats, &hints).await {
        Ok(vendor) => vendor,
        Err(error) => {
            if let (ErrorCode::UnauthorizedVendorAccess, Some(claims)) = (error.code, &claims) {
                authenticate::audit_mismatch(app, claims, &meta);
            }
            return Err(error);
        }
    };
    let actor = match claims {
        Some(claims) => authenticated(app, &stats, &claims, vendor.as_ref()).await?,
        None => Actor::Anonymous,
    };
    let context_type = ContextType::of(&hints.host(app), &actor, vendor.is_some());
    tracing::debug!(
        request_id = %meta.request_id,
        context = context_type.as_str(),
        vendor = vendor.as_ref().map(|vendor| vendor.code.as_str()),
        actor = actor.kind(),
        "request context"
    );
    Ok(Ctx::new(app.clone(), vendor, actor, meta))
}

async fn authenticated(
    app: &App,
    stats: &Arc<Stats>,
    claims: &Claims,
    vendor: Option<&Arc<VendorContext>>,
) -> Result<Actor, ApiError> {
    let actor = authenticate::actor(app, stats, claims).await?;
    if let (Actor::Team(_) | Actor::Customer(_), Some(vendor)) = (&actor, vendor)
        && !vendor.active
    {
        return Err(ApiError::new(ErrorCode::VendorNotActive, "The vendor has been deactivated."));
    }
    Ok(actor)
}

/// What came with a request besides its body: id, address, program, languages.
pub fn meta(parts: &Parts) -> RequestMeta {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    RequestMeta {
        request_id: super::error::request_id(&parts.headers).to_owned(),
        ip: parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(at)| at.ip().to_string()),
        user_agent: header("user-agent").map(|agent| agent.chars().take(300).collect()),
        languages: header("accept-language").map(languages).unwrap_or_default(),
        cookies: false,
    }
}

/// The parts of a request that can name a vendor.
pub fn hints(parts: &Parts, path_vendor: Option<&str>) -> RequestHints {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    RequestHints {
        // HTTP/2 has no Host header; its :authority is the URI's.
        host: header("host")
            .or_else(|| parts.uri.authority().map(|authority| authority.as_str()))
            .map(str::to_owned),
        path_vendor: path_vendor.map(str::to_owned),
        header_vendor: header("x-vendor").map(str::to_owned),
        token_vendor: None,
    }
}

/// The bearer token. Any other credential is refused, because it was meant to be one.
fn bearer(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(http::header::AUTHORIZATION) else { return Ok(None) };
    let token = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match token {
        Some((_, token)) if !token.trim().is_empty() => Ok(Some(token.trim().to_owned())),
        _ => Err(ApiError::new(
            ErrorCode::InvalidToken,
            "The Authorization header must be `Bearer` and an access token.",
        )),
    }
}

/// The languages of an `Accept-Language` header, best first, without wildcards and those of weight 0; at most 16.
pub fn languages(header: &str) -> Vec<String> {
    let mut weighted: Vec<(u32, String)> = header
        .split(',')
        .take(MAX_LANGUAGES * 2)
        .filter_map(|part| {
            let mut fields = part.split(';').map(str::trim);
            let tag = fields.next()?;
            let good = (2..=35).contains(&tag.len())
                && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            let weight = match fields.find_map(|field| field.strip_prefix("q=")) {
                Some(weight) => weight.parse::<f32>().ok().filter(|weight| (0.0..=1.0).contains(weight))?,
                None => 1.0,
            };
            // Thousandths, the finest weight that HTTP knows.
            let weight = (weight * 1_000.0) as u32;
            (good && weight > 0).then(|| (weight, tag.to_owned()))
        })
        .collect();
    // Stable: of equal weight, the first named is the better one.
    weighted.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    weighted.into_iter().take(MAX_LANGUAGES).map(|(_, tag)| tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_come_best_first() {
        for (header, expected) in [
            ("fr-LU, fr;q=0.9, en;q=0.8, *;q=0.5", vec!["fr-LU", "fr", "en"]),
            ("en;q=0.1,de", vec!["de", "en"]),
            ("lb;q=0, de;q=0.3", vec!["de"]),
            ("de;q=2, fr;q=x, en", vec!["en"]),
            ("", vec![]),
            (";;;,,,", vec![]),
            ("é, <script>", vec![]),
        ] {
            assert_eq!(languages(header), expected, "{header:?}");
        }
        assert_eq!(languages(&"aa,".repeat(10_000)).len(), MAX_LANGUAGES);
    }

    #[test]
    fn only_bearer_tokens_are_credentials() {
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::AUTHORIZATION, value.parse().unwrap());
            bearer(&headers).map_err(|error| error.code)
        };
        assert_eq!(read("Bearer abc"), Ok(Some("abc".to_owned())));
        assert_eq!(read("bearer  abc "), Ok(Some("abc".to_owned())));
        for value in ["Basic YTpi", "Bearer", "Bearer ", "abc"] {
            assert_eq!(read(value), Err(ErrorCode::InvalidToken), "{value:?}");
        }
        assert_eq!(bearer(&HeaderMap::new()).map_err(|error| error.code), Ok(None));
    }
}
