//! One typed configuration, from the environment and an optional file, checked at start.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use figment::Figment;
use figment::providers::{Env, Format as _, Toml};
use serde::Deserialize;

use crate::framework::fetch::FetchAllow;

/// Where the binary runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// A developer's machine: migrates by itself, private PostgreSQL, introspection and playground open.
    #[default]
    Development,
    /// The tests: as development, with statement counts in the answers.
    Test,
    /// Refuses development defaults and a schema that is behind.
    Production,
}

/// The databases, one login each.
#[derive(Debug, Clone, Default)]
pub struct DatabaseUrls {
    /// `DATABASE_URL`: as `orion_app`.
    pub app: String,
    /// `ORION_PLATFORM_DATABASE_URL`: as `orion_platform`.
    pub platform: String,
    /// `ORION_WORKER_DATABASE_URL`: as `orion_worker`.
    pub worker: String,
    /// `ORION_OWNER_DATABASE_URL`: may `SET ROLE orion_owner`, for migrations.
    pub owner: String,
    /// `ORION_DIRECT_DATABASE_URL`: as `orion_platform`, past a pooler, for LISTEN and the relay.
    pub direct: String,
    /// `READ_DATABASE_URL`: a replica, as `orion_app`.
    pub replica: Option<String>,
}

/// The configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// `ORION_ENV`.
    pub environment: Environment,
    /// The databases; empty until the private server has been started where none was named.
    pub database: DatabaseUrls,
    /// `ORION_LISTEN`.
    pub listen: SocketAddr,
    /// `ORION_PLATFORM_DOMAIN`: vendors are its subdomains.
    pub platform_domain: String,
    /// `ORION_SECRET_KEY`: signs access tokens.
    pub secret_key: Vec<u8>,
    /// `ORION_DATA_DIR`: the private server, uploads, generated keys.
    pub data_dir: PathBuf,
    /// `ORION_FETCH_ALLOW`.
    pub fetch_allow: FetchAllow,
    /// `ORION_POOL_SIZE`: connections of the app pool.
    pub pool_size: usize,
    /// How long a request waits for a connection.
    pub pool_wait: Duration,
    /// Bytes that uploads and fetched feeds may take together.
    pub spool_bytes: u64,
    /// Threads that hash passwords.
    pub hashing_threads: usize,
    /// `ORION_RESPONSE_CACHE_MB`: memory for unchanged public answers; 0 turns the cache off.
    pub response_cache_bytes: u64,
    /// `ORION_ACCESS_TOKEN_MINUTES`.
    pub access_token_minutes: i64,
    /// `ORION_LOGIN_LIMIT`: log-in attempts a minute per account and address; 0 turns it off outside production.
    pub login_limit: u32,
    /// `ORION_TEST_GATEWAY`: whether orders can be paid by the test gateway; outside production unless said otherwise.
    pub test_gateway: bool,
}

#[derive(Debug, Deserialize)]
struct Raw {
    #[serde(default)]
    env: Environment,
    listen: Option<String>,
    platform_domain: Option<String>,
    secret_key: Option<String>,
    data_dir: Option<PathBuf>,
    fetch_allow: Option<String>,
    pool_size: Option<usize>,
    response_cache_mb: Option<u64>,
    access_token_minutes: Option<i64>,
    login_limit: Option<u32>,
    test_gateway: Option<bool>,
    owner_database_url: Option<String>,
    platform_database_url: Option<String>,
    worker_database_url: Option<String>,
    direct_database_url: Option<String>,
}

/// What is wrong with the configuration; names the variable.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl Config {
    /// Reads `orion.toml` (if there is one) and the environment, which wins.
    pub fn load() -> Result<Self, ConfigError> {
        let raw: Raw = Figment::new()
            .merge(Toml::file("orion.toml"))
            .merge(Env::prefixed("ORION_"))
            .extract()
            .map_err(|error| ConfigError(format!("configuration: {error}")))?;
        let plain = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let production = raw.env == Environment::Production;
        let app = plain("DATABASE_URL");
        if production {
            for (name, value) in [
                ("DATABASE_URL", &app),
                ("ORION_PLATFORM_DATABASE_URL", &raw.platform_database_url),
                ("ORION_WORKER_DATABASE_URL", &raw.worker_database_url),
                ("ORION_SECRET_KEY", &raw.secret_key),
                ("ORION_PLATFORM_DOMAIN", &raw.platform_domain),
            ] {
                if value.is_none() {
                    return Err(ConfigError(format!("{name} must be set in production")));
                }
            }
            if raw.login_limit == Some(0) {
                return Err(ConfigError("ORION_LOGIN_LIMIT must not be 0 in production".into()));
            }
        }
        if let Some(key) = &raw.secret_key
            && key.len() < 32
        {
            return Err(ConfigError("ORION_SECRET_KEY must have at least 32 characters".into()));
        }
        let listen = raw.listen.unwrap_or_else(|| "127.0.0.1:8000".into());
        let listen = listen
            .parse()
            .map_err(|_| ConfigError(format!("ORION_LISTEN: {listen:?} is no address and port")))?;
        let allow =
            raw.fetch_allow.unwrap_or_else(|| if production { String::new() } else { "loopback".into() });
        let platform = raw.platform_database_url.unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(2, |n| n.get());
        Ok(Self {
            environment: raw.env,
            database: DatabaseUrls {
                app: app.unwrap_or_default(),
                worker: raw.worker_database_url.unwrap_or_default(),
                owner: raw.owner_database_url.unwrap_or_default(),
                direct: raw.direct_database_url.unwrap_or_else(|| platform.clone()),
                platform,
                replica: plain("READ_DATABASE_URL"),
            },
            listen,
            platform_domain: raw.platform_domain.unwrap_or_else(|| "localhost".into()).to_lowercase(),
            secret_key: raw.secret_key.unwrap_or_default().into_bytes(),
            data_dir: raw.data_dir.unwrap_or_else(|| ".data".into()),
            fetch_allow: FetchAllow::parse(&allow)
                .map_err(|error| ConfigError(format!("ORION_FETCH_ALLOW: {error}")))?,
            pool_size: raw.pool_size.unwrap_or(cores * 3).max(2),
            pool_wait: Duration::from_secs(10),
            spool_bytes: 2 << 30,
            hashing_threads: cores.div_ceil(2),
            response_cache_bytes: raw.response_cache_mb.unwrap_or(32).min(4096) << 20,
            access_token_minutes: raw.access_token_minutes.unwrap_or(30).clamp(1, 24 * 60),
            login_limit: raw.login_limit.unwrap_or(10),
            test_gateway: raw.test_gateway.unwrap_or(!production),
        })
    }

    /// Whether conveniences for developers are on.
    pub fn is_production(&self) -> bool {
        self.environment == Environment::Production
    }
}
