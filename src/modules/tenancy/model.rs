//! A vendor's row, and what is made of it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::framework::context::{Actor, VendorContext};
use crate::framework::db::{Array, DbError};
use crate::framework::id::VendorId;

use super::rules::Host;

crate::row! {
    /// A vendor, as stored.
    pub struct VendorRow {
        pub id: VendorId,
        pub code: String,
        pub name: String,
        pub subdomain: String,
        pub verified: bool,
        pub active: bool,
        pub currency_code: String,
        pub prices_include_tax: bool,
        pub country_code: String,
        pub default_language: String,
        pub languages: Array<String>,
        pub time_zone: String,
        pub guest_checkout: bool,
        pub shown_quantity_cap: Option<i32>,
        pub ships_to: Array<String>,
        pub order_prefix: String,
        pub online_payment_minutes: i32,
        pub manual_payment_minutes: i32,
        pub contact_email: Option<String>,
        pub description: Option<String>,
        pub legal: Value,
        pub theme: Value,
        pub clients: Value,
        pub created_at: DateTime<Utc>,
        pub version: i32,
    }
}

/// The columns of [`VendorRow`].
pub(super) const COLUMNS: &str = "id, code, name, subdomain, verified, active, currency_code, prices_include_tax, \
    country_code, default_language, languages, time_zone, guest_checkout, shown_quantity_cap, ships_to, order_prefix, \
    online_payment_minutes, manual_payment_minutes, contact_email, description, legal, theme, clients, created_at, version";

impl VendorRow {
    /// The context that requests carry. Fails where the row holds a currency or time zone that this build does not know.
    pub fn into_context(self) -> Result<Arc<VendorContext>, DbError> {
        let unknown = |what: &str| DbError::Internal(format!("vendor {}: unknown {what}", self.code));
        Ok(Arc::new(VendorContext {
            currency: self.currency_code.parse().map_err(|_| unknown("currency"))?,
            time_zone: self.time_zone.parse().map_err(|_| unknown("time zone"))?,
            id: self.id,
            code: self.code,
            name: self.name,
            subdomain: self.subdomain,
            verified: self.verified,
            active: self.active,
            prices_include_tax: self.prices_include_tax,
            country: self.country_code,
            default_language: self.default_language,
            languages: self.languages.0,
            guest_checkout: self.guest_checkout,
            shown_quantity_cap: self.shown_quantity_cap,
            ships_to: self.ships_to.0,
            order_prefix: self.order_prefix,
            online_payment_minutes: self.online_payment_minutes,
            manual_payment_minutes: self.manual_payment_minutes,
            contact_email: self.contact_email,
            description: self.description,
            legal: self.legal,
            theme: self.theme,
            clients: self.clients,
            created_at: self.created_at,
            version: self.version,
        }))
    }
}

/// Which of the platform's sides a request is for; in every request's log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextType {
    /// No vendor is named.
    Api,
    /// The platform's own side.
    Admin,
    /// A vendor's team.
    Vendor,
    /// A vendor's shop.
    Shop,
}

impl ContextType {
    /// From the host, who asks, and whether a vendor was named.
    pub fn of(host: &Host, actor: &Actor, vendor_named: bool) -> Self {
        match (actor, host) {
            (Actor::Admin(_), _) => Self::Admin,
            (_, Host::Reserved(label)) if label == "admin" => Self::Admin,
            (Actor::Team(_), _) => Self::Vendor,
            _ if vendor_named => Self::Shop,
            _ => Self::Api,
        }
    }
    /// For logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Admin => "admin",
            Self::Vendor => "vendor",
            Self::Shop => "shop",
        }
    }
}
