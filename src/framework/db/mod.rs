//! The database: pools that nobody else holds, and transactions that carry their vendor.
//!
//! The first lock of design.md section 4: a transaction is opened only with a grant, and knows its vendor.

mod error;
mod row;
mod sql;
mod tx;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::deadpool::{Hook, HookError, Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};

use tokio::sync::Notify;

pub use error::DbError;
pub use row::{FromRow, PgRow, column};
pub use sql::{Array, Param, Sql, Typed, sql};
pub use tx::Tx;

use super::context::{Grant, PlatformGrant, ReadGrant, Stats};
use super::id::VendorId;

/// What a [`Db`] connects to.
#[derive(Debug, Clone)]
pub struct DbOptions {
    /// As `orion_app`: bound by row security to one vendor a transaction.
    pub app_url: String,
    /// As `orion_platform`: sees all vendors, for platform grants and system jobs.
    pub platform_url: String,
    /// Where anonymous reads of the catalog may go instead of the primary.
    pub replica_url: Option<String>,
    /// Connections of the app pool (2 to 4 a core).
    pub pool_size: usize,
    /// How long a request waits for a connection before it is told `UNAVAILABLE`.
    pub wait: Duration,
}

/// The pools. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    app: Pool<AsyncPgConnection>,
    platform: Pool<AsyncPgConnection>,
    replica: Option<Pool<AsyncPgConnection>>,
    conflicts: Arc<AtomicU64>,
    committed_events: Arc<Notify>,
}

impl Db {
    /// Makes the pools; connections are opened when first needed.
    pub fn new(options: &DbOptions) -> Result<Self, DbError> {
        Ok(Self {
            app: pool(&options.app_url, options.pool_size, options.wait)?,
            platform: pool(&options.platform_url, 2, options.wait)?,
            replica: match &options.replica_url {
                Some(url) => Some(pool(url, options.pool_size, options.wait)?),
                None => None,
            },
            conflicts: Arc::default(),
            committed_events: Arc::default(),
        })
    }

    /// Opens a read-write transaction for the grant's vendor.
    pub async fn write(&self, grant: &Grant) -> Result<Tx, DbError> {
        let begin = format!("BEGIN; SET LOCAL app.vendor_id = '{}'", grant.vendor().uuid());
        self.begin(&self.app, begin, Some(grant.vendor()), grant.stats()).await
    }

    /// Opens a read-only snapshot of the grant's vendor.
    pub async fn read(&self, grant: &ReadGrant) -> Result<Tx, DbError> {
        let begin = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL app.vendor_id = '{}'",
            grant.vendor().uuid()
        );
        let pool = match &self.replica {
            Some(replica) if grant.replica() => replica,
            _ => &self.app,
        };
        self.begin(pool, begin, Some(grant.vendor()), grant.stats()).await
    }

    /// Opens a transaction that sees every vendor.
    pub async fn platform(&self, grant: &PlatformGrant) -> Result<Tx, DbError> {
        tracing::debug!(reason = grant.reason(), "platform transaction");
        self.begin(&self.platform, "BEGIN".to_owned(), None, grant.stats()).await
    }

    async fn begin(
        &self,
        pool: &Pool<AsyncPgConnection>,
        begin: String,
        vendor: Option<VendorId>,
        stats: &Arc<Stats>,
    ) -> Result<Tx, DbError> {
        let wake = self.committed_events.clone();
        Tx::begin(acquire(pool).await?, begin, vendor, stats.clone(), wake).await
    }

    /// Woken after every commit of a transaction that published events; the relay's node waits on it.
    pub fn committed_events(&self) -> &Notify {
        &self.committed_events
    }

    /// One statement outside any vendor and transaction, as `orion_app`: the lookups that come before a vendor is
    /// known (by host, by session), which go through `SECURITY DEFINER` functions.
    pub async fn lookup<T: FromRow>(&self, query: Sql<'_>, stats: &Arc<Stats>) -> Result<Vec<T>, DbError> {
        let connection = acquire(&self.app).await?;
        stats.count_lookup();
        tx::load(&connection, query).await
    }

    /// Counts a transaction that was tried again after a deadlock or serialization failure.
    pub fn count_conflict(&self) {
        self.conflicts.fetch_add(1, Ordering::Relaxed);
    }

    /// How many transactions were tried again so far; the race tests require 0.
    pub fn conflicts(&self) -> u64 {
        self.conflicts.load(Ordering::Relaxed)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), DbError> {
        let connection = acquire(&self.app).await?;
        tx::load::<(i32,)>(&connection, sql("SELECT 1")).await.map(|_| ())
    }
}

fn pool(url: &str, size: usize, wait: Duration) -> Result<Pool<AsyncPgConnection>, DbError> {
    let mut config = ManagerConfig::default();
    // Verified recycling costs a round trip a request (14 %, measured); a broken connection leaves by its error.
    config.recycling_method = RecyclingMethod::Fast;
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config(url, config);
    Pool::builder(manager)
        .max_size(size)
        .wait_timeout(Some(wait))
        .create_timeout(Some(wait))
        .runtime(deadpool::Runtime::Tokio1)
        .post_create(Hook::async_fn(|connection: &mut AsyncPgConnection, _| {
            Box::pin(async move {
                use diesel_async::SimpleAsyncConnection as _;
                connection
                    .batch_execute("SET TIME ZONE 'UTC'; SET statement_timeout = '15s'; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'")
                    .await
                    .map_err(|error| HookError::message(error.to_string()))
            })
        }))
        .build()
        .map_err(|error| DbError::Internal(error.to_string()))
}

async fn acquire(pool: &Pool<AsyncPgConnection>) -> Result<Object<AsyncPgConnection>, DbError> {
    pool.get().await.map_err(|error| DbError::Unavailable(error.to_string()))
}
