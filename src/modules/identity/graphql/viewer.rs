//! Who asks, and what they may do.

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, Result};
use orion_macros::secured;

use super::objects::{Admin, TeamMember, User};
use super::session::Session;
use crate::framework::context::{Actor, ContextExt as _};
use crate::framework::permission::Permission;
use crate::graphql::connection::Counter;
use crate::graphql::{Connection, page_args};
use crate::modules::cart::graphql::{Cart, load_own_cart};
use crate::modules::customers::graphql::{Customer, load_customer};
use crate::modules::identity::service::{admin, session, team};
use crate::modules::tenancy::graphql::search_text;

/// What kind of actor asks. Open: clients keep a default branch.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    /// Nobody known.
    Anonymous,
    /// A customer of the vendor.
    Customer,
    /// Somebody of the vendor's team.
    TeamMember,
    /// A platform admin.
    Admin,
    /// A partner's or server's key.
    ApiKey,
}

/// Who asks, and what they may do.
pub struct Viewer;

/// Who asks, and what they may do.
#[Object]
impl Viewer {
    /// What kind of actor it is.
    async fn kind(&self, ctx: &Context<'_>) -> ActorKind {
        match ctx.ctx().actor() {
            Actor::Anonymous => ActorKind::Anonymous,
            Actor::Customer(_) => ActorKind::Customer,
            Actor::Team(_) => ActorKind::TeamMember,
            Actor::Admin(_) => ActorKind::Admin,
        }
    }
    /// The customer; null for others.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
        match ctx.ctx().customer() {
            Some(customer) => load_customer(ctx, customer.id).await,
            None => Ok(None),
        }
    }
    /// The membership in the request's vendor's team; null for others.
    async fn team_member(&self, ctx: &Context<'_>) -> Result<Option<TeamMember>> {
        let ctx = ctx.ctx();
        let Some(member) = ctx.team() else { return Ok(None) };
        let rows = team::members(ctx, vec![member.member]).await.map_err(|error| error.extend(ctx))?;
        Ok(rows.into_iter().next().map(TeamMember))
    }
    /// The platform admin; null for others.
    async fn admin(&self, ctx: &Context<'_>) -> Result<Option<Admin>> {
        let ctx = ctx.ctx();
        if !matches!(ctx.actor(), Actor::Admin(_)) {
            return Ok(None);
        }
        let own = admin::own(ctx).await.map_err(|error| error.extend(ctx))?;
        Ok(own.and_then(|(row, _)| Admin::of(&row)))
    }
    /// The customer's active cart; null for others, whose carts are found by their token.
    async fn cart(&self, ctx: &Context<'_>) -> Result<Option<Cart>> {
        match ctx.ctx().customer() {
            Some(_) => load_own_cart(ctx).await,
            None => Ok(None),
        }
    }
    /// What the viewer may do at the request's vendor.
    async fn permissions(&self, ctx: &Context<'_>) -> Vec<Permission> {
        ctx.ctx().team().map(|member| member.permissions.iter().collect()).unwrap_or_default()
    }
    /// Whether the viewer holds a permission at the request's vendor.
    async fn can(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The permission.")] permission: Permission,
    ) -> bool {
        ctx.ctx().can(permission)
    }
    /// The person's places in teams, of all vendors, at most 100; empty for customers.
    async fn memberships(&self, ctx: &Context<'_>) -> Result<Vec<TeamMember>> {
        let ctx = ctx.ctx();
        let own = admin::own(ctx).await.map_err(|error| error.extend(ctx))?;
        Ok(own.map(|(_, memberships)| memberships.into_iter().map(TeamMember).collect()).unwrap_or_default())
    }
    /// The viewer's live sessions at this vendor (an admin's: as admin), the newest first, at most 100.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>> {
        let ctx = ctx.ctx();
        let current = ctx.actor().session();
        let rows = session::own_sessions(ctx).await.map_err(|error| error.extend(ctx))?;
        let listed = |row: crate::modules::identity::model::SessionRow| {
            let current = Some(row.id) == current;
            Session::Listed(Box::new(row), current)
        };
        Ok(rows.into_iter().map(listed).collect())
    }
}

/// Asking who one is.
#[derive(Default)]
pub struct ViewerQuery;

#[secured(required)]
#[Object]
impl ViewerQuery {
    /// Who asks, and what they may do.
    #[permission(PUBLIC)]
    async fn viewer(&self) -> Viewer {
        Viewer
    }
}

/// Reading people.
#[derive(Default)]
pub struct UserQuery;

#[secured(required)]
#[Object]
impl UserQuery {
    /// All people who log in as platform admins or team members, the newest first.
    #[permission(ADMIN)]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, or after the cursor; at most 100.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, or before the cursor; at most 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "A part of name or e-mail address; at most 200 characters.")] search: Option<String>,
    ) -> Result<Option<Connection<User>>> {
        let ctx = ctx.ctx();
        let search = search_text(search).map_err(|error| error.extend(ctx))?;
        let args = page_args(first, after, last, before);
        let slice = admin::list(ctx, search.as_deref(), &args).await.map_err(|error| error.extend(ctx))?;
        let counting = ctx.clone();
        let counter: Counter = Arc::new(move || {
            let (ctx, search) = (counting.clone(), search.clone());
            Box::pin(async move { admin::count(&ctx, search.as_deref()).await })
        });
        Ok(Some(Connection::new(slice, Some(counter), |(row, memberships)| User(row, memberships))))
    }
}
