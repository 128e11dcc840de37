//! The audit log.

use async_graphql::{Context, ID, InputObject, Object, Result};
use orion_macros::secured;

use crate::framework::context::ContextExt as _;
use crate::framework::error::{ApiError, ErrorCode};
use crate::framework::id::{AuditEventId, KINDS};
use crate::graphql::scalars::{DateTime, Json};
use crate::graphql::{Connection, page_args};
use crate::modules::identity::model::{AuditFilter, AuditRow};
use crate::modules::identity::service::audit;
use crate::modules::tenancy::graphql::Vendor;
use crate::modules::tenancy::service::by_id;

/// An entry of the audit log. Entries are never changed.
pub struct AuditEvent(AuditRow);

/// An entry of the audit log. Entries are never changed.
#[Object]
impl AuditEvent {
    /// The typed, sortable id.
    async fn id(&self) -> ID {
        AuditEventId::from_uuid(self.0.id).into()
    }
    /// When it was done.
    async fn occurred_at(&self) -> DateTime {
        self.0.occurred_at.into()
    }
    /// Who did it: `ANONYMOUS`, `CUSTOMER`, `TEAM_MEMBER`, `ADMIN`, `API_KEY`, `JOB` or `SYSTEM`. Open.
    async fn actor_kind(&self) -> &str {
        &self.0.actor_kind
    }
    /// The person; null for nobody and for jobs.
    async fn actor_id(&self) -> Option<ID> {
        let id = self.0.actor_id?;
        let prefix = if self.0.actor_kind == "CUSTOMER" { "Customer" } else { "User" };
        Some(typed(prefix, id))
    }
    /// What was done, `order.ship`.
    async fn action(&self) -> &str {
        &self.0.action
    }
    /// The type of the object.
    async fn entity_type(&self) -> &str {
        &self.0.entity_type
    }
    /// The object.
    async fn entity_id(&self) -> Option<ID> {
        self.0.entity_id.map(|id| typed(&self.0.entity_type, id))
    }
    /// What changed, before.
    async fn before(&self) -> Option<Json> {
        self.0.before.clone().map(Json::from)
    }
    /// What changed, after.
    async fn after(&self) -> Option<Json> {
        self.0.after.clone().map(Json::from)
    }
    /// The request, or the job.
    async fn request_id(&self) -> &str {
        &self.0.request_id
    }
    /// From which address.
    async fn ip_address(&self) -> Option<&str> {
        self.0.ip.as_deref()
    }
    /// The vendor; null for what the platform did to none.
    async fn vendor(&self, ctx: &Context<'_>) -> Result<Option<Vendor>> {
        let ctx = ctx.ctx();
        let Some(id) = self.0.vendor_id else { return Ok(None) };
        Ok(by_id(ctx, id).await.map_err(|error| error.extend(ctx))?.map(Vendor))
    }
}

// The API's id of an object whose type is known by name only; the plain UUID where no id has that type.
fn typed(type_name: &str, id: uuid::Uuid) -> ID {
    let suffix = AuditEventId::from_uuid(id).to_string();
    let suffix = suffix.rsplit_once('_').map_or("", |(_, suffix)| suffix);
    match KINDS.iter().find(|(_, name)| *name == type_name) {
        Some((prefix, _)) => ID(format!("{prefix}_{suffix}")),
        None => ID(id.to_string()),
    }
}

/// Which entries to show.
#[derive(InputObject, Default)]
pub struct AuditEventFilter {
    /// This action, `order.ship`.
    action: Option<String>,
    /// About the object with this id.
    entity_id: Option<ID>,
    /// From this instant on.
    from: Option<DateTime>,
    /// Before this instant.
    to: Option<DateTime>,
}

/// Reading the audit log.
#[derive(Default)]
pub struct AuditQuery;

#[secured(required)]
#[Object]
impl AuditQuery {
    /// The audit log, the newest first: the vendor's own for its team; for platform admins that of the vendor that the
    /// request names, else the platform's and all vendors'.
    #[permission(ADMIN_OR_AUDIT)]
    async fn audit_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, or after the cursor; at most 100.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, or before the cursor; at most 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "Which entries.")] filter: Option<AuditEventFilter>,
    ) -> Result<Option<Connection<AuditEvent>>> {
        let ctx = ctx.ctx();
        let run = async || -> Result<Connection<AuditEvent>, ApiError> {
            let filter = read(filter.unwrap_or_default())?;
            let slice = audit::list(ctx, &filter, &page_args(first, after, last, before)).await?;
            Ok(Connection::new(slice, None, AuditEvent))
        };
        run().await.map(Some).map_err(|error| error.extend(ctx))
    }
}

fn read(filter: AuditEventFilter) -> Result<AuditFilter, ApiError> {
    if filter.action.as_ref().is_some_and(|action| action.len() > 100 || action.chars().any(char::is_control))
    {
        return Err(ApiError::new(ErrorCode::InvalidValue, "Not the name of an action.").at("filter.action"));
    }
    let entity_id = match &filter.entity_id {
        Some(id) => {
            let invalid = || ApiError::new(ErrorCode::InvalidId, "Not an id.").at("filter.entityId");
            let (prefix, suffix) = id.rsplit_once('_').ok_or_else(invalid)?;
            if !KINDS.iter().any(|(known, _)| *known == prefix) {
                return Err(invalid());
            }
            Some(AuditEventId::parse(&format!("aud_{suffix}")).map_err(|_| invalid())?.uuid())
        }
        None => None,
    };
    Ok(AuditFilter {
        action: filter.action,
        entity_id,
        from: filter.from.map(Into::into),
        to: filter.to.map(Into::into),
    })
}
