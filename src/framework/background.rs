//! What runs beside the requests: the relay's listeners, the relay, the worker.

use super::jobs::Worker;
use super::relay::Relay;
use crate::app::App;

/// The running parts.
pub struct Background {
    worker: Option<Worker>,
    relay: Relay,
}

impl Background {
    /// Stops them: running jobs end, nothing new is begun.
    pub async fn stop(self) {
        if let Some(worker) = self.worker {
            worker.stop().await;
        }
        // Last, because what the ending jobs did is still published.
        self.relay.stop().await;
    }
}

/// Starts the listeners, and with `worker` the relay and the jobs.
pub fn start(app: &App, worker: bool) -> Background {
    let relay = Relay::start(app, worker);
    let worker = worker.then(|| {
        let cores = std::thread::available_parallelism().map_or(2, |n| n.get());
        Worker::start(app.clone(), crate::modules::job_handlers(), crate::modules::cron_entries(), cores)
    });
    Background { worker, relay }
}
