//! Log-ins of admins and teams, and the answers to their challenges.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use subtle::ConstantTimeEq as _;

use crate::framework::audit::{Entry, record_platform};
use crate::framework::clock::{new_token, new_uuid};
use crate::framework::context::{Ctx, VendorContext};
use crate::framework::db::Tx;
use crate::framework::error::{ApiError, ErrorCode, Failure, Outcome, Refusal};
use crate::framework::id::{ChallengeId, UserId};
use crate::framework::secret::hash_token;
use crate::modules::identity::model::{ChallengeRow, MemberRow, UserRow};
use crate::modules::identity::rules::{CHALLENGE_MINUTES, check_email, check_password, invalid_credentials};
use crate::modules::identity::service::authenticate::not_active;
use crate::modules::identity::service::session::{self, Opened, require_active, user_who};
use crate::modules::identity::store::{sessions, team, users};

/// The one kind of challenge that there is.
pub const PASSWORD_CHANGE: &str = "PASSWORD_CHANGE";

/// What a log-in gives.
#[derive(Debug)]
pub enum LoggedIn {
    /// A session.
    Session(Opened),
    /// Something to do before there is one.
    Challenge {
        /// Names the challenge and proves that the password was known.
        id: String,
        /// Until when it can be answered.
        expires_at: DateTime<Utc>,
    },
}

/// The longest password that is compared at all.
const MAX_PASSWORD: usize = 1_024;

/// Counts an attempt, and answers the e-mail address if it is one.
pub async fn attempt(ctx: &Ctx, realm: &str, email: &str) -> Result<Option<String>, ApiError> {
    let account: String = email.trim().chars().take(254).collect();
    let (app, ip) = (ctx.app(), ctx.meta().ip.as_deref());
    app.identity.throttle.check(app.config.login_limit, realm, &account, ip, ctx.now()).await?;
    Ok(check_email(email, &[]).ok())
}

/// Whether the password is the person's. It takes as long for nobody.
pub async fn verify(ctx: &Ctx, password: String, hash: Option<String>) -> Result<bool, ApiError> {
    let (password, hash) =
        if password.len() > MAX_PASSWORD { (String::new(), None) } else { (password, hash) };
    ctx.app().secrets.verify_password(password, hash).await
}

/// Logs a platform admin in. `INVALID_CREDENTIALS`; `ADMIN_REQUIRED` for who knows the password and is none.
pub async fn admin_login(ctx: &Ctx, email: &str, password: String) -> Outcome<LoggedIn> {
    user_login(ctx, None, email, password).await
}

/// Logs a team member in at the request's vendor. `INVALID_CREDENTIALS`; `UNAUTHORIZED_VENDOR_ACCESS` for who knows the
/// password and is not of this team; `USER_NOT_ACTIVE`, `VENDOR_NOT_ACTIVE`.
pub async fn team_login(ctx: &Ctx, email: &str, password: String) -> Outcome<LoggedIn> {
    let vendor = ctx.vendor()?.clone();
    require_active(&vendor)?;
    user_login(ctx, Some(vendor), email, password).await
}

async fn user_login(
    ctx: &Ctx,
    vendor: Option<Arc<VendorContext>>,
    email: &str,
    password: String,
) -> Outcome<LoggedIn> {
    ctx.require_first_log_in()?;
    let email = attempt(ctx, "user", email).await?;
    let (user, member) = match email {
        Some(email) => find(ctx, vendor.as_deref(), &email).await?,
        None => (None, None),
    };
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let good = verify(ctx, password, hash).await?;
    let Some(user) = user.filter(|_| good) else {
        tracing::info!(request_id = ctx.request_id(), "a log-in failed");
        return Err(invalid_credentials().into());
    };
    admit(&user, vendor.is_some(), member.as_ref())?;
    let tx = ctx.app().db.platform(&ctx.system("login")).await?;
    let done = enter(&tx, ctx, &user, vendor, "session.login").await?;
    tx.commit().await?;
    if let LoggedIn::Session(opened) = &done {
        session::log_in(ctx, opened).await?;
    }
    Ok(done)
}

// The transaction is over before the password is hashed: nobody holds a connection meanwhile.
async fn find(
    ctx: &Ctx,
    vendor: Option<&VendorContext>,
    email: &str,
) -> Outcome<(Option<UserRow>, Option<MemberRow>)> {
    let tx = ctx.app().db.platform(&ctx.system("login")).await?;
    let user = users::by_email(&tx, email).await?;
    let member = match (&user, vendor) {
        (Some(user), Some(vendor)) => team::member_of(&tx, vendor.id, user.id).await?,
        _ => None,
    };
    tx.commit().await?;
    Ok((user, member))
}

