//! What is built once, by `main` or by a test.

use std::sync::Arc;

use crate::config::Config;
use crate::framework::clock::Clock;
use crate::framework::db::{Db, DbError, DbOptions};
use crate::framework::secret::Secrets;
use crate::framework::spool::SpoolDir;

/// The application: cheap to clone, shared by every request and job.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of an [`App`].
pub struct Parts {
    /// The configuration, checked.
    pub config: Config,
    /// The pools.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Keys and password hashing.
    pub secrets: Arc<Secrets>,
    /// Where uploads and fetched feeds wait to be read.
    pub spool: SpoolDir,
    /// Vendors by how requests name them.
    pub vendors: crate::modules::tenancy::VendorCache,
    /// Unchanged public answers.
    pub responses: crate::http::cache::ResponseCache,
    /// Log-in attempts and what was written about sessions lately.
    pub identity: crate::modules::identity::IdentityState,
    /// Published events, for this node's subscriptions.
    pub hub: crate::framework::relay::Hub,
}

impl std::ops::Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Builds the parts. Connects to nothing yet.
    pub fn new(config: Config, clock: Clock) -> Result<Self, AppError> {
        let db = Db::new(&DbOptions {
            app_url: config.database.app.clone(),
            platform_url: config.database.platform.clone(),
            replica_url: config.database.replica.clone(),
            pool_size: config.pool_size,
            wait: config.pool_wait,
        })?;
        let spool = SpoolDir::open(&config.data_dir.join("spool"), config.spool_bytes)
            .map_err(|error| AppError::Spool(error.to_string()))?;
        let secrets = Arc::new(Secrets::new(&config.secret_key, config.hashing_threads));
        Ok(Self(Arc::new(Parts {
            db,
            clock,
            secrets,
            spool,
            vendors: crate::modules::tenancy::VendorCache::new(),
            responses: crate::http::cache::ResponseCache::new(config.response_cache_bytes),
            identity: crate::modules::identity::IdentityState::new(),
            hub: crate::framework::relay::Hub::new(),
            config,
        })))
    }
}

/// Why the application cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The pools could not be made.
    #[error("the database pools could not be made: {0}")]
    Database(#[from] DbError),
    /// The spool folder cannot be used.
    #[error("the spool folder cannot be used: {0}")]
    Spool(String),
}
