//! The queue's schema: migrated by the crate as `orion_worker`, opened to the others by one function.

use graphile_worker::{Database, WorkerUtils, tokio_postgres::TokioPostgresDatabase};

use super::JobError;

/// Advisory lock of the installation; "orioqueu" in ASCII.
const INSTALL_LOCK: i64 = 0x6f72_696f_7175_6575;

/// Everything in it is qualified, so the search path holds nothing that a caller could put things into.
const WRAPPER: &str = "
    CREATE TABLE IF NOT EXISTS graphile_worker.migrations (
        id int PRIMARY KEY,
        ts timestamptz DEFAULT now() NOT NULL,
        breaking boolean NOT NULL DEFAULT false
    );
    CREATE OR REPLACE FUNCTION graphile_worker.orion_enqueue(
        task text, payload json, priority int, run_at timestamptz, job_key text)
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        PERFORM graphile_worker.add_job(
            'orion', pg_catalog.json_build_object('name', task, 'payload', payload),
            run_at => orion_enqueue.run_at, job_key => orion_enqueue.job_key, priority => orion_enqueue.priority);
    END $$;
    REVOKE ALL ON FUNCTION graphile_worker.orion_enqueue(text, json, int, timestamptz, text) FROM PUBLIC;
    GRANT USAGE ON SCHEMA graphile_worker TO orion_app, orion_platform;
    GRANT EXECUTE ON FUNCTION graphile_worker.orion_enqueue(text, json, int, timestamptz, text)
        TO orion_app, orion_platform;";

/// Migrates the queue's schema and creates the function that everybody enqueues through. Idempotent; any number of
/// processes may run it at once. `worker_url`: as `orion_worker`, which owns the schema `graphile_worker`.
pub async fn install(worker_url: &str) -> Result<(), JobError> {
    let (client, connection) = tokio_postgres::connect(worker_url, tokio_postgres::NoTls)
        .await
        .map_err(|error| JobError(format!("the job queue's database: {error}")))?;
    let driver = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(connection));
    let failed = |error: tokio_postgres::Error| {
        let detail = error.as_db_error().map_or_else(|| error.to_string(), |e| e.message().to_owned());
        JobError(format!("the job queue's schema: {detail}"))
    };
    client.execute("SELECT pg_advisory_lock($1)", &[&INSTALL_LOCK]).await.map_err(failed)?;
    // The crate would create its schema itself, which takes a right that orion_worker does not have; it looks for this
    // table first. The function's body is checked only when it runs, so both can stand before the crate's migrations.
    client.batch_execute(WRAPPER).await.map_err(failed)?;
    let database = TokioPostgresDatabase::from_url(worker_url, 1)
        .map_err(|error| JobError(format!("the job queue's database: {error}")))?;
    WorkerUtils::new(Database::new(database), "graphile_worker")
        .migrate()
        .await
        .map_err(|error| JobError(format!("the job queue's migrations: {error}")))?;
    // Closing the session gives the lock back.
    drop(client);
    drop(driver);
    Ok(())
}
