//! A transaction on one connection; its statements are pipelined where the caller runs them together.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use diesel_async::pooled_connection::deadpool::Object;
use diesel_async::{AsyncConnectionCore as _, AsyncPgConnection, SimpleAsyncConnection as _};
use futures::TryStreamExt as _;
use futures::future::BoxFuture;
use tokio::sync::Notify;

use super::{DbError, FromRow, Sql};
use crate::framework::context::Stats;
use crate::framework::error::{Failure, Outcome};
use crate::framework::id::VendorId;

type Begin = BoxFuture<'static, Result<(), diesel::result::Error>>;

/// An open transaction. Dropped without [`Tx::commit`], it is undone and its connection leaves the pool.
pub struct Tx {
    connection: Option<Arc<Object<AsyncPgConnection>>>,
    // `BEGIN`, already sent but not yet answered: it travels with the first statement.
    begin: Mutex<Option<Begin>>,
    vendor: Option<VendorId>,
    stats: Arc<Stats>,
    published: AtomicBool,
    wake: Arc<Notify>,
}

impl Tx {
    pub(super) async fn begin(
        connection: Object<AsyncPgConnection>,
        begin: String,
        vendor: Option<VendorId>,
        stats: Arc<Stats>,
        wake: Arc<Notify>,
    ) -> Result<Self, DbError> {
        let connection = Arc::new(connection);
        let sender = connection.clone();
        let mut begin: Begin = Box::pin(async move {
            let mut shared: &AsyncPgConnection = &sender;
            shared.batch_execute(&begin).await
        });
        // The first poll puts the message on the wire; everything sent later comes after it.
        let begin = match futures::poll!(&mut begin) {
            std::task::Poll::Ready(result) => {
                result?;
                None
            }
            std::task::Poll::Pending => Some(begin),
        };
        Ok(Self {
            connection: Some(connection),
            begin: Mutex::new(begin),
            vendor,
            stats,
            published: AtomicBool::new(false),
            wake,
        })
    }

    /// The vendor whose rows this transaction sees. Statements say `vendor_id = $1` with it.
    ///
    /// # Panics
    /// In a platform transaction, which has none: a bug of ours, not of the client.
    pub fn vendor(&self) -> VendorId {
        self.vendor.expect("a vendor's store is called in a vendor's transaction")
    }

    /// All rows.
    pub async fn load<T: FromRow>(&self, query: Sql<'_>) -> Result<Vec<T>, DbError> {
        let connection = self.connection()?;
        self.stats.count_statement(query.text());
        let started = self.start();
        let (begun, rows) = futures::join!(started, load(connection, query));
        begun?;
        rows
    }

    /// The first row, if there is one.
    pub async fn optional<T: FromRow>(&self, query: Sql<'_>) -> Result<Option<T>, DbError> {
        Ok(self.load(query).await?.into_iter().next())
    }

    /// The one row that the statement always gives.
    pub async fn one<T: FromRow>(&self, query: Sql<'_>) -> Result<T, DbError> {
        self.optional(query).await?.ok_or_else(|| DbError::Internal("the statement gave no row".into()))
    }

    /// Runs a statement and tells how many rows it touched.
    pub async fn execute(&self, query: Sql<'_>) -> Result<usize, DbError> {
        let connection = self.connection()?;
        self.stats.count_statement(query.text());
        let started = self.start();
        let run = async {
            let mut shared: &AsyncPgConnection = connection;
            shared.execute_returning_count(query).await.map_err(DbError::from)
        };
        let (begun, count) = futures::join!(started, run);
        begun?;
        count
    }

    /// Keeps what was written. The connection goes back to the pool.
    pub async fn commit(mut self) -> Result<(), DbError> {
        self.start().await?;
        let connection = self.connection.take().ok_or_else(closed)?;
        let result = {
            let mut shared: &AsyncPgConnection = &connection;
            shared.batch_execute("COMMIT").await
        };
        if result.is_err() {
            discard(connection);
        }
        result?;
        if self.published.load(Ordering::Relaxed) {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Undoes what was written, and gives the connection back. (Dropping undoes too, but costs the connection.)
    pub async fn rollback(mut self) -> Result<(), DbError> {
        self.start().await?;
        let connection = self.connection.take().ok_or_else(closed)?;
        let result = {
            let mut shared: &AsyncPgConnection = &connection;
            shared.batch_execute("ROLLBACK").await
        };
        if result.is_err() {
            discard(connection);
        }
        Ok(result?)
    }

    /// Remembers that events were written, so that the relay is told once they are committed. For statements that write
    /// events together with something else; [`publish`](crate::framework::outbox::publish) does it itself.
    pub fn mark_published(&self) {
        self.published.store(true, Ordering::Relaxed);
    }

    /// Ends the transaction as a use case ended: commits what was done, and undoes a refusal without losing the
    /// connection.
    pub async fn settle<T>(self, outcome: Outcome<T>) -> Outcome<T> {
        match outcome {
            Ok(done) => {
                self.commit().await?;
                Ok(done)
            }
            Err(Failure::Refused(refusals)) => {
                self.rollback().await?;
                Err(Failure::Refused(refusals))
            }
            // The connection may be the reason.
            Err(failure) => Err(failure),
        }
    }

    /// The request's counters.
    pub fn stats(&self) -> &Arc<Stats> {
        &self.stats
    }

    fn connection(&self) -> Result<&AsyncPgConnection, DbError> {
        self.connection.as_deref().map(|object| &**object).ok_or_else(closed)
    }

    async fn start(&self) -> Result<(), DbError> {
        let begin = self.begin.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        match begin {
            Some(begin) => Ok(begin.await?),
            None => Ok(()),
        }
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        // Diesel does not know of the transaction, so the pool would hand the connection out as clean.
        if let Ok(mut begin) = self.begin.lock() {
            begin.take();
        }
        if let Some(connection) = self.connection.take() {
            discard(connection);
        }
    }
}

fn discard(connection: Arc<Object<AsyncPgConnection>>) {
    if let Some(object) = Arc::into_inner(connection) {
        drop(Object::take(object));
    }
}

fn closed() -> DbError {
    DbError::Internal("the transaction is over".into())
}

pub(super) async fn load<T: FromRow>(
    connection: &AsyncPgConnection,
    query: Sql<'_>,
) -> Result<Vec<T>, DbError> {
    let mut shared: &AsyncPgConnection = connection;
    let stream = shared.load(query).await?;
    stream
        .map_err(DbError::from)
        .and_then(
            |row| async move { T::from_row(&row).map_err(|error| DbError::Internal(error.to_string())) },
        )
        .try_collect()
        .await
}
