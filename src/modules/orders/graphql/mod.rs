//! Orders in the API.

mod fulfilment;
mod line;
mod list;
mod loaders;
mod mutation;
mod order;
mod query;

pub use fulfilment::{Fulfilment, load_fulfilment};
pub use line::OrderLine;
pub use list::{OrderFilter, OrderSort, orders_of_customer};
pub use mutation::OrdersMutation;
pub use order::{Order, load_order, load_order_of_guest_cart, order_id};
pub use query::{OrdersQuery, load_order_by_token};
