//! From nothing to an application: configuration, database, schema.

use std::path::Path;

use tracing_subscriber::EnvFilter;

use super::CommandError;
use crate::app::App;
use crate::config::{Config, DatabaseUrls};
use crate::framework::clock::{Clock, random_bytes};
use crate::framework::postgres::{PrivateOptions, PrivatePostgres};
use crate::framework::{jobs, migrate, postgres};

/// A built application, and the private server that it may run on.
pub struct Boot {
    /// The application.
    pub app: App,
    /// Stopped when dropped.
    pub server: Option<PrivatePostgres>,
}

/// What to do about a schema that is behind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Bring it up to date; in production refuse instead.
    BringUpToDate,
    /// Leave it.
    AsItIs,
}

/// Logs to the terminal: `ORION_LOG` filters (`info` by default); JSON in production.
pub fn start_log() {
    let filter = EnvFilter::try_from_env("ORION_LOG").unwrap_or_else(|_| {
        EnvFilter::new("info,graphile_worker=warn,graphile_worker_migrations=warn,tokio_postgres=warn")
    });
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(ansi);
    let json = std::env::var("ORION_ENV").is_ok_and(|value| value == "production");
    let started = if json { log.json().try_init() } else { log.with_target(false).try_init() };
    if let Err(error) = started {
        eprintln!("orion: the log was started before: {error}");
    }
}

/// Reads the configuration, starts the private server where no database is named, and builds the application.
pub async fn boot(schema: Schema) -> Result<Boot, CommandError> {
    let mut config = Config::load()?;
    let server = private_server(&mut config).await?;
    if config.secret_key.is_empty() {
        config.secret_key = development_key(&config.data_dir)?;
    }
    let production = config.is_production();
    if schema == Schema::BringUpToDate && !production && !config.database.owner.is_empty() {
        for name in migrate::run(&config.database.owner).await? {
            tracing::info!(name, "migrated");
        }
        jobs::install(&config.database.worker).await?;
    }
    let app = App::new(config, Clock::system())?;
    if schema == Schema::BringUpToDate {
        let pending = migrate::pending(&app.db).await?;
        if !pending.is_empty() {
            return Err(format!("the schema is behind by {}: run `orion migrate`", pending.join(", ")).into());
        }
    }
    Ok(Boot { app, server })
}

async fn private_server(config: &mut Config) -> Result<Option<PrivatePostgres>, CommandError> {
    if !config.database.app.is_empty() {
        return Ok(None);
    }
    if config.is_production() {
        return Err("DATABASE_URL must be set in production".into());
    }
    let data_dir = config.data_dir.join("postgres");
    tracing::info!(path = %data_dir.display(), "starting the private PostgreSQL");
    let server = PrivatePostgres::start(PrivateOptions { data_dir, durable: true }).await?;
    let urls = server.bootstrap("orion").await?;
    config.database = urls.into();
    Ok(Some(server))
}

impl From<postgres::DatabaseUrls> for DatabaseUrls {
    fn from(urls: postgres::DatabaseUrls) -> Self {
        Self {
            direct: urls.platform.clone(),
            app: urls.app,
            platform: urls.platform,
            worker: urls.worker,
            owner: urls.owner,
            replica: None,
        }
    }
}

/// The key that signs tokens on a developer's machine: made at the first start, kept beside the database.
fn development_key(data_dir: &Path) -> Result<Vec<u8>, CommandError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let path = data_dir.join("secret_key");
    std::fs::create_dir_all(data_dir)?;
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(mut file) => {
            let key = hex::encode(random_bytes::<32>());
            file.write_all(key.as_bytes())?;
            Ok(key.into_bytes())
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(std::fs::read(&path)?),
        Err(error) => Err(error.into()),
    }
}

/// `orion migrate`: also in production, where nothing else touches the schema.
pub async fn migrate(bootstrap: bool) -> Result<(), CommandError> {
    let mut config = Config::load()?;
    let _server = private_server(&mut config).await?;
    if config.database.owner.is_empty() {
        return Err("ORION_OWNER_DATABASE_URL must be set to migrate".into());
    }
    if bootstrap && _server.is_none() {
        let urls = postgres::DatabaseUrls {
            app: config.database.app.clone(),
            platform: config.database.platform.clone(),
            worker: config.database.worker.clone(),
            owner: config.database.owner.clone(),
        };
        let database = url::Url::parse(&config.database.app)?.path().trim_start_matches('/').to_owned();
        postgres::bootstrap(&config.database.owner, &database, &urls.passwords()?).await?;
        config.database.owner = postgres::owner_url(&config.database.owner, &database)?;
    }
    let ran = migrate::run(&config.database.owner).await?;
    jobs::install(&config.database.worker).await?;
    match ran.len() {
        0 => println!("the schema is up to date"),
        _ => println!("migrated: {}", ran.join(", ")),
    }
    Ok(())
}
