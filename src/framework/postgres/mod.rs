//! PostgreSQL as Orion needs it: a private server for whoever names none, the roles, and databases for tests.
//!
//! [`PrivatePostgres`] starts the PostgreSQL that is installed on the machine, for one data directory; all Orion
//! processes of that directory share it. [`bootstrap`] makes the roles and the database of design section 4, on the
//! private server and on a managed one alike. [`TestCluster`] clones migrated databases for tests.

mod bootstrap;
mod error;
mod find;
mod password;
mod place;
mod server;
mod template;
#[cfg(test)]
mod tests;
mod urls;

pub use bootstrap::bootstrap;
pub use error::PostgresError;
pub use server::{PrivateOptions, PrivatePostgres};
pub use template::{Template, TestCluster, TestDatabase};
pub use urls::{DatabaseUrls, RolePasswords, owner_url};

/// Owns the database and everything in it; nobody logs in as it, migrations run as it.
pub const OWNER_ROLE: &str = "orion_owner";
/// The API's role: bound by row security to one vendor a transaction.
pub const APP_ROLE: &str = "orion_app";
/// The role of work across vendors, through a `PlatformGrant` and by system jobs.
pub const PLATFORM_ROLE: &str = "orion_platform";
/// The job queue's role: owns the schema `graphile_worker` and nothing else.
pub const WORKER_ROLE: &str = "orion_worker";
