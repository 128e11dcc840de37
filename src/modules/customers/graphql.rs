//! Customers in the API.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use orion_macros::secured;

use super::address::{Address, AddressInput};
use super::model::{AddressRow, CustomerRow};
use super::service::{self, Changes, Register};
use crate::framework::context::{ContextExt as _, Snapshot};
use crate::framework::error::{ApiError, Outcome};
use crate::framework::id::{AddressId, CustomerId};
use crate::framework::permission::Permission;
use crate::graphql::connection::Counter;
use crate::graphql::scalars::{DateTime, LanguageCode};
use crate::graphql::types::input_id;
use crate::graphql::{Connection, Payload, UserError, page_args, payload};
use crate::modules::identity::graphql::SessionPayload;
use crate::modules::orders::graphql::{Order, OrderSort, orders_of_customer};
use crate::modules::tenancy::graphql::search_text;

/// A person who buys at one vendor.
pub struct Customer(pub Arc<CustomerRow>);

/// A person who buys at one vendor.
#[Object]
impl Customer {
    /// The typed, sortable id.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }
    /// The e-mail address.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }
    /// The first name.
    async fn first_name(&self) -> Option<&str> {
        self.0.first_name.as_deref()
    }
    /// The last name.
    async fn last_name(&self) -> Option<&str> {
        self.0.last_name.as_deref()
    }
    /// The phone number.
    async fn phone(&self) -> Option<&str> {
        self.0.phone.as_deref()
    }
    /// The language that they read.
    async fn language(&self) -> Option<LanguageCode> {
        self.0.language.as_deref().and_then(|language| language.parse().ok())
    }
    /// Whether they may log in.
    async fn active(&self) -> bool {
        self.0.active
    }
    /// Whether they have an account; guests have none.
    async fn registered(&self) -> bool {
        self.0.registered
    }
    /// The address book, at most 50.
    async fn addresses(&self, ctx: &Context<'_>) -> Result<Vec<CustomerAddress>> {
        let run = async || -> Result<Vec<AddressRow>, ApiError> {
            let loader = ctx.ctx().reads()?.loader(BookLoader);
            Ok(loader.load_one(BookKey(self.0.id)).await?.unwrap_or_default())
        };
        let rows = run().await.map_err(|error| error.extend(ctx.ctx()))?;
        Ok(rows.into_iter().map(CustomerAddress).collect())
    }
    /// Their orders, the newest first.
    async fn orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, or after the cursor; at most 100.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, or before the cursor; at most 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "The newest first by default.")] sort: Option<OrderSort>,
    ) -> Result<Option<Connection<Order>>> {
        orders_of_customer(ctx, self.0.id, page_args(first, after, last, before), sort).await.map(Some)
    }
    /// Since when.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }
    /// When they logged in last.
    async fn last_login_at(&self) -> Option<DateTime> {
        self.0.last_login_at.map(DateTime::from)
    }
    /// Counts the changes; for `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

/// An entry of a customer's address book.
pub struct CustomerAddress(AddressRow);

