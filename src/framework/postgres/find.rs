//! Where the machine keeps its PostgreSQL.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::PostgresError;

/// The oldest major version whose features Orion uses.
const OLDEST: u32 = 15;

/// One installed PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Installation {
    /// The major version, 15 or more.
    pub major: u32,
    bin: PathBuf,
}

impl Installation {
    /// The full path of `initdb` or `postgres`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// The newest one; or, for a data directory that exists, the one that can read it.
    pub fn choose(cluster: &Path) -> Result<Self, PostgresError> {
        let installed = installations();
        let version_file = cluster.join("PG_VERSION");
        let Ok(version) = fs::read_to_string(version_file) else {
            return installed.into_iter().next().ok_or(PostgresError::NotInstalled);
        };
        let wanted = version.trim().parse().map_err(|_| PostgresError::Directory {
            path: cluster.to_owned(),
            reason: "its PG_VERSION is not a version of PostgreSQL",
        })?;
        installed
            .into_iter()
            .find(|one| one.major == wanted)
            .ok_or_else(|| PostgresError::VersionMissing { data_dir: cluster.to_owned(), wanted })
    }
}

/// Everything usable that is installed, newest first. Of equal versions, the distribution's comes before `PATH`.
fn installations() -> Vec<Installation> {
    let mut seen = BTreeSet::new();
    let mut found: Vec<_> = candidates()
        .into_iter()
        .filter(|bin| seen.insert(bin.clone()))
        .filter(|bin| bin.join("initdb").is_file())
        .filter_map(|bin| Some(Installation { major: major_of(&bin.join("postgres"))?, bin }))
        .filter(|one| one.major >= OLDEST)
        .collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.major));
    found
}

/// Directories that may hold the programs. Debian keeps them out of `PATH`, one directory a version.
fn candidates() -> Vec<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    debian.chain(std::env::split_paths(&path).filter(|dir| dir.is_absolute())).collect()
}

fn major_of(postgres: &Path) -> Option<u32> {
    if !postgres.is_file() {
        return None;
    }
    let answer = Command::new(postgres).arg("--version").output().ok()?;
    parse_version(&String::from_utf8_lossy(&answer.stdout))
}

/// The major version in `postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)`, `… 17beta1` or `… 18devel`.
fn parse_version(text: &str) -> Option<u32> {
    let version = text.strip_prefix("postgres (PostgreSQL) ")?;
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_that_postgres_prints() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n"), Some(15));
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta2\n"), Some(18));
        assert_eq!(parse_version("postgres (PostgreSQL) 17\n"), Some(17));
        assert_eq!(parse_version("postgres (PostgreSQL) \n"), None);
        assert_eq!(parse_version("psql (PostgreSQL) 15.13"), None);
    }

    #[test]
    fn a_directory_of_a_version_that_is_not_installed_is_refused() {
        let dir = std::env::temp_dir().join(format!("orion-version-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("PG_VERSION"), "9\n").unwrap();
        let chosen = Installation::choose(&dir);
        fs::remove_dir_all(&dir).unwrap();
        assert!(matches!(chosen, Err(PostgresError::VersionMissing { wanted: 9, .. })), "{chosen:?}");
    }
}
