//! The load: a closed loop on a few connections, every latency kept, so that percentiles are exact.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::Result;
use crate::client::Client;
use crate::scenario::Scenario;

/// How much load.
pub struct Load {
    /// Clients at once.
    pub connections: usize,
    /// For how long.
    pub time: Duration,
}

/// What one scenario's run gave.
pub struct Run<C> {
    /// Scenarios done; those that failed are not among them.
    pub done: usize,
    /// Scenarios that failed, and how the first one did.
    pub failed: (usize, Option<String>),
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// In ascending order.
    latencies: Vec<Duration>,
    /// What was used meanwhile.
    pub cpu: (C, C),
}

impl<C> Run<C> {
    /// Scenarios in a second.
    pub fn rate(&self) -> f64 {
        self.done as f64 / self.elapsed.as_secs_f64()
    }

    /// The latency that so many of a hundred do not exceed (nearest rank).
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.latencies.len() * percent).div_ceil(100).max(1);
        self.latencies.get(rank - 1).copied().unwrap_or_default()
    }
}

impl Load {
    /// Runs the scenario for a fifth of the time, and forgets how it went.
    pub fn warm_up(&self, address: &str, scenario: &Scenario) -> Result<()> {
        let short = Load { connections: self.connections, time: (self.time / 5).max(Duration::from_secs(1)) };
        short.run(address, scenario, || Ok(())).map(|_| ())
    }

    /// Runs the scenario; `cpu` reads the counters that are wanted, before and after.
    pub fn run<C>(&self, address: &str, scenario: &Scenario, cpu: impl Fn() -> Result<C>) -> Result<Run<C>> {
        let clients: Vec<Client> =
            (0..self.connections).map(|_| Client::connect(address)).collect::<Result<_>>()?;
        let (next, before, began) = (AtomicUsize::new(0), cpu()?, Instant::now());
        let until = began + self.time;
        let ends: Vec<(Vec<Duration>, usize, Option<String>)> = std::thread::scope(|scope| {
            let threads: Vec<_> = clients
                .into_iter()
                .map(|client| scope.spawn(|| loop_until(client, address, scenario, &next, until)))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or_default()).collect()
        });
        let (elapsed, after) = (began.elapsed(), cpu()?);
        let failed = ends.iter().map(|(_, failed, _)| failed).sum();
        let first_failure = ends.iter().find_map(|(_, _, failure)| failure.clone());
        let mut latencies: Vec<Duration> = ends.into_iter().flat_map(|(latencies, _, _)| latencies).collect();
        latencies.sort_unstable();
        if latencies.is_empty() {
            let why = first_failure.unwrap_or_default();
            return Err(format!("{}: not one request succeeded: {why}", scenario.name).into());
        }
        let done = latencies.len();
        Ok(Run { done, failed: (failed, first_failure), elapsed, latencies, cpu: (before, after) })
    }
}

fn loop_until(
    mut client: Client,
    address: &str,
    scenario: &Scenario,
    next: &AtomicUsize,
    until: Instant,
) -> (Vec<Duration>, usize, Option<String>) {
    let (mut latencies, mut failed, mut first_failure) = (Vec::with_capacity(1 << 16), 0, None);
    loop {
        let began = Instant::now();
        if began >= until || failed > 1_000 {
            return (latencies, failed, first_failure);
        }
        match scenario.run(&mut client, next.fetch_add(1, Ordering::Relaxed)) {
            Ok(()) => latencies.push(began.elapsed()),
            Err(error) => {
                failed += 1;
                first_failure.get_or_insert_with(|| error.to_string());
                if let Ok(fresh) = Client::connect(address) {
                    client = fresh;
                }
            }
        }
    }
}
