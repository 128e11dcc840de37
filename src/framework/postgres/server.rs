//! The private server: started by the first process that needs it, shared by the others, gone with the last.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::bootstrap::{bootstrap, connect};
use super::find::Installation;
use super::place::Place;
use super::urls::{DatabaseUrls, RolePasswords, socket_url};
use super::{APP_ROLE, PLATFORM_ROLE, PostgresError, WORKER_ROLE, owner_url};

/// How long a start may take; recovery after a crash replays at most a few checkpoints' worth of log.
const START_LIMIT: Duration = Duration::from_secs(120);
/// How often the server's state file is read while it starts or stops.
const POLL: Duration = Duration::from_millis(10);
/// The server's log is begun anew at a start when it is larger than this.
const LOG_LIMIT: u64 = 16 << 20;
/// The superuser that `initdb` makes.
const SUPERUSER: &str = "postgres";

/// How to run the private server.
#[derive(Debug, Clone)]
pub struct PrivateOptions {
    /// Its own directory, made if missing; a directory with other files is refused.
    pub data_dir: PathBuf,
    /// Whether a commit survives a power cut. `false` is for tests only. Settings count when the server is started,
    /// not when one is joined; but asking for durability and finding a server without it is an error.
    pub durable: bool,
}

/// A PostgreSQL of our own, reached through a Unix socket that only its user and root can open; no TCP, no password.
///
/// Any number of processes can use the server of one data directory. It is stopped (fast shutdown) when the last of
/// them drops its value or ends, by `kill -9` too. A crash of the server itself is recovered from by the next
/// [`PrivatePostgres::start`]; until then the connections of all who use it fail.
#[derive(Debug)]
pub struct PrivatePostgres {
    place: Place,
    socket_dir: PathBuf,
    pid: libc::pid_t,
    /// Locked shared while we use the server.
    users: File,
    /// The supervisor, if it was started by this process.
    supervisor: Option<Child>,
}

impl PrivatePostgres {
    /// Joins the data directory's server, or starts it; at the first start, makes the database cluster.
    ///
    /// Takes about 2 s at the first start, 0.1–0.3 s later, and a few milliseconds where the server runs.
    pub async fn start(options: PrivateOptions) -> Result<Self, PostgresError> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            let PrivateOptions { data_dir, durable } = options.clone();
            let started = tokio::task::spawn_blocking(move || start(&data_dir, durable)).await;
            let server = started
                .map_err(|_| PostgresError::Unsupported("starting PostgreSQL was cut off".into()))??;
            match server.check(options.durable).await {
                // It ended between the look at its state and the first connection, or is about to.
                Err(PostgresError::Sql { source, .. })
                    if source.as_db_error().is_none() && Instant::now() < deadline =>
                {
                    tokio::time::sleep(POLL).await;
                }
                checked => return checked.map(|()| server),
            }
        }
    }

    /// Whether it answers, and keeps what is committed if that was asked for.
    async fn check(&self, durable: bool) -> Result<(), PostgresError> {
        let client = connect(&self.superuser_url(), None).await?;
        let row = client.query_one("SELECT current_setting('fsync') = 'on'", &[]).await;
        let fsync: bool = row.map_err(PostgresError::sql("reading the server's settings"))?.get(0);
        if durable && !fsync {
            return Err(PostgresError::NotDurable(self.place.home.clone()));
        }
        Ok(())
    }

    /// Makes the roles and the database (see [`bootstrap`]), and gives their addresses. Idempotent.
    pub async fn bootstrap(&self, database: &str) -> Result<DatabaseUrls, PostgresError> {
        bootstrap(&self.superuser_url(), database, &RolePasswords::default()).await?;
        self.urls(database)
    }

    /// The addresses of a database on this server, which need not exist yet.
    pub fn urls(&self, database: &str) -> Result<DatabaseUrls, PostgresError> {
        let owner = owner_url(&self.superuser_url(), database)?;
        let url = |role| socket_url(&self.socket_dir, role, database);
        Ok(DatabaseUrls { app: url(APP_ROLE), platform: url(PLATFORM_ROLE), worker: url(WORKER_ROLE), owner })
    }

    /// The superuser's address, on the database `postgres`.
    pub fn superuser_url(&self) -> String {
        socket_url(&self.socket_dir, SUPERUSER, "postgres")
    }

    /// Where the files really are; not always where they were asked to be (see [`PrivateOptions::data_dir`]): as root,
    /// a directory that the user `postgres` cannot reach is replaced by one below `/var/lib`.
    pub fn data_dir(&self) -> &Path {
        &self.place.home
    }

    /// Stops using the server. If nobody else does, waits until it has shut down.
    pub async fn stop(mut self) -> Result<(), PostgresError> {
        let stopping = tokio::task::spawn_blocking(move || -> Result<(), PostgresError> {
            let path = self.place.users_lock_path();
            self.users.unlock().map_err(PostgresError::io("unlocking", &path))?;
            if in_use_by_others(&self.users, &path)? {
                return Ok(());
            }
            let deadline = Instant::now() + START_LIMIT;
            while process_exists(self.pid) && Instant::now() < deadline {
                std::thread::sleep(POLL);
            }
            if let Some(supervisor) = &mut self.supervisor {
                supervisor
                    .wait()
                    .map_err(PostgresError::io("waiting for the supervisor of", &self.place.home))?;
            }
            Ok(())
        });
        stopping.await.map_err(|_| PostgresError::Unsupported("stopping PostgreSQL was cut off".into()))?
    }
}

