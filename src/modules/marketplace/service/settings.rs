//! What of the vendor decides how feeds are read and published.

use std::sync::Arc;

use chrono_tz::Tz;

use crate::app::App;
use crate::framework::context::{Grant, VendorContext};
use crate::framework::db::{DbError, Tx};
use crate::framework::error::{ApiError, ErrorCode};
use crate::framework::money::Currency;
use crate::framework::tax::TaxClass;
use crate::modules::marketplace::feed::FeedOptions;
use crate::modules::marketplace::store;
use crate::modules::tenancy::cache::VendorKey;

/// The settings.
#[derive(Debug, Clone)]
pub struct Settings {
    pub currency: Currency,
    pub default_language: String,
    pub time_zone: Tz,
    pub prices_include_tax: bool,
    /// The rates of the vendor's country today.
    pub tax_rates: Vec<(TaxClass, i32)>,
}

impl Settings {
    /// Those of a vendor.
    pub async fn of(tx: &Tx, vendor: &VendorContext) -> Result<Self, DbError> {
        let rates = store::jobs::tax_rates(tx, &vendor.country).await?;
        Ok(Self {
            currency: vendor.currency,
            default_language: vendor.default_language.clone(),
            time_zone: vendor.time_zone,
            prices_include_tax: vendor.prices_include_tax,
            tax_rates: rates
                .into_iter()
                .filter_map(|(class, rate)| Some((class.parse().ok()?, rate)))
                .collect(),
        })
    }

    /// How rows are read.
    pub fn feed_options(&self) -> Option<FeedOptions> {
        Some(FeedOptions {
            currency: iso_currency::Currency::from_code(self.currency.code())?,
            time_zone: self.time_zone,
            tax_rates_bp: self.tax_rates.iter().map(|(_, rate)| *rate).collect(),
        })
    }
}

/// The vendor of a job. Called before its transaction is opened, because it may need a connection of its own.
pub async fn vendor_of(app: &App, grant: &Grant) -> Result<Arc<VendorContext>, ApiError> {
    let vendor = app.vendors.get(&app.db, grant.stats(), VendorKey::Id(grant.vendor())).await?;
    vendor.ok_or_else(|| ApiError::new(ErrorCode::VendorNotFound, "There is no such vendor."))
}
