//! The types of a statement's parameters. The log does not tell them.

use tokio_postgres::Client;
use tokio_postgres::types::{Kind, Type};

use crate::Result;

/// The names of the types that PostgreSQL infers. Where it cannot (`unnest($1)`), the server had named them; then what
/// the recorded values look like stands in: first of the arrays, then of all.
///
/// `values` are those of each parameter in all recordings.
pub async fn infer(client: &Client, sql: &str, values: &[Vec<&str>]) -> Result<Vec<String>> {
    let looks: Vec<Type> = values.iter().map(|values| look(values)).collect();
    let arrays = looks
        .iter()
        .map(|look| if matches!(look.kind(), Kind::Array(_)) { look.clone() } else { Type::UNKNOWN });
    let mut error = None;
    for attempt in [Vec::new(), arrays.collect(), looks.clone()] {
        match client.prepare_typed(sql, &attempt).await {
            Ok(statement) => return Ok(statement.params().iter().map(name).collect()),
            Err(other) => error = Some(other),
        }
    }
    let reason = error.as_ref().and_then(|error| error.as_db_error()).map_or("?", |error| error.message());
    Err(format!("{reason}: {sql}").into())
}

fn name(kind: &Type) -> String {
    match kind.kind() {
        Kind::Array(of) => format!("{}[]", name(of)),
        _ => format!("{}.\"{}\"", kind.schema(), kind.name()),
    }
}

/// The type that all the values could be of.
fn look(values: &[&str]) -> Type {
    let is_array = |value: &&str| value.starts_with('{') && value.ends_with('}');
    let is_object =
        |value: &str| serde_json::from_str::<serde_json::Map<_, serde_json::Value>>(value).is_ok();
    if values.is_empty() {
        return Type::UNKNOWN;
    }
    if !values.iter().all(is_array) {
        return scalar(values.iter().copied());
    }
    if values.iter().all(|value| is_object(value)) {
        return if values.contains(&"{}") { Type::UNKNOWN } else { Type::JSONB };
    }
    if values.iter().any(|value| value.contains("{\\\"")) {
        return Type::JSONB_ARRAY;
    }
    let elements = values.iter().flat_map(|value| value[1..value.len() - 1].split(','));
    match scalar(
        elements.map(|element| element.trim_matches('"')).filter(|element| !matches!(*element, "" | "NULL")),
    ) {
        Type::UUID => Type::UUID_ARRAY,
        Type::INT8 => Type::INT8_ARRAY,
        Type::BOOL => Type::BOOL_ARRAY,
        Type::TIMESTAMPTZ => Type::TIMESTAMPTZ_ARRAY,
        _ => Type::TEXT_ARRAY,
    }
}

fn scalar<'a>(values: impl Iterator<Item = &'a str> + Clone) -> Type {
    let all = |test: fn(&str) -> bool| values.clone().next().is_some() && values.clone().all(test);
    if all(|value| uuid::Uuid::try_parse(value).is_ok()) {
        Type::UUID
    } else if all(|value| value.parse::<i64>().is_ok()) {
        Type::INT8
    } else if all(|value| matches!(value, "t" | "f")) {
        Type::BOOL
    } else if all(|value| {
        value.starts_with(|c: char| c.is_ascii_digit()) && value.contains('-') && value.contains(':')
    }) {
        Type::TIMESTAMPTZ
    } else {
        Type::TEXT
    }
}
