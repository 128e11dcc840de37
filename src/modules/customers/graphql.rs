//! Customers in the API.

use async_graphql::{Context, ID, Object, Result};

use crate::framework::id::CustomerId;

/// A person who buys at one vendor.
pub struct Customer(pub CustomerId);
/// A person who buys at one vendor.
#[Object]
impl Customer {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.into()
    }
}
/// The customer, if the viewer may see it: themselves, or the team (batched).
pub async fn load_customer(_ctx: &Context<'_>, _id: CustomerId) -> Result<Option<Customer>> {
    Ok(None)
}
