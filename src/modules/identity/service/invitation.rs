//! Invitations into a team: single use, for a week, by a token that carries the vendor's code in the clear.

use chrono::TimeDelta;
use serde_json::json;

use crate::framework::audit::{Entry, record_platform, record_with_events};
use crate::framework::clock::{new_token, new_uuid};
use crate::framework::context::{Ctx, VendorContext};
use crate::framework::error::{ApiError, ErrorCode, Failure, Outcome, Refusal, Refusals};
use crate::framework::id::{InvitationId, RoleId, TeamMemberId, UserId, VendorId};
use crate::framework::outbox::publish_for;
use crate::framework::permission::Permission;
use crate::framework::secret::hash_token;
use crate::modules::identity::model::{InvitationRow, UserRow};
use crate::modules::identity::rules::{
    INVITATION_DAYS, check_email, check_password, check_text, invalid_credentials,
};
use crate::modules::identity::service::authenticate::not_active;
use crate::modules::identity::service::login::{self, LoggedIn, attempt};
use crate::modules::identity::service::session::{self, require_active, user_who};
use crate::modules::identity::service::team::{changed, grantable};
use crate::modules::identity::store::{team, users};
use std::sync::Arc;

/// Invites somebody by e-mail into a role. Answers the invitation and its token, which is shown once. An earlier open
/// invitation of the same address ends.
pub async fn invite(ctx: &Ctx, email: &str, role: RoleId) -> Outcome<(InvitationRow, String)> {
    let grant = ctx.require(Permission::TeamInvite)?;
    let vendor = ctx.vendor()?.clone();
    let email = check_email(email, &["input", "email"])?;
    let tx = ctx.begin(&grant).await?;
    let role = grantable(&tx, ctx, role).await?;
    if team::has_email(&tx, &email).await? {
        return Err(Refusal::new(ErrorCode::EmailTaken, "This person is in the team already.")
            .at(["input", "email"])
            .into());
    }
    let (id, secret, now) = (InvitationId::from_uuid(new_uuid()), new_token(), ctx.now());
    let by = ctx.team().map(|member| member.user);
    let until = now + TimeDelta::days(INVITATION_DAYS);
    let row =
        team::insert_invitation(&tx, id, &email, role.id, hash_token(&secret), by, (now, until)).await?;
    let after = json!({ "roleId": role.id });
    let entry = Entry {
        action: "team.invite",
        entity_type: "TeamInvitation",
        entity_id: Some(id.uuid()),
        before: None,
        after: Some(&after),
    };
    record_with_events(&tx, grant.who(), entry, &[]).await?;
    tx.commit().await?;
    Ok((row, format!("{}.{secret}", vendor.code)))
}

fn invalid() -> Failure {
    Refusal::new(ErrorCode::ChallengeInvalid, "The invitation is unknown, used or expired.")
        .at(["input", "token"])
        .into()
}

/// Accepts an invitation: a new person gives a name and chooses a password, an existing one proves theirs. Answers a
/// session at the vendor.
pub async fn accept(ctx: &Ctx, token: &str, name: Option<String>, password: String) -> Outcome<LoggedIn> {
    ctx.require_first_log_in()?;
    let (vendor, secret_hash) = read_token(ctx, token).await?;
    let name = check_text(name, 200, &["input", "name"])?;
    let grant = ctx.system("team.invitationAccept");
    let tx = ctx.app().db.platform(&grant).await?;
    let invitation = team::invitation(&tx, vendor.id, secret_hash.clone(), false).await?;
    let invitation = invitation.filter(|row| is_open(ctx, row));
    let user = match &invitation {
        Some(invitation) => users::by_email(&tx, &invitation.email).await?,
        None => None,
    };
    tx.commit().await?;
    let Some(invitation) = invitation else { return Err(invalid()) };
    let (user, fresh) = match user {
        Some(user) => (prove(ctx, user, password).await?, None),
        None => fresh(ctx, &invitation, name.clone(), password).await?,
    };

    let tx = ctx.app().db.platform(&grant).await?;
    let invitation =
        team::invitation(&tx, vendor.id, secret_hash, true).await?.filter(|row| is_open(ctx, row));
    let Some(invitation) = invitation else {
        tx.rollback().await?;
        return Err(invalid());
    };
    if let Some(hash) = fresh {
        let new = users::NewUser {
            id: user.id,
            email: &user.email,
            name: user.name.as_deref(),
            password_hash: hash,
            must_change_password: false,
            admin_role: None,
        };
        users::insert(&tx, &new).await.map_err(|error| match error.constraint() {
            Some("users_email_key") => invalid(),
            _ => error.into(),
        })?;
    }
    let member = TeamMemberId::from_uuid(new_uuid());
    let shown = name.or_else(|| user.name.clone());
    team::insert_member(&tx, vendor.id, member, user.id, invitation.role_id, &user.email, shown.as_deref())
        .await
        .map_err(|error| match error.constraint() {
            Some("team_members_user_key") => {
                Refusal::new(ErrorCode::EmailTaken, "You are in the team already.")
                    .at(["input", "token"])
                    .into()
            }
            _ => Failure::from(error),
        })?;
    team::accept_invitation(&tx, vendor.id, invitation.id, ctx.now()).await?;
    let entry = Entry {
        action: "team.invitationAccept",
        entity_type: "TeamMember",
        entity_id: Some(member.uuid()),
        before: None,
        after: None,
    };
    record_platform(&tx, Some(vendor.id), &user_who(ctx, user.id, Some(vendor.id)), entry).await?;
    publish_for(&tx, vendor.id, &[changed(member)]).await?;
    let done = login::enter(&tx, ctx, &user, Some(vendor), "session.login").await?;
    tx.commit().await?;
    if let LoggedIn::Session(opened) = &done {
        session::log_in(ctx, opened).await?;
    }
    Ok(done)
}

