//! Unchanged public answers, kept in the process (design.md section 8).
//!
//! An entry is good for one generation of its vendor, read before its snapshot was opened; a write to what shoppers see
//! moves the generation on every node. A node that has not heard the relay for 250 ms serves uncached. Nothing is kept
//! for longer than five seconds, because prices and availability can begin by the clock, without a write.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::Request;
use async_graphql::parser::types::{DocumentOperations, OperationType, Selection};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::graphql::Parameters;
use crate::app::App;
use crate::framework::context::{Actor, Ctx};
use crate::framework::id::VendorId;
use crate::framework::relay::Generation;

/// How long the relay may be silent.
const SILENCE: Duration = Duration::from_millis(250);
/// How long an answer is kept at most.
const KEPT: Duration = Duration::from_secs(5);
/// Larger answers are not kept.
const LARGEST: usize = 1 << 20;
/// Root fields that show every anonymous asker of a shop the same.
const PUBLIC_ROOTS: &[&str] = &["products", "product", "categories", "category", "vendor", "__typename"];

/// The answers of this process.
pub struct ResponseCache(Option<moka::future::Cache<[u8; 32], Arc<Entry>>>);

struct Entry {
    generation: Generation,
    body: Bytes,
}

impl ResponseCache {
    /// With so much memory; 0 keeps nothing.
    pub fn new(bytes: u64) -> Self {
        Self((bytes > 0).then(|| {
            moka::future::Cache::builder()
                .max_capacity(bytes)
                .weigher(|_, entry: &Arc<Entry>| u32::try_from(entry.body.len() + 256).unwrap_or(u32::MAX))
                .time_to_live(KEPT)
                .build()
        }))
    }
}

/// A request that may be answered from the cache.
pub struct Lookup {
    vendor: VendorId,
    generation: Generation,
    key: [u8; 32],
}

impl Lookup {
    /// For an anonymous asker in a public shop, on a node that hears the relay.
    pub fn new(app: &App, ctx: &Ctx, graphql_json: bool, parameters: &Parameters) -> Option<Self> {
        app.responses.0.as_ref()?;
        let (Actor::Anonymous, Some(vendor)) = (ctx.actor(), ctx.vendor_opt()) else { return None };
        if app.hub.silent_for().is_none_or(|silent| silent > SILENCE) || ctx.require_public_shop().is_err() {
            return None;
        }
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        part(vendor.id.uuid().as_bytes());
        part(&[u8::from(graphql_json)]);
        part(parameters.query.as_deref()?.as_bytes());
        part(parameters.operation_name.as_deref().unwrap_or_default().as_bytes());
        part(parameters.variables.as_ref().map(ToString::to_string).unwrap_or_default().as_bytes());
        for language in &ctx.meta().languages {
            part(language.as_bytes());
        }
        Some(Self {
            vendor: vendor.id,
            generation: app.hub.generation(vendor.id),
            key: hash.finalize().into(),
        })
    }

    /// The answer, if it is of the vendor's present generation.
    pub async fn find(&self, app: &App) -> Option<Bytes> {
        let entry = app.responses.0.as_ref()?.get(&self.key).await?;
        (entry.generation == self.generation).then(|| entry.body.clone())
    }

    /// Keeps an answer, unless the vendor changed while it was made.
    pub async fn store(&self, app: &App, body: Bytes) {
        if body.len() <= LARGEST
            && app.hub.generation(self.vendor) == self.generation
            && let Some(cache) = &app.responses.0
        {
            cache.insert(self.key, Arc::new(Entry { generation: self.generation, body })).await;
        }
    }
}

/// Whether a document only reads what every anonymous asker of a shop sees alike.
pub fn is_public_read(request: &mut Request) -> bool {
    let name = request.operation_name.clone();
    let Ok(document) = request.parsed_query() else { return false };
    let operation = match &document.operations {
        DocumentOperations::Single(operation) => Some(operation),
        DocumentOperations::Multiple(operations) => name.and_then(|name| operations.get(name.as_str())),
    };
    operation.is_some_and(|operation| {
        operation.node.ty == OperationType::Query
            && operation.node.selection_set.node.items.iter().all(|item| match &item.node {
                Selection::Field(field) => PUBLIC_ROOTS.contains(&field.node.name.node.as_str()),
                _ => false,
            })
    })
}
