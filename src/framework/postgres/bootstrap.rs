//! Roles and database (design section 4): what must exist before the first migration, and what only a superuser makes.

use rand::RngExt as _;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls};

use super::password::scram_sha_256;
use super::urls::{check_database_name, parse};
use super::{APP_ROLE, OWNER_ROLE, PLATFORM_ROLE, PostgresError, RolePasswords, WORKER_ROLE};

const ROLES: [&str; 4] = [OWNER_ROLE, APP_ROLE, PLATFORM_ROLE, WORKER_ROLE];

/// Advisory lock in the database `postgres`; "orioboot" in ASCII.
const BOOTSTRAP_LOCK: i64 = 0x6f72_696f_626f_6f74;

/// The queue's table is made here as its migrations would make it: they look for it first, and making it themselves
/// would take the right to create schemas, which `orion_worker` must not have.
pub(super) const PREPARE_DATABASE: &str = "
    CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
    CREATE EXTENSION IF NOT EXISTS btree_gin SCHEMA public;
    CREATE EXTENSION IF NOT EXISTS unaccent SCHEMA public;
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    CREATE SCHEMA IF NOT EXISTS graphile_worker AUTHORIZATION orion_worker;
    SET ROLE orion_worker;
    CREATE TABLE IF NOT EXISTS graphile_worker.migrations (
        id int PRIMARY KEY,
        ts timestamptz DEFAULT now() NOT NULL,
        breaking boolean NOT NULL DEFAULT false
    );
    SET ROLE NONE;";

/// Makes the roles `orion_owner` (no login), `orion_app`, `orion_platform` and `orion_worker`, the database, its
/// extensions and the job queue's schema; repairs what is there and differs. Idempotent; any number of processes may
/// run it at once.
///
/// - `superuser_url`: a superuser, or on managed servers a login that may create roles and databases; its database is
///   not used, but `postgres`, because the one that it names may not exist yet. No role of ours becomes a superuser,
///   passes row security, or is a member of another; privileged memberships that one has are taken from it. A login
///   that is no superuser becomes a member of `orion_owner`, in order to migrate.
/// - `database`: lower-case letters, digits and underscores.
/// - `passwords`: those that are given are set, every time: this is also how they are changed.
pub async fn bootstrap(
    superuser_url: &str,
    database: &str,
    passwords: &RolePasswords,
) -> Result<(), PostgresError> {
    check_database_name(database)?;
    let server = connect(superuser_url, Some("postgres")).await?;
    server
        .execute("SELECT pg_advisory_lock($1)", &[&BOOTSTRAP_LOCK])
        .await
        .map_err(PostgresError::sql("waiting for another bootstrap"))?;
    check_server(&server).await?;
    for role in ROLES {
        ensure_role(&server, role).await?;
    }
    forbid_memberships(&server).await?;
    set_passwords(&server, passwords).await?;
    let superuser = is_superuser(&server).await?;
    if !superuser {
        run(&server, "becoming a member of orion_owner", "GRANT orion_owner, orion_worker TO CURRENT_USER")
            .await?;
    }
    ensure_database(&server, database).await?;
    let inside = connect(superuser_url, Some(database)).await?;
    let prepared = run(&inside, "preparing the database", PREPARE_DATABASE).await;
    if !superuser {
        run(&server, "leaving orion_worker", "REVOKE orion_worker FROM CURRENT_USER").await?;
    }
    prepared.map_err(explain_extensions)
}

/// A session of its own, outside every pool, acting as the login itself even where the address says otherwise (that for
/// migrations does). It ends when the client is dropped.
pub(super) async fn connect(url: &str, database: Option<&str>) -> Result<Client, PostgresError> {
    let mut config = parse(url)?;
    if let Some(database) = database {
        config.dbname(database);
    }
    let connected = config.application_name("orion").connect(NoTls).await;
    let (client, connection) = connected.map_err(PostgresError::sql("connecting to PostgreSQL"))?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a PostgreSQL session ended");
        }
    });
    run(&client, "acting as the login itself", "SET ROLE NONE").await?;
    Ok(client)
}