fn is_open(ctx: &Ctx, row: &InvitationRow) -> bool {
    row.accepted_at.is_none() && row.revoked_at.is_none() && row.expires_at > ctx.now()
}

// The vendor and the hash of the secret of `<vendor code>.<secret>`.
async fn read_token(ctx: &Ctx, token: &str) -> Outcome<(Arc<VendorContext>, Vec<u8>)> {
    let (code, secret) = token.trim().split_once('.').ok_or_else(invalid)?;
    if !crate::modules::tenancy::rules::is_code(code) || secret.len() != 32 {
        return Err(invalid());
    }
    let key = crate::modules::tenancy::cache::VendorKey::Code(code.to_owned());
    let vendor = ctx.app().vendors.get(&ctx.app().db, ctx.stats(), key).await?.ok_or_else(invalid)?;
    if ctx.vendor_opt().is_some_and(|named| named.id != vendor.id) {
        return Err(invalid());
    }
    require_active(&vendor)?;
    Ok((vendor, hash_token(secret)))
}

// Somebody whom the platform knows: they log in by it.
async fn prove(ctx: &Ctx, user: UserRow, password: String) -> Outcome<UserRow> {
    attempt(ctx, "user", &user.email).await?;
    if !login::verify(ctx, password, user.password_hash.clone()).await? {
        return Err(invalid_credentials().into());
    }
    if !user.active {
        return Err(not_active().into());
    }
    Ok(user)
}

// Somebody new: what will be stored, with the hash of the password that they chose.
async fn fresh(
    ctx: &Ctx,
    invitation: &InvitationRow,
    name: Option<String>,
    password: String,
) -> Outcome<(UserRow, Option<String>)> {
    let mut refusals = Refusals::default();
    if name.is_none() {
        refusals.push(Refusal::new(ErrorCode::Required, "Say your name.").at(["input", "name"]));
    }
    if let Err(refusal) = check_password(&password, &["input", "password"]) {
        refusals.push(refusal);
    }
    refusals.check()?;
    let hash = ctx.app().secrets.hash_password(password).await?;
    let user = UserRow {
        id: UserId::from_uuid(new_uuid()),
        email: invitation.email.clone(),
        name,
        password_hash: None,
        must_change_password: false,
        active: true,
        admin_role: None,
        created_at: ctx.now(),
        last_login_at: None,
    };
    Ok((user, Some(hash)))
}

/// The owner of a new vendor, in the platform transaction that creates it: the person of that address, or a new one
/// with a password that must be changed at the first log-in.
pub async fn create_owner(
    tx: &crate::framework::db::Tx,
    vendor: VendorId,
    email: &str,
    name: Option<&str>,
    temporary_hash: String,
) -> Result<(TeamMemberId, bool), ApiError> {
    let role = team::insert_presets(tx, vendor).await?;
    let (user, email, name, created) = match users::by_email(tx, email).await? {
        Some(user) => (user.id, user.email, user.name.or_else(|| name.map(str::to_owned)), false),
        None => {
            let id = UserId::from_uuid(new_uuid());
            let new = users::NewUser {
                id,
                email,
                name,
                password_hash: temporary_hash,
                must_change_password: true,
                admin_role: None,
            };
            users::insert(tx, &new).await?;
            (id, email.to_owned(), name.map(str::to_owned), true)
        }
    };
    let member = TeamMemberId::from_uuid(new_uuid());
    team::insert_member(tx, vendor, member, user, role, &email, name.as_deref()).await?;
    Ok((member, created))
}
