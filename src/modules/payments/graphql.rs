//! Payments in the API.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject, Union};
use orion_macros::secured;

use super::gateway::NextAction;
use super::model::{PaymentRow, PaymentStatus};
use super::store::{self, PaymentQuery as Narrow};
use crate::config::Config;
use crate::framework::context::{ContextExt as _, Ctx};
use crate::framework::error::{ApiError, ErrorCode};
use crate::framework::id::{OrderId, PaymentId};
use crate::framework::paging::{Page, SortColumns};
use crate::framework::permission::Permission;
use crate::graphql::scalars::{DateTime, Json, Url};
use crate::graphql::types::{Money, argument_id, stored_money};
use crate::graphql::{Connection, page_args};
use crate::modules::orders::graphql::{Order, load_order};

/// A payment of an order, or an attempt at one.
#[derive(Clone)]
pub struct Payment(pub Arc<PaymentRow>);

/// A payment of an order, or an attempt at one.
#[Object]
impl Payment {
    /// Its id.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }
    /// The gateway that was asked: `manual`, `test` …
    async fn gateway(&self) -> &str {
        &self.0.gateway
    }
    /// What came of it.
    async fn status(&self) -> PaymentStatus {
        self.0.status
    }
    /// What was asked for.
    async fn amount(&self, ctx: &Context<'_>) -> Result<Money> {
        stored_money(ctx, self.0.amount, &self.0.currency_code)
    }
    /// What came.
    async fn captured_amount(&self, ctx: &Context<'_>) -> Result<Money> {
        stored_money(ctx, self.0.captured, &self.0.currency_code)
    }
    /// What of it went back. Money of the `manual` gateway goes back by hand, outside of Orion.
    async fn refunded_amount(&self, ctx: &Context<'_>) -> Result<Money> {
        stored_money(ctx, self.0.refunded, &self.0.currency_code)
    }
    /// Why it was declined: `PAYMENT_DECLINED`, `PAYMENT_INSUFFICIENT_FUNDS` …; null where it was not.
    async fn failure_code(&self) -> Option<ErrorCode> {
        self.0
            .failure_code
            .as_deref()
            .map(|name| ErrorCode::from_name(name).unwrap_or(ErrorCode::PaymentDeclined))
    }
    /// The reference of the transfer, as the team noted it.
    async fn reference(&self) -> Option<&str> {
        self.0.reference.as_deref()
    }
    /// When the money came, as the team noted it.
    async fn received_at(&self) -> Option<DateTime> {
        self.0.received_at.map(DateTime::from)
    }
    /// The order, if the viewer may see it.
    async fn order(&self, ctx: &Context<'_>) -> Result<Option<Order>> {
        load_order(ctx, self.0.order_id).await
    }
    /// When it was begun.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }
}

/// What the shopper does next to pay. Open: clients keep a default branch.
#[derive(Union)]
pub enum PaymentNextAction {
    /// Goes to the provider's page.
    Redirect(PaymentRedirect),
    /// Confirms in the client.
    ClientConfirmation(PaymentClientConfirmation),
    /// Pays by themselves.
    Instructions(PaymentInstructions),
}

/// The shopper pays on the provider's page.
#[derive(SimpleObject)]
pub struct PaymentRedirect {
    /// The page.
    pub url: Url,
}

/// The client confirms the payment with the provider's library.
#[derive(SimpleObject)]
pub struct PaymentClientConfirmation {
    /// The provider's secret of this payment.
    pub client_secret: String,
    /// The provider's public key of the vendor.
    pub publishable_key: String,
}

/// The shopper pays by themselves.
#[derive(SimpleObject)]
pub struct PaymentInstructions {
    /// For the shopper, in English.
    pub text: String,
    /// What to write on the transfer: the order's number.
    pub reference: String,
    /// Until when the order waits for the money.
    pub due_at: Option<DateTime>,
}

impl From<NextAction> for PaymentNextAction {
    fn from(next: NextAction) -> Self {
        let NextAction::Instructions { text, reference, due_at } = next;
        Self::Instructions(PaymentInstructions { text, reference, due_at: due_at.map(DateTime::from) })
    }
}

/// A way to pay an order.
#[derive(SimpleObject, Clone)]
pub struct PaymentMethod {
    /// For `PaymentInput.gateway`.
    pub gateway: String,
    /// For shoppers, in English.
    pub name: String,
    /// The JSON Schema of `PaymentInput.data`; null where nothing is expected.
    pub data_schema: Option<Json>,
}

