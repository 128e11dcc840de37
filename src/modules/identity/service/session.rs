//! Opening, refreshing and ending sessions, of users and customers alike.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::framework::audit::{Entry, record_platform, record_with_events};
use crate::framework::clock::new_uuid;
use crate::framework::context::{Actor, Ctx, VendorContext, Who};
use crate::framework::db::Tx;
use crate::framework::error::{ApiError, ErrorCode, Outcome, Refusal};
use crate::framework::id::{CustomerId, SessionId, UserId, VendorId};
use crate::framework::secret::{Claims, hash_token};
use crate::modules::identity::model::{RefreshRow, SessionRow};
use crate::modules::identity::rules::{
    RefreshToken, Rotation, SESSION_DAYS, TokenState, USER_REALM, invalid_token, rotation,
};
use crate::modules::identity::service::authenticate;
use crate::modules::identity::store::sessions::{self, NewSession};
use crate::modules::tenancy::cache::VendorKey;

/// A session whose tokens can be told, once.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The session.
    pub id: SessionId,
    /// For the `Authorization` header.
    pub access_token: String,
    /// When that ends.
    pub expires_at: DateTime<Utc>,
    /// For the next access token.
    pub refresh_token: String,
    /// When that ends.
    pub refresh_expires_at: DateTime<Utc>,
    /// The vendor whose team or shop it is for.
    pub vendor: Option<Arc<VendorContext>>,
}

fn opened(
    ctx: &Ctx,
    id: SessionId,
    vendor: Option<Arc<VendorContext>>,
    token: &RefreshToken,
) -> Result<Opened, ApiError> {
    let now = ctx.now();
    let expires_at = now + TimeDelta::minutes(ctx.app().config.access_token_minutes);
    let claims = claims(id, vendor.as_ref().map(|vendor| vendor.id), token, now, expires_at);
    Ok(Opened {
        id,
        access_token: ctx.app().secrets.sign(&claims)?,
        expires_at,
        refresh_token: token.text(),
        refresh_expires_at: now + TimeDelta::days(SESSION_DAYS),
        vendor,
    })
}

fn claims(
    id: SessionId,
    vendor: Option<VendorId>,
    token: &RefreshToken,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Claims {
    Claims {
        sid: id.uuid(),
        typ: if token.realm == USER_REALM { "user" } else { "customer" }.to_owned(),
        vnd: vendor.map(VendorId::uuid),
        exp: expires_at.timestamp(),
        iat: now.timestamp(),
    }
}

fn new_session<'a>(ctx: &'a Ctx, opened: &Opened, token: &RefreshToken) -> NewSession<'a> {
    NewSession {
        id: opened.id,
        family_hash: hash_token(&token.family),
        refresh_hash: hash_token(&token.rotating),
        now: ctx.now(),
        expires_at: opened.refresh_expires_at,
        meta: ctx.meta(),
    }
}

/// Opens a session of an admin (no vendor) or team member, in a platform transaction, with its audit row.
pub async fn open_user(
    tx: &Tx,
    ctx: &Ctx,
    user: UserId,
    vendor: Option<Arc<VendorContext>>,
    action: &'static str,
) -> Outcome<Opened> {
    let token = RefreshToken::new(USER_REALM);
    let opened = opened(ctx, SessionId::from_uuid(new_uuid()), vendor, &token)?;
    let vendor = opened.vendor.as_ref().map(|vendor| vendor.id);
    sessions::insert_user(tx, user, vendor, new_session(ctx, &opened, &token)).await?;
    record_platform(tx, vendor, &user_who(ctx, user, vendor), entry(action, opened.id)).await?;
    Ok(opened)
}

/// Opens a session of a customer, in a transaction of the vendor. The caller writes the audit row.
pub async fn open_customer(
    tx: &Tx,
    ctx: &Ctx,
    customer: CustomerId,
    vendor: &Arc<VendorContext>,
) -> Outcome<Opened> {
    let token = RefreshToken::new(&vendor.code);
    let opened = opened(ctx, SessionId::from_uuid(new_uuid()), Some(vendor.clone()), &token)?;
    sessions::insert_customer(tx, customer, new_session(ctx, &opened, &token)).await?;
    Ok(opened)
}

/// Lets the rest of the execution run as the session's owner, after the commit.
pub async fn log_in(ctx: &Ctx, opened: &Opened) -> Result<(), ApiError> {
    let claims = ctx.app().secrets.verify(&opened.access_token, ctx.now())?;
    let actor = authenticate::actor(ctx.app(), ctx.stats(), &claims).await?;
    ctx.log_in(opened.vendor.clone().or_else(|| ctx.vendor_opt().cloned()), actor)
}

