//! The schema: bringing it up to date, and knowing whether it is.

use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel_async::{
    AsyncConnection as _, AsyncMigrationHarness, AsyncPgConnection, SimpleAsyncConnection as _,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use super::context::Stats;
use super::db::{Db, DbError, sql};

/// The migrations, compiled in.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
#[error("the schema could not be migrated: {0}")]
pub struct MigrateError(String);

/// Runs what is pending, as the owner; several processes may try at once, one does. Gives the names of what it ran.
pub async fn run(owner_url: &str) -> Result<Vec<String>, MigrateError> {
    with_lock(owner_url, |harness| {
        let ran =
            harness.run_pending_migrations(MIGRATIONS).map_err(|error| MigrateError(error.to_string()))?;
        Ok(ran.into_iter().map(|version| version.to_string()).collect())
    })
    .await
}

/// Undoes all migrations, for the test that goes up, down and up again.
pub async fn revert_all(owner_url: &str) -> Result<(), MigrateError> {
    with_lock(owner_url, |harness| {
        harness.revert_all_migrations(MIGRATIONS).map_err(|error| MigrateError(error.to_string()))?;
        Ok(())
    })
    .await
}

async fn with_lock<T>(
    owner_url: &str,
    work: impl FnOnce(&mut AsyncMigrationHarness<AsyncPgConnection>) -> Result<T, MigrateError>,
) -> Result<T, MigrateError> {
    let failed = |error: &dyn std::fmt::Display| MigrateError(error.to_string());
    let mut connection = AsyncPgConnection::establish(owner_url).await.map_err(|error| failed(&error))?;
    // A migration that would wait for long-running statements fails instead of blocking everybody behind it.
    connection
        .batch_execute(
            "SELECT pg_advisory_lock(4706173); SET lock_timeout = '5s'; SET client_min_messages = 'warning'",
        )
        .await
        .map_err(|error| failed(&error))?;
    let mut harness = AsyncMigrationHarness::new(connection);
    let done = work(&mut harness)?;
    harness
        .into_inner()
        .batch_execute(
            "DO $$ BEGIN IF to_regclass('__diesel_schema_migrations') IS NOT NULL THEN \
             GRANT SELECT ON __diesel_schema_migrations TO orion_app, orion_platform; END IF; END $$; \
             SELECT pg_advisory_unlock(4706173)",
        )
        .await
        .map_err(|error| failed(&error))?;
    Ok(done)
}

/// The migrations that the database lacks, by version. An empty database lacks them all.
pub async fn pending(db: &Db) -> Result<Vec<String>, DbError> {
    let known: Vec<(String,)> = match db
        .lookup(
            sql("SELECT version::text FROM __diesel_schema_migrations"),
            &std::sync::Arc::new(Stats::default()),
        )
        .await
    {
        Ok(rows) => rows,
        Err(DbError::Internal(message)) if message.contains("__diesel_schema_migrations") => Vec::new(),
        Err(error) => return Err(error),
    };
    let all = MigrationSource::<Pg>::migrations(&MIGRATIONS)
        .map_err(|error| DbError::Internal(error.to_string()))?;
    Ok(all
        .iter()
        .map(|migration| migration.name().version().to_string())
        .filter(|version| !known.iter().any(|(known,)| known == version))
        .collect())
}
