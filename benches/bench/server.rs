//! The processes that are measured: `orion serve`, its PostgreSQL, and the baseline.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use orion::framework::postgres::PrivatePostgres;
use serde_json::{Map, Value};
use tokio_postgres::{Client, NoTls};

use crate::report::Row;
use crate::{Options, Result};

/// The database that `orion` uses.
const DATABASE: &str = "orion";
/// The copy that pgbench writes to.
pub const COPY: &str = "orion_copy";

/// The private PostgreSQL.
pub struct Database {
    postgres: PrivatePostgres,
    pid: u32,
    /// Where pgbench finds it.
    pub socket_dir: String,
}

impl Database {
    /// Reads where it runs from its lock file: process in line 1, socket directory in line 5.
    pub fn new(postgres: PrivatePostgres) -> Result<Self> {
        let lock = std::fs::read_to_string(postgres.data_dir().join("cluster/postmaster.pid"))?;
        let line = |number: usize| lock.lines().nth(number - 1).ok_or("postmaster.pid is too short");
        Ok(Self { pid: line(1)?.trim().parse()?, socket_dir: line(5)?.trim().to_owned(), postgres })
    }

    /// The process whose children are all the others.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// What the server writes about itself.
    pub fn log(&self) -> PathBuf {
        self.postgres.data_dir().join("server.log")
    }

    /// A superuser's session.
    pub async fn connect(&self, database: &str) -> Result<Client> {
        let mut config: tokio_postgres::Config = self.postgres.superuser_url().parse()?;
        let (client, connection) = config.dbname(database).connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Statistics for the planner, no dead rows, nothing left to write out.
    pub async fn settle(&self) -> Result<()> {
        let client = self.connect(DATABASE).await?;
        client.batch_execute("VACUUM (ANALYZE)").await?;
        Ok(client.batch_execute("CHECKPOINT").await?)
    }

    /// Copies the database; nobody may be connected to it.
    pub async fn copy(&self) -> Result<()> {
        let client = self.connect("postgres").await?;
        client.batch_execute(&format!("DROP DATABASE IF EXISTS {COPY} WITH (FORCE)")).await?;
        client.batch_execute(&format!("CREATE DATABASE {COPY} TEMPLATE {DATABASE}")).await?;
        Ok(client.batch_execute("CHECKPOINT").await?)
    }

    /// Stops it, and drops the copy.
    pub async fn stop(self) -> Result<()> {
        let client = self.connect("postgres").await?;
        client.batch_execute(&format!("DROP DATABASE IF EXISTS {COPY} WITH (FORCE)")).await?;
        drop(client);
        Ok(self.postgres.stop().await?)
    }
}

/// A running `orion serve`.
pub struct OrionProcess {
    process: Child,
    /// Where it listens.
    pub address: String,
}

impl OrionProcess {
    /// Starts it and waits until it is ready.
    pub async fn start(options: &Options, environment: &[(&str, &str)]) -> Result<Self> {
        let address = std::env::var("ORION_LISTEN").map_err(|_| "ORION_LISTEN is not set")?;
        let mut command = Command::new(&options.orion);
        command.arg("serve").envs(environment.iter().copied()).env("ORION_LOG", "warn");
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        let mut running = Self { process, address };
        let ready = format!("http://{}/health/ready", running.address);
        let deadline = Instant::now() + Duration::from_secs(60);
        while !reqwest::get(&ready).await.is_ok_and(|answer| answer.status().is_success()) {
            if let Some(status) = running.process.try_wait()? {
                return Err(format!("orion serve ended: {status}").into());
            }
            if Instant::now() > deadline {
                return Err("orion serve is not ready after a minute".into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(running)
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Stops it in order.
    pub fn stop(mut self) -> Result<()> {
        let pid = i32::try_from(self.process.id())?;
        // SAFETY: the process is our child and has not been waited for, so that the number is still its own.
        unsafe { libc::kill(pid, libc::SIGTERM) };
        let status = self.process.wait()?;
        if status.success() { Ok(()) } else { Err(format!("orion serve failed: {status}").into()) }
    }
}

impl Drop for OrionProcess {
    fn drop(&mut self) {
        // Where a measurement failed; after `stop` there is nothing to kill.
        if matches!(self.process.try_wait(), Ok(None)) {
            let _ = self.process.kill();
        }
    }
}

/// The running baseline.
pub struct Baseline {
    process: Child,
    /// Where it listens.
    pub address: String,
    file: PathBuf,
}

impl Baseline {
    /// Starts it with the recorded answers.
    pub async fn start(options: &Options, rows: &[Row]) -> Result<Self> {
        let file = options.data_dir.join("answers.json");
        write_answers(&file, rows)?;
        let mut command = Command::new(std::env::current_exe()?);
        let mut process =
            command.arg("baseline").arg(&file).stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().ok_or("the baseline has no output")?;
        let mut address = String::new();
        BufReader::new(output).read_line(&mut address)?;
        Ok(Self { process, address: address.trim().to_owned(), file })
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Ends it.
    pub fn stop(self) -> Result<()> {
        Ok(std::fs::remove_file(&self.file)?)
    }
}

impl Drop for Baseline {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn write_answers(file: &Path, rows: &[Row]) -> Result<()> {
    let mut all = Map::new();
    for row in rows {
        let mut roots = Map::new();
        for (_, data) in &row.answers {
            roots.extend(data.as_object().cloned().unwrap_or_default());
        }
        all.insert(row.name.clone(), roots.into());
    }
    Ok(std::fs::write(file, Value::from(all).to_string())?)
}
