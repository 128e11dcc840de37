//! From a token's claims to who asks: one statement a request.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::framework::audit::{Entry, record_platform};
use crate::framework::context::{
    Actor, AdminActor, CustomerActor, Grant, PlatformGrant, RequestMeta, Stats, TeamActor, Who,
};
use crate::framework::error::{ApiError, ErrorCode};
use crate::framework::id::{SessionId, VendorId};
use crate::framework::permission::PermissionSet;
use crate::framework::secret::Claims;
use crate::modules::identity::model::UserSessionCheck;
use crate::modules::identity::rules::invalid_token;
use crate::modules::identity::store;

/// The actor of an access token, by session, person and membership as they are now. `INVALID_TOKEN` where the session
/// has ended or the membership is gone, `TOKEN_EXPIRED` where it is too old, `USER_NOT_ACTIVE` for the deactivated.
pub async fn actor(app: &App, stats: &Arc<Stats>, claims: &Claims) -> Result<Actor, ApiError> {
    let session = SessionId::from_uuid(claims.sid);
    let vendor = claims.vnd.map(VendorId::from_uuid);
    let actor = match (claims.typ.as_str(), vendor) {
        ("user", vendor) => {
            let check =
                store::sessions::check_user(&app.db, stats, session).await?.ok_or_else(invalid_token)?;
            if check.vendor_id != vendor {
                return Err(invalid_token());
            }
            user_actor(session, check, app.clock.now())?
        }
        ("customer", Some(vendor)) => {
            let check = store::sessions::check_customer(&app.db, stats, vendor, session)
                .await?
                .ok_or_else(invalid_token)?;
            alive(check.revoked, check.expires_at, check.customer_active, app.clock.now())?;
            Actor::Customer(CustomerActor { id: check.customer_id, session })
        }
        _ => return Err(invalid_token()),
    };
    if app.identity.first_in_a_minute(claims.sid, "seen").await {
        see(app, session, &actor, vendor);
    }
    Ok(actor)
}

/// The actor of a user session, if all of it is still good.
pub fn user_actor(
    session: SessionId,
    check: UserSessionCheck,
    now: DateTime<Utc>,
) -> Result<Actor, ApiError> {
    alive(check.revoked, check.expires_at, check.user_active, now)?;
    if check.vendor_id.is_some() {
        let (Some(member), Some(active)) = (check.member_id, check.member_active) else {
            return Err(invalid_token());
        };
        if !active {
            return Err(not_active());
        }
        let names = check.permissions.map(|names| names.0).unwrap_or_default();
        let permissions = PermissionSet::from_names(names.iter().map(String::as_str));
        return Ok(Actor::Team(TeamActor { member, user: check.user_id, session, permissions }));
    }
    match check.admin_role.as_deref() {
        Some(role) => {
            Ok(Actor::Admin(AdminActor { user: check.user_id, session, super_admin: role == "SUPER_ADMIN" }))
        }
        None => Err(invalid_token()),
    }
}

fn alive(revoked: bool, expires_at: DateTime<Utc>, active: bool, now: DateTime<Utc>) -> Result<(), ApiError> {
    if revoked {
        return Err(ApiError::new(ErrorCode::InvalidToken, "The session has ended."));
    }
    if expires_at <= now {
        return Err(ApiError::new(ErrorCode::TokenExpired, "The session has expired: log in again."));
    }
    if !active {
        return Err(not_active());
    }
    Ok(())
}

/// The error of a person who has been deactivated.
pub fn not_active() -> ApiError {
    ApiError::new(ErrorCode::UserNotActive, "The person has been deactivated.")
}

// Nobody waits for it, and nothing depends on it.
fn see(app: &App, session: SessionId, actor: &Actor, vendor: Option<VendorId>) {
    let now = app.clock.now();
    let customer_of = vendor.filter(|_| matches!(actor, Actor::Customer(_)));
    let app = app.clone();
    tokio::spawn(async move {
        let seen = async {
            let tx = match customer_of {
                Some(vendor) => app.db.write(&Grant::for_job(vendor, "session.seen", now)).await?,
                None => app.db.platform(&PlatformGrant::for_system("session.seen", now)).await?,
            };
            store::sessions::see(&tx, session, customer_of.is_some(), now).await?;
            tx.commit().await
        };
        if let Err(error) = seen.await {
            tracing::debug!(%error, "a session's last use was not noted");
        }
    });
}

/// Notes in the platform's audit log that a token was used at another vendor; once a minute for each session.
pub fn audit_mismatch(app: &App, claims: &Claims, meta: &RequestMeta) {
    let (app, claims, meta) = (app.clone(), claims.clone(), meta.clone());
    tokio::spawn(async move {
        if !app.identity.first_in_a_minute(claims.sid, "mismatch").await {
            return;
        }
        let now = app.clock.now();
        let who = Who { kind: "ANONYMOUS", id: None, request_id: meta.request_id, ip: meta.ip, now };
        let after = serde_json::json!({ "tokenVendor": claims.vnd, "tokenKind": claims.typ });
        let entry = Entry {
            action: "auth.vendorMismatch",
            entity_type: "Session",
            entity_id: Some(claims.sid),
            before: None,
            after: Some(&after),
        };
        let noted = async {
            let tx = app.db.platform(&PlatformGrant::for_system("auth.mismatch", now)).await?;
            record_platform(&tx, None, &who, entry).await?;
            tx.commit().await
        };
        if let Err(error) = noted.await {
            tracing::warn!(%error, "a token used at another vendor was not noted");
        }
    });
}
