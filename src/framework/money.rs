//! Money as whole minor units of a currency, rates as basis points, and the decimal text of both.
//!
//! Nothing here passes through a float, and nothing is rounded: text with more decimals than the currency
//! has is an error.

use std::fmt;
use std::str::FromStr;

use iso_currency::Currency as IsoCurrency;
use thiserror::Error;

/// Largest amount, either side of zero, in minor units: 10 trillion in a currency with two decimals.
///
/// Far above any order, and low enough that sums and products of two amounts fit 128 bits.
pub const MAX_MINOR: i64 = 1_000_000_000_000_000;

/// Longest decimal text that is read, in characters.
pub const MAX_DECIMAL_LENGTH: usize = 32;

/// Largest rate, either side of zero: 10,000 percent.
pub const MAX_BASIS_POINTS: i32 = 1_000_000;

/// Currencies that ISO 4217 has withdrawn. A list of ours, because the library's flag also covers currencies
/// that are still tender (VES), and because an update of the library must not make a stored row unreadable.
const WITHDRAWN: [IsoCurrency; 5] =
    [IsoCurrency::BGN, IsoCurrency::CUC, IsoCurrency::HRK, IsoCurrency::SLL, IsoCurrency::ZWL];

/// A currency that can be paid with, by its ISO 4217 code.
///
/// Funds (CLF), metals (XAU), test and placeholder codes (XTS, XXX) and withdrawn currencies (HRK) cannot be
/// made.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency(IsoCurrency);

/// The text is not the code of a currency that can be paid with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected the ISO 4217 code of a currency in use, three upper-case letters such as \"EUR\"")]
pub struct UnknownCurrency;

impl Currency {
    /// The euro, default currency of a vendor.
    pub const EUR: Self = Self(IsoCurrency::EUR);

    /// Number of decimals of an amount: 2 for EUR, 0 for JPY, 3 for KWD.
    pub fn exponent(self) -> u8 {
        // Only codes with an exponent of a few digits pass `from_str`.
        self.0.exponent().and_then(|digits| u8::try_from(digits).ok()).unwrap_or(0)
    }

    /// The ISO 4217 code, three upper-case letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    /// Reads an upper-case ISO 4217 code.
    fn from_str(code: &str) -> Result<Self, UnknownCurrency> {
        IsoCurrency::from_code(code)
            .filter(|iso| iso.exponent().is_some() && !iso.is_special() && !iso.is_fund())
            .filter(|iso| !WITHDRAWN.contains(iso))
            .map(Self)
            .ok_or(UnknownCurrency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Why an operation on money has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// Two currencies met in one sum. Nothing is converted silently.
    #[error("amounts in {0} and {1} cannot be combined")]
    CurrencyMismatch(Currency, Currency),
    /// The result is beyond [`MAX_MINOR`].
    #[error("the amount is too large")]
    OutOfRange,
}

/// An amount in one currency, within [`MAX_MINOR`] either side of zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// An amount of `minor` units (cents for EUR).
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] beyond [`MAX_MINOR`].
    pub fn new(minor: i64, currency: Currency) -> Result<Self, MoneyError> {
        if minor.unsigned_abs() > MAX_MINOR.unsigned_abs() {
            return Err(MoneyError::OutOfRange);
        }
        Ok(Self { minor, currency })
    }

    /// Nothing, in `currency`.
    pub fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Reads decimal text, as [`parse_amount`] does.
    ///
    /// # Errors
    /// Those of [`parse_amount`].
    pub fn parse(text: &str, currency: Currency) -> Result<Self, AmountError> {
        parse_amount(text, currency).map(|minor| Self { minor, currency })
    }

    /// The amount in minor units.
    pub fn minor(self) -> i64 {
        self.minor
    }

    /// The currency of the amount.
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// The amount as text with exactly the currency's decimals: `19.90`.
    pub fn amount(self) -> String {
        format_amount(self.minor, self.currency.exponent())
    }

