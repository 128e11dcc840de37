//! Rows of customers and their address book.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::framework::id::{AddressId, CustomerId};

crate::row! {
    /// A customer.
    pub struct CustomerRow {
        pub id: CustomerId,
        pub email: Option<String>,
        pub registered: bool,
        pub password_hash: Option<String>,
        pub first_name: Option<String>,
        pub last_name: Option<String>,
        pub phone: Option<String>,
        pub language: Option<String>,
        pub active: bool,
        pub created_at: DateTime<Utc>,
        pub last_login_at: Option<DateTime<Utc>>,
        pub version: i32,
    }
}

/// The columns of [`CustomerRow`].
pub(super) const CUSTOMER_COLUMNS: &str = "id, email, registered, password_hash, first_name, last_name, phone, \
    language, active, created_at, last_login_at, version";

crate::row! {
    /// An entry of a customer's address book.
    pub struct AddressRow {
        pub id: AddressId,
        pub customer_id: CustomerId,
        pub address: Value,
        pub default_shipping: bool,
        pub default_billing: bool,
        pub version: i32,
    }
}

/// The columns of [`AddressRow`].
pub(super) const ADDRESS_COLUMNS: &str =
    "id, customer_id, address, default_shipping, default_billing, version";
