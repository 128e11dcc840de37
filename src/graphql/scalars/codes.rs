//! Codes of currencies, countries and languages.

use std::fmt;
use std::str::FromStr;

use async_graphql::{InputValueResult, Scalar, ScalarType, Value};
use thiserror::Error;

use super::string_of;
use crate::framework::money::Currency;

/// A currency that can be paid with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CurrencyCode(Currency);

impl From<Currency> for CurrencyCode {
    fn from(currency: Currency) -> Self {
        Self(currency)
    }
}

impl From<CurrencyCode> for Currency {
    fn from(code: CurrencyCode) -> Self {
        code.0
    }
}

/// The ISO 4217 code of a currency, upper case: `"EUR"`. Only currencies that can be paid with: no funds,
/// metals, test codes or withdrawn currencies.
#[Scalar]
impl ScalarType for CurrencyCode {
    fn parse(value: Value) -> InputValueResult<Self> {
        let code = string_of(&value, "expected an ISO 4217 currency code as a string such as \"EUR\"")?;
        Ok(Self(code.parse::<Currency>()?))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.code().to_owned())
    }
}

/// A country, by its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CountryCode(&'static str);

/// The text is not an assigned country code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected an assigned ISO 3166 alpha-2 country code, two upper-case letters such as \"LU\"")]
pub struct UnknownCountry;

impl CountryCode {
    /// The two letters.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl FromStr for CountryCode {
    type Err = UnknownCountry;

    fn from_str(code: &str) -> Result<Self, UnknownCountry> {
        let index = COUNTRIES.binary_search(&code).map_err(|_| UnknownCountry)?;
        COUNTRIES.get(index).copied().map(Self).ok_or(UnknownCountry)
    }
}

impl TryFrom<[u8; 2]> for CountryCode {
    type Error = UnknownCountry;

    fn try_from(letters: [u8; 2]) -> Result<Self, UnknownCountry> {
        std::str::from_utf8(&letters).map_err(|_| UnknownCountry)?.parse()
    }
}

impl From<CountryCode> for [u8; 2] {
    fn from(code: CountryCode) -> Self {
        // Every entry of the list has two bytes.
        let letters = code.0.as_bytes();
        [letters[0], letters[1]]
    }
}

/// The ISO 3166-1 alpha-2 code of a country, upper case: `"LU"`. Only officially assigned codes.
#[Scalar]
impl ScalarType for CountryCode {
    fn parse(value: Value) -> InputValueResult<Self> {
        let code = string_of(&value, "expected an ISO 3166 alpha-2 country code as a string such as \"LU\"")?;
        Ok(code.parse::<Self>()?)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_owned())
    }
}

/// A language, with or without a region, in its canonical case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LanguageCode(String);

/// The text is not a language code of the accepted form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected a language code such as \"fr\" or \"fr-LU\"")]
pub struct UnknownLanguage;

impl LanguageCode {
    /// The code, as `fr` or `fr-LU`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LanguageCode {
    type Err = UnknownLanguage;

    /// Reads `xx` or `xx-YY` in any case.
    fn from_str(code: &str) -> Result<Self, UnknownLanguage> {
        let (language, region) = match code.split_once('-') {
            Some((language, region)) => (language, Some(region)),
            None => (code, None),
        };
        let two_letters = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
        if !two_letters(language) || !region.is_none_or(two_letters) {
            return Err(UnknownLanguage);
        }
        let language = language.to_ascii_lowercase();
        Ok(Self(match region {
            Some(region) => format!("{language}-{}", region.to_ascii_uppercase()),
            None => language,
        }))
    }
}

impl From<LanguageCode> for String {
    fn from(code: LanguageCode) -> Self {
        code.0
    }
}

