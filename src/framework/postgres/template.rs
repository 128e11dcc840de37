//! Databases for tests: one server for all test processes, a template migrated once, a clone for each test.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;
use tokio_postgres::Client;

use super::bootstrap::{PREPARE_DATABASE, close_database, connect, run};
use super::server::process_exists;
use super::{DatabaseUrls, OWNER_ROLE, PostgresError, PrivateOptions, PrivatePostgres};

/// How many templates of earlier schemas are kept, for branches that take turns.
const KEPT_TEMPLATES: i64 = 8;

/// The server of the integration tests: not durable, started by the first test process, joined by the others, gone
/// with the last. Its data stays in the target directory, so that an unchanged schema is not migrated again.
#[derive(Debug)]
pub struct TestCluster {
    pub(super) server: PrivatePostgres,
    made: AtomicU64,
    dropper: Sender<String>,
}

/// A migrated database to clone from.
#[derive(Debug, Clone)]
pub struct Template {
    name: String,
}

/// One test's own database. Dropped in the background when the value is dropped, or, if the process ends first, by the
/// next one that starts.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    urls: DatabaseUrls,
    dropper: Sender<String>,
}

impl TestCluster {
    /// This process's cluster, started or joined at the first call. Works for threads of one process (`cargo test`) as
    /// for many processes (`cargo nextest`).
    pub async fn shared() -> Result<&'static TestCluster, PostgresError> {
        static SHARED: OnceCell<TestCluster> = OnceCell::const_new();
        SHARED.get_or_try_init(async || TestCluster::start(beside_the_test_binary()?).await).await
    }

    /// A cluster in its own directory.
    pub(super) async fn start(data_dir: PathBuf) -> Result<Self, PostgresError> {
        let server = PrivatePostgres::start(PrivateOptions { data_dir, durable: false }).await?;
        let (dropper, names) = channel();
        let url = server.superuser_url();
        let admin = connect(&url, None).await?;
        for (pid, name) in test_databases(&admin).await? {
            if pid == std::process::id() {
                // Left by a dead process that had our number; its name would be in our way.
                drop_database(&admin, &name).await?;
            } else if !libc::pid_t::try_from(pid).is_ok_and(process_exists) {
                // The receiver is not gone: it is in this function.
                let _ = dropper.send(name);
            }
        }
        std::thread::spawn(move || drop_databases(&url, &names));
        Ok(Self { server, made: AtomicU64::new(0), dropper })
    }

    /// The template for a schema, made by the first process that asks: roles and extensions by
    /// [`bootstrap`](super::bootstrap), the rest by `migrate`. `fingerprint` is any text that changes when what
    /// `migrate` does changes, such as all migrations one after another. The others wait.
    pub async fn template<F>(&self, fingerprint: &str, migrate: F) -> Result<Template, PostgresError>
    where
        F: AsyncFnOnce(&DatabaseUrls) -> Result<(), Box<dyn std::error::Error + Send + Sync>>,
    {
        let hash = Sha256::new().chain_update(PREPARE_DATABASE).chain_update(fingerprint).finalize();
        let template = Template { name: format!("orion_template_{}", hex::encode(&hash[..8])) };
        let admin = connect(&self.server.superuser_url(), None).await?;
        // Released when the session ends, whatever happens.
        let locked =
            admin.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", &[&template.name]).await;
        locked.map_err(PostgresError::sql("waiting for the test template"))?;
        let sql = "SELECT datistemplate FROM pg_database WHERE datname = $1";
        let found = admin
            .query_opt(sql, &[&template.name])
            .await
            .map_err(PostgresError::sql("reading the databases"))?;
        if found.as_ref().is_some_and(|row| row.get(0)) {
            return Ok(template);
        }
        if found.is_some() {
            // Its maker died before it was finished.
            drop_database(&admin, &template.name).await?;
        }
        let urls = self.server.bootstrap(&template.name).await?;
        migrate(&urls).await.map_err(PostgresError::Template)?;
        seal(&admin, &template.name).await?;
        self.forget_old_templates(&admin).await?;
        Ok(template)
    }

    /// A new database with the template's content. Any number can be made at once.
    pub async fn create_database_from_template(
        &self,
        template: &Template,
    ) -> Result<TestDatabase, PostgresError> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let name = format!("orion_test_{}_{number}", std::process::id());
        let urls = self.server.urls(&name)?;
        let admin = connect(&self.server.superuser_url(), None).await?;
        let create = format!("CREATE DATABASE {name} OWNER {OWNER_ROLE} TEMPLATE {}", template.name);
        run(&admin, "cloning the test template", &create).await?;
        let database = TestDatabase { name, urls, dropper: self.dropper.clone() };
        close_database(&admin, &database.name).await?;
        Ok(database)
    }

    /// The superuser's address, for tests of roles and of failures.
    pub fn superuser_url(&self) -> String {
        self.server.superuser_url()
    }

    async fn forget_old_templates(&self, admin: &Client) -> Result<(), PostgresError> {
        let sql =
            "SELECT datname FROM pg_database WHERE datname LIKE 'orion\\_template\\_%' AND datistemplate
                   ORDER BY oid DESC OFFSET $1";
        let old = admin
            .query(sql, &[&KEPT_TEMPLATES])
            .await
            .map_err(PostgresError::sql("reading the templates"))?;
        for row in old {
            let name: String = row.get(0);
            run(admin, "opening an old template", &format!("ALTER DATABASE {name} IS_TEMPLATE false"))
                .await?;
            let _ = self.dropper.send(name);
        }
        Ok(())
    }
}