/// Whether other processes hold the users' lock, which we do not. The supervisor waits for the exclusive lock: if we
/// can have that one, it will be next; if we can have none, it has it already.
fn in_use_by_others(users: &File, path: &Path) -> Result<bool, PostgresError> {
    let attempt = |lock: Result<(), TryLockError>| match lock {
        Ok(()) => users.unlock().map(|()| true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    };
    let alone = attempt(users.try_lock()).map_err(PostgresError::io("locking", path))?;
    Ok(!alone && attempt(users.try_lock_shared()).map_err(PostgresError::io("locking", path))?)
}

fn start(data_dir: &Path, durable: bool) -> Result<PrivatePostgres, PostgresError> {
    let place = Place::prepare(data_dir, durable)?;
    let start_lock = place.start_lock()?;
    start_lock.lock().map_err(PostgresError::io("locking", &place.home))?;
    let users = place.users_lock()?;
    // Waits while a server that nobody used any more is shutting down.
    users.lock_shared().map_err(PostgresError::io("locking", &place.home))?;

    let began = Instant::now();
    let mut supervisor: Option<Supervisor> = None;
    loop {
        match state(&place.cluster())? {
            State::Ready { pid, socket_dir } => {
                let supervisor = supervisor.map(|one| one.process);
                let (joined, took) = (supervisor.is_none(), began.elapsed());
                tracing::info!(data_dir = %place.home.display(), joined, ?took, "private PostgreSQL is ready");
                return Ok(PrivatePostgres { place, socket_dir, pid, users, supervisor });
            }
            State::Changing => {}
            State::Stopped => match &mut supervisor {
                Some(running) => {
                    if let Some(output) = running.failure()? {
                        // After a crash of the server its last processes take a moment to notice.
                        if !output.contains("pre-existing shared memory block") {
                            return Err(PostgresError::Program { program: "postgres", output });
                        }
                        supervisor = None;
                    }
                }
                None => supervisor = Some(Supervisor::spawn(&place, durable)?),
            },
        }
        if began.elapsed() > START_LIMIT {
            return Err(PostgresError::NotReady { seconds: START_LIMIT.as_secs(), log: place.log() });
        }
        std::thread::sleep(POLL);
    }
}

/// What the server's lock file says of it.
enum State {
    Stopped,
    /// Starting, recovering or stopping.
    Changing,
    Ready {
        pid: libc::pid_t,
        socket_dir: PathBuf,
    },
}

/// Reads `postmaster.pid` as `pg_ctl` does: the process, in line 5 the socket directory, in line 8 the state.
fn state(cluster: &Path) -> Result<State, PostgresError> {
    let file = cluster.join("postmaster.pid");
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(State::Stopped),
        Err(error) => return Err(PostgresError::io("reading", &file)(error)),
    };
    let lines: Vec<_> = text.lines().collect();
    // Written in several steps: a line that is missing will come.
    let Some(pid) = lines.first().and_then(|line| line.trim().parse().ok()).filter(|pid| *pid > 0) else {
        return Ok(State::Changing);
    };
    if !process_exists(pid) {
        // The file is left to the server, which learns from it whether processes of the dead one are still there.
        return Ok(State::Stopped);
    }
    match working_dir(pid) {
        Some(dir) if dir == cluster => {}
        // It is ending, and its parent has not noticed yet.
        None => return Ok(State::Changing),
        // The number now belongs to another program (after a reboot, say), which the server would take for itself.
        Some(_) => {
            fs::remove_file(&file).map_err(PostgresError::io("removing", &file))?;
            return Ok(State::Stopped);
        }
    }
    match (lines.get(4), lines.get(7).map(|line| line.trim())) {
        (Some(socket_dir), Some("ready")) => Ok(State::Ready { pid, socket_dir: PathBuf::from(socket_dir) }),
        _ => Ok(State::Changing),
    }
}

/// Whether there is a process with this number.
pub(super) fn process_exists(pid: libc::pid_t) -> bool {
    // SAFETY: signal 0 is sent to nobody; the call only checks.
    let answer = unsafe { libc::kill(pid, 0) };
    answer == 0 || std::io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
}