/// Who has just logged in as a user.
pub fn user_who(ctx: &Ctx, user: UserId, vendor: Option<VendorId>) -> Who {
    let kind = if vendor.is_some() { "TEAM_MEMBER" } else { "ADMIN" };
    Who { kind, id: Some(user.uuid()), ..ctx.who() }
}

/// Who has just logged in as a customer.
pub fn customer_who(ctx: &Ctx, customer: CustomerId) -> Who {
    Who { kind: "CUSTOMER", id: Some(customer.uuid()), ..ctx.who() }
}

fn entry(action: &'static str, session: SessionId) -> Entry<'static> {
    Entry { action, entity_type: "Session", entity_id: Some(session.uuid()), before: None, after: None }
}

/// Gives new tokens for a refresh token. `INVALID_TOKEN` for one that is unknown or whose session is over;
/// `TOKEN_REUSED` for one that was used before, which ends the session.
pub async fn refresh(ctx: &Ctx, token: Option<String>) -> Outcome<Opened> {
    ctx.require_first_log_in()?;
    let Some(text) = token else {
        return Err(Refusal::new(ErrorCode::Required, "The refresh token is missing.")
            .at(["input", "refreshToken"])
            .into());
    };
    let token = RefreshToken::parse(&text).ok_or_else(invalid_token)?;
    let customer_of =
        if token.realm == USER_REALM { None } else { Some(realm_vendor(ctx, &token.realm).await?) };
    let platform = ctx.system("session.refresh");
    let tx = match &customer_of {
        Some(vendor) => ctx.begin(&platform.for_vendor(vendor.id)).await?,
        None => ctx.app().db.platform(&platform).await?,
    };
    let customer = customer_of.is_some();
    let Some(row) = sessions::lock_family(&tx, hash_token(&token.family), customer).await? else {
        tx.rollback().await?;
        return Err(invalid_token().into());
    };
    let state = TokenState {
        current: &row.refresh_hash,
        previous: row.previous_hash.as_deref(),
        rotated_at: row.rotated_at,
        expires_at: row.expires_at,
        revoked: row.revoked_at.is_some(),
    };
    match rotation(&state, &hash_token(&token.rotating), ctx.now()) {
        Rotation::Ended => {
            tx.rollback().await?;
            Err(invalid_token().into())
        }
        Rotation::Reused => {
            end_family(&tx, ctx, &row, customer).await?;
            tx.commit().await?;
            Err(ApiError::new(
                ErrorCode::TokenReused,
                "The refresh token was used before; the session has been ended.",
            )
            .into())
        }
        Rotation::Rotate => {
            let vendor = match (customer_of, row.vendor_id) {
                (Some(vendor), _) => Some(vendor),
                (None, Some(id)) => Some(own_vendor(ctx, VendorKey::Id(id)).await?),
                (None, None) => None,
            };
            let next = token.rotated();
            let opened = opened(ctx, row.id, vendor, &next)?;
            let (hash, until) = (hash_token(&next.rotating), opened.refresh_expires_at);
            sessions::rotate(&tx, row.id, hash, ctx.now(), until, customer).await?;
            audit(&tx, ctx, &row, customer, "session.refresh").await?;
            tx.commit().await?;
            // Whether person and membership are still good is what every request asks; here as well.
            log_in(ctx, &opened).await?;
            Ok(opened)
        }
    }
}

async fn end_family(tx: &Tx, ctx: &Ctx, row: &RefreshRow, customer: bool) -> Outcome<()> {
    tracing::warn!(session = %row.id, request_id = ctx.request_id(), "a refresh token was used again");
    if customer {
        sessions::revoke_customer(tx, CustomerId::from_uuid(row.owner), Some(row.id), None, ctx.now())
            .await?;
    } else {
        let owner = UserId::from_uuid(row.owner);
        sessions::revoke_user(tx, owner, row.vendor_id, Some(row.id), ctx.now()).await?;
    }
    audit(tx, ctx, row, customer, "session.reused").await
}

async fn audit(tx: &Tx, ctx: &Ctx, row: &RefreshRow, customer: bool, action: &'static str) -> Outcome<()> {
    if customer {
        let who = customer_who(ctx, CustomerId::from_uuid(row.owner));
        record_with_events(tx, &who, entry(action, row.id), &[]).await?;
    } else {
        let who = user_who(ctx, UserId::from_uuid(row.owner), row.vendor_id);
        record_platform(tx, row.vendor_id, &who, entry(action, row.id)).await?;
    }
    Ok(())
}

async fn realm_vendor(ctx: &Ctx, code: &str) -> Result<Arc<VendorContext>, ApiError> {
    if !crate::modules::tenancy::rules::is_code(code) {
        return Err(invalid_token());
    }
    own_vendor(ctx, VendorKey::Code(code.to_owned())).await
}

// The vendor of a refresh token: it must be the one that the request names, if it names one, and active.
async fn own_vendor(ctx: &Ctx, key: VendorKey) -> Result<Arc<VendorContext>, ApiError> {
    let vendor = ctx.app().vendors.get(&ctx.app().db, ctx.stats(), key).await?.ok_or_else(invalid_token)?;
    if ctx.vendor_opt().is_some_and(|named| named.id != vendor.id) {
        return Err(ApiError::new(
            ErrorCode::UnauthorizedVendorAccess,
            "The request names one vendor, the refresh token belongs to another.",
        ));
    }
    require_active(&vendor)?;
    Ok(vendor)
}

/// Refuses log-ins at a vendor that was switched off.
pub fn require_active(vendor: &VendorContext) -> Result<(), ApiError> {
    if vendor.active {
        return Ok(());
    }
    Err(ApiError::new(ErrorCode::VendorNotActive, "The vendor has been deactivated."))
}

/// Which sessions to end.
#[derive(Debug, Clone, Copy)]
pub enum Which {
    /// The one that asks.
    This,
    /// Another one of the same person.
    One(SessionId),
    /// All of the person's at this vendor (an admin's: all as admin).
    All,
}

/// Ends own sessions. Answers how many lived.
pub async fn revoke(ctx: &Ctx, which: Which) -> Outcome<usize> {
    let Some(own) = ctx.actor().session() else {
        return Err(ApiError::new(ErrorCode::Unauthenticated, "Log in to do this.").into());
    };
    let one = match which {
        Which::This => Some(own),
        Which::One(id) => Some(id),
        Which::All => None,
    };
    let entry = entry("session.revoke", one.unwrap_or(own));
    let count = match ctx.actor() {
        Actor::Customer(customer) => {
            let grant = ctx.system("session.revoke").for_vendor(ctx.vendor()?.id);
            let tx = ctx.begin(&grant).await?;
            let count = sessions::revoke_customer(&tx, customer.id, one, None, ctx.now()).await?;
            record_with_events(&tx, grant.who(), entry, &[]).await?;
            tx.commit().await?;
            count
        }
        _ => {
            let (user, vendor) = user_of(ctx)?;
            let tx = ctx.app().db.platform(&ctx.system("session.revoke")).await?;
            let count = sessions::revoke_user(&tx, user, vendor, one, ctx.now()).await?;
            record_platform(&tx, vendor, &ctx.who(), entry).await?;
            tx.commit().await?;
            count
        }
    };
    Ok(count)
}

fn user_of(ctx: &Ctx) -> Result<(UserId, Option<VendorId>), ApiError> {
    match ctx.actor() {
        Actor::Team(team) => Ok((team.user, Some(ctx.vendor()?.id))),
        Actor::Admin(admin) => Ok((admin.user, None)),
        _ => Err(ApiError::new(ErrorCode::Unauthenticated, "Log in to do this.")),
    }
}

/// The asker's live sessions, the newest first; nobody's are none.
pub async fn own_sessions(ctx: &Ctx) -> Result<Vec<SessionRow>, ApiError> {
    match ctx.actor() {
        Actor::Anonymous => Ok(Vec::new()),
        Actor::Customer(customer) => {
            let reads = ctx.reads()?;
            let vendor = Some(ctx.vendor()?.id);
            Ok(sessions::list(reads.tx().await?, customer.id.uuid(), vendor, true, ctx.now()).await?)
        }
        _ => {
            let (user, vendor) = user_of(ctx)?;
            let tx = ctx.app().db.platform(&ctx.system("viewer.sessions")).await?;
            let rows = sessions::list(&tx, user.uuid(), vendor, false, ctx.now()).await?;
            tx.commit().await?;
            Ok(rows)
        }
    }
}

/// Ends all sessions of a customer but one, in the vendor's transaction.
pub async fn end_others(tx: &Tx, ctx: &Ctx, customer: CustomerId, but: SessionId) -> Outcome<()> {
    sessions::revoke_customer(tx, customer, None, Some(but), ctx.now()).await?;
    Ok(())
}