impl fmt::Display for LanguageCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A language as a BCP 47 tag of two letters, optionally with a region of two letters: `"fr"`, `"fr-LU"`. Any
/// case is accepted on input; it is answered as language in lower and region in upper case.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc5646")]
impl ScalarType for LanguageCode {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(string_of(&value, "expected a language code as a string such as \"fr\"")?.parse::<Self>()?)
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// The officially assigned codes of ISO 3166-1, in alphabetical order.
#[rustfmt::skip]
const COUNTRIES: [&str; 249] = [
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ", "BA",
    "BB", "BD", "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT", "BV",
    "BW", "BY", "BZ", "CA", "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR", "CU",
    "CV", "CW", "CX", "CY", "CZ", "DE", "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG", "EH", "ER", "ES",
    "ET", "FI", "FJ", "FK", "FM", "FO", "FR", "GA", "GB", "GD", "GE", "GF", "GG", "GH", "GI", "GL", "GM",
    "GN", "GP", "GQ", "GR", "GS", "GT", "GU", "GW", "GY", "HK", "HM", "HN", "HR", "HT", "HU", "ID", "IE",
    "IL", "IM", "IN", "IO", "IQ", "IR", "IS", "IT", "JE", "JM", "JO", "JP", "KE", "KG", "KH", "KI", "KM",
    "KN", "KP", "KR", "KW", "KY", "KZ", "LA", "LB", "LC", "LI", "LK", "LR", "LS", "LT", "LU", "LV", "LY",
    "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK", "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS", "MT",
    "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE", "NF", "NG", "NI", "NL", "NO", "NP", "NR", "NU",
    "NZ", "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM", "PN", "PR", "PS", "PT", "PW", "PY", "QA",
    "RE", "RO", "RS", "RU", "RW", "SA", "SB", "SC", "SD", "SE", "SG", "SH", "SI", "SJ", "SK", "SL", "SM",
    "SN", "SO", "SR", "SS", "ST", "SV", "SX", "SY", "SZ", "TC", "TD", "TF", "TG", "TH", "TJ", "TK", "TL",
    "TM", "TN", "TO", "TR", "TT", "TV", "TW", "TZ", "UA", "UG", "UM", "US", "UY", "UZ", "VA", "VC", "VE",
    "VG", "VI", "VN", "VU", "WF", "WS", "YE", "YT", "ZA", "ZM", "ZW",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_are_those_in_use() {
        let parse = |value: Value| <CurrencyCode as ScalarType>::parse(value).ok().map(Currency::from);
        assert_eq!(parse("EUR".into()), Some(Currency::EUR));
        for code in ["eur", "XXX", "XTS", "XAU", "HRK", "", "EUR ", "E€", "EURO"] {
            assert_eq!(parse(code.into()), None, "{code:?}");
        }
        assert_eq!(parse(978.into()), None);
        assert_eq!(parse(Value::Null), None);
    }

    #[test]
    fn the_list_of_countries_can_be_searched() {
        assert!(COUNTRIES.is_sorted_by(|left, right| left < right));
        for code in COUNTRIES {
            assert!(code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()), "{code}");
            assert_eq!(code.parse().map(CountryCode::as_str), Ok(code));
        }
    }

    #[test]
    fn countries_are_assigned_codes() {
        for code in ["LU", "FR", "DE", "BE", "GB", "GR", "SS", "AX", "CW"] {
            let country = code.parse::<CountryCode>().expect(code);
            let letters: [u8; 2] = country.into();
            assert_eq!(letters, code.as_bytes());
            assert_eq!(CountryCode::try_from(letters), Ok(country));
        }
        // Reserved, user-assigned, withdrawn, numeric, alpha-3, look-alikes.
        for code in [
            "UK", "EU", "EL", "XK", "ZZ", "AA", "AN", "YU", "lu", "Lu", "LUX", "L", "", "442", "LU\0", "ＬＵ",
        ] {
            assert_eq!(code.parse::<CountryCode>(), Err(UnknownCountry), "{code:?}");
        }
        assert_eq!(CountryCode::try_from([0xFF, 0xFE]), Err(UnknownCountry));
        assert!(<CountryCode as ScalarType>::parse(Value::from(442)).is_err());
    }

    #[test]
    fn languages_are_normalised() {
        for (text, code) in
            [("fr", "fr"), ("FR", "fr"), ("fr-lu", "fr-LU"), ("LB-Lu", "lb-LU"), ("en-GB", "en-GB")]
        {
            assert_eq!(text.parse::<LanguageCode>().map(String::from).as_deref(), Ok(code), "{text}");
        }
        for text in [
            "", "f", "fra", "fr_LU", "fr-", "-LU", "fr-LUX", "fr-LU-x", "zh-Hans", "12", "fr-12", "é",
            "fr-é", "fr ", " fr", "fr\0", "*", "f-rLU",
        ] {
            assert_eq!(text.parse::<LanguageCode>(), Err(UnknownLanguage), "{text:?}");
        }
        assert!("fr-LU".repeat(100_000).parse::<LanguageCode>().is_err());
        assert!(<LanguageCode as ScalarType>::parse(Value::from(1)).is_err());
    }
}
