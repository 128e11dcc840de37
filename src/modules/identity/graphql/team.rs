//! The team, its roles and invitations.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use orion_macros::secured;

use super::objects::{Role, TeamMember};
use super::session::{SessionPayload, session_payload};
use crate::framework::context::ContextExt as _;
use crate::framework::error::{Outcome, Refusal};
use crate::framework::id::{RoleId, TeamMemberId};
use crate::framework::permission::{Permission, RolePreset};
use crate::graphql::connection::Counter;
use crate::graphql::scalars::DateTime;
use crate::graphql::types::input_id;
use crate::graphql::{Connection, Payload, UserError, page_args, payload};
use crate::modules::identity::model::{InvitationRow, MemberRow};
use crate::modules::identity::service::{invitation, team};

/// A team member of the request's vendor, for who may see the team.
pub async fn load_team_member(ctx: &Context<'_>, id: TeamMemberId) -> Result<Option<TeamMember>> {
    let ctx = ctx.ctx();
    let own = ctx.team().is_some_and(|member| member.member == id);
    if !own && !ctx.can(Permission::TeamRead) {
        return Ok(None);
    }
    let rows = team::members(ctx, vec![id]).await.map_err(|error| error.extend(ctx))?;
    Ok(rows.into_iter().next().map(TeamMember))
}

/// A role of the request's vendor, for its team.
pub async fn load_role(ctx: &Context<'_>, id: RoleId) -> Result<Option<Role>> {
    let ctx = ctx.ctx();
    if ctx.team().is_none() {
        return Ok(None);
    }
    Ok(team::role(ctx, id).await.map_err(|error| error.extend(ctx))?.map(Role))
}

/// A role that every vendor has from the beginning.
#[derive(SimpleObject)]
pub struct RolePresetInfo {
    /// Which.
    preset: RolePreset,
    /// What it allows.
    permissions: Vec<Permission>,
}

/// A permission, for people.
#[derive(SimpleObject)]
pub struct PermissionInfo {
    /// The permission.
    name: Permission,
    /// What it allows.
    description: &'static str,
}

/// Reading the team.
#[derive(Default)]
pub struct TeamQuery;

#[secured(required)]
#[Object]
impl TeamQuery {
    /// The vendor's team, the longest in it first.
    #[permission(TEAM_READ)]
    async fn team(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, or after the cursor; at most 100.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, or before the cursor; at most 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
    ) -> Result<Option<Connection<TeamMember>>> {
        let ctx = ctx.ctx();
        let args = page_args(first, after, last, before);
        let slice = team::list(ctx, &args).await.map_err(|error| error.extend(ctx))?;
        let counting = ctx.clone();
        let counter: Counter = Arc::new(move || {
            let ctx = counting.clone();
            Box::pin(async move { team::count(&ctx).await })
        });
        Ok(Some(Connection::new(slice, Some(counter), TeamMember)))
    }

    /// The vendor's roles.
    #[permission(TEAM)]
    async fn roles(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, or after the cursor; at most 100.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, or before the cursor; at most 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
    ) -> Result<Option<Connection<Role>>> {
        let ctx = ctx.ctx();
        let args = page_args(first, after, last, before);
        let slice = team::roles(ctx, &args).await.map_err(|error| error.extend(ctx))?;
        let counting = ctx.clone();
        let counter: Counter = Arc::new(move || {
            let ctx = counting.clone();
            Box::pin(async move { team::roles_count(&ctx).await })
        });
        Ok(Some(Connection::new(slice, Some(counter), Role)))
    }

    /// The roles that every vendor has from the beginning, with what they allow.
    #[permission(PUBLIC)]
    async fn role_presets(&self) -> Vec<RolePresetInfo> {
        let info = |preset: &RolePreset| RolePresetInfo {
            preset: *preset,
            permissions: preset.permissions().iter().collect(),
        };
        RolePreset::ALL.iter().map(info).collect()
    }

    /// Every permission that there is.
    #[permission(PUBLIC)]
    async fn permission_catalog(&self) -> Vec<PermissionInfo> {
        let info = |permission: &Permission| PermissionInfo {
            name: *permission,
            description: permission.description(),
        };
        Permission::ALL.iter().map(info).collect()
    }
}

/// An invitation into a team.
pub struct TeamInvitation(InvitationRow);

/// An invitation into a team.
#[Object]
impl TeamInvitation {
    /// The typed, sortable id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }
    /// Who is invited.
    async fn email(&self) -> &str {
        &self.0.email
    }
    /// The role that they will have.
    async fn role(&self, ctx: &Context<'_>) -> Result<Option<Role>> {
        load_role(ctx, self.0.role_id).await
    }
    /// When they were invited.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }
    /// Until when it can be accepted.
    async fn expires_at(&self) -> DateTime {
        self.0.expires_at.into()
    }
}

/// Whom to invite.
#[derive(InputObject)]
pub struct TeamInviteInput {
    /// Their e-mail address.
    email: String,
    /// The role that they will have; it must not allow more than the inviter's.
    role_id: ID,
}

