//! From what came with a request to the vendor that it means.

use std::sync::Arc;

use crate::app::App;
use crate::framework::context::{Stats, VendorContext};
use crate::framework::error::{ApiError, ErrorCode};
use crate::framework::id::VendorId;

use super::cache::VendorKey;
use super::rules::{self, By, Host, Named};

/// The parts of a request that can name a vendor.
#[derive(Debug, Clone, Default)]
pub struct RequestHints {
    /// The `Host` header (or `:authority`).
    pub host: Option<String>,
    /// The code in the path `/vendors/{code}/graphql`; not in production.
    pub path_vendor: Option<String>,
    /// The code in the header `X-Vendor`.
    pub header_vendor: Option<String>,
    /// The vendor that the access token was made for.
    pub token_vendor: Option<VendorId>,
}

impl RequestHints {
    /// What the host says.
    pub fn host(&self, app: &App) -> Host {
        Host::parse(self.host.as_deref(), &app.config.platform_domain)
    }
}

/// The vendor that a request means: verified custom domain, else subdomain, path, `X-Vendor`, token. `None` where it
/// names none. `VENDOR_NOT_FOUND` for an unknown name, `UNAUTHORIZED_VENDOR_ACCESS` where two names disagree. A vendor
/// that is inactive or unverified is found; what it may be used for is the use case's to say.
pub async fn resolve(
    app: &App,
    stats: &Arc<Stats>,
    hints: &RequestHints,
) -> Result<Option<Arc<VendorContext>>, ApiError> {
    if hints.path_vendor.is_some() && app.config.is_production() {
        return Err(ApiError::new(ErrorCode::NotFound, "There is nothing at this address."));
    }
    let host = hints.host(app);
    let mut found = Vec::new();
    match &host {
        Host::Neutral | Host::Reserved(_) => {}
        Host::Unknown => return Err(refusal(ErrorCode::VendorNotFound)),
        Host::Subdomain(label) => found.push((By::Subdomain, Some(VendorKey::Subdomain(label.clone())))),
        Host::Domain(domain) => found.push((By::Domain, Some(VendorKey::Domain(domain.clone())))),
    }
    for (by, code) in [(By::Path, &hints.path_vendor), (By::Header, &hints.header_vendor)] {
        // An empty header is one that a proxy or a form left over, not a name.
        if let Some(code) = code.as_deref().map(str::trim).filter(|code| !code.is_empty()) {
            let code = code.to_ascii_uppercase();
            found.push((by, rules::is_code(&code).then_some(VendorKey::Code(code))));
        }
    }
    if let Some(id) = hints.token_vendor {
        found.push((By::Token, Some(VendorKey::Id(id))));
    }
    let mut named = Vec::with_capacity(found.len());
    let mut vendors = Vec::with_capacity(found.len());
    for (by, key) in found {
        let vendor = match key {
            Some(key) => app.vendors.get(&app.db, stats, key).await?,
            None => None,
        };
        // A foreign domain that is nobody's (yet) may be any name of this server: it says nothing.
        if by == By::Domain && vendor.is_none() {
            continue;
        }
        named.push(Named { by, vendor: vendor.as_ref().map(|vendor| vendor.id) });
        vendors.extend(vendor);
    }
    let platform_host = matches!(&host, Host::Reserved(label) if label == "admin");
    let id = rules::decide(named, platform_host).map_err(refusal)?;
    Ok(vendors.into_iter().find(|vendor| Some(vendor.id) == id))
}

fn refusal(code: ErrorCode) -> ApiError {
    let message = match code {
        ErrorCode::VendorNotFound => "There is no such vendor.",
        ErrorCode::InvalidToken => "The token is not valid.",
        _ => "The request names two vendors: host, path, X-Vendor and token must agree.",
    };
    ApiError::new(code, message)
}
