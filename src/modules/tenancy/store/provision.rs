//! The first rows of a new vendor. The platform role may insert just these into the vendor's tables, so that a vendor
//! exists completely or not at all.

use crate::framework::clock::new_uuid;
use crate::framework::db::{DbError, Tx, sql};
use crate::framework::id::VendorId;
use crate::framework::money::{Currency, parse_amount};

/// A vendor to create, checked.
pub struct NewVendor {
    pub id: VendorId,
    pub code: String,
    pub name: String,
    pub subdomain: String,
    pub currency: Currency,
    pub country: String,
    pub prices_include_tax: bool,
    pub default_language: String,
    pub time_zone: String,
}

/// The price of the shipping method that a vendor begins with.
const STANDARD_SHIPPING: &str = "4.90";

/// Inserts the vendor, its price list `base`, its location `MAIN`, its first shipping method, its event counter and its
/// order numbers. The constraints `vendors_code_key` and `vendors_subdomain_key` refuse what is taken.
pub async fn provision(tx: &Tx, vendor: &NewVendor) -> Result<(), DbError> {
    tx.execute(
        sql("INSERT INTO vendors (id, code, name, subdomain, currency_code, prices_include_tax, country_code, \
                 default_language, languages, time_zone) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, ARRAY[$8], $9)")
        .bind(vendor.id)
        .bind(vendor.code.clone())
        .bind(vendor.name.clone())
        .bind(vendor.subdomain.clone())
        .bind(vendor.currency.code())
        .bind(vendor.prices_include_tax)
        .bind(vendor.country.clone())
        .bind(vendor.default_language.clone())
        .bind(vendor.time_zone.clone()),
    )
    .await?;
    tx.execute(
        sql("WITH list AS (INSERT INTO price_lists (vendor_id, code, name, currency_code) \
                           VALUES ($1, 'base', 'Base', $2)), \
                  location AS (INSERT INTO inventory_locations (vendor_id, id, code, name, default_location) \
                               VALUES ($1, $3, 'MAIN', 'Main warehouse', true)), \
                  shipping AS (INSERT INTO shipping_methods (vendor_id, id, name, currency_code, price) \
                               VALUES ($1, $4, 'Standard', $2, $5)) \
             INSERT INTO event_counters (vendor_id) VALUES ($1)")
        .bind(vendor.id)
        .bind(vendor.currency.code())
        .bind(new_uuid())
        .bind(new_uuid())
        .bind(shipping_price(vendor.currency)),
    )
    .await?;
    tx.load::<(bool,)>(sql("SELECT true FROM orion_order_numbers_create($1, 1001, 1)").bind(vendor.id))
        .await?;
    Ok(())
}

// 4.90 where the currency has decimals enough, else nearly that in whole units.
fn shipping_price(currency: Currency) -> i64 {
    parse_amount(STANDARD_SHIPPING, currency).or_else(|_| parse_amount("5", currency)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipping_costs_something_in_every_currency() {
        for (code, minor) in [("EUR", 490), ("JPY", 5), ("KWD", 4_900)] {
            assert_eq!(shipping_price(code.parse().unwrap()), minor, "{code}");
        }
    }
}
