//! The feed in the API.

use async_graphql::{Context, ID, Object, Result};
use orion_macros::secured;

use super::model::{EventRow, EventType};
use super::service;
use crate::framework::context::ContextExt as _;
use crate::framework::id::KINDS;
use crate::graphql::Connection;
use crate::graphql::scalars::{DateTime, Json};

/// Something that happened at the vendor. Delivered at least once: `id` stays the same.
pub struct Event(EventRow, EventType);

/// Something that happened at the vendor. Delivered at least once: `id` stays the same.
#[Object]
impl Event {
    /// The event's id.
    async fn id(&self) -> ID {
        self.0.id.into()
    }
    /// The number in the vendor's feed, as text: it grows without gaps, and beyond what a JSON number holds exactly.
    async fn sequence(&self) -> String {
        self.0.sequence.to_string()
    }
    /// What happened.
    #[graphql(name = "type")]
    async fn kind(&self) -> EventType {
        self.1
    }
    /// The GraphQL type of the object that it happened to.
    async fn entity_type(&self) -> &str {
        &self.0.entity_type
    }
    /// The object's id, as `node` takes it.
    async fn entity_id(&self) -> ID {
        let prefix = KINDS.iter().find(|(_, name)| *name == self.0.entity_type).map(|(prefix, _)| *prefix);
        let suffix = mti::prelude::TypeIdSuffix::from(self.0.entity_id);
        ID(prefix.map_or_else(|| suffix.to_string(), |prefix| format!("{prefix}_{suffix}")))
    }
    /// Further ids, as UUIDs; never personal data.
    async fn data(&self) -> Json {
        self.0.data.clone().into()
    }
    /// When it happened.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }
}

/// The feed.
#[derive(Default)]
pub struct EventQuery;

/// The feed.
#[secured(required)]
#[Object]
impl EventQuery {
    /// The vendor's events in order, oldest first, of the last 30 days: for catching up. Only events of areas that the
    /// asker may read. Keep the last cursor, and ask for what comes after it.
    #[permission(TEAM)]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cursor to begin after; without it, the oldest event that is kept.")]
        after: Option<String>,
        #[graphql(desc = "Only events of these types; at most 100.")] types: Option<Vec<EventType>>,
        #[graphql(desc = "How many, at most 100; 20 if not given.")] first: Option<i32>,
    ) -> Result<Option<Connection<Event>>> {
        let slice = service::feed(ctx.ctx(), after, types.as_deref(), first).await;
        let mut slice = slice.map_err(|error| error.extend(ctx.ctx()))?;
        // Types of a newer release that runs beside this one are not in this schema.
        slice.rows.retain(|(_, row)| row.kind.parse::<EventType>().is_ok());
        Ok(Some(Connection::new(slice, None, |row| {
            let kind = row.kind.parse().unwrap_or(EventType::VendorUpdated);
            Event(row, kind)
        })))
    }
}
