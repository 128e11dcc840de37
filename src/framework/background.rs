//! What runs beside the requests: listeners, the relay, the worker.

use super::jobs::Worker;
use crate::app::App;

/// Jobs that one process runs at the same time: they share its pool with the requests.
const JOBS_AT_ONCE: usize = 2;

/// The running parts.
pub struct Background {
    parts: Vec<Box<dyn FnOnce() -> futures::future::BoxFuture<'static, ()> + Send>>,
}

impl Background {
    /// Stops them in order.
    pub async fn stop(self) {
        for part in self.parts {
            part().await;
        }
    }
}

/// Starts the listeners, and with `worker` the relay and the jobs.
pub async fn start(app: &App, worker: bool) -> Result<Background, Box<dyn std::error::Error + Send + Sync>> {
    let mut background = Background { parts: Vec::new() };
    if worker {
        let (handlers, cron) = (crate::modules::job_handlers(), crate::modules::cron_entries());
        let worker = Worker::start(app.clone(), handlers, cron, JOBS_AT_ONCE);
        background.parts.push(Box::new(|| Box::pin(worker.stop())));
    }
    Ok(background)
}
