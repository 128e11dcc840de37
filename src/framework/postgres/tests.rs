//! Against the real thing: every test here starts servers of its own, below `/tmp`, and stops them.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::bootstrap::connect;
use super::server::process_exists;
use super::*;

/// A directory that is deleted with all that is in it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        Self(Path::new("/tmp").join(format!("orion-scratch-{}-{name}", std::process::id())))
    }

    async fn start(&self, durable: bool) -> PrivatePostgres {
        PrivatePostgres::start(PrivateOptions { data_dir: self.0.clone(), durable }).await.unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Where a failed test left a server, its files go away under it, and it ends when this process does.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The server's process.
async fn postmaster(client: &Client) -> libc::pid_t {
    let sql = "SELECT (string_to_array(pg_read_file('postmaster.pid'), E'\\n'))[1]::int";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

async fn until_gone(pid: libc::pid_t) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while process_exists(pid) {
        assert!(Instant::now() < deadline, "process {pid} is still there");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

const HELPER_DIR: &str = "ORION_TEST_HELPER_DIR";

/// Not a test: the other process of the tests below. Uses a server until its standard input ends.
#[tokio::test]
#[ignore = "run by other tests as their second process"]
async fn second_process() {
    let Some(dir) = std::env::var_os(HELPER_DIR) else { return };
    let server =
        PrivatePostgres::start(PrivateOptions { data_dir: dir.into(), durable: true }).await.unwrap();
    println!("\nserver at {}", server.superuser_url());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// Starts the helper, and waits until it has the server.
fn second_process_using(dir: &Path) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["framework::postgres::tests::second_process", "--exact", "--ignored", "--nocapture"])
        .env(HELPER_DIR, dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("server at ").map(String::from));
    (child, url.expect("the helper did not start a server"))
}

fn kill(pid: libc::pid_t) {
    // SAFETY: a signal to a process that the caller started.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGKILL) }, 0);
}

#[tokio::test]
async fn first_start_then_restart_then_join() {
    let scratch = Scratch::new("start");
    let began = Instant::now();
    let server = scratch.start(true).await;
    let first_start = began.elapsed();
    let client = connect(&server.superuser_url(), None).await.unwrap();
    client.batch_execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)").await.unwrap();

    let began = Instant::now();
    let joined = scratch.start(true).await;
    let join = began.elapsed();
    assert_eq!(joined.superuser_url(), server.superuser_url());
    let pid = postmaster(&client).await;

    // Whoever started it may go: the other one keeps the server.
    server.stop().await.unwrap();
    assert_eq!(postmaster(&client).await, pid);
    joined.stop().await.unwrap();
    assert!(!process_exists(pid), "the last one stops it");
    assert!(client.simple_query("SELECT 1").await.is_err());

    let began = Instant::now();
    let server = scratch.start(true).await;
    let restart = began.elapsed();
    let client = connect(&server.superuser_url(), None).await.unwrap();
    assert_eq!(client.query_one("SELECT n FROM kept", &[]).await.unwrap().get::<_, i32>(0), 42);
    println!("first start {first_start:?}, restart {restart:?}, join {join:?}");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn settings_are_those_that_were_asked_for() {
    let scratch = Scratch::new("settings");
    let read = async |server: &PrivatePostgres| {
        let client = connect(&server.superuser_url(), None).await.unwrap();
        let sql = "SELECT current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes'),
                          current_setting('listen_addresses'), current_setting('server_encoding'),
                          (SELECT datcollate FROM pg_database WHERE datname = 'postgres'), current_setting('data_checksums'),
                          current_setting('TimeZone')";
        let row = client.query_one(sql, &[]).await.unwrap();
        (0..8).map(|index| row.get(index)).collect::<Vec<String>>()
    };
    let server = scratch.start(true).await;
    assert_eq!(read(&server).await, ["on", "on", "on", "", "UTF8", "C.UTF-8", "on", "UTC"]);
    server.stop().await.unwrap();

    let server = scratch.start(false).await;
    assert_eq!(read(&server).await[..3], ["off", "off", "off"]);
    let refused = PrivatePostgres::start(PrivateOptions { data_dir: scratch.0.clone(), durable: true }).await;
    assert!(matches!(refused, Err(PostgresError::NotDurable(_))), "{refused:?}");
    server.stop().await.unwrap();
}

/// Ours may be root, which the server's processes must not be; nobody else may reach the socket.
#[tokio::test]
async fn runs_as_nobody_special_behind_a_closed_door() {
    use std::os::unix::fs::MetadataExt as _;
    let scratch = Scratch::new("rights");
    let server = scratch.start(true).await;
    let client = connect(&server.superuser_url(), None).await.unwrap();
    let process = std::fs::metadata(format!("/proc/{}", postmaster(&client).await)).unwrap();
    let directory = std::fs::metadata(&scratch.0).unwrap();
    assert_ne!(process.uid(), 0);
    assert_eq!((directory.uid(), directory.mode() & 0o777), (process.uid(), 0o700));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn kill_minus_nine_of_the_only_user_stops_the_server_and_keeps_the_data() {
    let scratch = Scratch::new("kill-user");
    let (mut helper, url) = second_process_using(&scratch.0);
    let client = connect(&url, None).await.unwrap();
    client.batch_execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)").await.unwrap();
    let pid = postmaster(&client).await;
    helper.kill().unwrap();
    helper.wait().unwrap();
    until_gone(pid).await;

    let server = scratch.start(true).await;
    let client = connect(&server.superuser_url(), None).await.unwrap();
    assert_eq!(client.query_one("SELECT n FROM kept", &[]).await.unwrap().get::<_, i32>(0), 1);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn kill_minus_nine_of_the_starter_leaves_the_server_to_the_others() {
    let scratch = Scratch::new("kill-starter");
    let (mut helper, url) = second_process_using(&scratch.0);
    let joined = scratch.start(true).await;
    assert_eq!(joined.superuser_url(), url);
    helper.kill().unwrap();
    helper.wait().unwrap();
    let client = connect(&url, None).await.unwrap();
    let pid = postmaster(&client).await;
    joined.stop().await.unwrap();
    assert!(!process_exists(pid));
}

/// The power-cut case: nobody had the time to clean up. Three times, because what is left differs from time to time.
#[tokio::test]
async fn kill_minus_nine_of_the_server_is_recovered_from_at_once() {
    let scratch = Scratch::new("kill-server");
    for round in 0..3 {
        let server = scratch.start(true).await;
        let client = connect(&server.superuser_url(), None).await.unwrap();
        let sql = format!("CREATE TABLE IF NOT EXISTS kept (n int); INSERT INTO kept VALUES ({round})");
        client.batch_execute(&sql).await.unwrap();
        kill(postmaster(&client).await);
        let again = scratch.start(true).await;
        let client = connect(&again.superuser_url(), None).await.unwrap();
        assert_eq!(
            client.query_one("SELECT count(*) FROM kept", &[]).await.unwrap().get::<_, i64>(0),
            round + 1
        );
        again.stop().await.unwrap();
        drop(server);
    }
}

/// A lock file whose number belongs to another program by now; here, to this test.
#[tokio::test]
async fn a_stale_lock_file_with_a_reused_number_is_no_obstacle() {
    let scratch = Scratch::new("stale");
    let server = scratch.start(true).await;
    let lock_file = server.data_dir().join("cluster/postmaster.pid");
    let text = std::fs::read_to_string(&lock_file).unwrap();
    server.stop().await.unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    std::fs::write(&lock_file, format!("{}\n{rest}", std::process::id())).unwrap();
    scratch.start(true).await.stop().await.unwrap();
}

/// Killing the supervisor must not leave a server that nobody stops.
#[tokio::test]
async fn the_server_ends_with_its_supervisor() {
    let scratch = Scratch::new("supervisor");
    let server = scratch.start(true).await;
    let client = connect(&server.superuser_url(), None).await.unwrap();
    let pid = postmaster(&client).await;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let parent = stat.lines().find_map(|line| line.strip_prefix("PPid:")).unwrap().trim().parse().unwrap();
    kill(parent);
    until_gone(pid).await;
    scratch.start(true).await.stop().await.unwrap();
}

#[tokio::test]
async fn many_starts_at_once_make_one_server() {
    let scratch = Scratch::new("race");
    let servers = futures::future::join_all((0..8).map(|_| scratch.start(true))).await;
    let mut pids = Vec::new();
    for server in &servers {
        pids.push(postmaster(&connect(&server.superuser_url(), None).await.unwrap()).await);
    }
    assert!(pids.iter().all(|pid| *pid == pids[0]), "{pids:?}");
    futures::future::join_all(servers.into_iter().map(PrivatePostgres::stop)).await;
    until_gone(pids[0]).await;
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let scratch = Scratch::new("broken");
    scratch.start(true).await.stop().await.unwrap();
    std::fs::write(scratch.0.join("cluster/postgresql.conf"), "no_such_setting = 1\n").unwrap();
    let began = Instant::now();
    let error = PrivatePostgres::start(PrivateOptions { data_dir: scratch.0.clone(), durable: true })
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no_such_setting"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(10));
}

/// As root, a home directory that only root can enter is no place for the server; it moves below /var/lib or /tmp.
#[tokio::test]
async fn an_unreachable_directory_is_replaced() {
    // SAFETY: returns a number.
    if unsafe { libc::geteuid() } != 0 {
        return;
    }
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new("closed");
    std::fs::create_dir_all(&scratch.0).unwrap();
    std::fs::set_permissions(&scratch.0, std::fs::Permissions::from_mode(0o700)).unwrap();
    let options = PrivateOptions { data_dir: scratch.0.join("data"), durable: false };
    let server = PrivatePostgres::start(options.clone()).await.unwrap();
    let used = Scratch(server.data_dir().to_owned());
    assert!(used.0.parent() == Some(&std::env::temp_dir()), "{:?}", used.0);
    let again = PrivatePostgres::start(options).await.unwrap();
    assert_eq!(again.data_dir(), used.0, "the same directory gets the same replacement");
    drop(again);
    server.stop().await.unwrap();
}

/// Name, login, inherit, and whether it has any attribute that it must not have.
async fn roles(client: &Client) -> Vec<(String, bool, bool, bool)> {
    let sql = "SELECT rolname, rolcanlogin, rolinherit,
                      rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
               FROM pg_roles WHERE rolname LIKE 'orion%' ORDER BY rolname";
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect()
}

fn expected_roles() -> Vec<(String, bool, bool, bool)> {
    let role = |name: &str, login, inherit| (name.to_owned(), login, inherit, false);
    vec![
        role("orion_app", true, false),
        role("orion_owner", false, true),
        role("orion_platform", true, false),
        role("orion_worker", true, false),
    ]
}

/// The code of the refusal.
async fn refusal(client: &Client, sql: &str) -> Option<SqlState> {
    client.batch_execute(sql).await.err().and_then(|error| error.code().cloned())
}

#[tokio::test]
async fn bootstrap_makes_roles_and_database_and_can_be_repeated() {
    let scratch = Scratch::new("bootstrap");
    let server = scratch.start(false).await;
    let repeated = futures::future::join_all((0..4).map(|_| server.bootstrap("orion"))).await;
    let urls = repeated.into_iter().map(Result::unwrap).next().unwrap();
    let admin = connect(&server.superuser_url(), Some("orion")).await.unwrap();
    assert_eq!(roles(&admin).await, expected_roles());

    let sql = "SELECT pg_get_userbyid(datdba)::text, (SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'graphile_worker'),
                      (SELECT string_agg(extname, ' ' ORDER BY extname) FROM pg_extension WHERE extname <> 'plpgsql')
               FROM pg_database WHERE datname = 'orion'";
    let row = admin.query_one(sql, &[]).await.unwrap();
    let facts: Vec<String> = (0..3).map(|index| row.get(index)).collect();
    assert_eq!(facts, ["orion_owner", "orion_worker", "btree_gin pg_trgm unaccent"]);

    let session = async |url: &str| {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    };
    let owner = session(&urls.owner).await;
    assert_eq!(
        owner.query_one("SELECT current_user::text", &[]).await.unwrap().get::<_, String>(0),
        "orion_owner"
    );
    owner.batch_execute("CREATE TABLE mine (n int)").await.unwrap();
    let sql = "SELECT tableowner::text FROM pg_tables WHERE tablename = 'mine'";
    assert_eq!(owner.query_one(sql, &[]).await.unwrap().get::<_, String>(0), "orion_owner");

    for (url, role) in
        [(&urls.app, "orion_app"), (&urls.platform, "orion_platform"), (&urls.worker, "orion_worker")]
    {
        let client = session(url).await;
        assert_eq!(
            client.query_one("SELECT session_user::text", &[]).await.unwrap().get::<_, String>(0),
            role
        );
        let denied = Some(SqlState::INSUFFICIENT_PRIVILEGE);
        for statement in [
            "CREATE TABLE public.other (n int)",
            "CREATE TEMPORARY TABLE other (n int)",
            "CREATE SCHEMA other",
            "SELECT * FROM public.mine",
            "SET ROLE orion_owner",
            "SET ROLE postgres",
        ] {
            assert_eq!(refusal(&client, statement).await, denied, "{role}: {statement}");
        }
        let queue = refusal(&client, "CREATE TABLE graphile_worker.test (n int)").await;
        assert_eq!(queue, if role == "orion_worker" { None } else { denied }, "{role}");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn bootstrap_repairs_what_was_changed() {
    let scratch = Scratch::new("repair");
    let server = scratch.start(false).await;
    let admin = connect(&server.superuser_url(), None).await.unwrap();
    admin
        .batch_execute(
            "CREATE ROLE orion_owner LOGIN SUPERUSER NOINHERIT; CREATE ROLE orion_app BYPASSRLS CREATEDB INHERIT;
             CREATE ROLE orion_platform LOGIN; CREATE ROLE boss SUPERUSER; CREATE ROLE harmless;
             GRANT orion_platform, orion_owner, boss, harmless TO orion_app",
        )
        .await
        .unwrap();
    server.bootstrap("orion").await.unwrap();
    assert_eq!(roles(&admin).await, expected_roles());
    let sql = "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = 'orion_app'::regrole";
    let memberships: Vec<String> =
        admin.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(memberships, ["harmless"]);
    server.stop().await.unwrap();
}

/// A managed server gives no superuser, but a login that may create roles and databases; and it asks for passwords.
#[tokio::test]
async fn bootstrap_works_as_on_a_managed_server() {
    let scratch = Scratch::new("managed");
    let server = scratch.start(false).await;
    let admin = connect(&server.superuser_url(), None).await.unwrap();
    admin.batch_execute("CREATE ROLE cloud LOGIN CREATEROLE CREATEDB").await.unwrap();
    let login = server.superuser_url().replace("postgres://postgres@", "postgres://cloud@");
    let passwords = RolePasswords { app: Some("it's $ecret:/@".into()), ..RolePasswords::default() };
    for _ in 0..2 {
        bootstrap(&login, "orion", &passwords).await.unwrap();
    }
    assert_eq!(roles(&admin).await, expected_roles());
    let sql = "SELECT rolname::text, left(rolpassword, 19) FROM pg_authid WHERE rolname LIKE 'orion%' AND rolpassword IS NOT NULL";
    let stored: Vec<(String, String)> =
        admin.query(sql, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(stored, [("orion_app".to_owned(), "SCRAM-SHA-256$4096:".to_owned())]);
    let owner = connect(&login, Some("orion")).await.unwrap();
    owner.batch_execute("SET ROLE orion_owner; CREATE TABLE mine (n int)").await.unwrap();

    // What the server stored must open with the password, and only with it.
    admin.batch_execute("SET password_encryption = 'scram-sha-256'").await.unwrap();
    std::fs::write(
        server.data_dir().join("cluster/pg_hba.conf"),
        "local all orion_app scram-sha-256\nlocal all all trust\n",
    )
    .unwrap();
    admin.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    let mut config = super::urls::parse(&server.urls("orion").unwrap().app).unwrap();
    let wrong = loop {
        // The reload reaches new sessions a moment later.
        match config.password("wrong").connect(tokio_postgres::NoTls).await {
            Ok(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(error) => break error,
        }
    };
    assert_eq!(wrong.code(), Some(&SqlState::INVALID_PASSWORD));
    assert!(config.password("it's $ecret:/@").connect(tokio_postgres::NoTls).await.is_ok());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_job_queue_installs_itself_without_the_right_to_make_schemas() {
    let scratch = Scratch::new("queue");
    let server = scratch.start(false).await;
    let urls = server.bootstrap("orion").await.unwrap();
    let options =
        graphile_worker::WorkerOptions::default().database_url(&urls.worker).schema("graphile_worker");
    let worker = options.init().await.unwrap();
    drop(worker);
    let admin = connect(&server.superuser_url(), Some("orion")).await.unwrap();
    let sql = "SELECT bool_and(relowner = 'orion_worker'::regrole), count(*) > 3 FROM pg_class
               WHERE relnamespace = 'graphile_worker'::regnamespace AND relkind = 'r'";
    let row = admin.query_one(sql, &[]).await.unwrap();
    assert_eq!((row.get(0), row.get(1)), (Some(true), true));
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_made_once_and_cloned_in_parallel() {
    let scratch = Scratch::new("template");
    let cluster = TestCluster::start(scratch.0.clone()).await.unwrap();
    let migrated = std::sync::atomic::AtomicUsize::new(0);
    let migrate = async |urls: &DatabaseUrls| {
        migrated.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let (client, connection) = tokio_postgres::connect(&urls.owner, tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        client
            .batch_execute("CREATE TABLE t (n int); INSERT INTO t VALUES (7); GRANT SELECT ON t TO orion_app")
            .await?;
        // A pool would leave sessions open: sealing must end them.
        std::mem::forget(client);
        Ok(())
    };
    let templates = futures::future::join_all((0..4).map(|_| cluster.template("v1", migrate))).await;
    let template = templates.into_iter().map(Result::unwrap).next().unwrap();
    assert_eq!(migrated.load(std::sync::atomic::Ordering::SeqCst), 1);

    let began = Instant::now();
    let clones =
        futures::future::join_all((0..24).map(|_| cluster.create_database_from_template(&template))).await;
    println!("24 clones at once: {:?}", began.elapsed());
    let mut names = std::collections::BTreeSet::new();
    for clone in &clones {
        let clone = clone.as_ref().unwrap();
        let (client, connection) =
            tokio_postgres::connect(&clone.urls().app, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        assert_eq!(client.query_one("SELECT n FROM t", &[]).await.unwrap().get::<_, i32>(0), 7);
        assert_eq!(
            refusal(&client, "CREATE TEMPORARY TABLE x (n int)").await,
            Some(SqlState::INSUFFICIENT_PRIVILEGE)
        );
        names.insert(clone.name().to_owned());
    }
    assert_eq!(names.len(), 24);

    drop(clones);
    let admin = connect(&cluster.superuser_url(), None).await.unwrap();
    let sql = "SELECT count(*) FROM pg_database WHERE datname LIKE 'orion\\_test\\_%'";
    let deadline = Instant::now() + Duration::from_secs(60);
    while admin.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) > 0 {
        assert!(Instant::now() < deadline, "clones are left");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(matches!(
        cluster.template("v2", async |_: &DatabaseUrls| Err("no".into())).await,
        Err(PostgresError::Template(_))
    ));
    // The failed one is made again.
    let second = cluster.template("v2", migrate).await.unwrap();
    assert!(cluster.create_database_from_template(&second).await.is_ok());
    drop(admin);
    cluster.server.stop().await.unwrap();
}

#[tokio::test]
async fn leftovers_of_dead_processes_are_dropped_at_the_next_start() {
    let scratch = Scratch::new("leftovers");
    let server = scratch.start(false).await;
    let admin = connect(&server.superuser_url(), None).await.unwrap();
    let mut dead = Command::new("true").spawn().unwrap();
    dead.wait().unwrap();
    let (dead, own, living) = (dead.id(), std::process::id(), 1);
    for pid in [dead, own, living] {
        admin.batch_execute(&format!("CREATE DATABASE orion_test_{pid}_0")).await.unwrap();
    }
    let cluster = TestCluster::start(scratch.0.clone()).await.unwrap();
    let sql = "SELECT datname::text FROM pg_database WHERE datname LIKE 'orion\\_test\\_%'";
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let left: Vec<String> = admin.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
        if left == ["orion_test_1_0"] {
            break;
        }
        assert!(Instant::now() < deadline, "{left:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.stop().await.unwrap();
    cluster.server.stop().await.unwrap();
}

/// Each test has its own runtime, and under nextest its own process: neither may matter to the shared cluster.
async fn clones_from_the_shared_cluster() {
    let cluster = TestCluster::shared().await.unwrap();
    let migrate = async |urls: &DatabaseUrls| {
        Ok(connect(&urls.owner, None).await?.batch_execute("CREATE TABLE s ()").await?)
    };
    let template = cluster.template("shared cluster test", migrate).await.unwrap();
    let database = cluster.create_database_from_template(&template).await.unwrap();
    let url = cluster.superuser_url();
    let client = connect(&url, Some(database.name())).await.unwrap();
    assert_eq!(client.query("SELECT * FROM s", &[]).await.unwrap().len(), 0);
}

#[tokio::test]
async fn the_shared_cluster_serves_one_test() {
    clones_from_the_shared_cluster().await;
}

#[tokio::test]
async fn the_shared_cluster_serves_another_test() {
    clones_from_the_shared_cluster().await;
}
