//! People and roles.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};

use crate::framework::context::ContextExt as _;
use crate::framework::permission::{Permission, RolePreset};
use crate::graphql::scalars::DateTime;
use crate::modules::identity::model::{MemberRow, RoleRow, UserRow};
use crate::modules::tenancy::graphql::Vendor;
use crate::modules::tenancy::service::by_id;

/// A person's place in a vendor's team.
pub struct TeamMember(pub MemberRow);

/// A person's place in a vendor's team.
#[Object]
impl TeamMember {
    /// The typed, sortable id.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }
    /// The person's e-mail address.
    async fn email(&self) -> &str {
        &self.0.email
    }
    /// The person's name.
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }
    /// Whether they may log in here.
    async fn active(&self) -> bool {
        self.0.active
    }
    /// What they may do.
    async fn role(&self) -> Role {
        Role(self.0.role())
    }
    /// The vendor.
    async fn vendor(&self, ctx: &Context<'_>) -> Result<Option<Vendor>> {
        let ctx = ctx.ctx();
        let vendor = by_id(ctx, self.0.vendor_id).await.map_err(|error| error.extend(ctx))?;
        Ok(vendor.map(Vendor))
    }
    /// Since when.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }
    /// Counts the changes; for `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

/// A role of a vendor: a set of permissions.
pub struct Role(pub RoleRow);

/// A role of a vendor: a set of permissions.
#[Object]
impl Role {
    /// The typed, sortable id.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }
    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// Which of the preset roles it is; null for the vendor's own.
    async fn preset(&self) -> Option<RolePreset> {
        self.0.preset
    }
    /// What it allows.
    async fn permissions(&self) -> Vec<Permission> {
        self.0.permission_set().iter().collect()
    }
    /// Counts its changes.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

/// The role of a platform admin.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum AdminRole {
    /// Administers the platform.
    Admin,
    /// Also makes other admins.
    SuperAdmin,
}

/// A platform admin.
#[derive(SimpleObject)]
pub struct Admin {
    /// The person.
    id: ID,
    /// Their e-mail address.
    email: String,
    /// Their name.
    name: Option<String>,
    /// What kind of admin.
    role: AdminRole,
}

impl Admin {
    /// The person as an admin, if they are one.
    pub fn of(row: &UserRow) -> Option<Self> {
        admin_role(row).map(|role| Self {
            id: row.id.into(),
            email: row.email.clone(),
            name: row.name.clone(),
            role,
        })
    }
}

fn admin_role(row: &UserRow) -> Option<AdminRole> {
    row.super_admin().map(|superior| if superior { AdminRole::SuperAdmin } else { AdminRole::Admin })
}

/// A person who logs in as platform admin or team member.
pub struct User(pub UserRow, pub Vec<MemberRow>);

/// A person who logs in as platform admin or team member.
#[Object]
impl User {
    /// The typed, sortable id.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }
    /// Their e-mail address.
    async fn email(&self) -> &str {
        &self.0.email
    }
    /// Their name.
    async fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }
    /// Whether they may log in.
    async fn active(&self) -> bool {
        self.0.active
    }
    /// Which admin they are; null for who is none.
    async fn admin_role(&self) -> Option<AdminRole> {
        admin_role(&self.0)
    }
    /// The teams that they are in, at most 100.
    async fn memberships(&self) -> Vec<TeamMember> {
        self.1.iter().take(100).cloned().map(TeamMember).collect()
    }
    /// When they were created.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }
    /// When they logged in last.
    async fn last_login_at(&self) -> Option<DateTime> {
        self.0.last_login_at.map(DateTime::from)
    }
}
