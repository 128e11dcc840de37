//! Database addresses, as tokio-postgres and diesel-async read them.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::str::FromStr as _;

use tokio_postgres::Config;
use url::Url;

use super::{APP_ROLE, OWNER_ROLE, PLATFORM_ROLE, PostgresError, WORKER_ROLE};

/// One database's addresses, one for each role.
#[derive(Clone)]
pub struct DatabaseUrls {
    /// `DATABASE_URL`: logs in as `orion_app`.
    pub app: String,
    /// `ORION_PLATFORM_DATABASE_URL`: logs in as `orion_platform`.
    pub platform: String,
    /// `ORION_WORKER_DATABASE_URL`: logs in as `orion_worker`.
    pub worker: String,
    /// `ORION_OWNER_DATABASE_URL`: logs in as the bootstrap login and then acts as `orion_owner` (see [`owner_url`]).
    pub owner: String,
}

// Addresses hold passwords, and what has Debug is logged sooner or later.
impl std::fmt::Debug for DatabaseUrls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseUrls").finish_non_exhaustive()
    }
}

impl DatabaseUrls {
    /// The passwords in the addresses, for [`bootstrap`](super::bootstrap) on a managed server. An address that logs in
    /// as any other role than its own is an error.
    pub fn passwords(&self) -> Result<RolePasswords, PostgresError> {
        Ok(RolePasswords {
            app: password("DATABASE_URL", &self.app, APP_ROLE)?,
            platform: password("ORION_PLATFORM_DATABASE_URL", &self.platform, PLATFORM_ROLE)?,
            worker: password("ORION_WORKER_DATABASE_URL", &self.worker, WORKER_ROLE)?,
        })
    }
}

/// Passwords of the roles that log in; `None` leaves a role's password as it is.
#[derive(Clone, Default)]
pub struct RolePasswords {
    /// Of `orion_app`.
    pub app: Option<String>,
    /// Of `orion_platform`.
    pub platform: Option<String>,
    /// Of `orion_worker`.
    pub worker: Option<String>,
}

/// Reads an address; the error does not repeat it.
pub(super) fn parse(url: &str) -> Result<Config, PostgresError> {
    Config::from_str(url).map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        PostgresError::Url(format!("not one that can be read ({cause})"))
    })
}

fn password(variable: &str, url: &str, role: &str) -> Result<Option<String>, PostgresError> {
    let config = parse(url)?;
    if config.get_user() != Some(role) {
        return Err(PostgresError::Url(format!("{variable} must log in as {role}")));
    }
    let Some(password) = config.get_password() else { return Ok(None) };
    let text = std::str::from_utf8(password);
    Ok(Some(
        text.map_err(|_| PostgresError::Url(format!("the password in {variable} is not UTF-8")))?.to_owned(),
    ))
}

/// `postgres://role@%2Fsocket%2Fdir/database`.
pub(super) fn socket_url(socket_dir: &Path, role: &str, database: &str) -> String {
    let mut host = String::new();
    for &byte in socket_dir.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => host.push(byte.into()),
            other => host.push_str(&format!("%{other:02X}")),
        }
    }
    format!("postgres://{role}@{host}/{database}")
}

/// The address for migrations: the superuser's (or bootstrap login's), on this database, with every session acting as
/// `orion_owner` from its beginning. None of the roles that the server logs in as can do that.
pub fn owner_url(superuser_url: &str, database: &str) -> Result<String, PostgresError> {
    check_database_name(database)?;
    parse(superuser_url)?;
    let mut url = Url::parse(superuser_url)
        .map_err(|_| PostgresError::Url("must begin with postgres:// and name a host".into()))?;
    url.set_path(database);
    let act_as_owner = format!("-c%20role%3D{OWNER_ROLE}");
    let mut parameters: Vec<_> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|part| !part.is_empty())
        .map(String::from)
        .collect();
    match parameters.iter_mut().find(|part| part.starts_with("options=")) {
        Some(options) if options.ends_with(&act_as_owner) => {}
        // tokio-postgres reads `+` as itself: spaces are %20.
        Some(options) => options.push_str(&format!("%20{act_as_owner}")),
        None => parameters.push(format!("options={act_as_owner}")),
    }
    url.set_query(Some(&parameters.join("&")));
    Ok(url.into())
}

/// Names that need no quoting anywhere: lower-case letters, digits and underscores.
pub(super) fn check_database_name(name: &str) -> Result<(), PostgresError> {
    let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let rest = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if first && rest && name.len() <= 63 {
        return Ok(());
    }
    Err(PostgresError::Url(
        "a database's name has lower-case letters, digits and underscores, 63 at most".into(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_postgres::config::Host;

    #[test]
    fn a_socket_address_is_read_back_as_it_was_meant() {
        let dir = Path::new("/tmp/with space/ü?#@%:x");
        let config = parse(&socket_url(dir, "orion_app", "orion")).unwrap();
        assert_eq!(config.get_hosts(), [Host::Unix(dir.to_owned())]);
        assert_eq!(
            (config.get_user(), config.get_dbname(), config.get_password()),
            (Some("orion_app"), Some("orion"), None)
        );
    }

    #[test]
    fn the_owner_address_keeps_the_rest() {
        let url =
            owner_url("postgres://admin:p%40ss@%2Frun%2Fpg/postgres?connect_timeout=5", "orion").unwrap();
        let config = parse(&url).unwrap();
        assert_eq!(config.get_hosts(), [Host::Unix("/run/pg".into())]);
        assert_eq!((config.get_user(), config.get_password()), (Some("admin"), Some(&b"p@ss"[..])));
        assert_eq!((config.get_dbname(), config.get_options()), (Some("orion"), Some("-c role=orion_owner")));
        assert_eq!(owner_url(&url, "orion").unwrap(), url, "doing it again changes nothing");

        let url =
            owner_url("postgres://admin@db:5433/x?options=-c%20statement_timeout%3D0", "orion").unwrap();
        let config = parse(&url).unwrap();
        assert_eq!(config.get_options(), Some("-c statement_timeout=0 -c role=orion_owner"));
        assert_eq!((config.get_ports(), config.get_hosts()), (&[5433][..], &[Host::Tcp("db".into())][..]));
    }

    #[test]
    fn database_names_that_would_need_quoting_are_refused() {
        for name in ["", "Orion", "1orion", "orion-2", "o\"; DROP", &"x".repeat(64)] {
            assert!(owner_url("postgres://admin@db/x", name).is_err(), "{name:?}");
        }
        assert!(owner_url("postgres://admin@db/x", "orion_2").is_ok());
    }

    #[test]
    fn an_address_must_log_in_as_its_own_role() {
        let mut urls = DatabaseUrls {
            app: "postgres://orion_app:a%2Fb@db/orion".into(),
            platform: "postgres://orion_platform:c@db/orion".into(),
            worker: "postgres://orion_worker@db/orion".into(),
            owner: "postgres://admin:secret@db/orion".into(),
        };
        let passwords = urls.passwords().unwrap();
        assert_eq!(passwords.app.as_deref(), Some("a/b"));
        assert_eq!((passwords.platform.as_deref(), passwords.worker), (Some("c"), None));
        urls.app = "postgres://postgres:topsecret@db/orion".into();
        let error = urls.passwords().err().unwrap().to_string();
        assert_eq!(error, "database address: DATABASE_URL must log in as orion_app");
        assert!(!format!("{urls:?}").contains("topsecret"));
    }
}
