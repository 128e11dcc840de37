//! Sessions of users (platform transactions) and customers (their vendor's).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::framework::context::{RequestMeta, Stats};
use crate::framework::db::{Db, DbError, Tx, sql};
use crate::framework::id::{CustomerId, SessionId, UserId, VendorId};
use crate::modules::identity::model::{CustomerSessionCheck, RefreshRow, SessionRow, UserSessionCheck};

/// The session of a user's access token, with person and membership.
pub async fn check_user(
    db: &Db,
    stats: &Arc<Stats>,
    session: SessionId,
) -> Result<Option<UserSessionCheck>, DbError> {
    let query = sql("SELECT user_id, vendor_id, admin_role, user_active, revoked, expires_at, member_id, \
                     member_active, permissions FROM orion_auth_user_session($1)");
    Ok(db.lookup(query.bind(session), stats).await?.into_iter().next())
}

/// The session of a customer's access token, with the customer.
pub async fn check_customer(
    db: &Db,
    stats: &Arc<Stats>,
    vendor: VendorId,
    session: SessionId,
) -> Result<Option<CustomerSessionCheck>, DbError> {
    let query = sql(
        "SELECT customer_id, customer_active, revoked, expires_at FROM orion_auth_customer_session($1, $2)",
    );
    Ok(db.lookup(query.bind(vendor).bind(session), stats).await?.into_iter().next())
}

/// Notes that a session was used.
pub async fn see(tx: &Tx, session: SessionId, customer: bool, now: DateTime<Utc>) -> Result<(), DbError> {
    let query = if customer {
        sql("UPDATE customer_sessions SET last_seen_at = $1 WHERE vendor_id = $2 AND id = $3 AND last_seen_at < $1")
            .bind(now)
            .bind(tx.vendor())
    } else {
        sql("UPDATE user_sessions SET last_seen_at = $1 WHERE id = $2 AND last_seen_at < $1").bind(now)
    };
    tx.execute(query.bind(session)).await.map(|_| ())
}

/// A session to store. Times are the context's.
pub struct NewSession<'a> {
    /// The session.
    pub id: SessionId,
    /// The hash of the half of its refresh token that stays.
    pub family_hash: Vec<u8>,
    /// The hash of the half that changes.
    pub refresh_hash: Vec<u8>,
    /// When it begins.
    pub now: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// Where it comes from.
    pub meta: &'a RequestMeta,
}

/// Stores a user's session, and that they have logged in.
pub async fn insert_user(
    tx: &Tx,
    user: UserId,
    vendor: Option<VendorId>,
    session: NewSession<'_>,
) -> Result<(), DbError> {
    tx.execute(
        sql("WITH seen AS (UPDATE users SET last_login_at = $6 WHERE id = $2) \
             INSERT INTO user_sessions (id, user_id, vendor_id, family_hash, refresh_hash, rotated_at, created_at, \
                 last_seen_at, expires_at, user_agent, ip) \
             VALUES ($1, $2, $3, $4, $5, $6, $6, $6, $7, $8, $9)")
        .bind(session.id)
        .bind(user)
        .bind(vendor)
        .bind(session.family_hash)
        .bind(session.refresh_hash)
        .bind(session.now)
        .bind(session.expires_at)
        .bind(session.meta.user_agent.clone())
        .bind(session.meta.ip.clone()),
    )
    .await
    .map(|_| ())
}

/// Stores a customer's session, and that they have logged in.
pub async fn insert_customer(tx: &Tx, customer: CustomerId, session: NewSession<'_>) -> Result<(), DbError> {
    tx.execute(
        sql("INSERT INTO customer_sessions (vendor_id, id, customer_id, family_hash, refresh_hash, rotated_at, \
                 created_at, last_seen_at, expires_at, user_agent, ip) \
             VALUES ($1, $2, $3, $4, $5, $6, $6, $6, $7, $8, $9)")
        .bind(tx.vendor())
        .bind(session.id)
        .bind(customer)
        .bind(session.family_hash)
        .bind(session.refresh_hash)
        .bind(session.now)
        .bind(session.expires_at)
        .bind(session.meta.user_agent.clone())
        .bind(session.meta.ip.clone()),
    )
    .await
    .map(|_| ())
}

