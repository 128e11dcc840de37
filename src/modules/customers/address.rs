//! Addresses, and what a country needs in one.

use async_graphql::{ComplexObject, InputObject, SimpleObject};
use serde::{Deserialize, Serialize};

use crate::framework::error::{ErrorCode, Refusal};
use crate::graphql::scalars::CountryCode;
use crate::modules::identity::rules::check_text;

/// A postal address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, SimpleObject)]
#[graphql(complex)]
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

#[ComplexObject]
impl Address {
    /// Country (ISO 3166).
    #[graphql(name = "countryCode")]
    async fn country(&self) -> async_graphql::Result<CountryCode> {
        Ok(self.country_code.parse::<CountryCode>()?)
    }
}

impl AddressInput {
    /// The address, trimmed, or all that is wrong with it; `path` is the input's, `["input", "shippingAddress"]`.
    /// Street, city and what the country's post wants of postal code and region are needed; `INVALID_ADDRESS` for what
    /// is missing or malformed, `TOO_LONG` and `INVALID_VALUE` for what no address has.
    pub fn check(self, path: &[&str]) -> Result<Address, Vec<Refusal>> {
        let mut refusals = Vec::new();
        let at = |field: &str| {
            path.iter().map(|part| (*part).to_owned()).chain([field.to_owned()]).collect::<Vec<_>>()
        };
        let mut text = |value: Option<String>, most: usize, field: &str| {
            let parts = at(field);
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            check_text(value, most, &parts).unwrap_or_else(|refusal| {
                refusals.push(refusal);
                None
            })
        };
        let country = self.country_code.as_str();
        let mut address = Address {
            first_name: text(self.first_name, 100, "firstName"),
            last_name: text(self.last_name, 100, "lastName"),
            company: text(self.company, 200, "company"),
            line1: text(Some(self.line1), 200, "line1"),
            line2: text(self.line2, 200, "line2"),
            city: text(Some(self.city), 100, "city"),
            postal_code: text(self.postal_code, 20, "postalCode"),
            region: text(self.region, 100, "region"),
            country_code: country.to_owned(),
            phone: text(self.phone, 40, "phone"),
        };
        // What was refused already is not missing as well.
        if refusals.is_empty() {
            address.postal_code = address.postal_code.map(|code| code.to_uppercase());
            refusals.extend(
                lacks(&address)
                    .into_iter()
                    .map(|(field, message)| Refusal::new(ErrorCode::InvalidAddress, message).at(at(field))),
            );
        }
        if refusals.is_empty() { Ok(address) } else { Err(refusals) }
    }
}

fn lacks(address: &Address) -> Vec<(&'static str, String)> {
    let country = address.country_code.as_str();
    let mut lacks = Vec::new();
    if address.line1.is_none() {
        lacks.push(("line1", "Street and number are missing.".to_owned()));
    }
    if address.city.is_none() {
        lacks.push(("city", "The city is missing.".to_owned()));
    }
    match (postal_patterns(country), &address.postal_code) {
        (Some(_), None) if country != "IE" => {
            lacks.push(("postalCode", "The country's addresses have a postal code.".to_owned()));
        }
        (Some(patterns), Some(code)) if !patterns.iter().any(|pattern| fits(code, pattern)) => {
            let shown = patterns.join(" or ");
            lacks.push((
                "postalCode",
                format!("A postal code of this country looks like {shown} (9 a digit, A a letter)."),
            ));
        }
        _ => {}
    }
    if country == "US" && address.region.is_none() {
        lacks.push(("region", "The state is missing.".to_owned()));
    }
    lacks
}

