//! Values of single cells: decimals, GTINs, dates, addresses, words of fixed lists.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use url::Url;

const MAX_URL: usize = 2_000;
/// A weight of a thousand tonnes is a mistake.
const MAX_WEIGHT_GRAMS: i64 = 1_000_000_000;

/// Whether the feed says that a product can be bought. A word, not a quantity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StagedAvailability {
    #[default]
    InStock,
    OutOfStock,
    Preorder,
    Backorder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Condition {
    New,
    Refurbished,
    Used,
}

/// How a Letzshop product reaches its buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DeliveryMethod {
    Nationwide,
    PackageDelivery,
    SelfCollect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProductKind {
    Physical,
    Digital,
    Service,
    Subscription,
}

/// Letters and digits in lower case: `In Stock`, `in_stock` and `https://schema.org/InStock` are one word.
fn word(text: &str) -> String {
    let name = text.rsplit('/').next().unwrap_or(text);
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Google's four words, and what shops in English, French and German write instead.
pub(super) fn availability(text: &str) -> Option<StagedAvailability> {
    match word(text).as_str() {
        "instock" | "available" | "enstock" | "disponible" | "auflager" | "lieferbar" | "verfügbar" => {
            Some(StagedAvailability::InStock)
        }
        "outofstock" | "outstock" | "soldout" | "unavailable" | "notavailable" | "discontinued"
        | "rupturedestock" | "épuisé" | "indisponible" | "ausverkauft" | "nichtauflager"
        | "nichtlieferbar" | "nichtverfügbar" => Some(StagedAvailability::OutOfStock),
        "preorder" | "précommande" | "vorbestellung" | "vorbestellbar" => Some(StagedAvailability::Preorder),
        "backorder" | "availablefororder" | "surcommande" | "aufbestellung" => {
            Some(StagedAvailability::Backorder)
        }
        _ => None,
    }
}

pub(super) fn condition(text: &str) -> Option<Condition> {
    match word(text).as_str() {
        "new" | "newcondition" | "neuf" | "neu" => Some(Condition::New),
        "refurbished" | "refurbishedcondition" | "reconditionné" | "generalüberholt" => {
            Some(Condition::Refurbished)
        }
        "used" | "usedcondition" | "occasion" | "doccasion" | "gebraucht" => Some(Condition::Used),
        _ => None,
    }
}

pub(super) fn delivery_method(text: &str) -> Option<DeliveryMethod> {
    match word(text).as_str() {
        "nationwide" => Some(DeliveryMethod::Nationwide),
        "packagedelivery" => Some(DeliveryMethod::PackageDelivery),
        "selfcollect" => Some(DeliveryMethod::SelfCollect),
        _ => None,
    }
}

pub(super) fn product_kind(text: &str) -> Option<ProductKind> {
    match word(text).as_str() {
        "physical" => Some(ProductKind::Physical),
        "digital" => Some(ProductKind::Digital),
        "service" => Some(ProductKind::Service),
        "subscription" => Some(ProductKind::Subscription),
        _ => None,
    }
}

/// A decimal number that is not negative: `mantissa / 10^scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    mantissa: i64,
    scale: u32,
}

impl Decimal {
    /// Reads `12`, `12.50` and `12,50`; at most 15 digits, no sign, no grouping.
    pub fn parse(text: &str) -> Option<Decimal> {
        let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || whole.len() + fraction.len() > 15 {
            return None;
        }
        let mantissa = format!("{whole}{fraction}").parse().ok()?;
        Some(Decimal { mantissa, scale: u32::try_from(fraction.len()).ok()? })
    }

    /// The value in units of `10^-scale`, when that is a whole number.
    pub fn exactly(self, scale: u32) -> Option<i64> {
        let scaled = i128::from(self.mantissa) * 10_i128.pow(scale);
        let divisor = 10_i128.pow(self.scale);
        (scaled % divisor == 0).then(|| i64::try_from(scaled / divisor).ok()).flatten()
    }

    /// The value times `numerator / denominator`, rounded half up.
    fn times(self, numerator: i128, denominator: i128) -> Option<i64> {
        let divisor = denominator * 10_i128.pow(self.scale);
        i64::try_from((i128::from(self.mantissa) * numerator * 2 + divisor) / (divisor * 2)).ok()
    }
}

/// A percentage, `17`, `17%` or `17,0 %`, in basis points. At most 100 percent.
pub(super) fn tax_rate_bp(text: &str) -> Option<i32> {
    let number = text.strip_suffix('%').unwrap_or(text).trim_end();
    let points = Decimal::parse(number)?.exactly(2)?;
    i32::try_from(points).ok().filter(|points| *points <= 10_000)
}

/// A weight in grams. Without a unit it is in grams, as Letzshop has it.
pub(super) fn weight_grams(text: &str) -> Option<i64> {
    let at = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
    let number = Decimal::parse(text[..at].trim())?;
    // Pound and ounce by their definition, 1959.
    let (numerator, denominator) = match text[at..].to_ascii_lowercase().as_str() {
        "" | "g" | "gr" | "gram" | "grams" => (1, 1),
        "kg" | "kgs" => (1000, 1),
        "mg" => (1, 1000),
        "lb" | "lbs" => (45_359_237, 100_000),
        "oz" => (45_359_237, 1_600_000),
        _ => return None,
    };
    number.times(numerator, denominator).filter(|grams| *grams <= MAX_WEIGHT_GRAMS)
}

/// A whole number within bounds; `5.0` is 5.
pub(super) fn whole_number(text: &str, max: i64) -> Option<i64> {
    Decimal::parse(text)?.exactly(0).filter(|number| *number <= max)
}

