//! The vendor's team: who is in it, in which role.

use serde_json::json;

use crate::framework::audit::{Entry, record_with_events};
use crate::framework::context::{Ctx, TeamActor};
use crate::framework::db::Tx;
use crate::framework::error::{ApiError, ErrorCode, Outcome, Refusal, RefusalDetails};
use crate::framework::id::{RoleId, TeamMemberId, VendorId};
use crate::framework::outbox::Event;
use crate::framework::paging::{Page, PageArgs, Slice, SortColumns};
use crate::framework::permission::{Permission, PermissionSet, RolePreset};
use crate::modules::identity::model::{MemberRow, RoleRow};
use crate::modules::identity::rules::may_grant;
use crate::modules::identity::store::team as store;

/// A page of the team, the longest in it first.
pub async fn list(ctx: &Ctx, args: &PageArgs) -> Result<Slice<MemberRow>, ApiError> {
    let sort = SortColumns { columns: &[("m.created_at", 'd'), ("m.id", 'u')], descending: false };
    let page = Page::new(args, sort, &ctx.list_shape(""))?;
    let rows = store::page(ctx.reads()?.tx().await?, &page).await?;
    Ok(page.slice(rows, |row| vec![row.created_at.into(), row.id.into()]))
}

/// How many are in the team.
pub async fn count(ctx: &Ctx) -> Result<i64, ApiError> {
    Ok(store::count(ctx.reads()?.tx().await?).await?)
}

/// A page of the vendor's roles.
pub async fn roles(ctx: &Ctx, args: &PageArgs) -> Result<Slice<RoleRow>, ApiError> {
    let page =
        Page::new(args, SortColumns { columns: &[("id", 'u')], descending: false }, &ctx.list_shape(""))?;
    let rows = store::roles_page(ctx.reads()?.tx().await?, &page).await?;
    Ok(page.slice(rows, |row| vec![row.id.into()]))
}

/// How many roles the vendor has.
pub async fn roles_count(ctx: &Ctx) -> Result<i64, ApiError> {
    Ok(store::roles_count(ctx.reads()?.tx().await?).await?)
}

/// Members of the request's vendor by id.
pub async fn members(ctx: &Ctx, ids: Vec<TeamMemberId>) -> Result<Vec<MemberRow>, ApiError> {
    Ok(store::members(ctx.reads()?.tx().await?, ids).await?)
}

/// A role of the request's vendor by id.
pub async fn role(ctx: &Ctx, id: RoleId) -> Result<Option<RoleRow>, ApiError> {
    Ok(store::role(ctx.reads()?.tx().await?, id).await?)
}

/// What the asker's role allows.
pub(super) fn own_permissions(ctx: &Ctx) -> PermissionSet {
    ctx.team().map(|TeamActor { permissions, .. }| *permissions).unwrap_or_default()
}

/// The role that is to be given, if the asker may give it.
pub(super) async fn grantable(tx: &Tx, ctx: &Ctx, id: RoleId) -> Outcome<RoleRow> {
    let path = ["input", "roleId"];
    let Some(role) = store::role(tx, id).await? else {
        return Err(Refusal::new(ErrorCode::RoleNotFound, "There is no such role.").at(path).into());
    };
    if !may_grant(own_permissions(ctx), role.permission_set()) {
        return Err(Refusal::new(
            ErrorCode::InsufficientPermissions,
            "Nobody grants a permission that they do not hold.",
        )
        .at(path)
        .into());
    }
    Ok(role)
}

// The member to change, locked, if the asker may change who holds their role; and how many owners there are.
async fn changeable(
    tx: &Tx,
    ctx: &Ctx,
    id: TeamMemberId,
    expected: Option<i32>,
) -> Outcome<(MemberRow, i64)> {
    let path = ["input", "id"];
    let Some((member, owners)) = store::lock_member(tx, id).await? else {
        return Err(Refusal::new(ErrorCode::TeamMemberNotFound, "There is no such team member.")
            .at(path)
            .into());
    };
    if let Some(expected) = expected
        && expected != member.version
    {
        let details =
            RefusalDetails::VersionConflict { current_version: member.version, id: member.id.to_string() };
        return Err(Refusal::new(ErrorCode::VersionConflict, "The team member has changed meanwhile.")
            .at(["input", "expectedVersion"])
            .with(details)
            .into());
    }
    if !may_grant(own_permissions(ctx), member.permissions()) {
        return Err(Refusal::new(
            ErrorCode::InsufficientPermissions,
            "Nobody changes a member whose role holds more than their own.",
        )
        .at(path)
        .into());
    }
    Ok((member, owners))
}

fn owner_required(message: &'static str) -> Refusal {
    Refusal::new(ErrorCode::OwnerRequired, message).at(["input", "id"])
}

/// Gives a member another role. The asker must hold all that the old and the new one allow.
pub async fn set_role(
    ctx: &Ctx,
    id: TeamMemberId,
    role: RoleId,
    expected: Option<i32>,
) -> Outcome<MemberRow> {
    let grant = ctx.require(Permission::TeamUpdate)?;
    let tx = ctx.begin(&grant).await?;
    let (member, owners) = changeable(&tx, ctx, id, expected).await?;
    let role = grantable(&tx, ctx, role).await?;
    let owner = member.role_preset == Some(RolePreset::Owner);
    if owner && role.preset != Some(RolePreset::Owner) && owners <= 1 {
        return Err(owner_required("The last owner keeps their role.").into());
    }
    let member = if role.id == member.role_id {
        member
    } else {
        store::set_role(&tx, id, role.id, ctx.now()).await?;
        let (was, is) = (json!({ "roleId": member.role_id }), json!({ "roleId": role.id }));
        let entry = entry("team.memberRoleSet", id, Some(&was), Some(&is));
        record_with_events(&tx, grant.who(), entry, &[changed(id)]).await?;
        store::members(&tx, vec![id]).await?.pop().unwrap_or(member)
    };
    tx.commit().await?;
    Ok(member)
}

/// Removes somebody from the team; their sessions here end with it. Owners stay.
pub async fn remove(ctx: &Ctx, id: TeamMemberId) -> Outcome<TeamMemberId> {
    let grant = ctx.require(Permission::TeamRemove)?;
    let tx = ctx.begin(&grant).await?;
    let (member, _) = changeable(&tx, ctx, id, None).await?;
    if member.role_preset == Some(RolePreset::Owner) {
        return Err(owner_required("An owner cannot be removed.").into());
    }
    store::delete_member(&tx, id).await?;
    let was = json!({ "roleId": member.role_id, "userId": member.user_id });
    record_with_events(&tx, grant.who(), entry("team.memberRemove", id, Some(&was), None), &[changed(id)])
        .await?;
    tx.commit().await?;
    Ok(id)
}

fn entry<'a>(
    action: &'static str,
    id: TeamMemberId,
    before: Option<&'a serde_json::Value>,
    after: Option<&'a serde_json::Value>,
) -> Entry<'a> {
    Entry { action, entity_type: "TeamMember", entity_id: Some(id.uuid()), before, after }
}

/// The event of a team's change.
pub(super) fn changed(id: TeamMemberId) -> Event {
    Event { kind: "TEAM_CHANGED", entity_type: "TeamMember", entity_id: id.uuid(), data: json!({}) }
}

/// The owner of a vendor, in a platform transaction.
pub async fn owner_of(tx: &Tx, vendor: VendorId) -> Result<Option<MemberRow>, ApiError> {
    Ok(store::owner_of(tx, vendor).await?)
}