/// How postal codes look: `9` is a digit, `A` a letter, `*` either, everything else itself. EU, CH, GB, US; `None` where
/// nothing is known.
fn postal_patterns(country: &str) -> Option<&'static [&'static str]> {
    Some(match country {
        "AT" | "BE" | "BG" | "CH" | "CY" | "DK" | "HU" => &["9999"],
        "LU" => &["9999", "L-9999"],
        "SI" => &["9999", "SI-9999"],
        "DE" | "EE" | "ES" | "FI" | "FR" | "HR" | "IT" => &["99999"],
        "CZ" | "GR" | "SK" => &["999 99", "99999"],
        "SE" => &["999 99", "99999"],
        "LT" => &["99999", "LT-99999"],
        "LV" => &["LV-9999"],
        "MT" => &["AAA 9999", "AAA9999"],
        "NL" => &["9999 AA", "9999AA"],
        "PL" => &["99-999"],
        "PT" => &["9999-999"],
        "RO" => &["999999"],
        "IE" => &["A9* ****", "A9*****"],
        "GB" => &["A9 9AA", "A99 9AA", "AA9 9AA", "AA99 9AA", "A9A 9AA", "AA9A 9AA"],
        "US" => &["99999", "99999-9999"],
        _ => return None,
    })
}

fn fits(code: &str, pattern: &str) -> bool {
    code.chars().count() == pattern.len()
        && code.chars().zip(pattern.chars()).all(|(c, wanted)| match wanted {
            '9' => c.is_ascii_digit(),
            'A' => c.is_ascii_uppercase(),
            '*' => c.is_ascii_uppercase() || c.is_ascii_digit(),
            other => c == other,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(country: &str, code: Option<&str>, region: Option<&str>) -> AddressInput {
        AddressInput {
            first_name: Some(" Anna ".to_owned()),
            last_name: None,
            company: None,
            line1: "1, rue du Fort".to_owned(),
            line2: Some(" ".to_owned()),
            city: "City".to_owned(),
            postal_code: code.map(str::to_owned),
            region: region.map(str::to_owned),
            country_code: country.parse().unwrap(),
            phone: None,
        }
    }

    #[test]
    fn postal_codes_fit_their_country() {
        for (country, code, good) in [
            ("LU", "1234", true),
            ("LU", "l-1234", true),
            ("LU", "12345", false),
            ("DE", "10115", true),
            ("DE", "1011", false),
            ("NL", "1012 ab", true),
            ("PL", "00-950", true),
            ("PL", "00950", false),
            ("PT", "1000-001", true),
            ("GB", "SW1A 1AA", true),
            ("GB", "M1 1AE", true),
            ("GB", "12345", false),
            ("US", "94107-1234", true),
            ("IE", "D02 X285", true),
            ("DE", "١٠١١٥", false),
        ] {
            let region = (country == "US").then_some("CA");
            assert_eq!(
                input(country, Some(code), region).check(&["input"]).is_ok(),
                good,
                "{country} {code}"
            );
        }
    }

    #[test]
    fn what_is_missing_is_named_by_country() {
        let fields = |input: AddressInput| {
            let refusals = input.check(&["input", "shippingAddress"]).unwrap_err();
            assert!(refusals.iter().all(|refusal| refusal.code == ErrorCode::InvalidAddress));
            refusals.into_iter().map(|refusal| refusal.field.join(".")).collect::<Vec<_>>()
        };
        assert_eq!(fields(input("FR", None, None)), ["input.shippingAddress.postalCode"]);
        assert_eq!(fields(input("US", Some("94107"), None)), ["input.shippingAddress.region"]);
        let empty = AddressInput { line1: " ".to_owned(), city: String::new(), ..input("AE", None, None) };
        assert_eq!(fields(empty), ["input.shippingAddress.line1", "input.shippingAddress.city"]);
        assert!(input("IE", None, None).check(&[]).is_ok() && input("AE", None, None).check(&[]).is_ok());
    }

    #[test]
    fn texts_are_trimmed_and_bounded() {
        let good = input("LU", Some(" l-1234 "), None).check(&[]).unwrap();
        assert_eq!(good.first_name.as_deref(), Some("Anna"));
        assert_eq!((good.line2, good.postal_code.as_deref()), (None, Some("L-1234")));
        let long = AddressInput { line1: "x".repeat(201), ..input("LU", Some("1234"), None) };
        assert_eq!(long.check(&[]).unwrap_err()[0].code, ErrorCode::TooLong);
        let control = AddressInput { city: "a\0b".to_owned(), ..input("LU", Some("1234"), None) };
        assert_eq!(control.check(&[]).unwrap_err()[0].code, ErrorCode::InvalidValue);
    }
}