// Only after the password was right: who does not know it learns nothing.
fn admit(user: &UserRow, at_vendor: bool, member: Option<&MemberRow>) -> Result<(), ApiError> {
    if !user.active {
        return Err(not_active());
    }
    match (at_vendor, member) {
        (true, None) => Err(ApiError::new(
            ErrorCode::UnauthorizedVendorAccess,
            "The person is not of this vendor's team.",
        )),
        (true, Some(member)) if !member.active => Err(not_active()),
        (false, _) if user.admin_role.is_none() => {
            Err(ApiError::new(ErrorCode::AdminRequired, "The person is no platform admin."))
        }
        _ => Ok(()),
    }
}

/// Opens the session, or a challenge for who must choose a password first.
pub async fn enter(
    tx: &Tx,
    ctx: &Ctx,
    user: &UserRow,
    vendor: Option<Arc<VendorContext>>,
    action: &'static str,
) -> Outcome<LoggedIn> {
    if !user.must_change_password {
        return Ok(LoggedIn::Session(session::open_user(tx, ctx, user.id, vendor, action).await?));
    }
    let (id, secret, now) = (ChallengeId::from_uuid(new_uuid()), new_token(), ctx.now());
    let expires_at = now + TimeDelta::minutes(CHALLENGE_MINUTES);
    let vendor = vendor.map(|vendor| vendor.id);
    let kinds = [PASSWORD_CHANGE];
    users::insert_challenge(tx, id.uuid(), user.id, vendor, hash_token(&secret), &kinds, (now, expires_at))
        .await?;
    record_platform(tx, vendor, &user_who(ctx, user.id, vendor), entry("session.challenge", user.id)).await?;
    Ok(LoggedIn::Challenge { id: format!("{id}.{secret}"), expires_at })
}

fn entry(action: &'static str, user: UserId) -> Entry<'static> {
    Entry { action, entity_type: "User", entity_id: Some(user.uuid()), before: None, after: None }
}

fn challenge_invalid() -> ApiError {
    ApiError::new(ErrorCode::ChallengeInvalid, "The challenge is unknown, used or expired.")
}

// The challenge behind what the client sent, if it can still be answered here.
async fn open_challenge(tx: &Tx, ctx: &Ctx, id: &str, lock: bool) -> Outcome<Option<ChallengeRow>> {
    let Some((id, secret)) = id.split_once('.') else { return Ok(None) };
    let Ok(id) = ChallengeId::parse(id) else { return Ok(None) };
    let Some(row) = users::challenge(tx, id.uuid(), lock).await? else { return Ok(None) };
    let good = bool::from(row.secret_hash.ct_eq(&hash_token(secret)))
        && row.used_at.is_none()
        && row.expires_at > ctx.now()
        && row.kinds.0.iter().any(|kind| kind == PASSWORD_CHANGE)
        && (row.vendor_id.is_none() || row.vendor_id == ctx.vendor_opt().map(|vendor| vendor.id));
    Ok(good.then_some(row))
}

/// Answers the challenge of a first log-in with a password of the person's own, and opens the session. All other
/// sessions of the person end.
pub async fn change_password(ctx: &Ctx, id: &str, new_password: Option<String>) -> Outcome<Opened> {
    ctx.require_first_log_in()?;
    let path = ["input", "newPassword"];
    let Some(password) = new_password else {
        return Err(Refusal::new(ErrorCode::Required, "The new password is missing.").at(path).into());
    };
    check_password(&password, &path).map_err(Failure::from)?;
    let grant = ctx.system("session.challengeAnswer");
    let tx = ctx.app().db.platform(&grant).await?;
    let row = open_challenge(&tx, ctx, id, false).await?;
    let user = match &row {
        Some(row) => users::get(&tx, row.user_id).await?.filter(|user| user.active),
        None => None,
    };
    tx.commit().await?;
    let Some(user) = user else { return Err(challenge_invalid().into()) };
    if verify(ctx, password.clone(), user.password_hash.clone()).await? {
        return Err(Refusal::new(ErrorCode::WeakPassword, "Choose another password than the temporary one.")
            .at(path)
            .into());
    }
    let hash = ctx.app().secrets.hash_password(password).await?;
    let tx = ctx.app().db.platform(&grant).await?;
    let Some(row) = open_challenge(&tx, ctx, id, true).await? else {
        tx.rollback().await?;
        return Err(challenge_invalid().into());
    };
    users::use_challenge(&tx, row.id, ctx.now()).await?;
    users::set_password(&tx, user.id, hash, ctx.now()).await?;
    sessions::revoke_user_everywhere(&tx, user.id, ctx.now()).await?;
    let vendor = if row.vendor_id.is_some() { Some(ctx.vendor()?.clone()) } else { None };
    if let Some(vendor) = &vendor {
        require_active(vendor)?;
    }
    let opened = session::open_user(&tx, ctx, user.id, vendor, "session.passwordChange").await?;
    tx.commit().await?;
    session::log_in(ctx, &opened).await?;
    Ok(opened)
}
