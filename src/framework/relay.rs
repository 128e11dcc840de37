//! The relay, and each node's hub of published events.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::id::VendorId;

/// An event that the relay has numbered and published.
#[derive(Debug, Clone)]
pub struct Published {
    /// The vendor.
    pub vendor: VendorId,
    /// The number in the vendor's feed.
    pub sequence: i64,
    /// The kind, `ORDER_PLACED`.
    pub kind: String,
    /// The object.
    pub entity_id: Uuid,
    /// Further ids.
    pub data: Value,
}

/// Published events, for this node's subscriptions.
pub struct Hub {
    sender: tokio::sync::broadcast::Sender<Arc<Published>>,
}

impl Hub {
    /// An empty hub.
    #[expect(clippy::new_without_default, reason = "made once, by App")]
    pub fn new() -> Self {
        Self { sender: tokio::sync::broadcast::Sender::new(4_096) }
    }
    /// All events from now on; a receiver that lags is told so, and reads the state anew.
    pub fn subscribe(&self) -> tokio::sync::broadcast::Receiver<Arc<Published>> {
        self.sender.subscribe()
    }
}
