//! Order rows, and an order as it is worked on.

use std::collections::BTreeMap;

use async_graphql::Enum;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::framework::id::{
    CartId, CustomerId, FulfilmentId, LocationId, OrderId, OrderLineId, ProductId, ShippingMethodId,
    VariantId,
};
use crate::modules::payments::model::{PaymentRow, PaymentStatus};

/// Where an order came from. Open: clients keep a default branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum OrderChannel {
    /// A checkout of this API.
    Direct,
    /// Letzshop.
    Letzshop,
    /// Entered by the team.
    Manual,
}
crate::text_enum!(OrderChannel { Direct => "DIRECT", Letzshop => "LETZSHOP", Manual => "MANUAL" });

/// Where an order stands: derived from its lines, its payments and its release, never set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum OrderStatus {
    /// Placed; waits for its payment, or for the team.
    Pending,
    /// Released: paid, authorised, or released by the team.
    Processing,
    /// Some of what was not cancelled is shipped.
    PartiallyShipped,
    /// All that was not cancelled is shipped.
    Shipped,
    /// All that was not cancelled is delivered.
    Delivered,
    /// Every unit is cancelled.
    Cancelled,
}
crate::text_enum!(OrderStatus {
    Pending => "PENDING", Processing => "PROCESSING", PartiallyShipped => "PARTIALLY_SHIPPED", Shipped => "SHIPPED",
    Delivered => "DELIVERED", Cancelled => "CANCELLED",
});

/// How much of an order is shipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum FulfilmentStatus {
    /// Nothing.
    Unfulfilled,
    /// Some of what was not cancelled.
    PartiallyFulfilled,
    /// All that was not cancelled.
    Fulfilled,
}
crate::text_enum!(FulfilmentStatus {
    Unfulfilled => "UNFULFILLED", PartiallyFulfilled => "PARTIALLY_FULFILLED", Fulfilled => "FULFILLED",
});

/// Where a parcel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum FulfilmentState {
    /// On its way.
    Shipped,
    /// Arrived.
    Delivered,
    /// Called back.
    Cancelled,
}
crate::text_enum!(FulfilmentState { Shipped => "SHIPPED", Delivered => "DELIVERED", Cancelled => "CANCELLED" });

/// What can be done with an order. Open: clients keep a default branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum OrderAction {
    /// The buyer pays, by `orderPay`.
    Pay,
    /// The team confirms that money came, by `orderPaymentConfirm`.
    ConfirmPayment,
    /// The team ships, by `orderShip`.
    Ship,
    /// The team notes that parcels arrived, by `orderDeliver`.
    Deliver,
    /// Unshipped units are cancelled, by `orderCancel`.
    Cancel,
}
crate::text_enum!(OrderAction {
    Pay => "PAY", ConfirmPayment => "CONFIRM_PAYMENT", Ship => "SHIP", Deliver => "DELIVER", Cancel => "CANCEL",
});

/// Why units are cancelled. Open: clients keep a default branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum OrderCancelReason {
    /// The customer does not want it any more.
    Customer,
    /// There is not enough inventory.
    Inventory,
    /// The order looks fraudulent.
    Fraud,
    /// The payment did not come.
    Payment,
    /// The order was a mistake.
    Error,
    /// Something else; see the note.
    Other,
}
crate::text_enum!(OrderCancelReason {
    Customer => "CUSTOMER", Inventory => "INVENTORY", Fraud => "FRAUD", Payment => "PAYMENT", Error => "ERROR",
    Other => "OTHER",
});

/// The `cancel_reason` of an order whose payment did not come in time.
pub const EXPIRED: &str = "EXPIRED";

/// The tax of an order at one rate, frozen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrozenTax {
    /// The class.
    pub tax_class: String,
    /// Where it is due (ISO 3166).
    pub country: String,
    /// Basis points.
    pub rate_bp: i32,
    /// The net amount.
    pub taxable: i64,
    /// The tax.
    pub tax: i64,
}

crate::row! {
    /// A row of `orders`.
    pub struct OrderRow {
        /// Its id.
        pub id: OrderId,
        /// For people; unique within the vendor.
        pub number: String,
        /// What the number was drawn as.
        pub sequence: i64,
        /// The hash of the guest's token.
        pub token_hash: Vec<u8>,
        /// The cart that it was.
        pub cart_id: Option<CartId>,
        /// Where it came from.
        pub channel: OrderChannel,
        /// Its number there.
        pub external_number: Option<String>,
        /// The buyer, if they were logged in.
        pub customer_id: Option<CustomerId>,
        /// The buyer's e-mail.
        pub email: Option<String>,
        /// The language that it was placed in.
        pub language: String,
        /// ISO 4217.
        pub currency_code: String,
        /// Whether its prices include tax.
        pub prices_include_tax: bool,
        /// The business date of its tax rates.
        pub tax_date: NaiveDate,
        /// Derived.
        pub status: OrderStatus,
        /// Derived.
        pub payment_status: PaymentStatus,
        /// Derived.
        pub fulfilment_status: FulfilmentStatus,
        /// Goods before discounts.
        pub subtotal: i64,
        /// Discounts.
        pub discount_total: i64,
        /// Shipping, in the vendor's mode.
        pub shipping_total: i64,
        /// The tax on shipping.
        pub shipping_tax_total: i64,
        /// All tax.
        pub tax_total: i64,
        /// What is paid, tax included.
        pub total: i64,
        /// What has come.
        pub paid_total: i64,
        /// What of it went back.
        pub refunded_total: i64,
        /// Frozen taxes by rate.
        pub taxes: Value,
        /// The shipping method.
        pub shipping_method_id: Option<ShippingMethodId>,
        /// Its name, frozen.
        pub shipping_method_name: Option<String>,
        /// Frozen.
        pub shipping_address: Option<Value>,
        /// Frozen.
        pub billing_address: Option<Value>,
        /// The buyer's note.
        pub note: Option<String>,
        /// The buyer's VAT number.
        pub vat_number: Option<String>,
        /// The terms that were accepted, with their versions.
        pub accepted_terms: Value,
        /// When it was released for shipping.
        pub released_at: Option<DateTime<Utc>>,
        /// When its last unit was cancelled.
        pub cancelled_at: Option<DateTime<Utc>>,
        /// Why: an [`OrderCancelReason`], or [`EXPIRED`].
        pub cancel_reason: Option<String>,
        /// Until when its payment is waited for.
        pub expires_at: Option<DateTime<Utc>>,
        /// When it was placed.
        pub placed_at: DateTime<Utc>,
        /// When it last changed.
        pub updated_at: DateTime<Utc>,
        /// Goes up with every change.
        pub version: i32,
    }
}