/// An entry of a customer's address book.
#[Object]
impl CustomerAddress {
    /// The typed, sortable id.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }
    /// The address.
    async fn address(&self) -> Option<Address> {
        serde_json::from_value(self.0.address.clone()).ok()
    }
    /// Whether deliveries go there unless another one is named.
    async fn default_shipping(&self) -> bool {
        self.0.default_shipping
    }
    /// Whether invoices go there unless another one is named.
    async fn default_billing(&self) -> bool {
        self.0.default_billing
    }
    /// Counts the changes; for `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct CustomerKey(CustomerId);
struct CustomerLoader(Arc<Snapshot>);

impl Loader<CustomerKey> for CustomerLoader {
    type Value = Arc<CustomerRow>;
    type Error = ApiError;
    async fn load(&self, keys: &[CustomerKey]) -> Result<HashMap<CustomerKey, Self::Value>, ApiError> {
        let rows = service::many(self.0.tx().await?, keys.iter().map(|key| key.0).collect()).await?;
        Ok(rows.into_iter().map(|row| (CustomerKey(row.id), Arc::new(row))).collect())
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct BookKey(CustomerId);
struct BookLoader(Arc<Snapshot>);

impl Loader<BookKey> for BookLoader {
    type Value = Vec<AddressRow>;
    type Error = ApiError;
    async fn load(&self, keys: &[BookKey]) -> Result<HashMap<BookKey, Self::Value>, ApiError> {
        let rows = service::books(self.0.tx().await?, keys.iter().map(|key| key.0).collect()).await?;
        let mut books: HashMap<BookKey, Vec<AddressRow>> = HashMap::new();
        for row in rows {
            books.entry(BookKey(row.customer_id)).or_default().push(row);
        }
        Ok(books)
    }
}

/// The customer, if the viewer may see it: themselves, or the team (batched).
pub async fn load_customer(ctx: &Context<'_>, id: CustomerId) -> Result<Option<Customer>> {
    let ctx = ctx.ctx();
    let own = ctx.customer().is_some_and(|customer| customer.id == id);
    if !own && !ctx.can(Permission::CustomersRead) {
        return Ok(None);
    }
    let run = async || -> Result<Option<Arc<CustomerRow>>, ApiError> {
        ctx.reads()?.loader(CustomerLoader).load_one(CustomerKey(id)).await
    };
    Ok(run().await.map_err(|error| error.extend(ctx))?.map(Customer))
}

/// Reading customers.
#[derive(Default)]
pub struct CustomerQuery;

#[secured(required)]
#[Object]
impl CustomerQuery {
    /// The vendor's customers, the newest first.
    #[permission(CUSTOMERS_READ)]
    async fn customers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, or after the cursor; at most 100.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, or before the cursor; at most 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(
            desc = "A part of name or e-mail address; at most 200 characters, the first 1,000 matches."
        )]
        search: Option<String>,
    ) -> Result<Option<Connection<Customer>>> {
        let ctx = ctx.ctx();
        let search = search_text(search).map_err(|error| error.extend(ctx))?;
        let args = page_args(first, after, last, before);
        let slice = service::list(ctx, search.as_deref(), &args).await.map_err(|error| error.extend(ctx))?;
        let counting = ctx.clone();
        let counter: Counter = Arc::new(move || {
            let (ctx, search) = (counting.clone(), search.clone());
            Box::pin(async move { service::count(&ctx, search.as_deref()).await })
        });
        Ok(Some(Connection::new(slice, Some(counter), |row| Customer(Arc::new(row)))))
    }
}

/// A customer who logs in.
#[derive(InputObject)]
pub struct CustomerLoginInput {
    /// The e-mail address.
    email: String,
    /// The password.
    #[graphql(secret)]
    password: String,
    /// The cart that was filled before; it is merged into the customer's.
    #[graphql(secret)]
    cart_token: Option<String>,
}

/// Somebody who registers.
#[derive(InputObject)]
pub struct CustomerRegisterInput {
    /// The e-mail address.
    email: String,
    /// The password: 10 to 128 characters, not a well-known one.
    #[graphql(secret)]
    password: String,
    /// The first name, at most 100 characters.
    first_name: Option<String>,
    /// The last name, at most 100 characters.
    last_name: Option<String>,
    /// The language that they read.
    language: Option<LanguageCode>,
    /// The cart that was filled before; it becomes the customer's.
    #[graphql(secret)]
    cart_token: Option<String>,
}

/// Changes to the own profile: what is omitted stays, null clears.
#[derive(InputObject)]
pub struct CustomerUpdateInput {
    /// The first name, at most 100 characters.
    first_name: MaybeUndefined<String>,
    /// The last name, at most 100 characters.
    last_name: MaybeUndefined<String>,
    /// The phone number, at most 40 characters.
    phone: MaybeUndefined<String>,
    /// The language that they read.
    language: MaybeUndefined<LanguageCode>,
    /// Refuse with `VERSION_CONFLICT` where the profile has another version.
    expected_version: Option<i32>,
}

/// A new password.
#[derive(InputObject)]
pub struct PasswordChangeInput {
    /// The password until now.
    #[graphql(secret)]
    current_password: String,
    /// The new one: 10 to 128 characters, not a well-known one.
    #[graphql(secret)]
    new_password: String,
}

/// The customer as it is now.
#[derive(SimpleObject)]
pub struct CustomerPayload {
    /// The customer; null where it was refused.
    customer: Option<Customer>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

impl Payload for CustomerPayload {
    type Done = CustomerRow;
    fn done(row: CustomerRow) -> Self {
        Self { customer: Some(Customer(Arc::new(row))), user_errors: Vec::new() }
    }
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { customer: None, user_errors }
    }
}

/// An address to add.
#[derive(InputObject)]
pub struct AddressCreateInput {
    /// The address.
    address: AddressInput,
    /// Whether deliveries go there from now on; the first address is the default anyway.
    default_shipping: Option<bool>,
    /// Whether invoices go there from now on; the first address is the default anyway.
    default_billing: Option<bool>,
}

/// An address to replace.
#[derive(InputObject)]
pub struct AddressUpdateInput {
    /// The entry.
    id: ID,
    /// The whole address.
    address: AddressInput,
    /// Refuse with `VERSION_CONFLICT` where the entry has another version.
    expected_version: Option<i32>,
}

/// An address to delete.
#[derive(InputObject)]
pub struct AddressDeleteInput {
    /// The entry.
    id: ID,
}

/// An address to use unless another one is named.
#[derive(InputObject)]
pub struct AddressSetDefaultInput {
    /// The entry.
    id: ID,
    /// For deliveries.
    shipping: Option<bool>,
    /// For invoices.
    billing: Option<bool>,
}

/// The entry as it is now.
#[derive(SimpleObject)]
pub struct AddressPayload {
    /// The entry; null where it was refused.
    address: Option<CustomerAddress>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

impl Payload for AddressPayload {
    type Done = Option<AddressRow>;
    fn done(row: Self::Done) -> Self {
        Self { address: row.map(CustomerAddress), user_errors: Vec::new() }
    }
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { address: None, user_errors }
    }
}

/// The answer of `addressDelete`.
#[derive(SimpleObject)]
pub struct AddressDeletePayload {
    /// What was deleted.
    deleted_id: Option<ID>,
    /// Why nothing was.
    user_errors: Vec<UserError>,
}

impl Payload for AddressDeletePayload {
    type Done = AddressId;
    fn done(id: AddressId) -> Self {
        Self { deleted_id: Some(id.into()), user_errors: Vec::new() }
    }
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { deleted_id: None, user_errors }
    }
}

