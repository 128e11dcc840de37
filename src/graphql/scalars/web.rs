//! Addresses on the web, and free JSON.

use std::fmt;
use std::str::FromStr;

use async_graphql::{InputValueResult, Scalar, ScalarType, Value};
use thiserror::Error;

use super::string_of;

/// Longest address, in bytes.
pub const MAX_URL_LENGTH: usize = 2048;

/// Largest JSON input, in bytes once serialised without white space.
pub const MAX_JSON_BYTES: usize = 16 * 1024;

/// Deepest nesting of lists and objects in JSON input.
pub const MAX_JSON_DEPTH: usize = 32;

/// An absolute http or https address. That it parses does not make it safe to call: a fetcher checks where
/// the host points.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Url(url::Url);

/// The text is not an address of the accepted form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "expected an absolute http or https address of at most {MAX_URL_LENGTH} characters, \
     such as \"https://example.com/shop\""
)]
pub struct InvalidUrl;

impl Url {
    /// The normalised address.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for Url {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        if text.len() > MAX_URL_LENGTH {
            return Err(InvalidUrl);
        }
        // The parser repairs silently: it drops tabs and line breaks, trims, and reads a backslash as a
        // slash. What is refused here cannot mean one thing to us and another to the next reader.
        if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
            return Err(InvalidUrl);
        }
        let (scheme, rest) = text.split_once("://").ok_or(InvalidUrl)?;
        let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        if !web || rest.starts_with('/') {
            return Err(InvalidUrl);
        }
        let parsed = url::Url::parse(text).map_err(|_| InvalidUrl)?;
        Self::try_from(parsed)
    }
}

impl TryFrom<url::Url> for Url {
    type Error = InvalidUrl;

    fn try_from(url: url::Url) -> Result<Self, InvalidUrl> {
        // Escaping may have made it longer.
        let accepted = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.as_str().len() <= MAX_URL_LENGTH;
        if accepted { Ok(Self(url)) } else { Err(InvalidUrl) }
    }
}

impl From<Url> for url::Url {
    fn from(url: Url) -> Self {
        url.0
    }
}

impl From<Url> for String {
    fn from(url: Url) -> Self {
        url.0.into()
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An absolute http or https address of at most 2,048 characters: `"https://example.com/shop"`. It is
/// answered in normal form: host in lower case, an empty path as `/`, special characters escaped.
#[Scalar(name = "URL", specified_by_url = "https://url.spec.whatwg.org/")]
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        let text = string_of(&value, "expected an absolute http or https address as a string")?;
        Ok(text.parse::<Self>()?)
    }

    fn to_value(&self) -> Value {
        Value::String(self.as_str().to_owned())
    }
}

/// Any JSON value that PostgreSQL's `jsonb` can hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Json(serde_json::Value);

/// Why JSON input was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidJson {
    /// A bare word or an uploaded file.
    #[error("expected a JSON value: object, list, string, number, true, false or null")]
    NotJson,
    /// Beyond [`MAX_JSON_BYTES`].
    #[error("expected JSON of at most {MAX_JSON_BYTES} bytes")]
    TooLarge,
    /// Beyond [`MAX_JSON_DEPTH`].
    #[error("expected JSON of at most {MAX_JSON_DEPTH} nested lists and objects")]
    TooDeep,
    /// The character U+0000, which the database cannot store.
    #[error("expected JSON without the character U+0000")]
    NulCharacter,
}

impl From<serde_json::Value> for Json {
    /// For values of our own; only input is bounded.
    fn from(value: serde_json::Value) -> Self {
        Self(value)
    }
}

impl From<Json> for serde_json::Value {
    fn from(json: Json) -> Self {
        json.0
    }
}

impl Json {
    fn from_input(value: Value) -> Result<Self, InvalidJson> {
        check_json(&value, 0)?;
        let json = value.into_json().map_err(|_| InvalidJson::NotJson)?;
        // A slice takes no more than it holds, so an oversized value stops there.
        let mut room = vec![0; MAX_JSON_BYTES];
        serde_json::to_writer(room.as_mut_slice(), &json).map_err(|_| InvalidJson::TooLarge)?;
        Ok(Self(json))
    }
}

/// Any JSON value: object, list, string, number, boolean or null. As input at most 16 KiB once serialised, at
/// most 32 levels deep, and without the character U+0000. Objects do not keep the order of their keys.
#[Scalar(name = "JSON", specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        Ok(Self::from_input(value)?)
    }

    fn to_value(&self) -> Value {
        Value::from_json(self.0.clone()).unwrap_or_default()
    }
}

