//! Counts log-in attempts, per account and per address.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use moka::future::Cache;

use crate::framework::error::{ApiError, ErrorCode};

/// Attempts of the last minutes, in this process's memory.
pub struct Throttle {
    windows: Cache<String, Arc<Mutex<Window>>>,
}

/// Attempts within one minute.
#[derive(Debug, Default)]
pub struct Window {
    start: Option<DateTime<Utc>>,
    count: u32,
}

impl Window {
    /// Counts an attempt; whether it is within the limit of the minute that began with its first one.
    fn allows(&mut self, limit: u32, now: DateTime<Utc>) -> bool {
        let over = self.start.is_none_or(|start| now - start >= TimeDelta::minutes(1));
        if over {
            *self = Self { start: Some(now), count: 0 };
        }
        self.count = self.count.saturating_add(1);
        self.count <= limit
    }
}

impl Throttle {
    /// Nothing counted yet.
    #[expect(clippy::new_without_default, reason = "made once, by App")]
    pub fn new() -> Self {
        let minutes = Duration::from_secs(120);
        Self { windows: Cache::builder().max_capacity(200_000).time_to_idle(minutes).build() }
    }

    /// Counts an attempt for the account and for the address it comes from. `RATE_LIMIT_EXCEEDED` beyond `limit` a minute;
    /// 0 is no limit. An address may try ten accounts' worth, since offices and phone networks share one.
    pub async fn check(
        &self,
        limit: u32,
        realm: &str,
        account: &str,
        ip: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), ApiError> {
        if limit == 0 {
            return Ok(());
        }
        let account = self.allows(format!("account {realm} {}", account.to_lowercase()), limit, now).await;
        let address = match ip {
            Some(ip) => self.allows(format!("address {ip}"), limit.saturating_mul(10), now).await,
            None => true,
        };
        if account && address {
            return Ok(());
        }
        Err(ApiError::new(ErrorCode::RateLimitExceeded, "Too many log-in attempts; try again in a minute."))
    }

    async fn allows(&self, key: String, limit: u32, now: DateTime<Utc>) -> bool {
        let window = self.windows.get_with(key, async { Arc::default() }).await;
        window.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).allows(limit, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[tokio::test]
    async fn the_account_is_limited_each_minute() {
        let throttle = Throttle::new();
        let attempt = async |account: &str, at| {
            throttle.check(2, "team", account, None, at).await.map_err(|error| error.code)
        };
        assert_eq!(attempt("a@example.com", at(0)).await, Ok(()));
        assert_eq!(attempt("A@example.com", at(1)).await, Ok(()));
        assert_eq!(attempt("a@example.com", at(59)).await, Err(ErrorCode::RateLimitExceeded));
        assert_eq!(attempt("b@example.com", at(59)).await, Ok(()));
        assert_eq!(attempt("a@example.com", at(60)).await, Ok(()));
    }

    #[tokio::test]
    async fn the_address_is_limited_over_accounts() {
        let throttle = Throttle::new();
        for n in 0..20 {
            assert!(
                throttle
                    .check(2, "team", &format!("{n}@example.com"), Some("192.0.2.1"), at(0))
                    .await
                    .is_ok()
            );
        }
        assert!(throttle.check(2, "team", "x@example.com", Some("192.0.2.1"), at(0)).await.is_err());
        assert!(throttle.check(2, "team", "y@example.com", Some("192.0.2.2"), at(0)).await.is_ok());
        assert!(throttle.check(0, "team", "z@example.com", Some("192.0.2.1"), at(0)).await.is_ok());
    }
}
