//! Pay later: the shopper transfers the money, the team confirms that it came.

use futures::future::BoxFuture;
use serde_json::Value;

use super::gateway::{Answer, Gateway, GatewayError, NextAction, PaymentRequest};
use crate::framework::error::{ErrorCode, Refusal};

/// The gateway's code.
pub const CODE: &str = "manual";

/// The manual gateway.
pub struct Manual;

impl Gateway for Manual {
    fn code(&self) -> &'static str {
        CODE
    }
    fn name(&self) -> &'static str {
        "Bank transfer"
    }
    fn data_schema(&self) -> Option<Value> {
        None
    }
    fn check(&self, data: Option<&Value>) -> Result<(), Refusal> {
        let empty = data.is_none_or(|data| data.is_null() || data.as_object().is_some_and(|o| o.is_empty()));
        if empty {
            return Ok(());
        }
        Err(Refusal::new(ErrorCode::InvalidValue, "The manual gateway takes no data.").at(["data"]))
    }
    fn pay<'a>(&'a self, request: &'a PaymentRequest) -> BoxFuture<'a, Result<Answer, GatewayError>> {
        Box::pin(async move {
            let (amount, currency) = (request.amount.amount(), request.amount.currency());
            let reference = request.order_number.clone();
            let text = format!("Transfer {amount} {currency} with the reference {reference}.");
            Ok(Answer::Pending {
                next: Some(NextAction::Instructions { text, reference, due_at: request.due_at }),
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

    #[test]
    fn asks_for_a_transfer_with_the_order_number() {
        let request = PaymentRequest {
            payment: PaymentId::from_uuid(uuid::Uuid::from_u128(1)),
            order_number: "A-1001".into(),
            amount: Money::new(1_990, Currency::EUR).unwrap(),
            due_at: chrono::DateTime::from_timestamp(1_800_000_000, 0),
            data: None,
        };
        let answer = block_on(Manual.pay(&request)).unwrap();
        let next = NextAction::Instructions {
            text: "Transfer 19.90 EUR with the reference A-1001.".into(),
            reference: "A-1001".into(),
            due_at: chrono::DateTime::from_timestamp(1_800_000_000, 0),
        };
        assert_eq!(answer, Answer::Pending { next: Some(next) });
    }

    #[test]
    fn takes_no_data() {
        assert!(Manual.check(None).is_ok());
        assert!(Manual.check(Some(&serde_json::json!({}))).is_ok());
        let refusal = Manual.check(Some(&serde_json::json!({"card": "4242"}))).unwrap_err();
        assert_eq!((refusal.code, refusal.field), (ErrorCode::InvalidValue, vec!["data".to_owned()]));
    }
}