/// The answer of `teamInvite`.
#[derive(SimpleObject)]
pub struct TeamInvitePayload {
    /// The invitation.
    invitation: Option<TeamInvitation>,
    /// For `teamInvitationAccept`; told once, to the inviter, who passes it on.
    token: Option<String>,
    /// Why nobody was invited.
    user_errors: Vec<UserError>,
}

impl Payload for TeamInvitePayload {
    type Done = (InvitationRow, String);
    fn done((row, token): Self::Done) -> Self {
        Self { invitation: Some(TeamInvitation(row)), token: Some(token), user_errors: Vec::new() }
    }
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { invitation: None, token: None, user_errors }
    }
}

/// An invitation to accept.
#[derive(InputObject)]
pub struct TeamInvitationAcceptInput {
    /// The invitation's token.
    #[graphql(secret)]
    token: String,
    /// The person's name; needed of who is new on the platform.
    name: Option<String>,
    /// A new password of who is new on the platform; else the one that they have.
    #[graphql(secret)]
    password: String,
}

/// A member's new role.
#[derive(InputObject)]
pub struct TeamMemberRoleSetInput {
    /// The member.
    id: ID,
    /// The role; neither it nor the old one may allow more than the asker's.
    role_id: ID,
    /// Refuse with `VERSION_CONFLICT` where the member has another version.
    expected_version: Option<i32>,
}

/// A member to remove.
#[derive(InputObject)]
pub struct TeamMemberRemoveInput {
    /// The member.
    id: ID,
}

/// The member as it is now.
#[derive(SimpleObject)]
pub struct TeamMemberPayload {
    /// The member; null where it was refused.
    team_member: Option<TeamMember>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

impl Payload for TeamMemberPayload {
    type Done = MemberRow;
    fn done(row: MemberRow) -> Self {
        Self { team_member: Some(TeamMember(row)), user_errors: Vec::new() }
    }
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { team_member: None, user_errors }
    }
}

/// The answer of `teamMemberRemove`.
#[derive(SimpleObject)]
pub struct TeamMemberRemovePayload {
    /// Who was removed.
    removed_id: Option<ID>,
    /// Why nobody was.
    user_errors: Vec<UserError>,
}

impl Payload for TeamMemberRemovePayload {
    type Done = TeamMemberId;
    fn done(id: TeamMemberId) -> Self {
        Self { removed_id: Some(id.into()), user_errors: Vec::new() }
    }
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { removed_id: None, user_errors }
    }
}

/// Changing the team.
#[derive(Default)]
pub struct TeamMutation;

#[secured(required)]
#[Object]
impl TeamMutation {
    /// Invites somebody into the team. Nobody grants a permission that they do not hold.
    #[permission(TEAM_INVITE)]
    async fn team_invite(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, into which role.")] input: TeamInviteInput,
    ) -> Result<Option<TeamInvitePayload>> {
        let ctx = ctx.ctx();
        let run = async || -> Outcome<(InvitationRow, String)> {
            let role = input_id(&input.role_id, &["input", "roleId"])?;
            invitation::invite(ctx, &input.email, role).await
        };
        payload(ctx, run().await).map(Some)
    }

    /// Accepts an invitation, and logs the person in. Refused with `CHALLENGE_INVALID` for a token that is unknown, used
    /// or expired; who is on the platform already proves their password, else `INVALID_CREDENTIALS`.
    #[permission(PUBLIC)]
    async fn team_invitation_accept(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token, and who accepts.")] input: TeamInvitationAcceptInput,
    ) -> Result<Option<SessionPayload>> {
        let ctx = ctx.ctx();
        session_payload(ctx, invitation::accept(ctx, &input.token, input.name, input.password).await)
    }

    /// Gives a member another role. The last owner keeps theirs.
    #[permission(TEAM_UPDATE)]
    async fn team_member_role_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The member and the role.")] input: TeamMemberRoleSetInput,
    ) -> Result<Option<TeamMemberPayload>> {
        let ctx = ctx.ctx();
        let run = async || -> Outcome<MemberRow> {
            let ids: (Result<TeamMemberId, Refusal>, Result<RoleId, Refusal>) =
                (input_id(&input.id, &["input", "id"]), input_id(&input.role_id, &["input", "roleId"]));
            team::set_role(ctx, ids.0?, ids.1?, input.expected_version).await
        };
        payload(ctx, run().await).map(Some)
    }

    /// Removes somebody from the team; their sessions here end with it. An owner cannot be removed.
    #[permission(TEAM_REMOVE)]
    async fn team_member_remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The member.")] input: TeamMemberRemoveInput,
    ) -> Result<Option<TeamMemberRemovePayload>> {
        let ctx = ctx.ctx();
        let run = async || -> Outcome<TeamMemberId> {
            team::remove(ctx, input_id(&input.id, &["input", "id"])?).await
        };
        payload(ctx, run().await).map(Some)
    }
}
