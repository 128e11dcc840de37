//! `make bench`: what the server does in a second, how long it takes, what it costs in CPU; and beside each number its
//! physical limit, measured in the same run on the same machine:
//!
//! - the same answers without a database (`baseline.rs`: axum and async-graphql over values in memory), and
//! - the same SQL without a server (`statements.rs`: what was really sent, recorded and repeated by pgbench).
//!
//! `scripts/bench.sh` builds and seeds, and tells the options.

mod baseline;
mod client;
mod load;
mod process;
mod report;
mod scenario;
mod server;
mod statements;

use std::path::PathBuf;
use std::time::Duration;

use orion::framework::postgres::{PrivateOptions, PrivatePostgres};

use load::{Load, Run};
use report::{Row, Summary};
use scenario::{Scenario, World};
use server::{Database, OrionProcess};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What ends a measurement.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
/// Or does not.
pub type Result<T> = std::result::Result<T, Error>;

/// What the environment asks for.
pub struct Options {
    /// The built `orion`.
    pub orion: PathBuf,
    /// Its data directory.
    pub data_dir: PathBuf,
    /// Clients, each of which sends its next request when it has the last answer.
    pub connections: usize,
    /// How long each scenario runs.
    pub seconds: u64,
    /// `V0001` to so many; the one after is the big one.
    pub vendors: u32,
}

impl Options {
    fn from_environment() -> Result<Self> {
        let text =
            |name: &str| std::env::var(name).map_err(|_| format!("{name} is not set: run scripts/bench.sh"));
        let number = |name: &str| -> Result<u64> {
            text(name)?.parse().map_err(|_| format!("{name} is not a number").into())
        };
        Ok(Self {
            orion: text("BENCH_ORION")?.into(),
            data_dir: text("ORION_DATA_DIR")?.into(),
            connections: number("BENCH_CONNECTIONS")?.clamp(1, 256) as usize,
            seconds: number("BENCH_SECONDS")?.clamp(1, 600),
            vendors: number("BENCH_VENDORS")?.clamp(1, 9_998) as u32,
        })
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mode, answers] = arguments.as_slice()
        && mode == "baseline"
    {
        return baseline::serve(answers.as_ref()).await;
    }
    let options = Options::from_environment()?;
    let data_dir = options.data_dir.join("postgres");
    let postgres = PrivatePostgres::start(PrivateOptions { data_dir, durable: true }).await?;
    let database = Database::new(postgres)?;
    database.settle().await?;

    let load = Load { connections: options.connections, time: Duration::from_secs(options.seconds) };
    let (mut rows, mut summary) = with_database(&options, &database, &load).await?;
    without_server(&options, &database, &load, &mut rows).await?;
    without_database(&options, &load, &mut rows).await?;
    summary.cached = Some(from_cache(&options, &database, &load).await?);
    report::print(&options, &rows, &summary);
    database.stop().await
}

/// The server itself, with its answer cache off: every request reads or writes the database.
async fn with_database(options: &Options, database: &Database, load: &Load) -> Result<(Vec<Row>, Summary)> {
    let orion = OrionProcess::start(options, &[("ORION_RESPONSE_CACHE_MB", "0")]).await?;
    let idle_memory = process::resident_bytes(orion.pid())?;
    let world = World::read(&orion.address, options)?;
    let mut rows = Vec::new();
    for scenario in scenario::all(&world, load)? {
        eprintln!("==> {}", scenario.name);
        let answers = scenario.answers(&orion.address)?;
        load.warm_up(&orion.address, &scenario)?;
        let run = load.run(&orion.address, &scenario, || {
            Ok((process::cpu(orion.pid())?, process::cpu_with_children(database.pid())?))
        })?;
        rows.push(Row::new(&scenario, answers, run));
    }
    let summary = Summary { idle_memory, busy_memory: process::resident_bytes(orion.pid())?, cached: None };
    orion.stop()?;
    Ok((rows, summary))
}

/// The same SQL, recorded from the server and repeated by pgbench on a copy of the database.
async fn without_server(options: &Options, database: &Database, load: &Load, rows: &mut [Row]) -> Result<()> {
    // Whatever the recorded requests will write is not in the copy yet, so that it can be written again.
    let orion = OrionProcess::start(options, &[("ORION_RESPONSE_CACHE_MB", "0")]).await?;
    let world = World::read(&orion.address, options)?;
    let scenarios = scenario::all(&world, load)?;
    orion.stop()?;
    database.copy().await?;
    let orion = OrionProcess::start(options, &[("ORION_RESPONSE_CACHE_MB", "0")]).await?;
    for (scenario, row) in scenarios.iter().zip(rows.iter_mut()) {
        eprintln!("==> {}: its SQL through pgbench", scenario.name);
        row.sql = Some(
            statements::measure(database, &orion.address, scenario, load).await.map_err(|e| e.to_string()),
        );
    }
    orion.stop()
}

/// The same answers from memory, in a process of their own.
async fn without_database(options: &Options, load: &Load, rows: &mut [Row]) -> Result<()> {
    let baseline = server::Baseline::start(options, rows).await?;
    for row in rows {
        eprintln!("==> {}: its answer without a database", row.name);
        let scenario = Scenario::replaying(row);
        baseline::check(&baseline.address, row)?;
        load.warm_up(&baseline.address, &scenario)?;
        let run: Run<Duration> = load.run(&baseline.address, &scenario, || process::cpu(baseline.pid()))?;
        row.memory_only = Some(run);
    }
    baseline.stop()
}

/// The product list as it is served to those who ask again within five seconds, while nothing changes.
async fn from_cache(
    options: &Options,
    database: &Database,
    load: &Load,
) -> Result<Run<(Duration, Duration)>> {
    let orion = OrionProcess::start(options, &[]).await?;
    let world = World::read(&orion.address, options)?;
    let scenario = scenario::product_list(&world);
    eprintln!("==> {}, from the answer cache", scenario.name);
    load.warm_up(&orion.address, &scenario)?;
    let run = load.run(&orion.address, &scenario, || {
        Ok((process::cpu(orion.pid())?, process::cpu_with_children(database.pid())?))
    })?;
    orion.stop()?;
    Ok(run)
}