impl TestDatabase {
    /// Its addresses, one for each role.
    pub fn urls(&self) -> &DatabaseUrls {
        &self.urls
    }

    /// Its name, unique on the server.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // The thread may have ended with the process; then the next process drops the database.
        let _ = self.dropper.send(std::mem::take(&mut self.name));
    }
}

/// Closes the template to sessions: PostgreSQL cannot clone a database while somebody is connected to it.
async fn seal(admin: &Client, name: &str) -> Result<(), PostgresError> {
    run(admin, "closing the test template", &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        .await?;
    let sql = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1";
    admin.query(sql, &[&name]).await.map_err(PostgresError::sql("closing the test template"))?;
    run(admin, "closing the test template", &format!("ALTER DATABASE {name} IS_TEMPLATE true")).await
}

/// The databases of test processes, dead or alive, by the process's number.
async fn test_databases(admin: &Client) -> Result<Vec<(u32, String)>, PostgresError> {
    let sql = "SELECT datname FROM pg_database WHERE datname LIKE 'orion\\_test\\_%'";
    let rows = admin.query(sql, &[]).await.map_err(PostgresError::sql("reading the databases"))?;
    let pid = |name: &str| name.split('_').nth(2)?.parse().ok();
    Ok(rows.iter().map(|row| row.get::<_, String>(0)).filter_map(|name| Some((pid(&name)?, name))).collect())
}

/// Other processes may drop the same leftover.
async fn drop_database(admin: &Client, name: &str) -> Result<(), PostgresError> {
    run(admin, "dropping a test database", &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
}

/// The thread that drops databases, with a runtime of its own because each test's ends with the test.
fn drop_databases(url: &str, names: &Receiver<String>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return tracing::warn!(%error, "test databases will be dropped by the next process"),
    };
    let mut admin = None;
    for name in names {
        let dropped = runtime.block_on(async {
            let client = match admin.take() {
                Some(client) => client,
                None => connect(url, None).await?,
            };
            drop_database(&client, &name).await?;
            admin = Some(client);
            Ok::<_, PostgresError>(())
        });
        if let Err(error) = dropped {
            tracing::warn!(%error, name, "a test database was not dropped; the next process will");
        }
    }
}

/// `target/debug/deps/it-0123456789abcdef` → `target/debug/test-postgres`.
fn beside_the_test_binary() -> Result<PathBuf, PostgresError> {
    let binary = std::env::current_exe().map_err(PostgresError::io("finding", "the test binary".as_ref()))?;
    let profile = binary.ancestors().skip(1).find(|dir| !dir.ends_with("deps")).unwrap_or(&binary);
    Ok(profile.join("test-postgres"))
}
