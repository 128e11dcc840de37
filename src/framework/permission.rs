//! Who may do what: the catalog of permissions, the four preset roles, and the guard that every field carries.

use async_graphql::{Context, Enum, Guard};

use super::context::{Actor, Ctx};
use super::error::{ApiError, ErrorCode};

macro_rules! permissions {
    ($($variant:ident $name:ident $lower:ident : $roles:literal, $doc:literal;)*) => {
        /// What a team member may be allowed to do. Open: clients keep a default branch.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, PartialOrd, Ord)]
        #[graphql(name = "Permission")]
        pub enum Permission { $(#[doc = $doc] $variant),* }

        impl Permission {
            /// Every permission, in the catalog's order.
            pub const ALL: &'static [Permission] = &[$(Permission::$variant),*];
            /// The name in the schema and in the database.
            pub fn name(self) -> &'static str { match self { $(Self::$variant => stringify!($name)),* } }
            /// What it allows, for people.
            pub fn description(self) -> &'static str { match self { $(Self::$variant => $doc),* } }
            /// The permission of that name.
            pub fn from_name(name: &str) -> Option<Self> { match name { $(stringify!($name) => Some(Self::$variant),)* _ => None } }
            /// The preset roles that hold it, by initial: Owner, Manager, Editor, Viewer.
            pub fn presets(self) -> &'static str { match self { $(Self::$variant => $roles),* } }
        }
        impl Access {
            $(#[doc = $doc] pub const $name: Access = Access::Team(Permission::$variant);)*
        }
        /// For async-graphql's `visible`: whether the asker may see a field in the schema.
        pub mod visible {
            use super::*;
            $(#[doc = $doc] pub fn $lower(ctx: &Context<'_>) -> bool { Access::$name.seen_by(ctx) })*
            /// Everybody.
            pub fn public(_: &Context<'_>) -> bool { true }
            /// A logged-in customer.
            pub fn customer(ctx: &Context<'_>) -> bool { Access::CUSTOMER.seen_by(ctx) }
            /// Anybody of the vendor's team.
            pub fn team(ctx: &Context<'_>) -> bool { Access::TEAM.seen_by(ctx) }
            /// Platform admins.
            pub fn admin(ctx: &Context<'_>) -> bool { Access::ADMIN.seen_by(ctx) }
            /// Super admins.
            pub fn super_admin(ctx: &Context<'_>) -> bool { Access::SUPER_ADMIN.seen_by(ctx) }
            /// Platform admins, and the vendor's team with `AUDIT_READ`.
            pub fn admin_or_audit(ctx: &Context<'_>) -> bool { Access::ADMIN_OR_AUDIT.seen_by(ctx) }
        }
    };
}
permissions! {
    DashboardRead DASHBOARD_READ dashboard_read: "OMEV", "See the dashboard.";
    AnalyticsRead ANALYTICS_READ analytics_read: "OMEV", "See analytics.";
    ProductsRead PRODUCTS_READ products_read: "OMEV", "See all products, drafts included.";
    ProductsWrite PRODUCTS_WRITE products_write: "OME", "Create and change products and variants.";
    ProductsPublish PRODUCTS_PUBLISH products_publish: "OME", "Publish, unpublish and archive products.";
    ProductsDelete PRODUCTS_DELETE products_delete: "OM", "Delete products and variants.";
    CategoriesRead CATEGORIES_READ categories_read: "OMEV", "See all categories.";
    CategoriesWrite CATEGORIES_WRITE categories_write: "OME", "Create and change categories.";
    CategoriesDelete CATEGORIES_DELETE categories_delete: "OM", "Delete categories.";
    MediaRead MEDIA_READ media_read: "OMEV", "See the media library.";
    MediaWrite MEDIA_WRITE media_write: "OME", "Upload and change media.";
    MediaDelete MEDIA_DELETE media_delete: "OM", "Delete media.";
    PagesRead PAGES_READ pages_read: "OMEV", "See all pages, drafts included.";
    PagesWrite PAGES_WRITE pages_write: "OME", "Create and change pages.";
    PagesPublish PAGES_PUBLISH pages_publish: "OME", "Publish pages.";
    PagesDelete PAGES_DELETE pages_delete: "OM", "Delete pages.";
    ImportsRead IMPORTS_READ imports_read: "OMEV", "See import jobs and staged products.";
    ImportsRun IMPORTS_RUN imports_run: "OME", "Start and cancel imports.";
    ImportsPublish IMPORTS_PUBLISH imports_publish: "OME", "Publish staged products.";
    ImportsConfigure IMPORTS_CONFIGURE imports_configure: "OM", "Configure import sources.";
    InventoryRead INVENTORY_READ inventory_read: "OMEV", "See inventory and its movements.";
    InventoryAdjust INVENTORY_ADJUST inventory_adjust: "OME", "Change quantities.";
    InventoryTransfer INVENTORY_TRANSFER inventory_transfer: "OM", "Move inventory between locations, and manage locations.";
    OrdersRead ORDERS_READ orders_read: "OMEV", "See orders.";
    OrdersUpdate ORDERS_UPDATE orders_update: "OME", "Ship, deliver, and confirm payments of orders.";
    OrdersCancel ORDERS_CANCEL orders_cancel: "OM", "Cancel orders.";
    OrdersRefund ORDERS_REFUND orders_refund: "OM", "Refund orders.";
    CustomersRead CUSTOMERS_READ customers_read: "OMEV", "See customers.";
    CustomersUpdate CUSTOMERS_UPDATE customers_update: "OM", "Change and deactivate customers.";
    CustomersExport CUSTOMERS_EXPORT customers_export: "OM", "Export customers.";
    TeamRead TEAM_READ team_read: "OM", "See the team.";
    TeamInvite TEAM_INVITE team_invite: "O", "Invite people to the team.";
    TeamUpdate TEAM_UPDATE team_update: "O", "Change team members' roles.";
    TeamRemove TEAM_REMOVE team_remove: "O", "Remove team members.";
    RolesManage ROLES_MANAGE roles_manage: "O", "Manage the vendor's own roles.";
    DomainsManage DOMAINS_MANAGE domains_manage: "O", "Manage the vendor's domains.";
    BillingManage BILLING_MANAGE billing_manage: "O", "Manage the vendor's plan.";
    DataExport DATA_EXPORT data_export: "OM", "Export the vendor's data.";
    ApiKeysManage API_KEYS_MANAGE api_keys_manage: "O", "Manage API keys.";
    SettingsRead SETTINGS_READ settings_read: "OME", "See settings, theme, notifications and webhooks.";
    SettingsWrite SETTINGS_WRITE settings_write: "OM", "Change settings, theme, notifications and webhooks.";
    PaymentsRead PAYMENTS_READ payments_read: "OM", "See payments and their configuration.";
    PaymentsConfigure PAYMENTS_CONFIGURE payments_configure: "O", "Configure payments.";
    AuditRead AUDIT_READ audit_read: "OM", "Read the vendor's audit log.";
}

/// A set of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PermissionSet(u64);

impl PermissionSet {
    /// The set of these.
    pub fn of(permissions: impl IntoIterator<Item = Permission>) -> Self {
        Self(permissions.into_iter().fold(0, |bits, p| bits | 1 << p as u64))
    }
    /// The set by the names that the database keeps; unknown names grant nothing.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self::of(names.into_iter().filter_map(Permission::from_name))
    }
    /// Whether the set holds it.
    pub fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u64) != 0
    }
    /// Whether every permission of the other set is in this one.
    pub fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }
    /// The set's permissions, in the catalog's order.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |p| self.contains(*p))
    }
}

/// The roles that every vendor has from the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum RolePreset {
    /// Everything, ownership included.
    Owner,
    /// Everything but the vendor's keys: team, roles, domains, billing, API keys and payment configuration.
    Manager,
    /// Works on catalog, imports, inventory and orders.
    Editor,
    /// Sees, and changes nothing.
    Viewer,
}

crate::text_enum!(RolePreset { Owner => "OWNER", Manager => "MANAGER", Editor => "EDITOR", Viewer => "VIEWER" });

impl RolePreset {
    /// The preset's permissions.
    pub fn permissions(self) -> PermissionSet {
        let initial = &self.as_str()[..1];
        PermissionSet::of(Permission::ALL.iter().copied().filter(|p| p.presets().contains(initial)))
    }
}

/// Who may call a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody; the field itself shows each asker what is theirs.
    Public,
    /// A logged-in customer of the vendor.
    Customer,
    /// Anybody of the vendor's team.
    AnyTeam,
    /// A team member (or key) of the vendor with this permission.
    Team(Permission),
    /// A platform admin.
    Admin,
    /// A platform admin who may make others.
    SuperAdmin,
    /// A platform admin, or a team member with `AUDIT_READ`.
    AdminOrAudit,
}

impl Access {
    /// Everybody.
    pub const PUBLIC: Access = Access::Public;
    /// A logged-in customer.
    pub const CUSTOMER: Access = Access::Customer;
    /// Anybody of the vendor's team.
    pub const TEAM: Access = Access::AnyTeam;
    /// Platform admins.
    pub const ADMIN: Access = Access::Admin;
    /// Super admins.
    pub const SUPER_ADMIN: Access = Access::SuperAdmin;
    /// Platform admins, and the vendor's team with `AUDIT_READ`.
    pub const ADMIN_OR_AUDIT: Access = Access::AdminOrAudit;

    fn seen_by(self, ctx: &Context<'_>) -> bool {
        // Without a context the whole schema is being printed.
        ctx.data_opt::<Ctx>().is_none_or(|ctx| self.check(ctx).is_ok())
    }

    /// Refuses who may not: `UNAUTHENTICATED` for nobody, `INSUFFICIENT_PERMISSIONS` or `ADMIN_REQUIRED` for somebody.
    pub fn check(self, ctx: &Ctx) -> Result<(), ApiError> {
        let actor = ctx.actor();
        let allowed = match (self, actor) {
            (Access::Public, _)
            | (Access::Customer, Actor::Customer(_))
            | (Access::AnyTeam, Actor::Team(_))
            | (Access::Admin | Access::AdminOrAudit, Actor::Admin(_)) => true,
            (Access::SuperAdmin, Actor::Admin(admin)) => admin.super_admin,
            (Access::Team(permission), Actor::Team(member)) => member.permissions.contains(permission),
            (Access::AdminOrAudit, Actor::Team(member)) => member.permissions.contains(Permission::AuditRead),
            _ => false,
        };
        if allowed {
            return Ok(());
        }
        Err(match (self, actor) {
            (_, Actor::Anonymous) => ApiError::new(ErrorCode::Unauthenticated, "Log in to do this."),
            (Access::Admin | Access::SuperAdmin | Access::AdminOrAudit, _) => {
                ApiError::new(ErrorCode::AdminRequired, "Only a platform admin may do this.")
            }
            (Access::Team(permission), _) => ApiError::new(
                ErrorCode::InsufficientPermissions,
                format!("This needs the permission {}.", permission.name()),
            ),
            _ => ApiError::new(ErrorCode::InsufficientPermissions, "This is not for this kind of actor."),
        })
    }
}

/// The guard that `#[permission(…)]` puts on a field.
pub struct Needs(pub Access);

impl Guard for Needs {
    async fn check(&self, ctx: &Context<'_>) -> async_graphql::Result<()> {
        let ctx = ctx.data::<Ctx>()?;
        self.0.check(ctx).map_err(|error| error.extend(ctx))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_in_its_bits_and_viewer_only_reads() {
        assert!(Permission::ALL.len() <= 64);
        for permission in RolePreset::Viewer.permissions().iter() {
            assert!(permission.name().ends_with("_READ"), "{}", permission.name());
        }
        assert_eq!(RolePreset::Owner.permissions().iter().count(), Permission::ALL.len());
        assert!(RolePreset::Owner.permissions().covers(RolePreset::Manager.permissions()));
        assert!(!RolePreset::Manager.permissions().covers(RolePreset::Owner.permissions()));
        assert!(!RolePreset::Editor.permissions().contains(Permission::OrdersCancel));
    }
}