/// The ways to pay an order, in the order in which shoppers see them.
pub fn payment_methods(config: &Config) -> Vec<PaymentMethod> {
    super::gateways(config)
        .into_iter()
        .map(|gateway| PaymentMethod {
            gateway: gateway.code().to_owned(),
            name: gateway.name().to_owned(),
            data_schema: gateway.data_schema().map(Json::from),
        })
        .collect()
}

/// The payment, if the viewer may see it: the team by `PAYMENTS_READ`, a customer those of their own orders.
pub async fn load_payment(ctx: &Context<'_>, id: PaymentId) -> Result<Option<Payment>> {
    let inner = ctx.ctx();
    if inner.vendor_opt().is_none() {
        return Ok(None);
    }
    let row = find(inner, id).await.map_err(|error| error.extend(inner))?;
    let Some(row) = row else { return Ok(None) };
    let visible = inner.can(Permission::PaymentsRead) || load_order(ctx, row.order_id).await?.is_some();
    Ok(visible.then(|| Payment(Arc::new(row))))
}

async fn find(ctx: &Ctx, id: PaymentId) -> std::result::Result<Option<PaymentRow>, ApiError> {
    Ok(store::find(ctx.reads()?.tx().await?, id).await?)
}

/// What a list of payments is narrowed to; all of what is given must fit.
#[derive(InputObject, Default, Clone)]
pub struct PaymentFilter {
    /// One of these; at most 20.
    pub status: Option<Vec<PaymentStatus>>,
    /// By this gateway.
    pub gateway: Option<String>,
    /// Of this order.
    pub order_id: Option<ID>,
}

/// In which order a list goes.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum PaymentSort {
    /// Newest first.
    CreatedAtDesc,
    /// Oldest first.
    CreatedAtAsc,
}

/// Payments of the vendor.
#[derive(Default)]
pub struct PaymentsQuery;

#[secured(required)]
#[Object]
impl PaymentsQuery {
    /// The vendor's payments, newest first.
    #[permission(PAYMENTS_READ)]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection")]
    async fn payments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, or after the cursor; at most 100.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, or before the cursor; at most 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "What to narrow the list to.")] filter: Option<PaymentFilter>,
        #[graphql(desc = "The order of the list.", default_with = "PaymentSort::CreatedAtDesc")]
        sort: PaymentSort,
    ) -> Result<Option<Connection<Payment>>> {
        let inner = ctx.ctx();
        let narrow = narrow(ctx, filter.unwrap_or_default())?;
        let sort = SortColumns {
            columns: &[("created_at", 'd'), ("id", 'u')],
            descending: sort == PaymentSort::CreatedAtDesc,
        };
        let list = async {
            let page = Page::new(
                &page_args(first, after, last, before),
                sort,
                &ctx.ctx().list_shape(&format!("{narrow:?}")),
            )?;
            let rows = store::page(inner.reads()?.tx().await?, &narrow, &page).await?;
            Ok::<_, ApiError>(page.slice(rows, |row| vec![row.created_at.into(), row.id.into()]))
        };
        let slice = list.await.map_err(|error| error.extend(inner))?;
        let counting = (inner.clone(), narrow);
        let counter: crate::graphql::connection::Counter = Arc::new(move || {
            let (ctx, narrow) = counting.clone();
            Box::pin(async move { Ok(store::count(ctx.reads()?.tx().await?, &narrow).await?) })
        });
        Ok(Some(Connection::new(slice, Some(counter), |row| Payment(Arc::new(row)))))
    }

    /// A payment of the vendor.
    #[permission(PAYMENTS_READ)]
    async fn payment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The payment's id.")] id: ID,
    ) -> Result<Option<Payment>> {
        load_payment(ctx, argument_id(ctx, &id, "id")?).await
    }
}

fn narrow(ctx: &Context<'_>, filter: PaymentFilter) -> Result<Narrow> {
    let refuse = |message: &'static str, field: &str| {
        ApiError::new(ErrorCode::InvalidValue, message).at(field).extend(ctx.ctx())
    };
    let statuses = filter.status.unwrap_or_default();
    if statuses.len() > 20 {
        return Err(refuse("At most 20 statuses.", "filter"));
    }
    if filter.gateway.as_deref().is_some_and(|gateway| gateway.len() > 100 || gateway.contains('\0')) {
        return Err(refuse("No gateway has such a name.", "filter"));
    }
    let order: Option<OrderId> =
        filter.order_id.as_ref().map(|id| argument_id(ctx, id, "filter")).transpose()?;
    Ok(Narrow { statuses, gateway: filter.gateway, order: order.map(|order| order.uuid()) })
}
