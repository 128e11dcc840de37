//! The same SQL without a server: recorded from PostgreSQL's log, repeated by pgbench.
//!
//! Each recording is one row of a table, its columns the parameters of all its statements. pgbench takes a row, binds
//! its values and runs the same statements, prepared, in the same transactions. Requests that write are recorded after
//! the database was copied, and repeated once each on the copy, so that they write there what they wrote here.

mod log;
mod script;
mod types;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::load::Load;
use crate::scenario::Scenario;
use crate::server::{COPY, Database};
use crate::{Result, process};
use script::Script;

/// What pgbench gave.
pub struct Replay {
    /// Recordings repeated in a second.
    pub rate: f64,
    /// The database's CPU for one of them, without fetching its row.
    pub cpu: Duration,
    /// Statements of one, `BEGIN` and `COMMIT` not counted.
    pub statements: usize,
    /// How many of a hundred recordings were of this form; the others (another order of statements that were sent at
    /// once, say) are left out.
    pub share: f64,
}

/// How many recordings are made of a scenario that writes.
pub fn recordings(load: &Load) -> usize {
    usize::try_from(load.time.as_secs()).unwrap_or(usize::MAX).saturating_mul(200).clamp(200, 4_000)
}

/// Records the scenario and repeats it.
pub async fn measure(database: &Database, address: &str, scenario: &Scenario, load: &Load) -> Result<Replay> {
    // Reading can be repeated as often as one likes.
    let count = if scenario.writes() { recordings(load) } else { 200 };
    let text = record(database, address, scenario, count).await?;
    let (recordings, share) = log::most_common(log::recordings(&text)?)?;
    let client = database.connect(COPY).await?;
    let script = Script::new(&client, &recordings).await?;
    script.fill_table(&client, &recordings).await?;
    client.batch_execute("CHECKPOINT").await?;
    let repeat = |body: &str| -> Result<(f64, Duration)> {
        let once = scenario.writes().then_some(recordings.len());
        pgbench(database, body, recordings.len(), once, load)
    };
    // First without the statements: what fetching the row costs is not the server's.
    let (_, fetching) = repeat(&script.fetch)?;
    let (rate, cpu) = repeat(&format!("{}{}", script.fetch, script.statements))?;
    Ok(Replay { rate, cpu: cpu.saturating_sub(fetching), statements: script.count, share })
}

/// Runs the scenario so many times, one after the other, and gives what the log says meanwhile.
async fn record(database: &Database, address: &str, scenario: &Scenario, count: usize) -> Result<String> {
    let control = database.connect("postgres").await?;
    let mut client = Client::connect(address)?;
    // The server prepares each statement when it first meets it.
    for number in (0..count).rev().take(if scenario.writes() { 0 } else { 16 }) {
        scenario.run(&mut client, number)?;
    }
    let log = database.log();
    let start = usize::try_from(std::fs::metadata(&log)?.len())?;
    for setting in [format!("log_line_prefix = '{}'", log::PREFIX), "log_statement = 'all'".to_owned()] {
        control.batch_execute(&format!("ALTER SYSTEM SET {setting}")).await?;
    }
    reload(&control).await?;
    for number in 0..count {
        control.batch_execute(log::MARK).await?;
        scenario.run(&mut client, number)?;
    }
    control.batch_execute(log::MARK).await?;
    for setting in ["log_line_prefix", "log_statement"] {
        control.batch_execute(&format!("ALTER SYSTEM RESET {setting}")).await?;
    }
    reload(&control).await?;
    Ok(String::from_utf8_lossy(&std::fs::read(&log)?[start..]).into_owned())
}

/// Has all sessions take the changed settings, and waits until this one has; the others do so before their next
/// statement, because the signal reaches them at the same time.
async fn reload(control: &tokio_postgres::Client) -> Result<()> {
    let before = std::time::Duration::from_millis(300);
    control.batch_execute("SELECT pg_reload_conf()").await?;
    control.batch_execute(&format!("SELECT pg_sleep({})", before.as_secs_f64())).await?;
    Ok(())
}

/// Runs a script, with as many clients as the load has; gives transactions a second and the database's CPU for one.
fn pgbench(
    database: &Database,
    body: &str,
    rows: usize,
    once: Option<usize>,
    load: &Load,
) -> Result<(f64, Duration)> {
    let clients = load.connections.min(rows);
    let each = rows / clients;
    // Repeated once each: the rows are dealt out to the clients. Otherwise: any row, as often as time allows.
    let choose = match once {
        Some(_) => format!("\\set n :client_id * {each} + :done + 1\n\\set done :done + 1\n"),
        None => format!("\\set n random(1, {rows})\n"),
    };
    let file = std::env::temp_dir().join(format!("orion-bench-{}.sql", std::process::id()));
    std::fs::write(&file, choose + body)?;
    let mut command = Command::new(program());
    command.args([
        "--no-vacuum",
        "--protocol=prepared",
        "--username=orion_app",
        "--define=done=0",
        "--jobs=2",
    ]);
    command.arg(format!("--host={}", database.socket_dir)).arg(format!("--client={clients}"));
    command.arg(match once {
        Some(_) => format!("--transactions={each}"),
        None => format!("--time={}", load.time.as_secs().max(1)),
    });
    command.arg("--file").arg(&file).arg(COPY);
    let (before, began) = (process::cpu_with_children(database.pid())?, Instant::now());
    let output = command.output().map_err(|error| format!("pgbench: {error}"))?;
    let (elapsed, after) = (began.elapsed(), process::cpu_with_children(database.pid())?);
    std::fs::remove_file(&file)?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(
            format!("pgbench failed: {}", errors.lines().take(4).collect::<Vec<_>>().join(" ")).into()
        );
    }
    let done = number_after(&said, "number of transactions actually processed: ")?;
    let rate = number_after(&said, "tps = ").unwrap_or(done / elapsed.as_secs_f64());
    Ok((rate, after.saturating_sub(before).div_f64(done.max(1.0))))
}

fn number_after(text: &str, words: &str) -> Result<f64> {
    let rest = text.split_once(words).ok_or_else(|| format!("pgbench did not tell {words:?}: {text}"))?.1;
    let digits: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    Ok(digits.parse()?)
}

/// Debian keeps it beside the server's programs, with or without a wrapper in the path.
fn program() -> PathBuf {
    let beside = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = beside.map(|entry| entry.path().join("bin/pgbench")).filter(|path| path.exists()).max();
    newest.unwrap_or_else(|| "pgbench".into())
}
