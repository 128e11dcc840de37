//! Prices as people and programs write them, to minor units. No float, no rounding.

use iso_currency::Currency;

/// Largest price, in minor units: ten billion euros. Far below where sums of prices would overflow.
const MAX_PRICE_MINOR: i64 = 1_000_000_000_000;
const MAX_DIGITS: usize = 15;

/// Symbols, and the currencies that they may stand for. A symbol means the vendor's currency when that is
/// one of them.
const SYMBOLS: [(&str, &[&str]); 6] = [
    ("€", &["EUR"]),
    ("£", &["GBP"]),
    ("$", &["USD", "AUD", "CAD", "NZD", "HKD", "SGD", "TWD", "ARS", "CLP", "COP", "MXN"]),
    ("¥", &["JPY", "CNY"]),
    ("₹", &["INR"]),
    ("kr", &["SEK", "NOK", "DKK", "ISK"]),
];

#[derive(Debug, PartialEq, Eq)]
pub(super) enum PriceError {
    Malformed,
    Negative,
    /// More decimals than the currency has. Also `1.234` in euros: it may mean one or a thousand.
    TooManyDecimals(u16),
    TooLarge,
    /// The currency that the text names is not the vendor's.
    CurrencyMismatch(String),
}

/// Reads `19.99 EUR`, `EUR 19.99`, `19,99 €`, `1.234,50 EUR`, `1,234.50`, `1 234.50` …
///
/// A price without currency is in `default` when given, else in `vendor`.
pub(super) fn parse_price(text: &str, default: Option<&str>, vendor: Currency) -> Result<i64, PriceError> {
    let text = text.trim();
    let digit = |c: char| c.is_ascii_digit();
    let (Some(first), Some(last)) = (text.find(digit), text.rfind(digit)) else {
        return Err(PriceError::Malformed);
    };
    let (before, number, after) = (text[..first].trim(), &text[first..=last], text[last + 1..].trim());
    let unsigned = before.trim_start_matches(['-', '−']).trim_end_matches(['-', '−']).trim();
    let mut currencies = [unsigned, after].into_iter().filter(|token| !token.is_empty()).peekable();
    if currencies.peek().is_some() {
        currencies.try_for_each(|token| check_currency(token, vendor))?;
    } else if let Some(token) = default {
        check_currency(token, vendor)?;
    }
    if unsigned.len() != before.len() {
        return Err(PriceError::Negative);
    }
    parse_number(number, vendor.exponent().unwrap_or(0))
}

fn check_currency(token: &str, vendor: Currency) -> Result<(), PriceError> {
    if let Some((_, codes)) = SYMBOLS.iter().find(|(symbol, _)| symbol.eq_ignore_ascii_case(token)) {
        return match codes.contains(&vendor.code()) {
            true => Ok(()),
            false => Err(PriceError::CurrencyMismatch(codes[0].into())),
        };
    }
    match Currency::from_code(&token.to_ascii_uppercase()) {
        Some(currency) if currency == vendor => Ok(()),
        Some(currency) => Err(PriceError::CurrencyMismatch(currency.code().into())),
        None => Err(PriceError::Malformed),
    }
}

/// The number alone; it begins and ends with a digit.
fn parse_number(text: &str, exponent: u16) -> Result<i64, PriceError> {
    let plain: String = text.chars().map(plain_separator).collect();
    if !plain.chars().all(|c| c.is_ascii_digit() || ".,' ".contains(c)) {
        return Err(PriceError::Malformed);
    }
    let separators: Vec<char> = plain.chars().filter(|c| !c.is_ascii_digit()).collect();
    let decimal = decimal_separator(&plain, &separators, exponent);
    let (whole, fraction) = match decimal.and_then(|separator| plain.rsplit_once(separator)) {
        Some((whole, fraction)) => (whole, fraction),
        None => (plain.as_str(), ""),
    };
    let grouping: Vec<char> = whole.chars().filter(|c| !c.is_ascii_digit()).collect();
    let one_kind = grouping.iter().all(|c| *c == grouping[0] && Some(*c) != decimal);
    if !one_kind || !grouping.first().is_none_or(|separator| is_grouped(whole, *separator)) {
        return Err(PriceError::Malformed);
    }
    if fraction.len() > usize::from(exponent) {
        return Err(PriceError::TooManyDecimals(exponent));
    }
    let mut digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    digits.push_str(fraction);
    digits.extend(std::iter::repeat_n('0', usize::from(exponent) - fraction.len()));
    if digits.trim_start_matches('0').len() > MAX_DIGITS {
        return Err(PriceError::TooLarge);
    }
    let minor: i64 = digits.parse().map_err(|_| PriceError::TooLarge)?;
    if minor > MAX_PRICE_MINOR { Err(PriceError::TooLarge) } else { Ok(minor) }
}

/// All kinds of space and apostrophe that group digits become one.
fn plain_separator(c: char) -> char {
    match c {
        '\u{A0}' | '\u{202F}' | '\u{2009}' => ' ',
        '’' => '\'',
        other => other,
    }
}

