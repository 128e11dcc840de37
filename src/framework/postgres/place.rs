//! Where the private server keeps its files, and as whom it runs.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, lchown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};

use super::PostgresError;

/// A Unix socket's path has at most 107 bytes on Linux and 103 on macOS.
const LONGEST_SOCKET_PATH: usize = 99;
const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// Whom the server's processes run as.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
    /// We are root, which PostgreSQL refuses to run as, and this is the user `postgres`.
    switched: bool,
}

impl Account {
    /// Ourselves; as root, the user `postgres`.
    pub fn of_server() -> Result<Self, PostgresError> {
        // SAFETY: both calls only return numbers, and cannot fail.
        let (uid, gid) = unsafe { (libc::geteuid(), libc::getegid()) };
        if uid != 0 {
            return Ok(Self { uid, gid, switched: false });
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let (uid, gid) = find_user(&passwd, "postgres").ok_or(PostgresError::NoServerUser)?;
        Ok(Self { uid, gid, switched: true })
    }

    /// A command that runs as this account, in `dir`, and reads no PostgreSQL settings from our environment.
    pub fn command(&self, program: impl AsRef<OsStr>, dir: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(dir).env_clear().env("LC_ALL", "C").env("TZ", "UTC");
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        if self.switched {
            command.gid(self.gid).uid(self.uid);
        }
        command
    }

    fn may_enter(&self, dir: &Path) -> bool {
        let Ok(metadata) = fs::metadata(dir) else { return false };
        let bit = match (metadata.uid() == self.uid, metadata.gid() == self.gid) {
            (true, _) => 0o100,
            (false, true) => 0o010,
            (false, false) => 0o001,
        };
        metadata.mode() & bit != 0
    }
}

fn find_user(passwd: &str, name: &str) -> Option<(u32, u32)> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// The files of one private server.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub account: Account,
    /// Holds all the others but, where its path is long, the socket.
    pub home: PathBuf,
    socket_dir: PathBuf,
}

impl Place {
    /// Makes the directories, or checks those that are there.
    ///
    /// As root, the server's user must be able to reach the data directory; where it cannot (a home directory, say),
    /// another one is used that is named by a hash of the first: below `/var/lib`, or, if it need not last, `/tmp`.
    pub fn prepare(data_dir: &Path, durable: bool) -> Result<Self, PostgresError> {
        let account = Account::of_server()?;
        let asked = absolute(data_dir)?;
        let reachable = !account.switched || asked.ancestors().skip(1).all(|dir| account.may_enter(dir));
        let home = if reachable {
            asked.clone()
        } else {
            let base = if durable { PathBuf::from("/var/lib") } else { std::env::temp_dir() };
            let home = base.join(format!("orion-{}", short_hash(&asked)));
            tracing::info!(asked = %asked.display(), used = %home.display(), "user postgres cannot reach the data directory; using another");
            home
        };
        refuse_foreign(&home)?;
        own_directory(&home, account)?;
        // The first file in it: what marks the directory as ours must be there before anything else is.
        open_lock(&home.join(START_LOCK))?;
        let socket_dir = socket_dir(&home, account);
        own_directory(&socket_dir, account)?;
        Ok(Self { account, home, socket_dir })
    }

    /// PostgreSQL's own data directory.
    pub fn cluster(&self) -> PathBuf {
        self.home.join("cluster")
    }

    /// What the server says.
    pub fn log(&self) -> PathBuf {
        self.home.join("server.log")
    }

    /// Where the server listens.
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// Held exclusively while a process finds out whether to start the server or to join it.
    pub fn start_lock(&self) -> Result<File, PostgresError> {
        open_lock(&self.home.join(START_LOCK))
    }

    /// Held shared by every process that uses the server; whoever gets it exclusively may stop the server.
    pub fn users_lock_path(&self) -> PathBuf {
        self.home.join("users.lock")
    }

    /// Opens [`Self::users_lock_path`], not yet locked.
    pub fn users_lock(&self) -> Result<File, PostgresError> {
        open_lock(&self.users_lock_path())
    }
}

const START_LOCK: &str = "start.lock";

fn open_lock(path: &Path) -> Result<File, PostgresError> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(PostgresError::io("opening", path))?;
    // The supervisor opens it as the server's user, whatever our umask.
    file.set_permissions(Permissions::from_mode(0o644)).map_err(PostgresError::io("opening", path))?;
    Ok(file)
}