/// Statements without parameters.
pub(super) async fn run(client: &Client, action: &str, statements: &str) -> Result<(), PostgresError> {
    client.batch_execute(statements).await.map_err(PostgresError::sql(action))
}

async fn check_server(server: &Client) -> Result<(), PostgresError> {
    let sql = "SELECT current_setting('server_version_num')::int,
                      EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i')";
    let row = server.query_one(sql, &[]).await.map_err(PostgresError::sql("reading the server's version"))?;
    let (version, icu): (i32, bool) = (row.get(0), row.get(1));
    if version < 150_000 {
        return Err(PostgresError::Unsupported(format!(
            "PostgreSQL 15 or newer is needed, this is {}",
            version / 10_000
        )));
    }
    if !icu {
        return Err(PostgresError::Unsupported(
            "this PostgreSQL was built without ICU, which sorting needs".into(),
        ));
    }
    Ok(())
}

async fn is_superuser(server: &Client) -> Result<bool, PostgresError> {
    let row = server.query_one("SELECT current_setting('is_superuser') = 'on'", &[]).await;
    Ok(row.map_err(PostgresError::sql("reading the login's rights"))?.get(0))
}

/// Makes the role, or takes from it what it must not have. Only what differs is named: changing the superuser's
/// attributes, even to what they are, is refused to everybody but superusers.
///
/// The owner inherits, because it is through `pg_database_owner` that it may create in the schema `public`.
async fn ensure_role(server: &Client, role: &str) -> Result<(), PostgresError> {
    let owner = role == OWNER_ROLE;
    let (login, inherit) = if owner { ("NOLOGIN", "INHERIT") } else { ("LOGIN", "NOINHERIT") };
    let sql =
        "SELECT rolcanlogin, rolinherit, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication
               FROM pg_roles WHERE rolname = $1";
    let found = server.query_opt(sql, &[&role]).await.map_err(PostgresError::sql("reading the roles"))?;
    let Some(found) = found else {
        return run(
            server,
            &format!("making the role {role}"),
            &format!("CREATE ROLE {role} {login} {inherit}"),
        )
        .await;
    };
    let wanted = [
        (!owner, login),
        (owner, inherit),
        (false, "NOSUPERUSER"),
        (false, "NOBYPASSRLS"),
        (false, "NOCREATEROLE"),
        (false, "NOCREATEDB"),
        (false, "NOREPLICATION"),
    ];
    let differing: Vec<_> = wanted
        .iter()
        .enumerate()
        .filter(|(index, (value, _))| found.get::<_, bool>(*index) != *value)
        .collect();
    if differing.is_empty() {
        return Ok(());
    }
    let changes = differing.iter().map(|(_, (_, change))| *change).collect::<Vec<_>>().join(" ");
    tracing::warn!(role, changes, "a role had other attributes than it must have");
    run(server, &format!("correcting the role {role}"), &format!("ALTER ROLE {role} {changes}")).await
}

/// A member of a role with a wider policy sees what that one sees. Other memberships are the operator's affair (some
/// managed servers log roles in through one).
async fn forbid_memberships(server: &Client) -> Result<(), PostgresError> {
    let sql = "SELECT format('REVOKE %I FROM %I', granted.rolname, member.rolname)
               FROM pg_auth_members
               JOIN pg_roles granted ON granted.oid = roleid
               JOIN pg_roles member ON member.oid = pg_auth_members.member
               WHERE member.rolname = ANY ($1)
                 AND (granted.rolname = ANY ($1) OR granted.rolsuper OR granted.rolbypassrls)";
    let ours = &ROLES[..];
    let parameters: [&(dyn ToSql + Sync); 1] = [&ours];
    let read = || server.query(sql, &parameters);
    for row in read().await.map_err(PostgresError::sql("reading the memberships"))? {
        let revoke: String = row.get(0);
        tracing::warn!(revoke, "a role had a membership that it must not have");
        run(server, "correcting the memberships", &revoke).await?;
    }
    let left = read().await.map_err(PostgresError::sql("reading the memberships"))?;
    match left.first() {
        None => Ok(()),
        // Granted by somebody else: only they can take it back.
        Some(row) => Err(PostgresError::Unsupported(format!(
            "run this as whoever granted it: {}",
            row.get::<_, String>(0)
        ))),
    }
}

