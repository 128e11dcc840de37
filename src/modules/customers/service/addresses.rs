//! The own address book.

use super::{event, lock_own, own};
use crate::framework::audit::{Entry, record_with_events};
use crate::framework::clock::new_uuid;
use crate::framework::context::{Ctx, Grant};
use crate::framework::db::Tx;
use crate::framework::error::{ErrorCode, Failure, Outcome, Refusal, RefusalDetails};
use crate::framework::id::{AddressId, CustomerId};
use crate::modules::customers::address::{Address, AddressInput};
use crate::modules::customers::model::AddressRow;
use crate::modules::customers::store;

/// How many addresses a customer keeps.
const MOST: usize = 50;

// The customer's book, held still.
async fn book(tx: &Tx, customer: CustomerId) -> Outcome<Vec<AddressRow>> {
    lock_own(tx, customer).await?;
    Ok(store::addresses(tx, vec![customer]).await?)
}

fn find(book: &[AddressRow], id: AddressId) -> Outcome<AddressRow> {
    book.iter().find(|row| row.id == id).cloned().ok_or_else(|| {
        Refusal::new(ErrorCode::NotFound, "There is no such address in your book.").at(["input", "id"]).into()
    })
}

fn value(address: &Address) -> Outcome<serde_json::Value> {
    serde_json::to_value(address).map_err(|error| {
        Failure::from(crate::framework::db::DbError::Internal(format!(
            "an address cannot be stored: {error}"
        )))
    })
}

async fn finish(
    tx: Tx,
    grant: &Grant,
    action: &'static str,
    customer: CustomerId,
    id: AddressId,
) -> Outcome<Option<AddressRow>> {
    let entry = Entry {
        action,
        entity_type: "CustomerAddress",
        entity_id: Some(id.uuid()),
        before: None,
        after: None,
    };
    record_with_events(&tx, grant.who(), entry, &[event("CUSTOMER_UPDATED", customer)]).await?;
    let row = store::addresses(&tx, vec![customer]).await?.into_iter().find(|row| row.id == id);
    tx.commit().await?;
    Ok(row)
}

/// Adds an address; the first one is the default of both kinds.
pub async fn create(
    ctx: &Ctx,
    address: AddressInput,
    shipping: bool,
    billing: bool,
) -> Outcome<Option<AddressRow>> {
    let (customer, grant) = own(ctx)?;
    let address = address.check(&["input", "address"]).map_err(Failure::Refused)?;
    let tx = ctx.begin(&grant).await?;
    let book = book(&tx, customer.id).await?;
    if book.len() >= MOST {
        return Err(
            Refusal::new(ErrorCode::TooLong, format!("An address book has at most {MOST} entries.")).into()
        );
    }
    let row = AddressRow {
        id: AddressId::from_uuid(new_uuid()),
        customer_id: customer.id,
        address: value(&address)?,
        default_shipping: false,
        default_billing: false,
        version: 1,
    };
    store::insert_address(&tx, &row).await?;
    let (shipping, billing) = (shipping || book.is_empty(), billing || book.is_empty());
    if shipping || billing {
        store::set_default(&tx, customer.id, row.id, shipping, billing).await?;
    }
    finish(tx, &grant, "customer.addressCreate", customer.id, row.id).await
}

/// Replaces an address.
pub async fn update(
    ctx: &Ctx,
    id: AddressId,
    address: AddressInput,
    expected: Option<i32>,
) -> Outcome<Option<AddressRow>> {
    let (customer, grant) = own(ctx)?;
    let address = address.check(&["input", "address"]).map_err(Failure::Refused)?;
    let tx = ctx.begin(&grant).await?;
    let row = find(&book(&tx, customer.id).await?, id)?;
    if let Some(expected) = expected
        && expected != row.version
    {
        let details =
            RefusalDetails::VersionConflict { current_version: row.version, id: row.id.to_string() };
        return Err(Refusal::new(ErrorCode::VersionConflict, "The address has changed meanwhile.")
            .at(["input", "expectedVersion"])
            .with(details)
            .into());
    }
    store::update_address(&tx, id, value(&address)?, ctx.now()).await?;
    finish(tx, &grant, "customer.addressUpdate", customer.id, id).await
}

/// Deletes an address. Orders keep their own copies.
pub async fn delete(ctx: &Ctx, id: AddressId) -> Outcome<AddressId> {
    let (customer, grant) = own(ctx)?;
    let tx = ctx.begin(&grant).await?;
    find(&book(&tx, customer.id).await?, id)?;
    store::delete_address(&tx, id).await?;
    finish(tx, &grant, "customer.addressDelete", customer.id, id).await?;
    Ok(id)
}

/// Makes an address the default of deliveries, invoices or both.
pub async fn set_default(
    ctx: &Ctx,
    id: AddressId,
    shipping: bool,
    billing: bool,
) -> Outcome<Option<AddressRow>> {
    let (customer, grant) = own(ctx)?;
    if !shipping && !billing {
        return Err(Refusal::new(ErrorCode::Required, "Say of what: shipping, billing or both.")
            .at(["input"])
            .into());
    }
    let tx = ctx.begin(&grant).await?;
    find(&book(&tx, customer.id).await?, id)?;
    store::set_default(&tx, customer.id, id, shipping, billing).await?;
    finish(tx, &grant, "customer.addressSetDefault", customer.id, id).await
}