/// The absolute path without symbolic links, so that one directory has one name; makes the parents.
fn absolute(data_dir: &Path) -> Result<PathBuf, PostgresError> {
    let path = std::path::absolute(data_dir).map_err(PostgresError::io("reading", data_dir))?;
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(PostgresError::Directory { path, reason: "it is the root directory" });
    };
    fs::create_dir_all(parent).map_err(PostgresError::io("making", parent))?;
    let parent = fs::canonicalize(parent).map_err(PostgresError::io("reading", parent))?;
    Ok(parent.join(name))
}

/// A directory with somebody else's files in it must not change its owner because of a mistyped path.
fn refuse_foreign(home: &Path) -> Result<(), PostgresError> {
    let empty = match fs::read_dir(home) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == ErrorKind::NotFound => true,
        Err(error) => return Err(PostgresError::io("reading", home)(error)),
    };
    if empty || home.join(START_LOCK).is_file() {
        return Ok(());
    }
    Err(PostgresError::Directory {
        path: home.to_owned(),
        reason: "it has files that are not the private server's",
    })
}

/// Makes a directory that only the account (and root) can enter. One that a stranger made first is refused.
fn own_directory(dir: &Path, account: Account) -> Result<(), PostgresError> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(PostgresError::io("making", dir)(error));
        }
        _ => {}
    }
    let metadata = fs::symlink_metadata(dir).map_err(PostgresError::io("reading", dir))?;
    if !metadata.is_dir() {
        return Err(PostgresError::Directory { path: dir.to_owned(), reason: "it is not a directory" });
    }
    let ours = metadata.uid() == account.uid || (account.switched && metadata.uid() == 0);
    if !ours {
        return Err(PostgresError::Directory { path: dir.to_owned(), reason: "it belongs to another user" });
    }
    if metadata.uid() != account.uid {
        lchown(dir, Some(account.uid), Some(account.gid))
            .map_err(PostgresError::io("changing the owner of", dir))?;
    }
    if metadata.mode() & 0o777 != 0o700 {
        fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(PostgresError::io("closing", dir))?;
    }
    Ok(())
}

/// `<home>/socket`; where that is too long for a socket, or holds what PostgreSQL's list of directories gives a
/// meaning, a short one in the user's run-time directory or `/tmp`.
fn socket_dir(home: &Path, account: Account) -> PathBuf {
    let fits = |dir: &Path| dir.join(SOCKET_NAME).as_os_str().len() <= LONGEST_SOCKET_PATH;
    let plain = |dir: &Path| !dir.as_os_str().as_bytes().iter().any(|byte| matches!(byte, b',' | b'"'));
    let at_home = home.join("socket");
    if fits(&at_home) && plain(&at_home) {
        return at_home;
    }
    let name = format!("orion-{}-socket", short_hash(home));
    let runtime_dir = std::env::var_os("XDG_RUNTIME_DIR").map(|dir| PathBuf::from(dir).join(&name));
    match runtime_dir {
        Some(dir) if !account.switched && dir.is_absolute() && fits(&dir) && plain(&dir) => dir,
        _ => Path::new("/tmp").join(name),
    }
}

fn short_hash(path: &Path) -> String {
    hex::encode(&Sha256::digest(path.as_os_str().as_bytes())[..6])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_user_by_its_whole_name() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\npostgres2:x:7:8::/:\npostgres:x:101:104:admin,,,:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(find_user(passwd, "postgres"), Some((101, 104)));
        assert_eq!(find_user(passwd, "post"), None);
    }

    #[test]
    fn a_long_path_gets_a_short_socket_directory() {
        let account = Account { uid: 1, gid: 1, switched: true };
        assert_eq!(socket_dir(Path::new("/srv/orion"), account), Path::new("/srv/orion/socket"));
        let long = PathBuf::from(format!("/srv/{}", "x".repeat(80)));
        let short = socket_dir(&long, account);
        assert!(short.join(SOCKET_NAME).as_os_str().len() <= 99, "{short:?}");
        assert_ne!(short, socket_dir(&long.join("y"), account), "two servers must not share a socket");
        assert!(socket_dir(Path::new("/srv/a,b"), account).starts_with("/tmp"));
    }

    #[test]
    fn a_directory_with_other_files_is_refused() {
        let dir = std::env::temp_dir().join(format!("orion-foreign-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("thesis.txt"), "years of work").unwrap();
        let mode = fs::metadata(&dir).unwrap().mode();
        let result = Place::prepare(&dir, true);
        let mode_after = fs::metadata(&dir).unwrap().mode();
        fs::remove_dir_all(&dir).unwrap();
        assert!(matches!(result, Err(PostgresError::Directory { .. })), "{result:?}");
        assert_eq!(mode, mode_after);
    }
}
