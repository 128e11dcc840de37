//! People who log in: platform admins and vendors' teams; and the sessions of all, customers included.
//!
//! Invariants: a session's refresh token is stored hashed and rotates at each use; a token that was used before ends
//! its session. Nobody grants a permission that they do not hold. A vendor always keeps an owner.

pub mod graphql;
pub mod model;
pub mod rules;
pub mod service;
mod store;
pub mod throttle;

use moka::future::Cache;
use uuid::Uuid;

/// What this node remembers between requests; made once, by `App`.
pub struct IdentityState {
    /// Log-in attempts.
    pub throttle: throttle::Throttle,
    // What was written about a session within the last minute, so that a busy one costs one write a minute.
    recent: Cache<(Uuid, &'static str), ()>,
}

impl IdentityState {
    /// Remembers nothing yet.
    #[expect(clippy::new_without_default, reason = "made once, by App")]
    pub fn new() -> Self {
        let minute = std::time::Duration::from_secs(60);
        Self {
            throttle: throttle::Throttle::new(),
            recent: Cache::builder().max_capacity(100_000).time_to_live(minute).build(),
        }
    }

    /// Whether this is the first time within a minute that the session did this.
    async fn first_in_a_minute(&self, session: Uuid, what: &'static str) -> bool {
        self.recent.entry((session, what)).or_insert(()).await.is_fresh()
    }
}