/// The session of a refresh token's family, locked.
pub async fn lock_family(
    tx: &Tx,
    family_hash: Vec<u8>,
    customer: bool,
) -> Result<Option<RefreshRow>, DbError> {
    let columns = "refresh_hash, previous_hash, rotated_at, expires_at, revoked_at";
    let query = if customer {
        sql(format!(
            "SELECT id, vendor_id, customer_id AS owner, {columns} FROM customer_sessions \
             WHERE vendor_id = $1 AND family_hash = $2 FOR NO KEY UPDATE"
        ))
        .bind(tx.vendor())
    } else {
        sql(format!(
            "SELECT id, vendor_id, user_id AS owner, {columns} FROM user_sessions \
             WHERE family_hash = $1 FOR NO KEY UPDATE"
        ))
    };
    tx.optional(query.bind(family_hash)).await
}

/// Moves a session on to its next refresh token.
pub async fn rotate(
    tx: &Tx,
    session: SessionId,
    refresh_hash: Vec<u8>,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    customer: bool,
) -> Result<(), DbError> {
    let query = if customer {
        sql("UPDATE customer_sessions SET previous_hash = refresh_hash, refresh_hash = $1, rotated_at = $2, \
             last_seen_at = $2, expires_at = $3 WHERE id = $4 AND vendor_id = $5")
    } else {
        sql("UPDATE user_sessions SET previous_hash = refresh_hash, refresh_hash = $1, rotated_at = $2, \
             last_seen_at = $2, expires_at = $3 WHERE id = $4")
    };
    let query = query.bind(refresh_hash).bind(now).bind(expires_at).bind(session);
    let query = if customer { query.bind(tx.vendor()) } else { query };
    tx.execute(query).await.map(|_| ())
}

/// Ends sessions of a user that live: one, or all of those at the vendor (`None`: as admin). How many.
pub async fn revoke_user(
    tx: &Tx,
    user: UserId,
    vendor: Option<VendorId>,
    one: Option<SessionId>,
    now: DateTime<Utc>,
) -> Result<usize, DbError> {
    tx.execute(
        sql("UPDATE user_sessions SET revoked_at = $4 WHERE user_id = $1 AND vendor_id IS NOT DISTINCT FROM $2 \
             AND ($3::uuid IS NULL OR id = $3) AND revoked_at IS NULL")
        .bind(user)
        .bind(vendor)
        .bind(one)
        .bind(now),
    )
    .await
}

/// Ends every session of a user, wherever it is.
pub async fn revoke_user_everywhere(tx: &Tx, user: UserId, now: DateTime<Utc>) -> Result<usize, DbError> {
    tx.execute(
        sql("UPDATE user_sessions SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL")
            .bind(user)
            .bind(now),
    )
    .await
}

/// Ends sessions of a customer that live: one, or all but one. How many.
pub async fn revoke_customer(
    tx: &Tx,
    customer: CustomerId,
    one: Option<SessionId>,
    but: Option<SessionId>,
    now: DateTime<Utc>,
) -> Result<usize, DbError> {
    tx.execute(
        sql("UPDATE customer_sessions SET revoked_at = $5 WHERE vendor_id = $1 AND customer_id = $2 \
             AND ($3::uuid IS NULL OR id = $3) AND ($4::uuid IS NULL OR id <> $4) AND revoked_at IS NULL")
        .bind(tx.vendor())
        .bind(customer)
        .bind(one)
        .bind(but)
        .bind(now),
    )
    .await
}

/// A person's live sessions, the newest first, at most 100.
pub async fn list(
    tx: &Tx,
    owner: Uuid,
    vendor: Option<VendorId>,
    customer: bool,
    now: DateTime<Utc>,
) -> Result<Vec<SessionRow>, DbError> {
    let columns = "id, vendor_id, created_at, last_seen_at, expires_at, user_agent, ip";
    let (table, owned) =
        if customer { ("customer_sessions", "customer_id") } else { ("user_sessions", "user_id") };
    tx.load(
        sql(format!(
            "SELECT {columns} FROM {table} WHERE {owned} = $1 AND vendor_id IS NOT DISTINCT FROM $2 \
             AND revoked_at IS NULL AND expires_at > $3 ORDER BY created_at DESC LIMIT 100"
        ))
        .bind(owner)
        .bind(vendor)
        .bind(now),
    )
    .await
}
