//! Published events, handed to this process's subscriptions.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::broadcast::{self, error::RecvError, error::TryRecvError};

use super::Published;
use crate::framework::id::VendorId;

/// Messages that wait for one subscription; one that is slower reads the state anew.
const CAPACITY: usize = 64;

/// What a subscription hears.
#[derive(Debug, Clone)]
pub enum Message {
    /// An event was published.
    Published(Arc<Published>),
    /// Events may have been missed: read the state anew.
    Resync,
}

/// Where subscriptions hear of published events. One broadcast for each vendor that somebody listens to.
pub struct Hub {
    vendors: Mutex<HashMap<VendorId, broadcast::Sender<Message>>>,
    generations: Mutex<HashMap<VendorId, u64>>,
    epoch: AtomicU64,
    started: Instant,
    heard_millis: AtomicU64,
}

/// Which state of a vendor's public face this process has heard of; a cached answer is good for one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation(u64, u64);

/// What changes nothing that shoppers see of a shop.
const UNSEEN: &[&str] = &[
    "CART_UPDATED",
    "CUSTOMER_REGISTERED",
    "CUSTOMER_UPDATED",
    "IMPORT_UPDATED",
    "ORDER_CANCELLED",
    "ORDER_DELIVERED",
    "ORDER_PAID",
    "ORDER_PLACED",
    "ORDER_SHIPPED",
    "ORDER_UPDATED",
    "PUBLISH_UPDATED",
    "TEAM_CHANGED",
];

impl Hub {
    /// An empty hub.
    #[expect(clippy::new_without_default, reason = "made once, by App")]
    pub fn new() -> Self {
        Self {
            vendors: Mutex::default(),
            generations: Mutex::default(),
            epoch: AtomicU64::new(0),
            started: Instant::now(),
            heard_millis: AtomicU64::new(0),
        }
    }

    /// All events of a vendor from now on.
    pub fn subscribe(&self, vendor: VendorId) -> Subscription {
        let mut vendors = self.vendors.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = vendors.entry(vendor).or_insert_with(|| broadcast::Sender::new(CAPACITY));
        Subscription(sender.subscribe())
    }

    /// How long ago the relay was last heard; `None` if it never was. It is heard every 100 ms while it lives.
    pub fn silent_for(&self) -> Option<Duration> {
        match self.heard_millis.load(Ordering::Relaxed) {
            0 => None,
            heard => Some(self.started.elapsed().saturating_sub(Duration::from_millis(heard))),
        }
    }

    /// The vendor's generation: moved by every event that shoppers could see, and by every gap in what was heard.
    pub fn generation(&self, vendor: VendorId) -> Generation {
        let generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        Generation(self.epoch.load(Ordering::Acquire), generations.get(&vendor).copied().unwrap_or(0))
    }

    fn advance(&self, vendor: VendorId) {
        *self.generations.lock().unwrap_or_else(PoisonError::into_inner).entry(vendor).or_default() += 1;
    }

    pub(super) fn hear(&self) {
        let millis = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard_millis.store(millis.max(1), Ordering::Relaxed);
    }

    pub(super) fn publish(&self, event: Published) {
        let vendor = event.vendor;
        if !UNSEEN.contains(&event.kind.as_str()) {
            self.advance(vendor);
        }
        self.send(vendor, Message::Published(Arc::new(event)));
    }

    pub(super) fn resync(&self, vendor: VendorId) {
        self.advance(vendor);
        self.send(vendor, Message::Resync);
    }

    pub(super) fn resync_all(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        let mut vendors = self.vendors.lock().unwrap_or_else(PoisonError::into_inner);
        vendors.retain(|_, sender| sender.send(Message::Resync).is_ok());
    }

    fn send(&self, vendor: VendorId, message: Message) {
        let mut vendors = self.vendors.lock().unwrap_or_else(PoisonError::into_inner);
        // Sending fails only where nobody listens any more.
        if vendors.get(&vendor).is_some_and(|sender| sender.send(message).is_err()) {
            vendors.remove(&vendor);
        }
    }
}

/// The events of one vendor, for one listener.
pub struct Subscription(broadcast::Receiver<Message>);

impl Subscription {
    /// The next message. It never ends before the process does.
    pub async fn next(&mut self) -> Message {
        match self.0.recv().await {
            Ok(message) => message,
            Err(RecvError::Lagged(_)) => Message::Resync,
            // The hub keeps the sender of everybody who listens; without the hub there is nothing to hear.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }

    /// A message that already waits, if there is one.
    pub fn waiting(&mut self) -> Option<Message> {
        match self.0.try_recv() {
            Ok(message) => Some(message),
            Err(TryRecvError::Lagged(_)) => Some(Message::Resync),
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use uuid::Uuid;

    fn event(vendor: VendorId, sequence: i64) -> Published {
        let (kind, entity_id) = ("ORDER_PLACED".to_owned(), Uuid::from_u128(7));
        Published { vendor, sequence, kind, entity_id, data: Value::Null }
    }

    #[tokio::test]
    async fn hears_its_own_vendor_only() {
        let hub = Hub::new();
        let (ours, theirs) =
            (VendorId::from_uuid(Uuid::from_u128(1)), VendorId::from_uuid(Uuid::from_u128(2)));
        let mut subscription = hub.subscribe(ours);
        hub.publish(event(theirs, 1));
        hub.publish(event(ours, 9));
        assert!(matches!(subscription.next().await, Message::Published(event) if event.sequence == 9));
        assert!(subscription.waiting().is_none());
    }

    #[tokio::test]
    async fn who_is_too_slow_is_told_to_read_anew_and_costs_no_memory() {
        let hub = Hub::new();
        let vendor = VendorId::from_uuid(Uuid::from_u128(1));
        let mut subscription = hub.subscribe(vendor);
        for sequence in 1..=1_000 {
            hub.publish(event(vendor, sequence));
        }
        assert!(matches!(subscription.next().await, Message::Resync));
        let rest = std::iter::from_fn(|| subscription.waiting()).count();
        assert_eq!(rest, CAPACITY);
    }

    #[tokio::test]
    async fn forgets_vendors_that_nobody_listens_to() {
        let hub = Hub::new();
        let vendor = VendorId::from_uuid(Uuid::from_u128(1));
        drop(hub.subscribe(vendor));
        hub.publish(event(vendor, 1));
        assert!(hub.vendors.lock().unwrap().is_empty());
    }
}
