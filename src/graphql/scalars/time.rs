//! Instants and time zones.

use std::fmt;
use std::str::FromStr;

use async_graphql::{InputValueResult, Scalar, ScalarType, Value};
use chrono::{Datelike, SecondsFormat, Utc};
use chrono_tz::Tz;

use super::string_of;

const EXPECTED_INSTANT: &str =
    "expected an instant in RFC 3339 with an offset, such as \"2026-01-02T03:04:05.678Z\"";
const EXPECTED_ZONE: &str = "expected the IANA name of a time zone, such as \"Europe/Luxembourg\"";

/// Longest text that is read as an instant; RFC 3339 with nanoseconds and an offset has 35 characters.
const MAX_INSTANT_LENGTH: usize = 40;

/// An instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DateTime(chrono::DateTime<Utc>);

impl From<chrono::DateTime<Utc>> for DateTime {
    fn from(instant: chrono::DateTime<Utc>) -> Self {
        Self(instant)
    }
}

impl From<DateTime> for chrono::DateTime<Utc> {
    fn from(instant: DateTime) -> Self {
        instant.0
    }
}

impl FromStr for DateTime {
    type Err = &'static str;

    /// Reads RFC 3339 to the millisecond. A leap second is the first of the next minute, as in PostgreSQL.
    fn from_str(text: &str) -> Result<Self, &'static str> {
        // chrono also takes a space, lower case and other minus signs.
        let plain = text.len() <= MAX_INSTANT_LENGTH
            && text.bytes().all(|byte| byte.is_ascii_digit() || b"-+:.TZ".contains(&byte));
        let parsed = Some(text).filter(|_| plain).and_then(|text| {
            chrono::DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.timestamp_millis())
        });
        parsed
            .and_then(chrono::DateTime::from_timestamp_millis)
            // Years that RFC 3339 can write; an offset may leave them.
            .filter(|instant| (1..=9999).contains(&instant.year()))
            .map(Self)
            .ok_or(EXPECTED_INSTANT)
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// An instant in RFC 3339, always answered in UTC with milliseconds: `"2026-01-02T03:04:05.678Z"`. As input
/// any offset is accepted, but one must be given; fractions finer than a millisecond are cut off. Years 1 to
/// 9999.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(string_of(&value, EXPECTED_INSTANT)?.parse::<Self>()?)
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

/// A time zone of the IANA database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeZone(Tz);

impl TimeZone {
    /// The IANA name.
    pub fn as_str(self) -> &'static str {
        self.0.name()
    }
}

impl From<Tz> for TimeZone {
    fn from(zone: Tz) -> Self {
        Self(zone)
    }
}

impl From<TimeZone> for Tz {
    fn from(zone: TimeZone) -> Self {
        zone.0
    }
}

impl FromStr for TimeZone {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, &'static str> {
        name.parse::<Tz>().map(Self).map_err(|_| EXPECTED_ZONE)
    }
}

/// The name of a time zone in the IANA database, in its exact spelling: `"Europe/Luxembourg"`, `"UTC"`.
/// Offsets such as `"+01:00"` are refused, because they do not know daylight saving time.
#[Scalar]
impl ScalarType for TimeZone {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(string_of(&value, EXPECTED_ZONE)?.parse::<Self>()?)
    }

    fn to_value(&self) -> Value {
        Value::String(self.as_str().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone as _;

    use super::*;

    fn written(text: &str) -> Option<String> {
        text.parse::<DateTime>().ok().map(|instant| instant.to_string())
    }

    #[test]
    fn instants_are_answered_in_utc_with_milliseconds() {
        for (text, answer) in [
            ("2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678Z"),
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"),
            ("2026-01-02T00:30:00+01:00", "2026-01-01T23:30:00.000Z"),
            ("2026-01-02T03:04:05.678999999-00:00", "2026-01-02T03:04:05.678Z"),
            ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(written(text).as_deref(), Some(answer), "{text}");
        }
        let instant = Utc.with_ymd_and_hms(2026, 1, 2, 3, 4, 5).single().expect("an instant");
        assert_eq!(DateTime::from(instant).to_string(), "2026-01-02T03:04:05.000Z");
        assert_eq!("2026-01-02T03:04:05Z".parse::<DateTime>().map(Into::into), Ok(instant));
    }

    #[test]
    fn refuses_what_is_no_instant() {
        for text in [
            "",
            "now",
            "2026-01-02",
            "2026-01-02T03:04:05",
            "2026-01-02 03:04:05Z",
            "2026-01-02t03:04:05z",
            "2026-02-30T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-02T25:00:00Z",
            "2026-01-02T03:04:05+25:00",
            "2026-01-02T03:04:05Z ",
            "2026-01-02T03:04:05Z\0",
            "20260102T030405Z",
            "+12026-01-02T03:04:05Z",
            "2026-01-02T03:04:05\u{2212}01:00",
            "9999-12-31T23:59:59-23:59",
            "0001-01-01T00:00:00+23:59",
            "0000-01-01T00:00:00Z",
            "1767323045",
        ] {
            assert_eq!(written(text), None, "{text:?}");
        }
        assert_eq!(written(&format!("2026-01-02T03:04:05.{}Z", "1".repeat(100_000))), None);
        for value in [Value::from(1_767_323_045), Value::Null, Value::from(true)] {
            assert!(<DateTime as ScalarType>::parse(value).is_err());
        }
    }

    #[test]
    fn zones_are_names_of_the_iana_database() {
        for name in ["Europe/Luxembourg", "UTC", "America/Argentina/Buenos_Aires"] {
            assert_eq!(name.parse::<TimeZone>().map(TimeZone::as_str), Ok(name));
        }
        assert_eq!("UTC".parse::<TimeZone>().map(Tz::from), Ok(Tz::UTC));
        for name in [
            "",
            "europe/luxembourg",
            "Europe/Nowhere",
            "+01:00",
            "CEST",
            "../etc/passwd",
            "UTC\0",
            " UTC",
            "localtime",
        ] {
            assert!(name.parse::<TimeZone>().is_err(), "{name:?}");
        }
        assert!("A".repeat(100_000).parse::<TimeZone>().is_err());
        assert!(<TimeZone as ScalarType>::parse(Value::from(1)).is_err());
    }
}
