//! The protocol's messages.

use serde_json::{Map, Value, json};

/// Bytes of an operation's id.
const MAX_ID: usize = 128;

/// What a client says.
#[derive(Debug, PartialEq)]
pub(super) enum ClientMessage {
    /// Who it is.
    Init(Map<String, Value>),
    /// Whether the server is there; the payload is given back.
    Ping(Option<Value>),
    /// That it is there.
    Pong,
    /// An operation: its id, and a GraphQL request.
    Subscribe(String, Value),
    /// That it wants no more of an operation.
    Complete(String),
}

/// Reads a message; the error says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<ClientMessage, &'static str> {
    let Ok(Value::Object(mut message)) = serde_json::from_str(text) else { return Err("not a JSON object") };
    let kind = message.remove("type");
    let payload = message.remove("payload").filter(|payload| !payload.is_null());
    let object = |payload: Option<Value>| match payload {
        None => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err("the payload is not an object"),
    };
    let mut id = || match message.remove("id") {
        Some(Value::String(id)) if !id.is_empty() && id.len() <= MAX_ID => Ok(id),
        _ => Err("the id is not a text of 1 to 128 bytes"),
    };
    match kind.as_ref().and_then(Value::as_str) {
        Some("connection_init") => Ok(ClientMessage::Init(object(payload)?.unwrap_or_default())),
        Some("ping") => Ok(ClientMessage::Ping(object(payload)?.map(Value::Object))),
        Some("pong") => object(payload).map(|_| ClientMessage::Pong),
        Some("subscribe") => {
            let request = object(payload)?.ok_or("the payload is missing")?;
            if !request.get("query").is_some_and(Value::is_string) {
                return Err("the payload has no query");
            }
            Ok(ClientMessage::Subscribe(id()?, Value::Object(request)))
        }
        Some("complete") => Ok(ClientMessage::Complete(id()?)),
        _ => Err("the type is unknown"),
    }
}

/// A message that may carry a payload.
pub(super) fn with_payload(kind: &str, payload: Option<Value>) -> Value {
    match payload {
        Some(payload) => json!({ "type": kind, "payload": payload }),
        None => json!({ "type": kind }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_protocols_messages() {
        assert_eq!(parse(r#"{"type":"connection_init"}"#), Ok(ClientMessage::Init(Map::new())));
        assert_eq!(
            parse(r#"{"type":"ping","payload":{"a":1}}"#),
            Ok(ClientMessage::Ping(Some(json!({"a": 1}))))
        );
        assert_eq!(parse(r#"{"type":"pong"}"#), Ok(ClientMessage::Pong));
        assert_eq!(parse(r#"{"id":"7","type":"complete"}"#), Ok(ClientMessage::Complete("7".into())));
        assert_eq!(
            parse(r#"{"id":"7","type":"subscribe","payload":{"query":"{a}"}}"#),
            Ok(ClientMessage::Subscribe("7".into(), json!({"query": "{a}"})))
        );
    }

    #[test]
    fn refuses_everything_else() {
        let long = format!(r#"{{"id":"{}","type":"complete"}}"#, "x".repeat(129));
        for text in [
            "",
            "[]",
            "null",
            "{",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"start","id":"1","payload":{"query":"{a}"}}"#,
            r#"{"type":"connection_init","payload":"Bearer"}"#,
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":1}}"#,
            r#"{"type":"complete"}"#,
            &long,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
