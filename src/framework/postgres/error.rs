//! What can go wrong before there is a database to talk to.

use std::path::{Path, PathBuf};

/// Why the private server or the bootstrap failed. The text is for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// No PostgreSQL of version 15 or newer was found.
    #[error(
        "PostgreSQL 15 or newer is not installed. On Debian and Ubuntu: apt-get install postgresql postgresql-contrib \
         (or scripts/install-postgres.sh); or name a server with DATABASE_URL"
    )]
    NotInstalled,
    /// The data directory was made by a major version that is not installed.
    #[error("{} was made by PostgreSQL {wanted}, which is not installed: install it, or move the directory away", data_dir.display())]
    VersionMissing {
        /// The private server's data directory.
        data_dir: PathBuf,
        /// The major version that it needs.
        wanted: u32,
    },
    /// Running as root, but there is no user to run the server as; PostgreSQL refuses to run as root.
    #[error(
        "running as root, and there is no user `postgres` to run PostgreSQL as: install PostgreSQL's package, or run as another user"
    )]
    NoServerUser,
    /// The directory cannot serve as a data or socket directory.
    #[error("{} cannot be used for the private PostgreSQL: {reason}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The operating system refused.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// The refusal.
        source: std::io::Error,
    },
    /// `initdb` or the server itself ended with an error.
    #[error("{program} failed:\n{output}")]
    Program {
        /// Which one.
        program: &'static str,
        /// The end of what it said.
        output: String,
    },
    /// The server did not become ready in time.
    #[error("the private PostgreSQL is not ready after {seconds} s; its log is {}", log.display())]
    NotReady {
        /// How long was waited.
        seconds: u64,
        /// Where to look.
        log: PathBuf,
    },
    /// Durable settings were asked for, and the server of this directory already runs without them.
    #[error("the PostgreSQL of {} runs without fsync, for tests; a durable one was asked for", .0.display())]
    NotDurable(PathBuf),
    /// A database address that cannot be used; never contains the address, which may hold a password.
    #[error("database address: {0}")]
    Url(String),
    /// The server lacks something that Orion needs.
    #[error("{0}")]
    Unsupported(String),
    /// A statement or the connection failed.
    #[error("{action}: {}", describe(source))]
    Sql {
        /// What was tried.
        action: String,
        /// PostgreSQL's answer.
        source: tokio_postgres::Error,
    },
    /// The closure that migrates a test template failed.
    #[error("migrating the test template: {0}")]
    Template(Box<dyn std::error::Error + Send + Sync>),
}

/// `tokio_postgres::Error` prints only "db error": the server's own words are what helps.
fn describe(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(answer), _) => answer.to_string(),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}

impl PostgresError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    pub(super) fn sql(action: impl Into<String>) -> impl FnOnce(tokio_postgres::Error) -> Self {
        let action = action.into();
        move |source| Self::Sql { action, source }
    }
}