/// The last separator is the decimal one, unless it groups thousands: by being a space or an apostrophe, by
/// standing there more than once, or as a comma before three digits in a currency without decimals.
fn decimal_separator(plain: &str, separators: &[char], exponent: u16) -> Option<char> {
    let last = separators.last().copied().filter(|c| matches!(c, '.' | ','))?;
    let once = separators.iter().filter(|c| **c == last).count() == 1;
    let thousands =
        exponent == 0 && last == ',' && plain.rsplit(',').next().is_some_and(|rest| rest.len() == 3);
    (once && !thousands).then_some(last)
}

fn is_grouped(whole: &str, separator: char) -> bool {
    let mut groups = whole.split(separator);
    let first = groups.next().map_or(0, str::len);
    (1..=3).contains(&first) && groups.all(|group| group.len() == 3)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn eur(text: &str) -> Result<i64, PriceError> {
        parse_price(text, None, Currency::EUR)
    }

    #[test]
    fn the_usual_ways_to_write_a_price() {
        for (text, minor) in [
            ("19.99 EUR", 1999),
            ("EUR 19.99", 1999),
            ("EUR19.99", 1999),
            ("19,99 €", 1999),
            ("€19.99", 1999),
            ("€ 19.99 eur", 1999),
            ("19.99", 1999),
            ("19,99\u{A0}€", 1999),
            ("1.234,50 EUR", 123_450),
            ("1,234.50 EUR", 123_450),
            ("1 234,50 EUR", 123_450),
            ("1\u{202F}234.50 EUR", 123_450),
            ("1'234.50 EUR", 123_450),
            ("1.234.567 EUR", 123_456_700),
            ("1,234,567.8 EUR", 123_456_780),
            ("89.0 EUR", 8900),
            ("19 EUR", 1900),
            ("0", 0),
            ("0.00 EUR", 0),
            ("007.50", 750),
            ("10000000000.00", 1_000_000_000_000),
        ] {
            assert_eq!(eur(text), Ok(minor), "{text}");
        }
    }

    #[test]
    fn what_is_no_price() {
        for text in [
            "",
            "free",
            "EUR",
            "19.99 EUR/kg",
            "19.99 XXY",
            "1,23,456.00",
            "1234,567.00",
            "1.2.3",
            "12a34",
            "1.234 567,00",
            "٣٥",
            "19.99 EUR 5",
            "19.99-",
        ] {
            assert_eq!(eur(text), Err(PriceError::Malformed), "{text}");
        }
        for text in ["19.999 EUR", "1.234 EUR", "1,234 EUR", "19.9900 EUR", "1,234.567"] {
            assert_eq!(eur(text), Err(PriceError::TooManyDecimals(2)), "{text}");
        }
        for text in ["-1 EUR", "EUR -1", "-€1", "−0.01"] {
            assert_eq!(eur(text), Err(PriceError::Negative), "{text}");
        }
        for text in ["10000000000.01", "99999999999999999999", "9223372036854775808"] {
            assert_eq!(eur(text), Err(PriceError::TooLarge), "{text}");
        }
    }

    #[test]
    fn the_currency_must_be_the_vendors() {
        for (text, found) in
            [("1 USD", "USD"), ("$1", "USD"), ("kr 1", "SEK"), ("£1.999", "GBP"), ("€1 USD", "USD")]
        {
            assert_eq!(eur(text), Err(PriceError::CurrencyMismatch(found.into())), "{text}");
        }
        assert_eq!(parse_price("$19.50", None, Currency::AUD), Ok(1950));
        assert_eq!(parse_price("19.50", Some("AUD"), Currency::AUD), Ok(1950));
        assert_eq!(parse_price("19.50 AUD", Some("USD"), Currency::AUD), Ok(1950));
        let mismatch = Err(PriceError::CurrencyMismatch("USD".into()));
        assert_eq!(parse_price("19.50", Some("USD"), Currency::AUD), mismatch);
    }

    #[test]
    fn currencies_without_and_with_three_decimals() {
        let yen = |text| parse_price(text, None, Currency::JPY);
        assert_eq!(yen("1,234 JPY"), Ok(1234));
        assert_eq!(yen("¥1234"), Ok(1234));
        assert_eq!(yen("1234.50 JPY"), Err(PriceError::TooManyDecimals(0)));
        assert_eq!(yen("100.00 JPY"), Err(PriceError::TooManyDecimals(0)));
        assert_eq!(parse_price("1.234 KWD", None, Currency::KWD), Ok(1234));
    }

    proptest! {
        #[test]
        fn every_amount_is_read_back_in_every_dress(minor in 0..=MAX_PRICE_MINOR) {
            let (whole, cents) = (minor / 100, minor % 100);
            let mut grouped = String::new();
            for (at, digit) in whole.to_string().chars().rev().enumerate() {
                if at > 0 && at % 3 == 0 {
                    grouped.insert(0, '.');
                }
                grouped.insert(0, digit);
            }
            for text in [
                format!("{whole}.{cents:02} EUR"),
                format!("{grouped},{cents:02} €"),
                format!("EUR {}.{cents:02}", grouped.replace('.', ",")),
            ] {
                prop_assert_eq!(eur(&text), Ok(minor), "{}", text);
            }
        }

        #[test]
        fn any_text_has_an_answer_in_bounds(text in "[-€$0-9., EURa\u{A0}']{0,24}|\\PC{0,24}") {
            if let Ok(minor) = eur(&text) {
                prop_assert!((0..=MAX_PRICE_MINOR).contains(&minor));
            }
        }
    }
}