    /// The sum of two amounts in the same currency.
    ///
    /// # Errors
    /// Another currency, or a sum beyond [`MAX_MINOR`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with_minor(self.minor.checked_add(other.minor))
    }

    /// The difference of two amounts in the same currency; it may be negative.
    ///
    /// # Errors
    /// Another currency, or a difference beyond [`MAX_MINOR`].
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with_minor(self.minor.checked_sub(other.minor))
    }

    /// The amount taken `quantity` times.
    ///
    /// # Errors
    /// A product beyond [`MAX_MINOR`].
    pub fn checked_mul(self, quantity: i64) -> Result<Self, MoneyError> {
        self.with_minor(self.minor.checked_mul(quantity))
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch(self.currency, other.currency))
        }
    }

    fn with_minor(self, minor: Option<i64>) -> Result<Self, MoneyError> {
        Self::new(minor.ok_or(MoneyError::OutOfRange)?, self.currency)
    }
}

/// Why decimal text was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AmountError {
    /// Not plain decimal text, or longer than [`MAX_DECIMAL_LENGTH`].
    #[error(
        "expected a decimal number of at most {MAX_DECIMAL_LENGTH} characters such as \"19.90\", \
         without exponent, plus sign, spaces or thousands separators"
    )]
    Syntax,
    /// More decimals than the currency or rate has. It is never rounded, not even where the rest is zeros.
    #[error("at most {allowed} decimals are allowed here")]
    TooManyDecimals {
        /// The number of decimals that would have been accepted.
        allowed: u8,
    },
    /// The number is beyond what may be stored.
    #[error("the number is too large")]
    OutOfRange,
}

/// Checks that `text` is a decimal number in plain form: an optional minus, digits, and optionally a point
/// with digits after it; at most [`MAX_DECIMAL_LENGTH`] characters.
///
/// # Errors
/// [`AmountError::Syntax`] for everything else, such as `+1`, `1e3`, `.5`, `5.`, `1,000` or the empty text.
pub fn check_decimal(text: &str) -> Result<(), AmountError> {
    split_decimal(text).map(|_| ())
}

/// Reads an amount in `currency` as minor units: `19.9` in EUR is 1990.
///
/// # Errors
/// [`AmountError::Syntax`] for anything but plain decimal text, [`AmountError::TooManyDecimals`] for more
/// decimals than the currency has, [`AmountError::OutOfRange`] beyond [`MAX_MINOR`].
pub fn parse_amount(text: &str, currency: Currency) -> Result<i64, AmountError> {
    let minor = parse_scaled(text, currency.exponent())?;
    i64::try_from(minor)
        .ok()
        .filter(|minor| minor.unsigned_abs() <= MAX_MINOR.unsigned_abs())
        .ok_or(AmountError::OutOfRange)
}

/// Writes `minor` units with exactly `exponent` decimals: `19.90`, `1990` for none, `-0.05`.
pub fn format_amount(minor: i64, exponent: u8) -> String {
    let decimals = usize::from(exponent);
    let sign = if minor < 0 { "-" } else { "" };
    // One digit more than the decimals, so that the part before the point is never empty.
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// A percentage in hundredths of a percent: 1700 is 17 %.
///
/// Negative rates are markdowns; where only a tax rate makes sense, the user of the rate checks that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BasisPoints(pub i32);

impl BasisPoints {
    /// Reads a percentage with at most two decimals: `17` is 1700, `8.5` is 850.
    ///
    /// # Errors
    /// As [`parse_amount`], with two decimals and the limit [`MAX_BASIS_POINTS`].
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        i32::try_from(parse_scaled(text, 2)?)
            .ok()
            .filter(|points| points.unsigned_abs() <= MAX_BASIS_POINTS.unsigned_abs())
            .map(Self)
            .ok_or(AmountError::OutOfRange)
    }
}

impl fmt::Display for BasisPoints {
    /// Writes the percentage without superfluous decimals: `17`, `8.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format_amount(i64::from(self.0), 2);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// Sign, digits before the point, digits after it.
fn split_decimal(text: &str) -> Result<(bool, &str, &str), AmountError> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() > MAX_DECIMAL_LENGTH {
        return Err(AmountError::Syntax);
    }
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    match unsigned.split_once('.') {
        Some((whole, fraction)) if digits(whole) && digits(fraction) => Ok((negative, whole, fraction)),
        None if digits(unsigned) => Ok((negative, unsigned, "")),
        _ => Err(AmountError::Syntax),
    }
}

