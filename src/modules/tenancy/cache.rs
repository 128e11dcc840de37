//! Vendors in memory, by every name that a request can use.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::future::Cache;

use crate::framework::context::{Stats, VendorContext};
use crate::framework::db::Db;
use crate::framework::error::ApiError;
use crate::framework::id::VendorId;

use super::store;

/// A name of a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum VendorKey {
    /// Its code, in upper case.
    Code(String),
    /// Its label below the platform's domain, in lower case.
    Subdomain(String),
    /// A domain of its own, in lower case; found only once verified.
    Domain(String),
    /// Its id.
    Id(VendorId),
}

type Entry = Option<Arc<VendorContext>>;

/// Vendors by how requests name them. Each name is looked up by one request at a time, the others wait for it.
pub struct VendorCache {
    entries: Cache<(u64, VendorKey), Entry>,
    // Part of every key: a look-up that was under way when a vendor changed stores under a number that nobody reads.
    epoch: AtomicU64,
}

struct Lifetimes;

impl moka::Expiry<(u64, VendorKey), Entry> for Lifetimes {
    fn expire_after_create(&self, _: &(u64, VendorKey), entry: &Entry, _: Instant) -> Option<Duration> {
        // Changes are announced; the minute only bounds what a lost announcement costs. That a name is unknown is
        // forgotten soon, and is kept at all so that a flood of one wrong host reaches the database once.
        Some(Duration::from_secs(if entry.is_some() { 60 } else { 5 }))
    }
}

impl VendorCache {
    /// An empty cache.
    #[expect(clippy::new_without_default, reason = "made once, by App")]
    pub fn new() -> Self {
        Self {
            entries: Cache::builder().max_capacity(20_000).expire_after(Lifetimes).build(),
            epoch: AtomicU64::new(0),
        }
    }

    /// The vendor of that name, from memory or the database; `None` where there is none (or it was deleted).
    pub async fn get(&self, db: &Db, stats: &Arc<Stats>, key: VendorKey) -> Result<Entry, ApiError> {
        let epoch = self.epoch.load(Ordering::Acquire);
        self.entries
            .try_get_with((epoch, key.clone()), async {
                store::lookup(db, stats, &key).await.map_err(ApiError::from)
            })
            .await
            .map_err(|error| (*error).clone())
    }

    /// Forgets the vendor under all its names, because it changed. Vendors change rarely and a look-up is one indexed
    /// row, so the others are looked up again as well.
    pub fn invalidate(&self, vendor: VendorId) {
        tracing::debug!(%vendor, "vendor cache invalidated");
        self.clear();
    }

    /// Forgets all, after announcements may have been missed.
    pub fn clear(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.entries.invalidate_all();
    }
}
