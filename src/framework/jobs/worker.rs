//! Running jobs.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use graphile_worker::{
    DbExecutor as _, DbValue, IntoTaskHandlerResult, TaskHandler, WorkerContext, WorkerOptions,
    WorkerRecoveryConfig, parse_crontab, tokio_postgres::TokioPostgresDatabase,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use super::{CronEntry, JobError, JobHandler};
use crate::app::App;

/// How long a job may go on after [`Worker::stop`]; then it is given back to the queue and runs again elsewhere.
const GRACE: Duration = Duration::from_secs(20);

/// A running worker. Stop it before the process ends; a worker that just dies loses nothing, but its jobs wait for 10 to
/// 15 seconds until the others have noticed.
pub struct Worker {
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl Worker {
    /// Starts running jobs, at most `concurrency` (at least 1) at a time, and queues those of `cron` when they are due.
    /// A lost database is waited for.
    pub fn start(
        app: App,
        handlers: &'static [JobHandler],
        cron: &'static [CronEntry],
        concurrency: usize,
    ) -> Self {
        let stopping = CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(supervise(app, handlers, cron, concurrency.max(1), stopping.clone()));
        tasks.close();
        Self { stopping, tasks }
    }

    /// Takes no more jobs, and returns when the running ones have ended (or have been given back after 20 seconds).
    pub async fn stop(self) {
        self.stopping.cancel();
        self.tasks.wait().await;
    }
}

/// Runs a worker until it is told to stop; one that ends by an error (a lost connection) is replaced.
async fn supervise(
    app: App,
    handlers: &'static [JobHandler],
    cron: &'static [CronEntry],
    concurrency: usize,
    stopping: CancellationToken,
) {
    let mut pause = Duration::from_millis(100);
    while !stopping.is_cancelled() {
        let error = match build(&app, handlers, cron, concurrency).await {
            Ok(worker) => {
                pause = Duration::from_millis(100);
                let run = worker.run();
                tokio::pin!(run);
                let ended = tokio::select! {
                    ended = &mut run => ended,
                    () = stopping.cancelled() => {
                        worker.request_shutdown();
                        run.await
                    }
                };
                match ended {
                    Ok(()) => continue,
                    Err(error) => error.to_string(),
                }
            }
            Err(error) => error.0,
        };
        tracing::warn!(error, "the job worker stopped; it starts again");
        tokio::select! {
            () = stopping.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(Duration::from_secs(10));
    }
}

async fn build(
    app: &App,
    handlers: &'static [JobHandler],
    cron: &[CronEntry],
    concurrency: usize,
) -> Result<graphile_worker::Worker, JobError> {
    let mut crontabs = Vec::new();
    for (schedule, name) in cron {
        let parsed = parse_crontab(&format!("{schedule} {}", Task::IDENTIFIER))
            .map_err(|error| JobError(format!("cron entry {name}: {error}")))?;
        for mut crontab in parsed {
            crontab.options.id = Some((*name).to_owned());
            crontab.options.job_key = Some(format!("cron:{name}"));
            crontab.payload = Some(json!({ "name": name, "payload": {} }));
            crontabs.push(crontab);
        }
    }
    WorkerOptions::default()
        .database_url(&app.config.database.worker)
        // One each for the jobs' bookkeeping, and two for heartbeats, sweeps and cron.
        .max_pg_conn(u32::try_from(concurrency + 2).unwrap_or(u32::MAX))
        .schema("graphile_worker")
        .concurrency(concurrency)
        .define_job::<Task>()
        .add_extension(Runner { app: app.clone(), handlers })
        .with_crons(crontabs)
        .worker_recovery(
            WorkerRecoveryConfig::default()
                .heartbeat_interval(Duration::from_secs(2))
                .sweep_interval(Duration::from_secs(5))
                .sweep_threshold(Duration::from_secs(10))
                .recovery_delay(Duration::ZERO),
        )
        .listen_os_shutdown_signals(false)
        .shutdown_grace_period(GRACE)
        .shutdown_interrupted_job_retry_delay(Duration::ZERO)
        .init()
        .await
        .map_err(|error| JobError(error.to_string()))
}

/// What the task needs in order to run a job.
#[derive(Clone)]
struct Runner {
    app: App,
    handlers: &'static [JobHandler],
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("handlers", &self.handlers.len()).finish_non_exhaustive()
    }
}

/// The one task of the queue.
#[derive(Serialize, Deserialize)]
struct Task {
    name: String,
    #[serde(default)]
    payload: Value,
}

impl TaskHandler for Task {
    const IDENTIFIER: &'static str = "orion";

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(runner) = ctx.get_ext::<Runner>() else {
            return Err(JobError("the worker was built without its runner".into()));
        };
        let Some(handler) = runner.handlers.iter().find(|handler| handler.name == self.name) else {
            return Err(JobError(format!("no handler is named {:?}", self.name)));
        };
        let span = tracing::info_span!("job", name = handler.name, id = ctx.job().id());
        let job = (handler.run)(runner.app.clone(), self.payload).instrument(span);
        // The queue logs a failure once, with the job's id; a panic is one.
        match std::panic::AssertUnwindSafe(job).catch_unwind().await {
            Ok(result) => result,
            Err(panic) => {
                let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
                let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
                Err(JobError(format!("panic: {}", text.as_deref().unwrap_or("?"))))
            }
        }
    }
}

/// Runs jobs until none is due by the application's clock, and returns: for tests, which fix the clock. A job that fails
/// is due again only after its back-off, so this ends.
pub async fn drain(app: &App) -> Result<(), JobError> {
    let worker = Arc::new(build(app, crate::modules::job_handlers(), &[], 4).await?);
    for _ in 0..1_000 {
        let now = DbValue::TimestampTz(app.clock.now());
        let due = worker
            .database()
            .execute(
                "UPDATE graphile_worker._private_jobs SET run_at = least(run_at, now()) \
                 WHERE locked_at IS NULL AND attempts < max_attempts \
                 AND (run_at <= now() OR (attempts = 0 AND run_at <= $1))",
                vec![now].into(),
            )
            .await
            .map_err(|error| JobError(error.to_string()))?;
        if due == 0 {
            return Ok(());
        }
        worker.run_once().await.map_err(|error| JobError(error.to_string()))?;
    }
    Err(JobError("the jobs enqueue each other without end".into()))
}

/// How many jobs have not been done: those due by the application's clock, those that failed and wait to be tried again
/// or were given up. Jobs of the future do not count.
pub async fn pending_jobs(app: &App) -> Result<i64, JobError> {
    let database = TokioPostgresDatabase::from_url(&app.config.database.worker, 1)
        .map_err(|error| JobError(error.to_string()))?;
    let row = database
        .fetch_one(
            "SELECT count(*) AS pending FROM graphile_worker._private_jobs \
             WHERE attempts > 0 OR run_at <= greatest(now(), $1)",
            vec![DbValue::TimestampTz(app.clock.now())].into(),
        )
        .await
        .map_err(|error| JobError(error.to_string()))?;
    row.try_get("pending").map_err(|error| JobError(error.to_string()))
}
