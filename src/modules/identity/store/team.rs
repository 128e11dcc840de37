//! Roles, members and invitations of one vendor; some of it also in platform transactions, for log-ins.

use chrono::{DateTime, Utc};

use crate::framework::clock::new_uuid;
use crate::framework::db::{Array, DbError, Tx, sql};
use crate::framework::id::{InvitationId, RoleId, TeamMemberId, UserId, VendorId};
use crate::framework::paging::{COUNT_LIMIT, Page};
use crate::framework::permission::RolePreset;
use crate::modules::identity::model::{
    INVITATION_COLUMNS, InvitationRow, MEMBER_COLUMNS, MemberRow, RoleRow,
};

const JOINED: &str = "FROM team_members m JOIN roles r ON r.vendor_id = m.vendor_id AND r.id = m.role_id";
const ROLE_COLUMNS: &str = "id, name, preset, permissions, version";

/// A person's memberships everywhere, at most 100 a person; in a platform transaction.
pub async fn memberships(tx: &Tx, users: Vec<UserId>) -> Result<Vec<MemberRow>, DbError> {
    let users: Vec<uuid::Uuid> = users.into_iter().map(UserId::uuid).collect();
    let most = 100 * i64::try_from(users.len()).unwrap_or(1);
    tx.load(
        sql(format!(
            "SELECT {MEMBER_COLUMNS} {JOINED} WHERE m.user_id = ANY($1) ORDER BY m.created_at, m.id LIMIT $2"
        ))
        .bind(Array(users))
        .bind(most),
    )
    .await
}

/// A person's membership at a vendor; in a platform transaction.
pub async fn member_of(tx: &Tx, vendor: VendorId, user: UserId) -> Result<Option<MemberRow>, DbError> {
    tx.optional(
        sql(format!("SELECT {MEMBER_COLUMNS} {JOINED} WHERE m.vendor_id = $1 AND m.user_id = $2"))
            .bind(vendor)
            .bind(user),
    )
    .await
}

/// The first owner of a vendor; in a platform transaction.
pub async fn owner_of(tx: &Tx, vendor: VendorId) -> Result<Option<MemberRow>, DbError> {
    tx.optional(
        sql(format!(
            "SELECT {MEMBER_COLUMNS} {JOINED} WHERE m.vendor_id = $1 AND r.preset = 'OWNER' \
             ORDER BY m.created_at, m.id LIMIT 1"
        ))
        .bind(vendor),
    )
    .await
}

/// The four preset roles of a new vendor; in a platform transaction. Answers the owner's.
pub async fn insert_presets(tx: &Tx, vendor: VendorId) -> Result<RoleId, DbError> {
    let mut owner = None;
    for preset in RolePreset::ALL.iter().copied() {
        let id = RoleId::from_uuid(new_uuid());
        if preset == RolePreset::Owner {
            owner = Some(id);
        }
        let name = preset_name(preset);
        let names: Vec<&'static str> =
            preset.permissions().iter().map(|permission| permission.name()).collect();
        tx.execute(
            sql("INSERT INTO roles (vendor_id, id, name, preset, permissions) VALUES ($1, $2, $3, $4, $5)")
                .bind(vendor)
                .bind(id)
                .bind(name)
                .bind(preset)
                .bind(Array(names)),
        )
        .await?;
    }
    owner.ok_or_else(|| DbError::Internal("no preset is the owner's".into()))
}

/// What a preset role is called.
pub fn preset_name(preset: RolePreset) -> &'static str {
    match preset {
        RolePreset::Owner => "Owner",
        RolePreset::Manager => "Manager",
        RolePreset::Editor => "Editor",
        RolePreset::Viewer => "Viewer",
    }
}

