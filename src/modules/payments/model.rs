//! Payment rows.

use async_graphql::Enum;
use chrono::{DateTime, Utc};

use crate::framework::id::{OrderId, PaymentId};

/// What came of a payment, or of an order's payments together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum PaymentStatus {
    /// The money is awaited.
    Pending,
    /// The money is promised, and not taken yet.
    Authorized,
    /// Part of the money is there.
    PartiallyPaid,
    /// All of the money is there.
    Paid,
    /// Part of the money went back.
    PartiallyRefunded,
    /// All of the money went back.
    Refunded,
    /// The payment was declined.
    Failed,
    /// Not awaited any more.
    Cancelled,
}
crate::text_enum!(PaymentStatus {
    Pending => "PENDING", Authorized => "AUTHORIZED", PartiallyPaid => "PARTIALLY_PAID", Paid => "PAID",
    PartiallyRefunded => "PARTIALLY_REFUNDED", Refunded => "REFUNDED", Failed => "FAILED", Cancelled => "CANCELLED",
});

crate::row! {
    /// A row of `payments`: an attempt at one order's money.
    #[derive(PartialEq)]
    pub struct PaymentRow {
        /// Its id.
        pub id: PaymentId,
        /// The order.
        pub order_id: OrderId,
        /// The gateway's code.
        pub gateway: String,
        /// What came of it.
        pub status: PaymentStatus,
        /// What is asked for, in minor units.
        pub amount: i64,
        /// ISO 4217.
        pub currency_code: String,
        /// What came.
        pub captured: i64,
        /// What of it went back.
        pub refunded: i64,
        /// Why it was declined.
        pub failure_code: Option<String>,
        /// The provider's id.
        pub external_id: Option<String>,
        /// The reference of a transfer, as the team noted it.
        pub reference: Option<String>,
        /// When the money came, as the team noted it.
        pub received_at: Option<DateTime<Utc>>,
        /// When it was begun.
        pub created_at: DateTime<Utc>,
    }
}
