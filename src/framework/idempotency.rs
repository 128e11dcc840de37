//! Idempotency keys: a retried request makes one order.
//!
//! The key's row is the first thing that a mutation writes, in the same transaction as its effect: a repeat that
//! arrives meanwhile waits for that transaction, and then finds the row, or not, as the first one ended. A refusal
//! rolls back and so does not use up the key. Stored are a hash of the input and the id of the result, never an answer.

use async_graphql::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::context::Ctx;
use super::db::{DbError, Tx, sql};
use super::error::{ErrorCode, Failure, Outcome, Refusal};

/// What a key turned out to be.
#[derive(Debug)]
pub enum Claim {
    /// Seen for the first time (or none was given): do it, then [`Claim::finish`].
    First(Option<Key>),
    /// Done before: answer the object as it is now.
    Replay(Uuid),
}

/// A claimed key.
#[derive(Debug, Clone)]
pub struct Key {
    scope: String,
    operation: &'static str,
    key: String,
}

/// The hash of an input, without its key: two requests are the same if it is.
pub fn input_hash(input: &Value) -> Vec<u8> {
    let mut input = input.clone();
    if let Value::Object(fields) = &mut input {
        fields.swap_remove("idempotencyKey");
        fields.retain(|_, value| *value != Value::Null);
    }
    Sha256::digest(input.to_string().as_bytes()).to_vec()
}

/// The scope of a key: the actor, or the cart or order that an anonymous shopper holds the token of.
pub fn scope(ctx: &Ctx, anonymous: &str) -> String {
    match ctx.actor().uuid() {
        Some(id) => format!("{}:{id}", ctx.actor().kind()),
        None => format!("ANONYMOUS:{anonymous}"),
    }
}

/// Claims a key in the transaction of its effect. `keep_days`: 7, payments 90.
pub async fn claim(
    tx: &Tx,
    scope: String,
    operation: &'static str,
    key: Option<&str>,
    input: &Value,
    keep_days: i32,
) -> Outcome<Claim> {
    let Some(key) = key else { return Ok(Claim::First(None)) };
    claim_row(tx, scope, operation, key, input, keep_days, None).await
}

/// As [`claim`], for a result whose id is known before it is made: there is nothing to finish.
pub async fn claim_for(
    tx: &Tx,
    scope: String,
    operation: &'static str,
    key: &str,
    input: &Value,
    keep_days: i32,
    result: Uuid,
) -> Outcome<Claim> {
    claim_row(tx, scope, operation, key, input, keep_days, Some(result)).await
}

async fn claim_row(
    tx: &Tx,
    scope: String,
    operation: &'static str,
    key: &str,
    input: &Value,
    keep_days: i32,
    result: Option<Uuid>,
) -> Outcome<Claim> {
    if key.is_empty() || key.len() > 200 || key.chars().any(char::is_control) {
        return Err(Refusal::new(
            ErrorCode::InvalidValue,
            "An idempotency key has 1 to 200 printable characters.",
        )
        .at(["input", "idempotencyKey"])
        .into());
    }
    let hash = input_hash(input);
    // A repeat waits here until the first one's transaction has ended, 5 s at most.
    let inserted = tx
        .load::<(bool,)>(
            sql("INSERT INTO idempotency_keys (vendor_id, scope, operation, key, input_hash, expires_at, result_id) \
                 SELECT $1, $2, $3, $4, $5, now() + make_interval(days => $6), $7 \
                 FROM (SELECT set_config('lock_timeout', '5s', true)) AS waiting \
                 ON CONFLICT DO NOTHING RETURNING true")
            .bind(tx.vendor())
            .bind(scope.clone())
            .bind(operation)
            .bind(key.to_owned())
            .bind(hash.clone())
            .bind(keep_days)
            .bind(result),
        )
        .await;
    match inserted {
        Ok(rows) if !rows.is_empty() => {
            return Ok(Claim::First(Some(Key { scope, operation, key: key.to_owned() })));
        }
        Ok(_) => {}
        Err(DbError::Timeout) => {
            return Err(Refusal::new(
                ErrorCode::IdempotencyInProgress,
                "The first request with this key is still running.",
            )
            .at(["input", "idempotencyKey"])
            .into());
        }
        Err(error) => return Err(error.into()),
    }
    let (stored, result) = tx
        .one::<(Vec<u8>, Option<Uuid>)>(
            sql("SELECT input_hash, result_id FROM idempotency_keys \
                 WHERE vendor_id = $1 AND scope = $2 AND operation = $3 AND key = $4")
            .bind(tx.vendor())
            .bind(scope)
            .bind(operation)
            .bind(key.to_owned()),
        )
        .await?;
    if stored != hash {
        return Err(Refusal::new(ErrorCode::IdempotencyKeyReused, "The key was used with other input.")
            .at(["input", "idempotencyKey"])
            .into());
    }
    match result {
        Some(id) => Ok(Claim::Replay(id)),
        None => Err(Failure::Refused(vec![Refusal::new(
            ErrorCode::IdempotencyInProgress,
            "The first request with this key is still running.",
        )])),
    }
}

