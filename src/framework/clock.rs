//! Time and randomness, given rather than taken, so that tests fix them.

use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// Where the time comes from.
#[derive(Debug, Default)]
pub struct Clock {
    fixed: Mutex<Option<DateTime<Utc>>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// Now, to the microsecond that PostgreSQL keeps.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> DateTime<Utc> {
        let fixed = *self.fixed.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let now = fixed.unwrap_or_else(Utc::now);
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }

    /// Stops the clock at an instant; tests move it with [`Clock::advance`].
    pub fn set(&self, at: DateTime<Utc>) {
        *self.fixed.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(at);
    }

    /// Moves the clock forward, stopping it.
    pub fn advance(&self, by: TimeDelta) {
        let now = self.now();
        self.set(now + by);
    }
}

/// A new time-ordered id.
#[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
pub fn new_uuid() -> Uuid {
    Uuid::now_v7()
}

/// 128 bits from the operating system, as 32 hexadecimal digits: for tokens that are shown once and stored hashed.
pub fn new_token() -> String {
    hex::encode(random_bytes::<16>())
}

/// Bytes from the operating system.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    use rand::Rng as _;
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}
