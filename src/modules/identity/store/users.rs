//! People, and log-ins that wait for an answer. In platform transactions.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::framework::db::{Array, DbError, Sql, Tx, sql};
use crate::framework::id::{UserId, VendorId};
use crate::framework::paging::{COUNT_LIMIT, Page};
use crate::modules::identity::model::{ChallengeRow, USER_COLUMNS, UserRow};

/// The person of an e-mail address.
pub async fn by_email(tx: &Tx, email: &str) -> Result<Option<UserRow>, DbError> {
    tx.optional(
        sql(format!(
            "SELECT {USER_COLUMNS} FROM users WHERE lower(email) = lower($1) AND deleted_at IS NULL"
        ))
        .bind(email.to_owned()),
    )
    .await
}

/// The person.
pub async fn get(tx: &Tx, id: UserId) -> Result<Option<UserRow>, DbError> {
    tx.optional(
        sql(format!("SELECT {USER_COLUMNS} FROM users WHERE id = $1 AND deleted_at IS NULL")).bind(id),
    )
    .await
}

/// A person to store.
pub struct NewUser<'a> {
    pub id: UserId,
    pub email: &'a str,
    pub name: Option<&'a str>,
    pub password_hash: String,
    pub must_change_password: bool,
    pub admin_role: Option<&'static str>,
}

/// Stores a person; `users_email_key` refuses an address that somebody has.
pub async fn insert(tx: &Tx, user: &NewUser<'_>) -> Result<(), DbError> {
    tx.execute(
        sql("INSERT INTO users (id, email, name, password_hash, must_change_password, admin_role) \
             VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(user.id)
        .bind(user.email.to_owned())
        .bind(user.name.map(str::to_owned))
        .bind(user.password_hash.clone())
        .bind(user.must_change_password)
        .bind(user.admin_role),
    )
    .await
    .map(|_| ())
}

/// Sets the password that a person has chosen.
pub async fn set_password(tx: &Tx, id: UserId, hash: String, now: DateTime<Utc>) -> Result<(), DbError> {
    tx.execute(
        sql("UPDATE users SET password_hash = $2, must_change_password = false, updated_at = $3, \
             version = version + 1 WHERE id = $1")
        .bind(id)
        .bind(hash)
        .bind(now),
    )
    .await
    .map(|_| ())
}

/// Makes an existing person an admin.
pub async fn set_admin(tx: &Tx, id: UserId, role: &'static str, hash: String) -> Result<(), DbError> {
    tx.execute(
        sql("UPDATE users SET admin_role = $2, password_hash = $3, must_change_password = false, active = true, \
             updated_at = now(), version = version + 1 WHERE id = $1")
        .bind(id)
        .bind(role)
        .bind(hash),
    )
    .await
    .map(|_| ())
}

fn searched(query: &mut Sql<'_>, search: Option<&str>) {
    if let Some(search) = search {
        let escaped = search.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let n = query.bind_next(format!("%{escaped}%"));
        query.push_mut(&format!(" AND (email ILIKE ${n} OR name ILIKE ${n})"));
    }
}

/// A page of all people.
pub async fn page(tx: &Tx, search: Option<&str>, page: &Page) -> Result<Vec<UserRow>, DbError> {
    let mut query = sql(format!("SELECT {USER_COLUMNS} FROM users WHERE deleted_at IS NULL"));
    searched(&mut query, search);
    page.apply(&mut query);
    tx.load(query).await
}

/// How many people there are, counted up to the limit.
pub async fn count(tx: &Tx, search: Option<&str>) -> Result<i64, DbError> {
    let mut query = sql("SELECT count(*) FROM (SELECT 1 FROM users WHERE deleted_at IS NULL");
    searched(&mut query, search);
    let n = query.bind_next(COUNT_LIMIT);
    query.push_mut(&format!(" LIMIT ${n}) t"));
    tx.one::<(i64,)>(query).await.map(|(count,)| count)
}

/// Stores a log-in that waits for an answer.
pub async fn insert_challenge(
    tx: &Tx,
    id: Uuid,
    user: UserId,
    vendor: Option<VendorId>,
    secret_hash: Vec<u8>,
    kinds: &[&'static str],
    (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), DbError> {
    tx.execute(
        sql("INSERT INTO login_challenges (id, user_id, vendor_id, secret_hash, kinds, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(id)
        .bind(user)
        .bind(vendor)
        .bind(secret_hash)
        .bind(Array(kinds.to_vec()))
        .bind(now)
        .bind(expires_at),
    )
    .await
    .map(|_| ())
}

/// A log-in that waits, locked if it is to be used.
pub async fn challenge(tx: &Tx, id: Uuid, lock: bool) -> Result<Option<ChallengeRow>, DbError> {
    let query = "SELECT id, user_id, vendor_id, secret_hash, kinds, expires_at, used_at FROM login_challenges WHERE id = $1";
    let query = if lock { sql(format!("{query} FOR NO KEY UPDATE")) } else { sql(query) };
    tx.optional(query.bind(id)).await
}

/// Marks a challenge as answered.
pub async fn use_challenge(tx: &Tx, id: Uuid, now: DateTime<Utc>) -> Result<(), DbError> {
    tx.execute(sql("UPDATE login_challenges SET used_at = $2 WHERE id = $1").bind(id).bind(now))
        .await
        .map(|_| ())
}
