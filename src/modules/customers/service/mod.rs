//! Use cases of customers.

mod account;
mod addresses;

pub use account::{Changes, Register, change_password, count, list, login, register, update};
pub use addresses::{create, delete, set_default, update as update_address};

use super::model::{AddressRow, CustomerRow};
use super::store;
use crate::framework::context::{Ctx, CustomerActor, Grant};
use crate::framework::db::{DbError, Tx};
use crate::framework::error::{ApiError, Outcome};
use crate::framework::id::CustomerId;
use crate::framework::outbox::Event;
use crate::framework::permission::Access;

/// The logged-in customer, and their right to write.
fn own(ctx: &Ctx) -> Result<(CustomerActor, Grant), ApiError> {
    Access::Customer.check(ctx)?;
    let customer = ctx.customer().cloned().ok_or_else(crate::modules::identity::rules::invalid_token)?;
    Ok((customer, ctx.shopper()?))
}

async fn lock_own(tx: &Tx, id: CustomerId) -> Outcome<CustomerRow> {
    // The session's customer was there a moment ago.
    Ok(store::lock(tx, id).await?.ok_or_else(crate::modules::identity::rules::invalid_token)?)
}

fn event(kind: &'static str, id: CustomerId) -> Event {
    Event { kind, entity_type: "Customer", entity_id: id.uuid(), data: serde_json::json!({}) }
}

/// Customers by id, whoever asks: for loaders, which check who may see them.
pub(super) async fn many(tx: &Tx, ids: Vec<CustomerId>) -> Result<Vec<CustomerRow>, DbError> {
    store::many(tx, ids).await
}

/// Address books by customer, whoever asks: for loaders, which check who may see them.
pub(super) async fn books(tx: &Tx, ids: Vec<CustomerId>) -> Result<Vec<AddressRow>, DbError> {
    store::addresses(tx, ids).await
}
