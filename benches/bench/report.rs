//! The table.

use std::time::Duration;

use serde_json::Value;

use crate::Options;
use crate::client::Request;
use crate::load::Run;
use crate::scenario::Scenario;
use crate::statements::Replay;

/// The server's CPU for a product list may be so many times that of its answer without a database.
const LIST_BUDGET: f64 = 2.0;
const MICROS: f64 = 1e6;

/// A scenario's numbers.
pub struct Row {
    /// The scenario.
    pub name: String,
    /// Its requests with their answers, once.
    pub answers: Vec<(Request, Value)>,
    /// The server with its database: CPU of both.
    pub real: Run<(Duration, Duration)>,
    /// The SQL alone, or why that could not be measured.
    pub sql: Option<Result<Replay, String>>,
    /// The answer alone: CPU of the baseline.
    pub memory_only: Option<Run<Duration>>,
}

impl Row {
    /// Of a scenario that ran against the server.
    pub fn new(scenario: &Scenario, answers: Vec<(Request, Value)>, real: Run<(Duration, Duration)>) -> Self {
        Self { name: scenario.name.clone(), answers, real, sql: None, memory_only: None }
    }

    fn server_cpu(&self) -> f64 {
        micros(self.real.cpu.1.0 - self.real.cpu.0.0, self.real.done)
    }

    fn database_cpu(&self) -> f64 {
        micros(self.real.cpu.1.1 - self.real.cpu.0.1, self.real.done)
    }

    fn memory_cpu(&self) -> Option<f64> {
        self.memory_only.as_ref().map(|run| micros(run.cpu.1 - run.cpu.0, run.done))
    }
}

/// What is of the whole run.
pub struct Summary {
    /// Of the server in RAM when it had just started.
    pub idle_memory: u64,
    /// And after all scenarios.
    pub busy_memory: u64,
    /// The product list from the answer cache.
    pub cached: Option<Run<(Duration, Duration)>>,
}

/// Prints all of it as Markdown.
pub fn print(options: &Options, rows: &[Row], summary: &Summary) {
    println!(
        "\n{} connections, {} s for each scenario, {} vendors and a large one.",
        options.connections, options.seconds, options.vendors
    );
    println!(
        "CPU is in µs for one scenario: of the server, of all of PostgreSQL's processes. Latencies are in ms.\n"
    );
    println!(
        "| scenario | per second | p50 | p99 | CPU server | CPU database | no database: per second | p99 | CPU | × | SQL by pgbench: per second | CPU | statements |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for row in rows {
        println!("| {} | {} | {} | {} |", row.name, real(&row.real), memory_only(row), sql(row));
    }
    if let Some(run) = &summary.cached {
        println!("| product list, from the answer cache | {} | | | | | | | |", real(run));
    }
    println!();
    notes(rows);
    println!(
        "Memory of the server: {} MB idle, {} MB after the load.",
        mb(summary.idle_memory),
        mb(summary.busy_memory)
    );
    if let Some((list, memory)) = rows.first().and_then(|list| Some((list, list.memory_cpu()?))) {
        let ratio = list.server_cpu() / memory;
        let verdict = if ratio <= LIST_BUDGET { "PASS" } else { "FAIL" };
        println!(
            "{verdict}: CPU of a product list is {ratio:.2} × that of its answer without a database (budget {LIST_BUDGET} ×)."
        );
    }
}

fn real(run: &Run<(Duration, Duration)>) -> String {
    let (before, after) = &run.cpu;
    format!(
        "{:.0} | {} | {} | {:.0} | {:.0}",
        run.rate(),
        milliseconds(run.percentile(50)),
        milliseconds(run.percentile(99)),
        micros(after.0 - before.0, run.done),
        micros(after.1 - before.1, run.done)
    )
}

fn memory_only(row: &Row) -> String {
    match (&row.memory_only, row.memory_cpu()) {
        (Some(run), Some(cpu)) => format!(
            "{:.0} | {} | {cpu:.0} | {:.2}",
            run.rate(),
            milliseconds(run.percentile(99)),
            row.server_cpu() / cpu
        ),
        _ => "not measured | | |".into(),
    }
}

fn sql(row: &Row) -> String {
    match &row.sql {
        Some(Ok(replay)) => {
            format!("{:.0} | {:.0} | {}", replay.rate, replay.cpu.as_secs_f64() * MICROS, replay.statements)
        }
        _ => "not measured | |".into(),
    }
}

/// What the table does not say, and what did not go as it should.
fn notes(rows: &[Row]) {
    for row in rows {
        match &row.sql {
            Some(Err(error)) => println!("{}: its SQL could not be measured: {error}", row.name),
            Some(Ok(replay)) if replay.share < 0.995 => {
                println!("{}: {:.0} % of the recordings were repeated.", row.name, replay.share * 100.0);
            }
            _ => {}
        }
        if let (failed @ 1.., why) = &row.real.failed {
            println!("{}: {failed} FAILED; the first: {}", row.name, why.as_deref().unwrap_or("?"));
        }
        if row.memory_only.as_ref().is_some_and(|run| run.failed.0 > 0) {
            println!("{}: the baseline FAILED at times.", row.name);
        }
        let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64);
        let used = (row.server_cpu() + row.database_cpu()) * row.real.rate() / MICROS;
        println!(
            "{}: server and database used {used:.2} of {cores:.0} cores; the rest is the load's, or idle.",
            row.name
        );
    }
}

fn micros(cpu: Duration, done: usize) -> f64 {
    cpu.as_secs_f64() * MICROS / done.max(1) as f64
}

fn milliseconds(latency: Duration) -> String {
    format!("{:.2}", latency.as_secs_f64() * 1e3)
}

fn mb(bytes: u64) -> u64 {
    bytes / 1_000_000
}