/// What a cell of the gtin column holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Gtin {
    Valid(String),
    /// Right in length, wrong in its check digit. Kept, because the marketplace's orders name the same digits.
    WrongCheckDigit(String),
    Unreadable,
}

/// Reads GTIN-8, -12, -13, -14 and ISBN-13 (digits only) and ISBN-10 (as the ISBN-13 of the same book).
pub(super) fn gtin(text: &str) -> Gtin {
    // A leading apostrophe keeps a spreadsheet from turning the digits into a number.
    let compact: String =
        text.trim_start_matches('\'').chars().filter(|c| !matches!(c, ' ' | '-' | '\u{A0}')).collect();
    if let Some(isbn) = isbn_10(&compact) {
        return Gtin::Valid(isbn);
    }
    let digits = compact.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || !matches!(compact.len(), 8 | 12 | 13 | 14) || compact.bytes().all(|byte| byte == b'0') {
        return Gtin::Unreadable;
    }
    let (body, check) = compact.split_at(compact.len() - 1);
    if check_digit(body) == check { Gtin::Valid(compact) } else { Gtin::WrongCheckDigit(compact) }
}

/// GS1's check digit: weights 3 and 1 alternating from the right.
fn check_digit(body: &str) -> String {
    let sum: u32 = body
        .bytes()
        .rev()
        .zip([3, 1].into_iter().cycle())
        .map(|(byte, weight)| u32::from(byte - b'0') * weight)
        .sum();
    ((10 - sum % 10) % 10).to_string()
}

fn isbn_10(text: &str) -> Option<String> {
    let (body, last) = text.as_bytes().split_at_checked(9)?;
    let last = match last {
        [digit @ b'0'..=b'9'] => u32::from(digit - b'0'),
        b"X" | b"x" => 10,
        _ => return None,
    };
    if !body.iter().all(u8::is_ascii_digit) || body.iter().all(|byte| *byte == b'0') {
        return None;
    }
    let weighted: u32 =
        body.iter().zip((2..=10).rev()).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    let body = format!("978{}", &text[..9]);
    (weighted + last).is_multiple_of(11).then(|| format!("{body}{}", check_digit(&body)))
}

/// An absolute http or https address without user name or password, in its normal form.
pub(super) fn web_address(text: &str) -> Option<String> {
    if text.len() > MAX_URL {
        return None;
    }
    let url = Url::parse(text).ok()?;
    let plain = url.username().is_empty() && url.password().is_none() && url.has_host();
    let address = String::from(url);
    let web = address.starts_with("http://") || address.starts_with("https://");
    (web && plain && address.len() <= MAX_URL).then_some(address)
}

/// Splits a list of addresses at its commas, but not at commas inside an address.
pub(super) fn split_addresses(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(',') {
        let next = text[at + 1..].trim_start();
        if next.is_empty() || next.starts_with("http://") || next.starts_with("https://") {
            parts.push(text[start..at].trim());
            start = at + 1;
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// Splits `Home > Garden > Chairs`; `>` separates where it has space on both sides.
pub(super) fn category_path(text: &str) -> Vec<String> {
    let text = text.replace("&gt;", ">");
    let (mut path, mut start) = (Vec::new(), 0);
    for (at, _) in text.match_indices('>') {
        let (before, after) = (&text[..at], &text[at + 1..]);
        let open = before.is_empty() || before.ends_with(char::is_whitespace);
        if open && (after.is_empty() || after.starts_with(char::is_whitespace)) {
            path.push(text[start..at].trim().to_owned());
            start = at + 1;
        }
    }
    path.push(text[start..].trim().to_owned());
    path.retain(|name| !name.is_empty());
    path
}

/// A moment in ISO 8601. Without an offset it is in `zone`; a day alone begins at midnight.
pub(super) fn instant(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    point(text, zone).map(|(instant, _)| instant)
}

/// `from/to`. A day alone as the end is included, so that the answer is the midnight after it.
pub(super) fn interval(text: &str, zone: Tz) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let (from, to) = text.split_once('/')?;
    let (from, _) = point(from, zone)?;
    let (to, day) = point(to, zone)?;
    let to = match day {
        Some(day) => midnight(day.checked_add_days(Days::new(1))?, zone)?,
        None => to,
    };
    (from < to).then_some((from, to))
}

/// The moment, and the day when the text has no time.
fn point(text: &str, zone: Tz) -> Option<(DateTime<Utc>, Option<NaiveDate>)> {
    let text = text.trim();
    if !text.is_ascii() || text.len() > 40 {
        return None;
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some((in_range(midnight(day, zone)?)?, Some(day)));
    }
    let mut text = text.to_owned();
    if text.as_bytes().get(10) == Some(&b' ') {
        text.replace_range(10..11, "T");
    }
    if let Some(utc) = text.strip_suffix(['Z', 'z']) {
        text = format!("{utc}+00:00");
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%dT%H:%M%z"] {
        if let Ok(instant) = DateTime::parse_from_str(&text, format) {
            return Some((in_range(instant.with_timezone(&Utc))?, None));
        }
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"] {
        if let Ok(local) = NaiveDateTime::parse_from_str(&text, format) {
            return Some((in_range(local_instant(local, zone)?)?, None));
        }
    }
    None
}

fn midnight(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    local_instant(day.and_time(NaiveTime::MIN), zone)
}

/// A time that the clock skips is read in UTC: an hour off once a year beats refusing it.
fn local_instant(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let zoned = zone.from_local_datetime(&local).earliest().map(|zoned| zoned.with_timezone(&Utc));
    Some(zoned.unwrap_or_else(|| local.and_utc()))
}

fn in_range(instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let year = chrono::Datelike::year(&instant);
    (1970..=9999).contains(&year).then_some(instant)
}

#[cfg(test)]
#[path = "value_tests.rs"]
mod tests;
