//! The scalars of the schema, each a small checked type.
//!
//! Input is refused with a message that says what is expected. Messages never repeat the input, which may be
//! long or hostile. Each type converts from and into what it wraps, so that resolvers pass on plain values.

mod codes;
mod decimal;
mod time;
mod web;

pub use codes::{CountryCode, CurrencyCode, LanguageCode, UnknownCountry, UnknownLanguage};
pub use decimal::Decimal;
pub use time::{DateTime, TimeZone};
pub use web::{InvalidJson, InvalidUrl, Json, MAX_JSON_BYTES, MAX_JSON_DEPTH, MAX_URL_LENGTH, Url};

/// The text of a string value; for anything else an error that says what was expected.
fn string_of<'a>(value: &'a async_graphql::Value, expected: &'static str) -> Result<&'a str, &'static str> {
    match value {
        async_graphql::Value::String(text) => Ok(text),
        _ => Err(expected),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Request, Schema, Variables};
    use futures::executor::block_on;
    use serde_json::json;

    use super::*;

    struct Echo;

    #[Object]
    impl Echo {
        async fn decimal(&self, value: Decimal) -> Decimal {
            value
        }
        async fn date_time(&self, value: DateTime) -> DateTime {
            value
        }
        async fn currency(&self, value: CurrencyCode) -> CurrencyCode {
            value
        }
        async fn country(&self, value: CountryCode) -> CountryCode {
            value
        }
        async fn language(&self, value: LanguageCode) -> LanguageCode {
            value
        }
        async fn time_zone(&self, value: TimeZone) -> TimeZone {
            value
        }
        async fn url(&self, value: Url) -> Url {
            value
        }
        async fn json(&self, value: Json) -> Json {
            value
        }
        async fn maybe_json(&self, value: Option<Json>) -> Option<Json> {
            value
        }
    }

    fn schema() -> Schema<Echo, EmptyMutation, EmptySubscription> {
        Schema::new(Echo, EmptyMutation, EmptySubscription)
    }

    fn answer(query: &str) -> Result<serde_json::Value, String> {
        let response = block_on(schema().execute(query));
        match response.errors.first() {
            Some(error) => Err(error.message.clone()),
            None => Ok(response.data.into_json().expect("data is JSON")),
        }
    }

    #[test]
    fn literals_go_in_and_come_out() {
        for (query, expected) in [
            (r#"{ decimal(value: "19.90") }"#, json!({"decimal": "19.90"})),
            ("{ decimal(value: 20) }", json!({"decimal": "20"})),
            (
                r#"{ dateTime(value: "2026-01-02T04:04:05.678+01:00") }"#,
                json!({"dateTime": "2026-01-02T03:04:05.678Z"}),
            ),
            (r#"{ currency(value: "JPY") }"#, json!({"currency": "JPY"})),
            (r#"{ country(value: "LU") }"#, json!({"country": "LU"})),
            (r#"{ language(value: "FR-lu") }"#, json!({"language": "fr-LU"})),
            (r#"{ timeZone(value: "Europe/Luxembourg") }"#, json!({"timeZone": "Europe/Luxembourg"})),
            (r#"{ url(value: "https://example.com/a?b=c") }"#, json!({"url": "https://example.com/a?b=c"})),
            (
                r#"{ json(value: {a: [1, 2.5, null, true, "x"]}) }"#,
                json!({"json": {"a": [1, 2.5, null, true, "x"]}}),
            ),
            ("{ maybeJson(value: null) }", json!({"maybeJson": null})),
        ] {
            assert_eq!(answer(query), Ok(expected), "{query}");
        }
    }

    #[test]
    fn refusals_say_what_is_expected() {
        for (query, part) in [
            ("{ decimal(value: 19.90) }", "as a string"),
            (r#"{ decimal(value: "19,90") }"#, "such as \"19.90\""),
            (r#"{ dateTime(value: "tomorrow") }"#, "RFC 3339"),
            (r#"{ currency(value: "XXX") }"#, "ISO 4217"),
            (r#"{ country(value: "lu") }"#, "ISO 3166"),
            (r#"{ language(value: "french") }"#, "such as \"fr\""),
            (r#"{ timeZone(value: "CEST") }"#, "IANA"),
            (r#"{ url(value: "/relative") }"#, "http or https"),
            ("{ json(value: BARE) }", "JSON value"),
        ] {
            let message = answer(query).expect_err(query);
            assert!(message.contains(part), "{query}: {message}");
        }
    }

    #[test]
    fn variables_are_checked_like_literals() {
        let run = |value: serde_json::Value| {
            let request = Request::new("query($value: Decimal!) { decimal(value: $value) }")
                .variables(Variables::from_json(json!({ "value": value })));
            block_on(schema().execute(request)).into_result()
        };
        assert!(run(json!("19.90")).is_ok());
        assert!(run(json!(19)).is_ok());
        for value in [json!(19.5), json!(1e30), json!(true), json!([]), json!({}), json!(null)] {
            assert!(run(value.clone()).is_err(), "{value}");
        }
    }

    #[test]
    fn the_schema_names_and_describes_each() {
        let sdl = schema().sdl();
        for name in
            ["Decimal", "DateTime", "CurrencyCode", "CountryCode", "LanguageCode", "TimeZone", "URL", "JSON"]
        {
            let (before, _) = sdl.split_once(&format!("\nscalar {name}")).expect(name);
            assert!(before.ends_with("\"\"\""), "{name} has no description");
        }
    }
}
