//! Rows of people, roles, invitations and sessions.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::framework::db::Array;
use crate::framework::id::{CustomerId, InvitationId, RoleId, SessionId, TeamMemberId, UserId, VendorId};
use crate::framework::permission::{PermissionSet, RolePreset};

crate::row! {
    /// A user session with its person and membership: what every request checks.
    pub struct UserSessionCheck {
        pub user_id: UserId,
        pub vendor_id: Option<VendorId>,
        pub admin_role: Option<String>,
        pub user_active: bool,
        pub revoked: bool,
        pub expires_at: DateTime<Utc>,
        pub member_id: Option<TeamMemberId>,
        pub member_active: Option<bool>,
        pub permissions: Option<Array<String>>,
    }
}

crate::row! {
    /// A customer session with its customer: what every request checks.
    pub struct CustomerSessionCheck {
        pub customer_id: CustomerId,
        pub customer_active: bool,
        pub revoked: bool,
        pub expires_at: DateTime<Utc>,
    }
}

crate::row! {
    /// A person who logs in as admin or team member.
    pub struct UserRow {
        pub id: UserId,
        pub email: String,
        pub name: Option<String>,
        pub password_hash: Option<String>,
        pub must_change_password: bool,
        pub active: bool,
        pub admin_role: Option<String>,
        pub created_at: DateTime<Utc>,
        pub last_login_at: Option<DateTime<Utc>>,
    }
}

/// The columns of [`UserRow`].
pub(super) const USER_COLUMNS: &str =
    "id, email, name, password_hash, must_change_password, active, admin_role, created_at, last_login_at";

impl UserRow {
    /// Whether they may make other admins; `None` for who is no admin.
    pub fn super_admin(&self) -> Option<bool> {
        self.admin_role.as_deref().map(|role| role == "SUPER_ADMIN")
    }
}

crate::row! {
    /// A person's place in a vendor's team, with the role.
    pub struct MemberRow {
        pub vendor_id: VendorId,
        pub id: TeamMemberId,
        pub user_id: UserId,
        pub email: String,
        pub name: Option<String>,
        pub active: bool,
        pub created_at: DateTime<Utc>,
        pub version: i32,
        pub role_id: RoleId,
        pub role_name: String,
        pub role_preset: Option<RolePreset>,
        pub role_permissions: Array<String>,
        pub role_version: i32,
    }
}

/// The columns of [`MemberRow`], of `team_members m` joined with `roles r`.
pub(super) const MEMBER_COLUMNS: &str = "m.vendor_id, m.id, m.user_id, m.email, m.name, m.active, m.created_at, \
    m.version, m.role_id, r.name AS role_name, r.preset AS role_preset, r.permissions AS role_permissions, \
    r.version AS role_version";

impl MemberRow {
    /// What the role allows.
    pub fn permissions(&self) -> PermissionSet {
        PermissionSet::from_names(self.role_permissions.0.iter().map(String::as_str))
    }
    /// The role.
    pub fn role(&self) -> RoleRow {
        RoleRow {
            id: self.role_id,
            name: self.role_name.clone(),
            preset: self.role_preset,
            permissions: self.role_permissions.clone(),
            version: self.role_version,
        }
    }
}

crate::row! {
    /// A role of a vendor.
    pub struct RoleRow {
        pub id: RoleId,
        pub name: String,
        pub preset: Option<RolePreset>,
        pub permissions: Array<String>,
        pub version: i32,
    }
}

impl RoleRow {
    /// What it allows.
    pub fn permission_set(&self) -> PermissionSet {
        PermissionSet::from_names(self.permissions.0.iter().map(String::as_str))
    }
}

crate::row! {
    /// An invitation into a team.
    pub struct InvitationRow {
        pub id: InvitationId,
        pub email: String,
        pub role_id: RoleId,
        pub created_at: DateTime<Utc>,
        pub expires_at: DateTime<Utc>,
        pub accepted_at: Option<DateTime<Utc>>,
        pub revoked_at: Option<DateTime<Utc>>,
    }
}

/// The columns of [`InvitationRow`].
pub(super) const INVITATION_COLUMNS: &str =
    "id, email, role_id, created_at, expires_at, accepted_at, revoked_at";

crate::row! {
    /// A session, as its owner sees it in a list.
    pub struct SessionRow {
        pub id: SessionId,
        pub vendor_id: Option<VendorId>,
        pub created_at: DateTime<Utc>,
        pub last_seen_at: DateTime<Utc>,
        pub expires_at: DateTime<Utc>,
        pub user_agent: Option<String>,
        pub ip: Option<String>,
    }
}

crate::row! {
    /// A session, locked in order to rotate its refresh token.
    pub struct RefreshRow {
        pub id: SessionId,
        pub vendor_id: Option<VendorId>,
        pub owner: Uuid,
        pub refresh_hash: Vec<u8>,
        pub previous_hash: Option<Vec<u8>>,
        pub rotated_at: DateTime<Utc>,
        pub expires_at: DateTime<Utc>,
        pub revoked_at: Option<DateTime<Utc>>,
    }
}

crate::row! {
    /// A log-in that waits for an answer.
    pub struct ChallengeRow {
        pub id: Uuid,
        pub user_id: UserId,
        pub vendor_id: Option<VendorId>,
        pub secret_hash: Vec<u8>,
        pub kinds: Array<String>,
        pub expires_at: DateTime<Utc>,
        pub used_at: Option<DateTime<Utc>>,
    }
}

crate::row! {
    /// An entry of the audit log, the platform's or a vendor's.
    pub struct AuditRow {
        pub vendor_id: Option<VendorId>,
        pub id: Uuid,
        pub occurred_at: DateTime<Utc>,
        pub actor_kind: String,
        pub actor_id: Option<Uuid>,
        pub action: String,
        pub entity_type: String,
        pub entity_id: Option<Uuid>,
        pub before: Option<Value>,
        pub after: Option<Value>,
        pub request_id: String,
        pub ip: Option<String>,
    }
}

/// Which entries a list shows.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// This action.
    pub action: Option<String>,
    /// About this object.
    pub entity_id: Option<Uuid>,
    /// From this instant on.
    pub from: Option<DateTime<Utc>>,
    /// Before this instant.
    pub to: Option<DateTime<Utc>>,
}
