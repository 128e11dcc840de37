//! Registering, logging in, and the own profile; the team's list.

use async_graphql::MaybeUndefined;

use super::{event, lock_own, own};
use crate::framework::audit::{Entry, record_with_events};
use crate::framework::clock::new_uuid;
use crate::framework::context::Ctx;
use crate::framework::error::{ApiError, ErrorCode, Failure, Outcome, Refusal, RefusalDetails, Refusals};
use crate::framework::id::CustomerId;
use crate::framework::paging::{Page, PageArgs, Slice, SortColumns};
use crate::framework::permission::{Access, Permission};
use crate::graphql::scalars::LanguageCode;
use crate::modules::cart::service::{Done as CartDone, merge_on_login};
use crate::modules::customers::model::CustomerRow;
use crate::modules::customers::store;
use crate::modules::identity::rules::{check_email, check_password, check_text, invalid_credentials};
use crate::modules::identity::service::authenticate::not_active;
use crate::modules::identity::service::login::{LoggedIn, attempt, verify};
use crate::modules::identity::service::session;

/// Somebody who registers.
pub struct Register {
    pub email: String,
    pub password: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub language: Option<LanguageCode>,
    pub cart_token: Option<String>,
}

fn entry(action: &'static str, id: CustomerId) -> Entry<'static> {
    Entry { action, entity_type: "Customer", entity_id: Some(id.uuid()), before: None, after: None }
}

/// Registers a customer at the request's vendor and logs them in; the cart of `cart_token` becomes theirs. Refuses with
/// `EMAIL_TAKEN`, `INVALID_EMAIL`, `WEAK_PASSWORD`.
pub async fn register(ctx: &Ctx, input: Register) -> Outcome<(LoggedIn, Option<CartDone>)> {
    let grant = ctx.shopper()?;
    ctx.require_first_log_in()?;
    let vendor = ctx.vendor()?.clone();
    let mut refusals = Refusals::default();
    let mut keep = |refusal| refusals.push(refusal);
    let email = check_email(&input.email, &["input", "email"]).map_err(&mut keep).ok();
    check_password(&input.password, &["input", "password"]).map_err(&mut keep).ok();
    let first = check_text(input.first_name, 100, &["input", "firstName"]).map_err(&mut keep).ok().flatten();
    let last = check_text(input.last_name, 100, &["input", "lastName"]).map_err(&mut keep).ok().flatten();
    refusals.check()?;
    attempt(ctx, &vendor.code, &input.email).await?;
    let hash = ctx.app().secrets.hash_password(input.password).await?;
    let row = CustomerRow {
        id: CustomerId::from_uuid(new_uuid()),
        email,
        registered: true,
        password_hash: Some(hash),
        first_name: first,
        last_name: last,
        phone: None,
        language: input.language.map(String::from),
        active: true,
        created_at: ctx.now(),
        last_login_at: Some(ctx.now()),
        version: 1,
    };
    let tx = ctx.begin(&grant).await?;
    store::insert(&tx, &row).await.map_err(|error| match error.constraint() {
        Some("customers_email_key") => {
            Refusal::new(ErrorCode::EmailTaken, "A registered customer has this e-mail.")
                .at(["input", "email"])
                .into()
        }
        _ => Failure::from(error),
    })?;
    let who = session::customer_who(ctx, row.id);
    let opened = session::open_customer(&tx, ctx, row.id, &vendor).await?;
    let cart = merge_on_login(&tx, ctx, &who, cart_token(&input.cart_token), row.id).await?;
    record_with_events(
        &tx,
        &who,
        entry("customer.register", row.id),
        &[event("CUSTOMER_REGISTERED", row.id)],
    )
    .await?;
    tx.commit().await?;
    session::log_in(ctx, &opened).await?;
    Ok((LoggedIn::Session(opened), cart))
}

// A token that cannot be one names no cart.
fn cart_token(token: &Option<String>) -> Option<&str> {
    token.as_deref().filter(|token| (1..=200).contains(&token.len()))
}

/// Logs a customer of the request's vendor in; the cart of the token is merged into theirs. Errors:
/// `INVALID_CREDENTIALS`, `USER_NOT_ACTIVE`, `VENDOR_NOT_ACTIVE`, `RATE_LIMIT_EXCEEDED`.
pub async fn login(
    ctx: &Ctx,
    email: &str,
    password: String,
    cart: Option<String>,
) -> Outcome<(LoggedIn, Option<CartDone>)> {
    let grant = ctx.shopper()?;
    ctx.require_first_log_in()?;
    let vendor = ctx.vendor()?.clone();
    let email = attempt(ctx, &vendor.code, email).await?;
    let row = match email {
        Some(email) => {
            let row = store::by_email(ctx.reads()?.tx().await?, &email).await?;
            // Nobody holds a connection while the password is hashed.
            ctx.end_reads().await;
            row
        }
        None => None,
    };
    let hash = row.as_ref().and_then(|row| row.password_hash.clone());
    let good = verify(ctx, password, hash).await?;
    let Some(row) = row.filter(|_| good) else {
        tracing::info!(request_id = ctx.request_id(), "a log-in failed");
        return Err(invalid_credentials().into());
    };
    if !row.active {
        return Err(not_active().into());
    }
    let who = session::customer_who(ctx, row.id);
    let tx = ctx.begin(&grant).await?;
    let opened = session::open_customer(&tx, ctx, row.id, &vendor).await?;
    store::logged_in(&tx, row.id, ctx.now()).await?;
    let cart = merge_on_login(&tx, ctx, &who, cart_token(&cart), row.id).await?;
    record_with_events(&tx, &who, entry("session.login", row.id), &[]).await?;
    tx.commit().await?;
    session::log_in(ctx, &opened).await?;
    Ok((LoggedIn::Session(opened), cart))
}

/// Changes to a profile: omitted leaves, null clears.
pub struct Changes {
    pub first_name: MaybeUndefined<String>,
    pub last_name: MaybeUndefined<String>,
    pub phone: MaybeUndefined<String>,
    pub language: MaybeUndefined<LanguageCode>,
    pub expected_version: Option<i32>,
}

/// Changes the own profile.
pub async fn update(ctx: &Ctx, changes: Changes) -> Outcome<CustomerRow> {
    let (customer, grant) = own(ctx)?;
    let mut refusals = Refusals::default();
    let mut text = |value: MaybeUndefined<String>, most, field: &str| match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => match check_text(Some(value), most, &["input", field]) {
            Ok(value) => Some(value),
            Err(refusal) => {
                refusals.push(refusal);
                None
            }
        },
    };
    let first = text(changes.first_name, 100, "firstName");
    let last = text(changes.last_name, 100, "lastName");
    let phone = text(changes.phone, 40, "phone");
    refusals.check()?;
    let tx = ctx.begin(&grant).await?;
    let mut row = lock_own(&tx, customer.id).await?;
    if let Some(expected) = changes.expected_version
        && expected != row.version
    {
        let details =
            RefusalDetails::VersionConflict { current_version: row.version, id: row.id.to_string() };
        return Err(Refusal::new(ErrorCode::VersionConflict, "The profile has changed meanwhile.")
            .at(["input", "expectedVersion"])
            .with(details)
            .into());
    }
    row.first_name = first.unwrap_or(row.first_name);
    row.last_name = last.unwrap_or(row.last_name);
    row.phone = phone.unwrap_or(row.phone);
    row.language = match changes.language {
        MaybeUndefined::Undefined => row.language,
        MaybeUndefined::Null => None,
        MaybeUndefined::Value(language) => Some(String::from(language)),
    };
    let row = store::update(&tx, &row, ctx.now()).await?;
    let events = [event("CUSTOMER_UPDATED", row.id)];
    record_with_events(&tx, grant.who(), entry("customer.update", row.id), &events).await?;
    tx.commit().await?;
    Ok(row)
}

