//! From committed events to whoever waits for them (design.md section 6).
//!
//! Writers only insert; they take no shared lock and send no NOTIFY. After a commit with events, the process tells the
//! relay (`node`). One relay over all processes (`numbering`) gives each event its number in its vendor's feed, and
//! publishes it; every process hears that and feeds its [`Hub`], from which subscriptions learn that something changed.
//! What a crash or a lost connection swallows is made good by the relay's sweep, and by [`Message::Resync`].

mod hub;
mod link;
mod node;
mod numbering;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub use hub::{Generation, Hub, Message, Subscription};
pub use numbering::{drain, pending_events};

use super::id::VendorId;
use crate::app::App;

/// An event that the relay has numbered and published.
#[derive(Debug, Clone, PartialEq)]
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

/// The channel on which processes tell the relay that there are new events. No payload.
const OUTBOX_CHANNEL: &str = "orion_outbox";
/// The channel on which the relay publishes: a [`Payload`], or nothing, which says only that the relay is alive.
const EVENTS_CHANNEL: &str = "orion_events";
/// The channel on which a changed vendor's id is sent.
const VENDOR_CHANNEL: &str = "orion_vendor";

/// What is sent on [`EVENTS_CHANNEL`].
#[derive(Debug, Serialize, Deserialize)]
enum Payload {
    /// Events in order.
    #[serde(rename = "e")]
    Events(Vec<Wire>),
    /// The vendors of a batch that was too large to be sent: read their state anew.
    #[serde(rename = "r")]
    Reread(Vec<Uuid>),
}

#[derive(Debug, Serialize, Deserialize)]
struct Wire {
    #[serde(rename = "v")]
    vendor: Uuid,
    #[serde(rename = "s")]
    sequence: i64,
    #[serde(rename = "k")]
    kind: String,
    #[serde(rename = "i")]
    entity_id: Uuid,
    #[serde(rename = "d")]
    data: Value,
}

/// The background tasks of one process.
pub struct Relay {
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl Relay {
    /// Starts hearing published events (and changes of vendors), and telling the relay of this process's commits. With
    /// `active`, the process also stands for being the one relay. A lost database is waited for.
    pub fn start(app: &App, active: bool) -> Self {
        let stopping = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(node::run(app.clone(), stopping.clone()));
        if active {
            tasks.spawn(numbering::run(app.config.database.direct.clone(), stopping.clone()));
        }
        tasks.close();
        Self { stopping, tasks }
    }

    /// Stops, and returns when the tasks have ended.
    pub async fn stop(self) {
        self.stopping.cancel();
        self.tasks.wait().await;
    }
}