/// Stores a membership; in a platform transaction. `team_members_user_key` refuses a second one.
pub async fn insert_member(
    tx: &Tx,
    vendor: VendorId,
    id: TeamMemberId,
    user: UserId,
    role: RoleId,
    email: &str,
    name: Option<&str>,
) -> Result<(), DbError> {
    tx.execute(
        sql("INSERT INTO team_members (vendor_id, id, user_id, role_id, email, name) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(vendor)
            .bind(id)
            .bind(user)
            .bind(role)
            .bind(email.to_owned())
            .bind(name.map(str::to_owned)),
    )
    .await
    .map(|_| ())
}

/// A page of the vendor's team.
pub async fn page(tx: &Tx, page: &Page) -> Result<Vec<MemberRow>, DbError> {
    let mut query = sql(format!("SELECT {MEMBER_COLUMNS} {JOINED} WHERE m.vendor_id = $1")).bind(tx.vendor());
    page.apply(&mut query);
    tx.load(query).await
}

/// How many are in the vendor's team, counted up to the limit.
pub async fn count(tx: &Tx) -> Result<i64, DbError> {
    let query = sql("SELECT count(*) FROM (SELECT 1 FROM team_members WHERE vendor_id = $1 LIMIT $2) t");
    tx.one::<(i64,)>(query.bind(tx.vendor()).bind(COUNT_LIMIT)).await.map(|(count,)| count)
}

/// Members by id.
pub async fn members(tx: &Tx, ids: Vec<TeamMemberId>) -> Result<Vec<MemberRow>, DbError> {
    let ids: Vec<uuid::Uuid> = ids.into_iter().map(TeamMemberId::uuid).collect();
    tx.load(
        sql(format!("SELECT {MEMBER_COLUMNS} {JOINED} WHERE m.vendor_id = $1 AND m.id = ANY($2)"))
            .bind(tx.vendor())
            .bind(Array(ids)),
    )
    .await
}

/// Whether an e-mail address is in the vendor's team.
pub async fn has_email(tx: &Tx, email: &str) -> Result<bool, DbError> {
    let query =
        sql("SELECT EXISTS (SELECT 1 FROM team_members WHERE vendor_id = $1 AND lower(email) = lower($2))");
    tx.one::<(bool,)>(query.bind(tx.vendor()).bind(email.to_owned())).await.map(|(found,)| found)
}

/// Locks the owners' memberships, so that two changes cannot take the last two away, and then the member.
pub async fn lock_member(tx: &Tx, id: TeamMemberId) -> Result<Option<(MemberRow, i64)>, DbError> {
    let owners = tx
        .load::<(TeamMemberId,)>(
            sql("SELECT m.id FROM team_members m JOIN roles r ON r.vendor_id = m.vendor_id AND r.id = m.role_id \
                 WHERE m.vendor_id = $1 AND r.preset = 'OWNER' AND m.active ORDER BY m.id FOR NO KEY UPDATE OF m")
            .bind(tx.vendor()),
        )
        .await?
        .len();
    let member = tx
        .optional::<MemberRow>(
            sql(format!(
                "SELECT {MEMBER_COLUMNS} {JOINED} WHERE m.vendor_id = $1 AND m.id = $2 FOR NO KEY UPDATE OF m"
            ))
            .bind(tx.vendor())
            .bind(id),
        )
        .await?;
    Ok(member.map(|member| (member, i64::try_from(owners).unwrap_or(i64::MAX))))
}

/// Gives a member another role.
pub async fn set_role(tx: &Tx, id: TeamMemberId, role: RoleId, now: DateTime<Utc>) -> Result<(), DbError> {
    tx.execute(
        sql("UPDATE team_members SET role_id = $3, updated_at = $4, version = version + 1 \
             WHERE vendor_id = $1 AND id = $2")
        .bind(tx.vendor())
        .bind(id)
        .bind(role)
        .bind(now),
    )
    .await
    .map(|_| ())
}

/// Ends a membership; its sessions end with it, since every request looks it up.
pub async fn delete_member(tx: &Tx, id: TeamMemberId) -> Result<(), DbError> {
    tx.execute(sql("DELETE FROM team_members WHERE vendor_id = $1 AND id = $2").bind(tx.vendor()).bind(id))
        .await
        .map(|_| ())
}

/// A page of the vendor's roles.
pub async fn roles_page(tx: &Tx, page: &Page) -> Result<Vec<RoleRow>, DbError> {
    let mut query = sql(format!("SELECT {ROLE_COLUMNS} FROM roles WHERE vendor_id = $1")).bind(tx.vendor());
    page.apply(&mut query);
    tx.load(query).await
}

/// How many roles the vendor has, counted up to the limit.
pub async fn roles_count(tx: &Tx) -> Result<i64, DbError> {
    let query = sql("SELECT count(*) FROM (SELECT 1 FROM roles WHERE vendor_id = $1 LIMIT $2) t");
    tx.one::<(i64,)>(query.bind(tx.vendor()).bind(COUNT_LIMIT)).await.map(|(count,)| count)
}

/// A role of the vendor.
pub async fn role(tx: &Tx, id: RoleId) -> Result<Option<RoleRow>, DbError> {
    tx.optional(
        sql(format!("SELECT {ROLE_COLUMNS} FROM roles WHERE vendor_id = $1 AND id = $2"))
            .bind(tx.vendor())
            .bind(id),
    )
    .await
}

/// Stores an invitation; earlier open ones for the address end.
pub async fn insert_invitation(
    tx: &Tx,
    id: InvitationId,
    email: &str,
    role: RoleId,
    token_hash: Vec<u8>,
    invited_by: Option<UserId>,
    (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<InvitationRow, DbError> {
    tx.execute(
        sql("UPDATE team_invitations SET revoked_at = $3 WHERE vendor_id = $1 AND lower(email) = lower($2) \
             AND accepted_at IS NULL AND revoked_at IS NULL")
        .bind(tx.vendor())
        .bind(email.to_owned())
        .bind(now),
    )
    .await?;
    tx.one(
        sql(format!(
            "INSERT INTO team_invitations (vendor_id, id, email, role_id, token_hash, invited_by, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING {INVITATION_COLUMNS}"
        ))
        .bind(tx.vendor())
        .bind(id)
        .bind(email.to_owned())
        .bind(role)
        .bind(token_hash)
        .bind(invited_by)
        .bind(now)
        .bind(expires_at),
    )
    .await
}

/// An invitation by the hash of its secret; in a platform transaction. Locked if it is to be used.
pub async fn invitation(
    tx: &Tx,
    vendor: VendorId,
    token_hash: Vec<u8>,
    lock: bool,
) -> Result<Option<InvitationRow>, DbError> {
    let lock = if lock { " FOR NO KEY UPDATE" } else { "" };
    tx.optional(
        sql(format!(
            "SELECT {INVITATION_COLUMNS} FROM team_invitations WHERE vendor_id = $1 AND token_hash = $2{lock}"
        ))
        .bind(vendor)
        .bind(token_hash),
    )
    .await
}

/// Marks an invitation as used; in a platform transaction.
pub async fn accept_invitation(
    tx: &Tx,
    vendor: VendorId,
    id: InvitationId,
    now: DateTime<Utc>,
) -> Result<(), DbError> {
    tx.execute(
        sql("UPDATE team_invitations SET accepted_at = $3 WHERE vendor_id = $1 AND id = $2")
            .bind(vendor)
            .bind(id)
            .bind(now),
    )
    .await
    .map(|_| ())
}
