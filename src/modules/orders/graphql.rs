//! Orders in the API.

use async_graphql::{Context, ID, Object, Result};

use crate::framework::id::OrderId;

/// An order.
pub struct Order(pub OrderId);
/// An order.
#[Object]
impl Order {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.into()
    }
}
/// The order, if the viewer may see it: the team's, or the customer's own (batched).
pub async fn load_order(_ctx: &Context<'_>, _id: OrderId) -> Result<Option<Order>> {
    Ok(None)
}