crate::row! {
    /// A row of `order_lines`.
    pub struct OrderLineRow {
        /// Its id.
        pub id: OrderLineId,
        /// Its order.
        pub order_id: OrderId,
        /// Its place, from 0.
        pub position: i32,
        /// What was sold, if it still exists.
        pub variant_id: Option<VariantId>,
        /// Its product.
        pub product_id: Option<ProductId>,
        /// Frozen.
        pub title: String,
        /// Frozen.
        pub sku: Option<String>,
        /// Whether it goes into a parcel.
        pub requires_shipping: bool,
        /// Whether it draws on inventory.
        pub counted: bool,
        /// How many were ordered.
        pub quantity: i32,
        /// How many were shipped.
        pub fulfilled_quantity: i32,
        /// How many of those arrived.
        pub delivered_quantity: i32,
        /// How many were cancelled.
        pub cancelled_quantity: i32,
        /// How many of those by expiry, which a late payment takes back.
        pub expired_quantity: i32,
        /// How many came back.
        pub returned_quantity: i32,
        /// Frozen, in the vendor's mode.
        pub unit_price: i64,
        /// Quantity × unit price.
        pub subtotal: i64,
        /// The line's share of discounts.
        pub discount_total: i64,
        /// Frozen.
        pub tax_class: String,
        /// Where the tax is due.
        pub tax_country: String,
        /// Basis points.
        pub tax_rate_bp: i32,
        /// The line's share of the tax.
        pub tax_total: i64,
        /// What is paid for the line, tax included.
        pub total: i64,
    }
}

impl OrderLineRow {
    /// How many can still be shipped or cancelled.
    pub fn open(&self) -> i32 {
        self.quantity - self.fulfilled_quantity - self.cancelled_quantity
    }
}

crate::row! {
    /// A row of `fulfilments`: a parcel.
    pub struct FulfilmentRow {
        /// Its id.
        pub id: FulfilmentId,
        /// Its order.
        pub order_id: OrderId,
        /// Where it is.
        pub status: FulfilmentState,
        /// Where it left.
        pub location_id: Option<LocationId>,
        /// Who carries it.
        pub carrier: Option<String>,
        /// The carrier's number.
        pub tracking_number: Option<String>,
        /// Where it can be followed.
        pub tracking_url: Option<String>,
        /// When it left.
        pub shipped_at: Option<DateTime<Utc>>,
        /// When it arrived.
        pub delivered_at: Option<DateTime<Utc>>,
    }
}

crate::row! {
    /// A row of `fulfilment_lines`.
    pub struct FulfilmentLineRow {
        /// The parcel.
        pub fulfilment_id: FulfilmentId,
        /// The order's line.
        pub order_line_id: OrderLineId,
        /// How many are in the parcel.
        pub quantity: i32,
    }
}

crate::row! {
    /// A row of `order_events`: the order's history.
    pub struct OrderEventRow {
        /// The order.
        pub order_id: OrderId,
        /// `PLACED`, `PAID`, `SHIPPED` …
        pub kind: String,
        /// The status before.
        pub from_status: Option<OrderStatus>,
        /// The status after.
        pub to_status: Option<OrderStatus>,
        /// Who did it.
        pub actor_kind: String,
        /// What they said.
        pub note: Option<String>,
        /// When.
        pub created_at: DateTime<Utc>,
    }
}

/// An entry of an order's history that is to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Happening {
    /// `PLACED`, `PAID`, `SHIPPED` …
    pub kind: &'static str,
    /// What somebody said.
    pub note: Option<String>,
    /// Ids and amounts.
    pub data: Value,
}

impl Happening {
    /// Something that happened, with ids and amounts.
    pub fn new(kind: &'static str, data: Value) -> Self {
        Self { kind, note: None, data }
    }
    /// The same with what somebody said of it.
    pub fn noted(mut self, note: Option<String>) -> Self {
        self.note = note;
        self
    }
}

/// The vendor's settings that paying an order needs.
#[derive(Debug, Clone, Copy)]
pub struct PaymentTimes {
    /// How long an online payment is waited for.
    pub online_minutes: i32,
    /// How long a manual payment is waited for.
    pub manual_minutes: i32,
}

/// An order with everything that its rules need, as one transaction holds it.
#[derive(Debug, Clone)]
pub struct OrderState {
    /// The order.
    pub order: OrderRow,
    /// Its lines, in order.
    pub lines: Vec<OrderLineRow>,
    /// Its payments, oldest first.
    pub payments: Vec<PaymentRow>,
}

/// How many units of which line.
pub type Quantities = BTreeMap<OrderLineId, i32>;