async fn set_passwords(server: &Client, passwords: &RolePasswords) -> Result<(), PostgresError> {
    let given =
        [(APP_ROLE, &passwords.app), (PLATFORM_ROLE, &passwords.platform), (WORKER_ROLE, &passwords.worker)];
    for (role, password) in given {
        let Some(password) = password else { continue };
        let verifier = scram_sha_256(password, rand::rng().random())?;
        // A verifier has no quotes in it: base64, `$` and `:`.
        run(
            server,
            &format!("setting the password of {role}"),
            &format!("ALTER ROLE {role} PASSWORD '{verifier}'"),
        )
        .await?;
    }
    Ok(())
}

async fn ensure_database(server: &Client, database: &str) -> Result<(), PostgresError> {
    let sql = "SELECT pg_encoding_to_char(encoding) = 'UTF8', pg_get_userbyid(datdba) = $2 FROM pg_database WHERE datname = $1";
    let found = server.query_opt(sql, &[&database, &OWNER_ROLE]).await;
    match found.map_err(PostgresError::sql("reading the databases"))? {
        None => create_database(server, database).await?,
        Some(row) if !row.get::<_, bool>(0) => {
            return Err(PostgresError::Unsupported(format!(
                "the encoding of the database {database} is not UTF8"
            )));
        }
        Some(row) if !row.get::<_, bool>(1) => {
            run(
                server,
                "giving the database to orion_owner",
                &format!("ALTER DATABASE {database} OWNER TO {OWNER_ROLE}"),
            )
            .await?;
        }
        Some(_) => {}
    }
    close_database(server, database).await
}

/// Sorted by code point unless a query names a collation; where the server does not know `C.UTF-8`, as its default.
async fn create_database(server: &Client, database: &str) -> Result<(), PostgresError> {
    let create = format!("CREATE DATABASE {database} OWNER {OWNER_ROLE} TEMPLATE template0 ENCODING 'UTF8'");
    let with_locale = server.batch_execute(&format!("{create} LOCALE 'C.UTF-8'")).await;
    match with_locale {
        Err(error) if error.code() == Some(&tokio_postgres::error::SqlState::WRONG_OBJECT_TYPE) => {
            tracing::warn!("the server has no locale C.UTF-8; using its default");
            run(server, "making the database", &create).await
        }
        other => other.map_err(PostgresError::sql("making the database")),
    }
}

/// Lets our roles in and nobody else; a database made from a template does not inherit this.
pub(super) async fn close_database(server: &Client, database: &str) -> Result<(), PostgresError> {
    let sql = format!(
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC;
         GRANT CONNECT ON DATABASE {database} TO {APP_ROLE}, {PLATFORM_ROLE}, {WORKER_ROLE}"
    );
    run(server, "setting who may enter the database", &sql).await
}

/// Distributions ship the extensions in a package of their own.
fn explain_extensions(error: PostgresError) -> PostgresError {
    use tokio_postgres::error::SqlState;
    match &error {
        PostgresError::Sql { source, .. }
            if matches!(
                source.code(),
                Some(&SqlState::UNDEFINED_FILE | &SqlState::FEATURE_NOT_SUPPORTED)
            ) =>
        {
            PostgresError::Unsupported(format!("{error}; the extensions come with postgresql-contrib"))
        }
        _ => error,
    }
}
