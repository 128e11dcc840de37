//! Tax classes, and the rates that a new vendor starts from.
//!
//! A class is what a product is; its rate is looked up by country, class and date. The rates are data: they
//! seed the vendor's own table, and an adviser must confirm them before anyone sells by them.

use std::fmt;
use std::str::FromStr;

use async_graphql::Enum;
use chrono::NaiveDate;
use thiserror::Error;

use super::money::BasisPoints;

/// What kind of tax rate a product or charge takes. The rate itself depends on the country and the date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enum)]
pub enum TaxClass {
    /// The country's normal rate; 17 % in Luxembourg.
    Standard,
    /// Between standard and reduced; 14 % in Luxembourg.
    Intermediate,
    /// Reduced; 8 % in Luxembourg.
    Reduced,
    /// The lowest rate above zero, for food and books in many countries; 3 % in Luxembourg.
    SuperReduced,
    /// Taxable at 0 %, exports for example.
    Zero,
    /// Outside the tax altogether; no tax is charged.
    Exempt,
}

impl TaxClass {
    /// Every class, highest rate first.
    pub const ALL: [Self; 6] =
        [Self::Standard, Self::Intermediate, Self::Reduced, Self::SuperReduced, Self::Zero, Self::Exempt];

    /// The name by which the class is stored, the same as in the API: `SUPER_REDUCED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::Intermediate => "INTERMEDIATE",
            Self::Reduced => "REDUCED",
            Self::SuperReduced => "SUPER_REDUCED",
            Self::Zero => "ZERO",
            Self::Exempt => "EXEMPT",
        }
    }
}

impl fmt::Display for TaxClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a tax class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected a tax class: STANDARD, INTERMEDIATE, REDUCED, SUPER_REDUCED, ZERO or EXEMPT")]
pub struct UnknownTaxClass;

impl FromStr for TaxClass {
    type Err = UnknownTaxClass;

    fn from_str(name: &str) -> Result<Self, UnknownTaxClass> {
        Self::ALL.into_iter().find(|class| class.as_str() == name).ok_or(UnknownTaxClass)
    }
}

impl super::db::Typed for TaxClass {
    type St = diesel::sql_types::Text;
}
impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg> for TaxClass {
    fn to_sql<'b>(
        &'b self,
        out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
    ) -> diesel::serialize::Result {
        std::io::Write::write_all(out, self.as_str().as_bytes())?;
        Ok(diesel::serialize::IsNull::No)
    }
}
impl diesel::deserialize::FromSql<diesel::sql_types::Text, diesel::pg::Pg> for TaxClass {
    fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
        Ok(std::str::from_utf8(bytes.as_bytes())?.parse::<Self>()?)
    }
}

/// One rate of a country, from a day on and until a later entry of the same class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaxRate {
    /// ISO 3166 alpha-2, upper case.
    pub country: [u8; 2],
    /// The class that takes this rate.
    pub tax_class: TaxClass,
    /// First day on which the rate applies.
    pub valid_from: NaiveDate,
    /// The rate.
    pub rate: BasisPoints,
}

const fn luxembourg_2024(tax_class: TaxClass, percent: i32) -> TaxRate {
    let valid_from = NaiveDate::from_ymd_opt(2024, 1, 1).expect("a date of the calendar");
    TaxRate { country: *b"LU", tax_class, valid_from, rate: BasisPoints(percent * 100) }
}

/// The rates that a new vendor's table is filled with.
pub const DEFAULT_RATES: &[TaxRate] = &[
    luxembourg_2024(TaxClass::Standard, 17),
    luxembourg_2024(TaxClass::Intermediate, 14),
    luxembourg_2024(TaxClass::Reduced, 8),
    luxembourg_2024(TaxClass::SuperReduced, 3),
    luxembourg_2024(TaxClass::Zero, 0),
    luxembourg_2024(TaxClass::Exempt, 0),
];

/// The rate of `tax_class` in `country` on a business date, or none where `rates` has no entry for it yet.
pub fn rate_on(
    rates: &[TaxRate],
    country: [u8; 2],
    tax_class: TaxClass,
    on: NaiveDate,
) -> Option<BasisPoints> {
    rates
        .iter()
        .filter(|entry| entry.country == country && entry.tax_class == tax_class && entry.valid_from <= on)
        .max_by_key(|entry| entry.valid_from)
        .map(|entry| entry.rate)
}

/// The class that has `rate` in `country` on a business date, for feeds that state a rate and no class.
///
/// 0 % means [`TaxClass::Zero`]: a feed cannot say that something is exempt.
pub fn class_with_rate(
    rates: &[TaxRate],
    country: [u8; 2],
    rate: BasisPoints,
    on: NaiveDate,
) -> Option<TaxClass> {
    TaxClass::ALL.into_iter().find(|class| rate_on(rates, country, *class, on) == Some(rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).expect("a date of the calendar")
    }

    #[test]
    fn luxembourg_has_its_rates_from_2024_on() {
        for (class, percent) in [
            (TaxClass::Standard, "17"),
            (TaxClass::Intermediate, "14"),
            (TaxClass::Reduced, "8"),
            (TaxClass::SuperReduced, "3"),
            (TaxClass::Zero, "0"),
            (TaxClass::Exempt, "0"),
        ] {
            let rate = rate_on(DEFAULT_RATES, *b"LU", class, day(2024, 1, 1)).map(|rate| rate.to_string());
            assert_eq!(rate.as_deref(), Some(percent), "{class}");
        }
        assert_eq!(rate_on(DEFAULT_RATES, *b"LU", TaxClass::Standard, day(2023, 12, 31)), None);
        assert_eq!(rate_on(DEFAULT_RATES, *b"FR", TaxClass::Standard, day(2024, 1, 1)), None);
    }

    #[test]
    fn a_later_rate_replaces_an_earlier_one_from_its_day_on() {
        let entry = |valid_from, points| TaxRate {
            country: *b"LU",
            tax_class: TaxClass::Standard,
            valid_from,
            rate: BasisPoints(points),
        };
        let rates = [entry(day(2024, 1, 1), 1700), entry(day(2023, 1, 1), 1600)];
        let on = |date| rate_on(&rates, *b"LU", TaxClass::Standard, date);
        assert_eq!(on(day(2023, 12, 31)), Some(BasisPoints(1600)));
        assert_eq!(on(day(2024, 1, 1)), Some(BasisPoints(1700)));
    }

    #[test]
    fn a_rate_finds_its_class() {
        let class = |points| class_with_rate(DEFAULT_RATES, *b"LU", BasisPoints(points), day(2026, 6, 1));
        assert_eq!(class(1700), Some(TaxClass::Standard));
        assert_eq!(class(300), Some(TaxClass::SuperReduced));
        assert_eq!(class(0), Some(TaxClass::Zero));
        assert_eq!(class(1900), None);
    }

    #[test]
    fn names_are_those_of_the_api() {
        for class in TaxClass::ALL {
            assert_eq!(class.as_str().parse(), Ok(class));
            assert_eq!(async_graphql::InputType::to_value(&class).to_string(), class.as_str());
        }
        assert_eq!("standard".parse::<TaxClass>(), Err(UnknownTaxClass));
    }
}
