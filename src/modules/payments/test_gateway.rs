//! A gateway without a provider, which refuses like a real one: for tests, demonstrations and clients in the making.
//!
//! Its answer follows from the payment alone, so that a repeated call answers the same.

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::gateway::{Answer, Gateway, GatewayError, PaymentRequest};
use crate::framework::error::{ErrorCode, Refusal};

/// The test gateway.
pub struct TestGateway;

const OUTCOMES: [&str; 6] =
    ["approve", "authorize", "decline", "decline_insufficient_funds", "pending", "unavailable"];

/// The outcome that the client asked for; `None` where it asked for nonsense.
fn outcome(data: Option<&Value>) -> Option<&'static str> {
    let wanted = match data {
        None | Some(Value::Null) => return Some("approve"),
        Some(Value::Object(fields)) => match fields.get("outcome") {
            None if fields.is_empty() => return Some("approve"),
            Some(Value::String(wanted)) if fields.len() == 1 => wanted,
            _ => return None,
        },
        Some(_) => return None,
    };
    OUTCOMES.into_iter().find(|outcome| outcome == wanted)
}

impl Gateway for TestGateway {
    fn code(&self) -> &'static str {
        "test"
    }
    fn name(&self) -> &'static str {
        "Test payment"
    }
    fn data_schema(&self) -> Option<Value> {
        Some(json!({
            "type": "object",
            "properties": { "outcome": { "type": "string", "enum": OUTCOMES, "default": "approve" } },
            "additionalProperties": false,
        }))
    }
    fn check(&self, data: Option<&Value>) -> Result<(), Refusal> {
        if outcome(data).is_some() {
            return Ok(());
        }
        let message =
            format!("The test gateway takes {{\"outcome\": …}} with one of {}.", OUTCOMES.join(", "));
        Err(Refusal::new(ErrorCode::InvalidValue, message).at(["data", "outcome"]))
    }
    fn pay<'a>(&'a self, request: &'a PaymentRequest) -> BoxFuture<'a, Result<Answer, GatewayError>> {
        Box::pin(async move {
            let external_id = format!("test_{}", request.payment.uuid().simple());
            Ok(match outcome(request.data.as_ref()) {
                Some("approve") => Answer::Paid { external_id },
                Some("authorize") => Answer::Authorized { external_id },
                Some("pending") => Answer::Pending { next: None },
                Some("unavailable") => return Err(GatewayError("the test gateway was asked to fail".into())),
                Some("decline_insufficient_funds") => {
                    Answer::Declined { code: ErrorCode::PaymentInsufficientFunds }
                }
                _ => Answer::Declined { code: ErrorCode::PaymentDeclined },
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::framework::id::PaymentId;
    use crate::framework::money::{Currency, Money};

    fn pay(data: Option<Value>) -> Result<Answer, GatewayError> {
        block_on(TestGateway.pay(&PaymentRequest {
            payment: PaymentId::from_uuid(uuid::Uuid::from_u128(0xabc)),
            order_number: "1".into(),
            amount: Money::zero(Currency::EUR),
            due_at: None,
            data,
        }))
    }

    #[test]
    fn does_what_it_is_asked_and_repeats_itself() {
        let external_id = "test_00000000000000000000000000000abc".to_owned();
        for _ in 0..2 {
            assert_eq!(pay(None).unwrap(), Answer::Paid { external_id: external_id.clone() });
            let declined = pay(Some(json!({"outcome": "decline"}))).unwrap();
            assert_eq!(declined, Answer::Declined { code: ErrorCode::PaymentDeclined });
            let poor = pay(Some(json!({"outcome": "decline_insufficient_funds"}))).unwrap();
            assert_eq!(poor, Answer::Declined { code: ErrorCode::PaymentInsufficientFunds });
            assert_eq!(pay(Some(json!({"outcome": "pending"}))).unwrap(), Answer::Pending { next: None });
            assert!(pay(Some(json!({"outcome": "unavailable"}))).is_err());
        }
    }

    #[test]
    fn refuses_nonsense_before_anything_is_written() {
        for data in [json!([]), json!(1), json!({"outcome": "maybe"}), json!({"outcome": 1}), json!({"x": 1})]
        {
            assert_eq!(TestGateway.check(Some(&data)).unwrap_err().code, ErrorCode::InvalidValue, "{data}");
        }
        assert!(TestGateway.check(Some(&json!({"outcome": "authorize"}))).is_ok());
    }
}
