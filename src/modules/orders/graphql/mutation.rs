//! Writing orders.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};
use orion_macros::secured;

use super::fulfilment::{Fulfilment, load_fulfilment};
use super::order::Order;
use crate::framework::context::ContextExt as _;
use crate::framework::id::FulfilmentId;
use crate::graphql::types::{Payload, UserError, payload};
use crate::modules::cart::graphql::CartWarning;
use crate::modules::orders::input::{
    CheckoutCompleteInput, OrderCancelInput, OrderDeliverInput, OrderPayInput, OrderPaymentConfirmInput,
    OrderShipInput,
};
use crate::modules::orders::service::{self, Done};
use crate::modules::payments::graphql::{Payment, PaymentNextAction};

/// What came of a checkout, or of another try to pay.
#[derive(SimpleObject)]
pub struct CheckoutCompletePayload {
    /// The order, also where its payment was declined; null where none was made.
    order: Option<Order>,
    /// The payment; null where the order cost nothing.
    payment: Option<Payment>,
    /// What the shopper does next to pay; null where there is nothing to do.
    next_action: Option<PaymentNextAction>,
    /// What the shopper should be told.
    warnings: Vec<CartWarning>,
    /// Why nothing was done, or that the payment was declined.
    user_errors: Vec<UserError>,
}

impl Payload for CheckoutCompletePayload {
    type Done = Done;
    fn done(done: Done) -> Self {
        let paid = done.state.payments.iter().find(|row| Some(row.id) == done.payment);
        Self {
            payment: paid.map(|row| Payment(Arc::new(row.clone()))),
            next_action: done.next.map(PaymentNextAction::from),
            warnings: Vec::new(),
            user_errors: done.refusals.into_iter().map(UserError).collect(),
            order: Some(Order::of(done.state, done.owner)),
        }
    }
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { order: None, payment: None, next_action: None, warnings: Vec::new(), user_errors }
    }
}

/// An order that was changed.
pub struct OrderPayload {
    order: Option<Order>,
    fulfilment: Option<FulfilmentId>,
    user_errors: Vec<UserError>,
}

/// An order that was changed.
#[Object]
impl OrderPayload {
    /// The order as it is now; null where nothing was done.
    async fn order(&self) -> Option<&Order> {
        self.order.as_ref()
    }
    /// The parcel that it was about.
    async fn fulfilment(&self, ctx: &Context<'_>) -> Result<Option<Fulfilment>> {
        match self.fulfilment {
            Some(id) => load_fulfilment(ctx, id).await,
            None => Ok(None),
        }
    }
    /// Why nothing was done; or, with an order, what did not work although the rest did: money that came too late and was
    /// given back.
    async fn user_errors(&self) -> &[UserError] {
        &self.user_errors
    }
}

impl Payload for OrderPayload {
    type Done = Done;
    fn done(done: Done) -> Self {
        Self {
            fulfilment: done.fulfilment,
            user_errors: done.refusals.into_iter().map(UserError).collect(),
            order: Some(Order::of(done.state, done.owner)),
        }
    }
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { order: None, fulfilment: None, user_errors }
    }
}

/// Orders.
#[derive(Default)]
pub struct OrdersMutation;

#[secured(required)]
#[Object]
impl OrdersMutation {
    /// Makes an order of a cart: freezes prices and addresses, reserves inventory, and asks for the money. A declined
    /// payment leaves the order pending, to be paid by `orderPay`. Refusals: `CART_NOT_FOUND`, `CART_CLOSED`, `EMPTY_CART`,
    /// `CHECKOUT_INCOMPLETE`, `GUEST_CHECKOUT_DISABLED`, `PRODUCT_NOT_AVAILABLE`, `INSUFFICIENT_INVENTORY`,
    /// `PRICE_CHANGED`, `PAYMENT_REQUIRED`, `PAYMENT_METHOD_NOT_FOUND`, `PAYMENT_DECLINED`, `EXTERNAL_SERVICE`.
    #[permission(PUBLIC)]
    async fn checkout_complete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart, and how it is paid.")] input: CheckoutCompleteInput,
    ) -> Result<Option<CheckoutCompletePayload>> {
        payload(ctx.ctx(), service::checkout_complete(ctx.ctx(), input).await).map(Some)
    }

    /// Tries again to pay an order: same order, same number, new payment. For the customer whose it is, or by its token.
    #[permission(PUBLIC)]
    async fn order_pay(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order, and how it is paid.")] input: OrderPayInput,
    ) -> Result<Option<CheckoutCompletePayload>> {
        payload(ctx.ctx(), service::pay(ctx.ctx(), input).await).map(Some)
    }

    /// Notes that money of the manual gateway came, all of it or a part. Money that comes after the order expired revives
    /// it if inventory still suffices; else it counts as refunded, and the answer says what is short.
    #[permission(ORDERS_UPDATE)]
    async fn order_payment_confirm(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order, and what came.")] input: OrderPaymentConfirmInput,
    ) -> Result<Option<OrderPayload>> {
        payload(ctx.ctx(), service::confirm_payment(ctx.ctx(), input).await).map(Some)
    }

    /// Ships a parcel: units of lines, or all that is left. Releases a pending order that is paid later; else refuses with
    /// `INVALID_ORDER_STATUS` and what can be done.
    #[permission(ORDERS_UPDATE)]
    async fn order_ship(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order, and what is in the parcel.")] input: OrderShipInput,
    ) -> Result<Option<OrderPayload>> {
        payload(ctx.ctx(), service::ship(ctx.ctx(), input).await).map(Some)
    }

    /// Notes that a parcel, or all that are under way, arrived.
    #[permission(ORDERS_UPDATE)]
    async fn order_deliver(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order, and which parcel.")] input: OrderDeliverInput,
    ) -> Result<Option<OrderPayload>> {
        payload(ctx.ctx(), service::deliver(ctx.ctx(), input).await).map(Some)
    }

    /// Cancels what is not shipped, releases its inventory, and gives back what was paid for it. The team (with
    /// `ORDERS_CANCEL`) cancels any units in every state; the buyer the whole order while nothing is shipped, which gives
    /// the cart back where nothing was paid.
    #[permission(PUBLIC)]
    async fn order_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order, which units, and why.")] input: OrderCancelInput,
    ) -> Result<Option<OrderPayload>> {
        payload(ctx.ctx(), service::cancel(ctx.ctx(), input).await).map(Some)
    }
}
