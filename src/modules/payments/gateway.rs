//! What a payment provider must do for us: the one place where several implementations stand behind a trait.

use futures::future::BoxFuture;
use serde_json::Value;

use crate::framework::error::{ErrorCode, Refusal};
use crate::framework::id::PaymentId;
use crate::framework::money::Money;

/// A payment provider.
///
/// A gateway is called without any transaction open, and may be called again with the same payment (after a cut
/// connection, or by a repeated request): for one payment id it must move money once, and answer the same.
pub trait Gateway: Send + Sync {
    /// The name that clients send: `manual`.
    fn code(&self) -> &'static str;
    /// For shoppers, in English.
    fn name(&self) -> &'static str;
    /// The JSON Schema of `PaymentInput.data`; `None` where nothing is expected.
    fn data_schema(&self) -> Option<Value>;
    /// Checks `PaymentInput.data` before anything is written. The refusal's path begins behind `payment`.
    fn check(&self, data: Option<&Value>) -> Result<(), Refusal>;
    /// Asks for the money. An error means that nobody knows: the payment stays pending, and may be asked for again.
    fn pay<'a>(&'a self, request: &'a PaymentRequest) -> BoxFuture<'a, Result<Answer, GatewayError>>;
}

/// What a gateway is asked for.
#[derive(Debug, Clone)]
pub struct PaymentRequest {
    /// The attempt: the provider's idempotency key.
    pub payment: PaymentId,
    /// The order's number, for the payer's statement.
    pub order_number: String,
    /// How much.
    pub amount: Money,
    /// Until when it is waited for.
    pub due_at: Option<chrono::DateTime<chrono::Utc>>,
    /// What the client sent for the gateway.
    pub data: Option<Value>,
}

/// What a gateway answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The money comes later, by what the shopper does next.
    Pending {
        /// What they do.
        next: Option<NextAction>,
    },
    /// The money is promised and can be taken.
    Authorized {
        /// The provider's id of the payment.
        external_id: String,
    },
    /// The money is there, all of it.
    Paid {
        /// The provider's id of the payment.
        external_id: String,
    },
    /// Refused, for good: another attempt is another payment.
    Declined {
        /// Why, as the payment's `failureCode`.
        code: ErrorCode,
    },
}

/// What the shopper does next.
#[derive(Debug, Clone, PartialEq)]
pub enum NextAction {
    /// Pays by themselves, following a text.
    Instructions {
        /// For the shopper, in English.
        text: String,
        /// What to write on the transfer.
        reference: String,
        /// Until when.
        due_at: Option<chrono::DateTime<chrono::Utc>>,
    },
}

/// The provider did not answer.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the payment provider did not answer: {0}")]
pub struct GatewayError(pub String);