/// Changes the own password, and ends all other sessions. `INVALID_CREDENTIALS` for a wrong current one.
pub async fn change_password(ctx: &Ctx, current: String, new: String) -> Outcome<CustomerRow> {
    let (customer, grant) = own(ctx)?;
    check_password(&new, &["input", "newPassword"])?;
    attempt(ctx, "password", &customer.id.to_string()).await?;
    let rows = store::many(ctx.reads()?.tx().await?, vec![customer.id]).await?;
    ctx.end_reads().await;
    let before = rows.into_iter().next().and_then(|row| row.password_hash);
    if !verify(ctx, current, before.clone()).await? {
        return Err(invalid_credentials().into());
    }
    let hash = ctx.app().secrets.hash_password(new).await?;
    let tx = ctx.begin(&grant).await?;
    let mut row = lock_own(&tx, customer.id).await?;
    if row.password_hash != before {
        // Somebody else changed it while this request was compared with the old one.
        return Err(invalid_credentials().into());
    }
    row.password_hash = Some(hash);
    let row = store::update(&tx, &row, ctx.now()).await?;
    session::end_others(&tx, ctx, customer.id, customer.session).await?;
    record_with_events(&tx, grant.who(), entry("customer.passwordChange", row.id), &[]).await?;
    tx.commit().await?;
    Ok(row)
}

/// A page of the vendor's customers, the newest first (team).
pub async fn list(ctx: &Ctx, search: Option<&str>, args: &PageArgs) -> Result<Slice<CustomerRow>, ApiError> {
    Access::Team(Permission::CustomersRead).check(ctx)?;
    let sort = SortColumns { columns: &[("created_at", 'd'), ("id", 'u')], descending: true };
    let page = Page::new(args, sort, &ctx.list_shape(&format!("{search:?}")))?;
    let rows = store::page(ctx.reads()?.tx().await?, search, &page).await?;
    Ok(page.slice(rows, |row| vec![row.created_at.into(), row.id.into()]))
}

/// How many customers the vendor has (team).
pub async fn count(ctx: &Ctx, search: Option<&str>) -> Result<i64, ApiError> {
    Access::Team(Permission::CustomersRead).check(ctx)?;
    Ok(store::count(ctx.reads()?.tx().await?, search).await?)
}