/// Changing customers.
#[derive(Default)]
pub struct CustomerMutation;

#[secured(required)]
#[Object]
impl CustomerMutation {
    /// Registers a customer at the request's vendor, and logs them in at once. Refused with `EMAIL_TAKEN`,
    /// `INVALID_EMAIL`, `WEAK_PASSWORD`.
    #[permission(PUBLIC)]
    async fn customer_register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who registers.")] input: CustomerRegisterInput,
    ) -> Result<Option<SessionPayload>> {
        let ctx = ctx.ctx();
        let wanted = Register {
            email: input.email,
            password: input.password,
            first_name: input.first_name,
            last_name: input.last_name,
            language: input.language,
            cart_token: input.cart_token,
        };
        payload(ctx, service::register(ctx, wanted).await).map(Some)
    }

    /// Logs a customer of the request's vendor in. Errors: `INVALID_CREDENTIALS`, `USER_NOT_ACTIVE`,
    /// `RATE_LIMIT_EXCEEDED`.
    #[permission(PUBLIC)]
    async fn customer_login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who logs in.")] input: CustomerLoginInput,
    ) -> Result<Option<SessionPayload>> {
        let ctx = ctx.ctx();
        payload(ctx, service::login(ctx, &input.email, input.password, input.cart_token).await).map(Some)
    }

    /// Changes the own profile.
    #[permission(CUSTOMER)]
    async fn customer_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: CustomerUpdateInput,
    ) -> Result<Option<CustomerPayload>> {
        let ctx = ctx.ctx();
        let changes = Changes {
            first_name: input.first_name,
            last_name: input.last_name,
            phone: input.phone,
            language: input.language,
            expected_version: input.expected_version,
        };
        payload(ctx, service::update(ctx, changes).await).map(Some)
    }

    /// Changes the own password, and ends all other sessions.
    #[permission(CUSTOMER)]
    async fn password_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The old and the new password.")] input: PasswordChangeInput,
    ) -> Result<Option<CustomerPayload>> {
        let ctx = ctx.ctx();
        payload(ctx, service::change_password(ctx, input.current_password, input.new_password).await)
            .map(Some)
    }

    /// Adds an entry to the own address book.
    #[permission(CUSTOMER)]
    async fn address_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The address.")] input: AddressCreateInput,
    ) -> Result<Option<AddressPayload>> {
        let ctx = ctx.ctx();
        let (shipping, billing) =
            (input.default_shipping.unwrap_or(false), input.default_billing.unwrap_or(false));
        payload(ctx, service::create(ctx, input.address, shipping, billing).await).map(Some)
    }

    /// Replaces an entry of the own address book.
    #[permission(CUSTOMER)]
    async fn address_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The entry and its address.")] input: AddressUpdateInput,
    ) -> Result<Option<AddressPayload>> {
        let ctx = ctx.ctx();
        let run = async || -> Outcome<Option<AddressRow>> {
            let id = input_id(&input.id, &["input", "id"])?;
            service::update_address(ctx, id, input.address.clone(), input.expected_version).await
        };
        payload(ctx, run().await).map(Some)
    }

    /// Deletes an entry of the own address book; orders keep their copies.
    #[permission(CUSTOMER)]
    async fn address_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The entry.")] input: AddressDeleteInput,
    ) -> Result<Option<AddressDeletePayload>> {
        let ctx = ctx.ctx();
        let run = async || -> Outcome<AddressId> {
            service::delete(ctx, input_id(&input.id, &["input", "id"])?).await
        };
        payload(ctx, run().await).map(Some)
    }

    /// Makes an entry of the own address book the default.
    #[permission(CUSTOMER)]
    async fn address_set_default(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The entry, and of what it is the default.")] input: AddressSetDefaultInput,
    ) -> Result<Option<AddressPayload>> {
        let ctx = ctx.ctx();
        let run = async || -> Outcome<Option<AddressRow>> {
            let id = input_id(&input.id, &["input", "id"])?;
            service::set_default(ctx, id, input.shipping.unwrap_or(false), input.billing.unwrap_or(false))
                .await
        };
        payload(ctx, run().await).map(Some)
    }
}