/// Claims a key of a platform admin, in the platform transaction of its effect; kept 7 days. A repeat waits for the
/// first one's transaction, as with a vendor's keys.
pub async fn claim_platform(
    tx: &Tx,
    scope: String,
    operation: &'static str,
    key: Option<&str>,
    input: &Value,
    result: Uuid,
) -> Outcome<Option<Uuid>> {
    let Some(key) = key else { return Ok(None) };
    let refusal = |code, message: &'static str| Refusal::new(code, message).at(["input", "idempotencyKey"]);
    if key.is_empty() || key.len() > 200 || key.chars().any(char::is_control) {
        return Err(refusal(
            ErrorCode::InvalidValue,
            "An idempotency key has 1 to 200 printable characters.",
        )
        .into());
    }
    let hash = input_hash(input);
    let inserted = tx
        .execute(
            sql("INSERT INTO platform_idempotency_keys (scope, operation, key, input_hash, result_id, expires_at) \
                 VALUES ($1, $2, $3, $4, $5, now() + interval '7 days') ON CONFLICT DO NOTHING")
            .bind(scope.clone())
            .bind(operation)
            .bind(key.to_owned())
            .bind(hash.clone())
            .bind(result),
        )
        .await;
    match inserted {
        Ok(1) => return Ok(None),
        Ok(_) => {}
        Err(DbError::Timeout) => {
            let message = "The first request with this key is still running.";
            return Err(refusal(ErrorCode::IdempotencyInProgress, message).into());
        }
        Err(error) => return Err(error.into()),
    }
    let (stored, first) = tx
        .one::<(Vec<u8>, Option<Uuid>)>(
            sql("SELECT input_hash, result_id FROM platform_idempotency_keys \
                 WHERE scope = $1 AND operation = $2 AND key = $3")
            .bind(scope)
            .bind(operation)
            .bind(key.to_owned()),
        )
        .await?;
    if stored != hash {
        return Err(refusal(ErrorCode::IdempotencyKeyReused, "The key was used with other input.").into());
    }
    Ok(first)
}

impl Claim {
    /// Stores the id of the result; without a key it does nothing.
    pub async fn finish(self, tx: &Tx, result: Uuid) -> Result<(), DbError> {
        let Self::First(Some(key)) = self else { return Ok(()) };
        tx.execute(
            sql("UPDATE idempotency_keys SET result_id = $5 \
                 WHERE vendor_id = $1 AND scope = $2 AND operation = $3 AND key = $4")
            .bind(tx.vendor())
            .bind(key.scope)
            .bind(key.operation)
            .bind(key.key)
            .bind(result),
        )
        .await
        .map(|_| ())
    }
}