/// Where the process works, which for a server is its data directory; empty for a process that we may not look into,
/// which is not one of ours. `None` if it has ended.
fn working_dir(pid: libc::pid_t) -> Option<PathBuf> {
    match fs::read_link(format!("/proc/{pid}/cwd")) {
        Ok(dir) => Some(dir),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Some(PathBuf::new()),
        Err(_) => None,
    }
}

/// The shell that runs the server, and where its words begin in the log.
struct Supervisor {
    process: Child,
    log: PathBuf,
    log_start: u64,
}

impl Supervisor {
    fn spawn(place: &Place, durable: bool) -> Result<Self, PostgresError> {
        let installation = Installation::choose(&place.cluster())?;
        if !place.cluster().exists() {
            initialise(place, &installation, durable)?;
        }
        let log = place.log();
        let io = || PostgresError::io("opening", &log);
        let file = File::options().create(true).append(true).open(&log).map_err(io())?;
        let mut log_start = file.metadata().map_err(io())?.len();
        if log_start > LOG_LIMIT {
            file.set_len(0).map_err(io())?;
            log_start = 0;
        }
        let mut command = place.account.command("bash", &place.home);
        command.args(["-c", include_str!("supervise.sh"), "supervise.sh"]).arg(place.users_lock_path());
        command.arg(installation.program("postgres")).arg("-D").arg(place.cluster());
        for setting in settings(place.socket_dir(), durable) {
            command.arg("-c").arg(setting);
        }
        // Its own process group: Ctrl-C must reach us alone, so that we can finish what we are doing.
        command.process_group(0).stdin(Stdio::null());
        command.stdout(file.try_clone().map_err(io())?).stderr(file);
        let process = command.spawn().map_err(PostgresError::io("running bash in", &place.home))?;
        Ok(Self { process, log, log_start })
    }

    /// What the server said, if it has ended.
    fn failure(&mut self) -> Result<Option<String>, PostgresError> {
        let io = || PostgresError::io("reading", &self.log);
        if self.process.try_wait().map_err(io())?.is_none() {
            return Ok(None);
        }
        let mut file = File::open(&self.log).map_err(io())?;
        file.seek(SeekFrom::Start(self.log_start)).map_err(io())?;
        let mut output = Vec::new();
        file.take(16 << 10).read_to_end(&mut output).map_err(io())?;
        Ok(Some(String::from_utf8_lossy(&output).into_owned()))
    }
}

/// `initdb` into a directory beside, then a rename: a first start that was cut off leaves nothing half-made.
fn initialise(place: &Place, installation: &Installation, durable: bool) -> Result<(), PostgresError> {
    let (cluster, unfinished) = (place.cluster(), place.home.join("cluster.new"));
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(PostgresError::io("removing", &unfinished))?;
    }
    tracing::info!(data_dir = %place.home.display(), version = installation.major, "making the private PostgreSQL");
    let mut command = place.account.command(installation.program("initdb"), &place.home);
    command.args(["--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=reject"]);
    command.arg(format!("--username={SUPERUSER}")).arg(if durable {
        "--data-checksums"
    } else {
        "--no-sync"
    });
    command.arg("--pgdata").arg(&unfinished).stdin(Stdio::null());
    let answer = command.output().map_err(PostgresError::io("running initdb for", &cluster))?;
    if !answer.status.success() {
        let output = String::from_utf8_lossy(&[answer.stdout, answer.stderr].concat()).into_owned();
        return Err(PostgresError::Program { program: "initdb", output });
    }
    fs::rename(&unfinished, &cluster).map_err(PostgresError::io("renaming", &unfinished))
}

/// The server's settings, for a machine with two cores and a few gigabytes.
fn settings(socket_dir: &Path, durable: bool) -> Vec<std::ffi::OsString> {
    let always = [
        "listen_addresses=",
        "unix_socket_permissions=0700",
        "cluster_name=orion",
        "shared_preload_libraries=",
        "max_connections=200",
        "shared_buffers=256MB",
        "effective_cache_size=1GB",
        "work_mem=8MB",
        "random_page_cost=1.1",
        // Short statements: compiling them costs more than it saves.
        "jit=off",
        "TimeZone=UTC",
        "log_timezone=UTC",
    ];
    let safety: &[&str] = if durable {
        &["fsync=on", "synchronous_commit=on", "full_page_writes=on"]
    } else {
        &[
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "wal_level=minimal",
            "max_wal_senders=0",
        ]
    };
    let mut sockets = std::ffi::OsString::from("unix_socket_directories=");
    sockets.push(socket_dir);
    always.iter().chain(safety).map(Into::into).chain([sockets]).collect()
}
