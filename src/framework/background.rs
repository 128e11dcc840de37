//! What runs beside the requests: listeners, the relay, the worker.

use crate::app::App;

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
pub async fn start(
    _app: &App,
    _worker: bool,
) -> Result<Background, Box<dyn std::error::Error + Send + Sync>> {
    Ok(Background { parts: Vec::new() })
}