/// The number in units of 10^-`decimals`.
fn parse_scaled(text: &str, decimals: u8) -> Result<i128, AmountError> {
    let (negative, whole, fraction) = split_decimal(text)?;
    let padding = usize::from(decimals)
        .checked_sub(fraction.len())
        .ok_or(AmountError::TooManyDecimals { allowed: decimals })?;
    let mut value: i128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', padding)) {
        value = value
            .checked_mul(10)
            .and_then(|tens| tens.checked_add(i128::from(byte - b'0')))
            .ok_or(AmountError::OutOfRange)?;
    }
    Ok(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().expect("a currency in use")
    }

    fn euro(minor: i64) -> Money {
        Money::new(minor, Currency::EUR).expect("an amount within bounds")
    }

    #[test]
    fn knows_the_decimals_of_iso_4217() {
        for (code, decimals) in
            [("EUR", 2), ("CHF", 2), ("JPY", 0), ("KRW", 0), ("XOF", 0), ("KWD", 3), ("TND", 3), ("VES", 2)]
        {
            assert_eq!(currency(code).exponent(), decimals, "{code}");
            assert_eq!(currency(code).code(), code);
        }
    }

    #[test]
    fn refuses_codes_that_cannot_be_paid_with() {
        for code in [
            "XXX", "XTS", "XAU", "XAG", "XDR", "XUA", "XAD", "CLF", "CHE", "BOV", "HRK", "BGN", "ZWL", "eur",
            "Eur", "EU", "EURO", "", " EUR", "EUR\0", "€", "978", "ÆØÅ",
        ] {
            assert_eq!(code.parse::<Currency>(), Err(UnknownCurrency), "{code:?}");
        }
    }

    #[test]
    fn reads_amounts_exactly() {
        for (text, code, minor) in [
            ("19.9", "EUR", 1990),
            ("19.90", "EUR", 1990),
            ("19", "EUR", 1900),
            ("0.01", "EUR", 1),
            ("-0.05", "EUR", -5),
            ("-0", "EUR", 0),
            ("007.50", "EUR", 750),
            ("1990", "JPY", 1990),
            ("1.234", "KWD", 1234),
            ("10000000000000.00", "EUR", MAX_MINOR),
            ("-10000000000000.00", "EUR", -MAX_MINOR),
        ] {
            assert_eq!(parse_amount(text, currency(code)), Ok(minor), "{text} {code}");
        }
    }

    #[test]
    fn never_rounds() {
        for (text, code, allowed) in
            [("19.999", "EUR", 2), ("19.900", "EUR", 2), ("1990.0", "JPY", 0), ("1.2345", "KWD", 3)]
        {
            assert_eq!(
                parse_amount(text, currency(code)),
                Err(AmountError::TooManyDecimals { allowed }),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_anything_but_plain_decimals() {
        for text in [
            "", " ", "1 ", " 1", "+1", "--1", "-", ".", "-.", ".5", "5.", "1.2.3", "1,000.00", "1'000",
            "1_000", "19,90", "1e3", "1E3", "0x10", "NaN", "inf", "-inf", "١٢", "１", "1\n", "1\0", "19.9€",
            "−1",
        ] {
            assert_eq!(parse_amount(text, Currency::EUR), Err(AmountError::Syntax), "{text:?}");
        }
        assert_eq!(parse_amount(&"9".repeat(33), Currency::EUR), Err(AmountError::Syntax));
        assert_eq!(parse_amount(&"0".repeat(1_000_000), Currency::EUR), Err(AmountError::Syntax));
    }

    #[test]
    fn bounds_amounts() {
        for text in ["10000000000000.01", "-10000000000000.01", &"9".repeat(32), "92233720368547758.08"] {
            assert_eq!(parse_amount(text, Currency::EUR), Err(AmountError::OutOfRange), "{text}");
        }
        assert_eq!(Money::new(MAX_MINOR + 1, Currency::EUR), Err(MoneyError::OutOfRange));
        assert_eq!(Money::new(i64::MIN, Currency::EUR), Err(MoneyError::OutOfRange));
    }

    #[test]
    fn writes_exactly_the_decimals_of_the_currency() {
        for (minor, exponent, text) in [
            (1990, 2, "19.90"),
            (1990, 0, "1990"),
            (1990, 3, "1.990"),
            (-5, 2, "-0.05"),
            (0, 2, "0.00"),
            (0, 0, "0"),
            (5, 4, "0.0005"),
            (i64::MIN, 2, "-92233720368547758.08"),
        ] {
            assert_eq!(format_amount(minor, exponent), text);
        }
        assert_eq!(euro(1990).amount(), "19.90");
    }

    #[test]
    fn computes_within_one_currency() {
        assert_eq!(euro(99).checked_mul(3), Ok(euro(297)));
        assert_eq!(euro(5).checked_sub(euro(7)), Ok(euro(-2)));
        assert_eq!(Money::zero(Currency::EUR).checked_add(euro(7)), Ok(euro(7)));
        let yen = Money::new(1, currency("JPY")).expect("one yen");
        let mismatch = Err(MoneyError::CurrencyMismatch(Currency::EUR, currency("JPY")));
        assert_eq!(euro(1).checked_add(yen), mismatch);
        assert_eq!(euro(1).checked_sub(yen), mismatch);
        assert_eq!(euro(MAX_MINOR).checked_add(euro(1)), Err(MoneyError::OutOfRange));
        assert_eq!(euro(-MAX_MINOR).checked_sub(euro(1)), Err(MoneyError::OutOfRange));
        assert_eq!(euro(MAX_MINOR).checked_mul(i64::MIN), Err(MoneyError::OutOfRange));
    }

    #[test]
    fn reads_and_writes_percentages() {
        for (text, points, written) in [
            ("17", 1700, "17"),
            ("8.5", 850, "8.5"),
            ("8.50", 850, "8.5"),
            ("0.25", 25, "0.25"),
            ("0", 0, "0"),
            ("100", 10_000, "100"),
            ("-2.5", -250, "-2.5"),
            ("10000", MAX_BASIS_POINTS, "10000"),
        ] {
            assert_eq!(BasisPoints::parse(text), Ok(BasisPoints(points)), "{text}");
            assert_eq!(BasisPoints(points).to_string(), written);
        }
        assert_eq!(BasisPoints::parse("8.555"), Err(AmountError::TooManyDecimals { allowed: 2 }));
        assert_eq!(BasisPoints::parse("17 %"), Err(AmountError::Syntax));
        assert_eq!(BasisPoints::parse("10000.01"), Err(AmountError::OutOfRange));
        assert_eq!(BasisPoints(i32::MIN).to_string(), "-21474836.48");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            minor in -MAX_MINOR..=MAX_MINOR,
            code in prop::sample::select(vec!["EUR", "JPY", "KWD"]),
        ) {
            let currency = currency(code);
            prop_assert_eq!(parse_amount(&format_amount(minor, currency.exponent()), currency), Ok(minor));
        }

        #[test]
        fn percentages_read_back(points in -MAX_BASIS_POINTS..=MAX_BASIS_POINTS) {
            prop_assert_eq!(BasisPoints::parse(&BasisPoints(points).to_string()), Ok(BasisPoints(points)));
        }

        #[test]
        fn no_text_panics(text in any::<String>(), minor in any::<i64>(), exponent in any::<u8>()) {
            let _ = parse_amount(&text, Currency::EUR);
            let _ = BasisPoints::parse(&text);
            let _ = text.parse::<Currency>();
            let _ = format_amount(minor, exponent);
        }

        #[test]
        fn no_amounts_panic(left in any::<i64>(), right in any::<i64>()) {
            if let (Ok(left), Ok(other)) = (Money::new(left, Currency::EUR), Money::new(right, Currency::EUR)) {
                let _ = left.checked_add(other);
                let _ = left.checked_sub(other);
                let _ = left.checked_mul(right);
            }
        }
    }
}