/// Recurses no deeper than [`MAX_JSON_DEPTH`].
fn check_json(value: &Value, depth: usize) -> Result<(), InvalidJson> {
    let text = |text: &str| if text.contains('\0') { Err(InvalidJson::NulCharacter) } else { Ok(()) };
    let deeper = || if depth < MAX_JSON_DEPTH { Ok(depth + 1) } else { Err(InvalidJson::TooDeep) };
    match value {
        Value::Null | Value::Boolean(_) | Value::Number(_) => Ok(()),
        Value::String(string) => text(string),
        Value::List(items) => {
            let depth = deeper()?;
            items.iter().try_for_each(|item| check_json(item, depth))
        }
        Value::Object(fields) => {
            let depth = deeper()?;
            fields.iter().try_for_each(|(key, field)| text(key).and_then(|()| check_json(field, depth)))
        }
        Value::Enum(_) | Value::Binary(_) => Err(InvalidJson::NotJson),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Name;
    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_are_normalised() {
        for (text, answer) in [
            ("https://example.com", "https://example.com/"),
            ("HTTPS://EXAMPLE.com/A?b=c#d", "https://example.com/A?b=c#d"),
            ("http://localhost:8080/x", "http://localhost:8080/x"),
            ("https://[::1]/", "https://[::1]/"),
            ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ] {
            assert_eq!(text.parse::<Url>().map(String::from).as_deref(), Ok(answer), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_web_address() {
        for text in [
            "",
            "example.com",
            "/path",
            "//example.com/",
            "https:example.com",
            "https:/example.com",
            "https://",
            "https:///example.com",
            "javascript:alert(1)",
            "javascript://example.com/%0aalert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "ftp://example.com/",
            "https://exa mple.com/",
            " https://example.com/",
            "https://example.com/\n",
            "https://example.com/\0",
            "https:\\\\example.com\\",
            "https://example.com\\@evil.example/",
            "https://example.com:99999/",
            "https://?x",
            "http://[::1",
            "https://example.com/a\u{2028}b",
            "https://example.com/a\u{a0}b",
        ] {
            assert_eq!(text.parse::<Url>(), Err(InvalidUrl), "{text:?}");
        }
        let prefix = "https://example.com/";
        let of_length = |length: usize| format!("{prefix}{}", "a".repeat(length - prefix.len()));
        assert!(of_length(MAX_URL_LENGTH).parse::<Url>().is_ok());
        assert_eq!(of_length(MAX_URL_LENGTH + 1).parse::<Url>(), Err(InvalidUrl));
        // 1,020 bytes as written, 3,020 once escaped.
        assert_eq!(format!("{prefix}{}", "ä".repeat(500)).parse::<Url>(), Err(InvalidUrl));
        assert!(<Url as ScalarType>::parse(Value::from(1)).is_err());
    }

    fn read(value: serde_json::Value) -> Result<serde_json::Value, InvalidJson> {
        Json::from_input(Value::from_json(value).expect("a value")).map(serde_json::Value::from)
    }

    fn nested(depth: usize) -> Value {
        (0..depth).fold(Value::Null, |inner, _| Value::List(vec![inner]))
    }

    #[test]
    fn json_goes_in_and_comes_out() {
        for value in
            [json!(null), json!(1.5), json!("x"), json!([1, {"a": null}]), json!({"$id": {"": [true]}})]
        {
            assert_eq!(read(value.clone()), Ok(value.clone()));
            assert_eq!(Json::from(value.clone()).to_value().into_json().ok(), Some(value));
        }
    }

    #[test]
    fn json_is_bounded() {
        // Two quotation marks belong to the size.
        assert!(read(json!("a".repeat(MAX_JSON_BYTES - 2))).is_ok());
        assert_eq!(read(json!("a".repeat(MAX_JSON_BYTES - 1))), Err(InvalidJson::TooLarge));
        // U+0001 is six characters when escaped.
        assert_eq!(read(json!("\u{1}".repeat(MAX_JSON_BYTES / 6 + 1))), Err(InvalidJson::TooLarge));
        assert!(Json::from_input(nested(MAX_JSON_DEPTH)).is_ok());
        assert_eq!(Json::from_input(nested(MAX_JSON_DEPTH + 1)), Err(InvalidJson::TooDeep));
        let alternating = (0..20).fold(json!(1), |inner, _| json!({ "a": [inner] }));
        assert_eq!(read(alternating), Err(InvalidJson::TooDeep));
    }

    #[test]
    fn json_holds_only_what_the_database_holds() {
        assert_eq!(read(json!("a\0b")), Err(InvalidJson::NulCharacter));
        assert_eq!(read(json!({ "a\0": 1 })), Err(InvalidJson::NulCharacter));
        assert_eq!(Json::from_input(Value::Enum(Name::new("BARE"))), Err(InvalidJson::NotJson));
        assert_eq!(Json::from_input(Value::Binary(vec![1].into())), Err(InvalidJson::NotJson));
    }
}
