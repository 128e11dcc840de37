//! Keys, token hashes, access tokens and passwords.

use std::sync::Arc;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, PasswordHash, Version};
use chrono::{DateTime, Utc};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::error::{ApiError, ErrorCode};

/// What an access token says. It carries no rights: session, person and membership are looked up at every request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// The session.
    pub sid: Uuid,
    /// `user` or `customer`.
    pub typ: String,
    /// The vendor of a team member's or customer's session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vnd: Option<Uuid>,
    /// When it expires, in seconds since 1970.
    pub exp: i64,
    /// When it was made.
    pub iat: i64,
}

/// The keys of this installation, and the bounded pool that hashes passwords.
pub struct Secrets {
    encoding: EncodingKey,
    decoding: DecodingKey,
    hashing: Arc<Semaphore>,
    argon2: Argon2<'static>,
    decoy: std::sync::OnceLock<String>,
}

impl Secrets {
    /// From the secret key; `threads` passwords are hashed at a time, the others wait.
    pub fn new(secret_key: &[u8], threads: usize) -> Self {
        Self {
            encoding: EncodingKey::from_secret(secret_key),
            decoding: DecodingKey::from_secret(secret_key),
            hashing: Arc::new(Semaphore::new(threads.max(1))),
            // OWASP's second recommendation for argon2id: 19 MiB, two passes, one lane.
            argon2: Argon2::new(
                Algorithm::Argon2id,
                Version::V0x13,
                Params::new(19 * 1024, 2, 1, None).unwrap_or_default(),
            ),
            decoy: std::sync::OnceLock::new(),
        }
    }

    /// Signs an access token.
    pub fn sign(&self, claims: &Claims) -> Result<String, ApiError> {
        jsonwebtoken::encode(&Header::default(), claims, &self.encoding).map_err(|error| {
            tracing::error!(%error, "an access token could not be signed");
            ApiError::new(ErrorCode::Internal, "Something went wrong on our side.")
        })
    }

    /// Reads an access token: `INVALID_TOKEN` for a forged one or another algorithm, `TOKEN_EXPIRED` for an old one.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, ApiError> {
        let mut validation = Validation::new(jsonwebtoken::Algorithm::HS256);
        // The expiry is held against the context's clock below.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation)
            .map_err(|_| ApiError::new(ErrorCode::InvalidToken, "The token is not valid."))?
            .claims;
        if claims.exp <= now.timestamp() {
            return Err(ApiError::new(
                ErrorCode::TokenExpired,
                "The token has expired: refresh the session.",
            ));
        }
        Ok(claims)
    }

    /// Hashes a password with argon2id, on a blocking thread.
    pub async fn hash_password(self: &Arc<Self>, password: String) -> Result<String, ApiError> {
        self.blocking(move |secrets| {
            secrets.argon2.hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(|error| {
                tracing::error!(%error, "a password could not be hashed");
                ApiError::new(ErrorCode::Internal, "Something went wrong on our side.")
            })
        })
        .await?
    }

    /// Whether the password is the one behind the hash. Without a hash it takes as long, and says no: an answer's time
    /// does not tell whether an account exists.
    pub async fn verify_password(
        self: &Arc<Self>,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, ApiError> {
        self.blocking(move |secrets| {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| secrets.decoy_hash());
            let Ok(parsed) = PasswordHash::new(&hash) else { return false };
            secrets.argon2.verify_password(password.as_bytes(), &parsed).is_ok() && known
        })
        .await
    }

    fn decoy_hash(&self) -> String {
        self.decoy
            .get_or_init(|| {
                self.argon2
                    .hash_password(b"nobody has this password")
                    .map(|h| h.to_string())
                    .unwrap_or_default()
            })
            .clone()
    }

    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let unavailable =
            |_| ApiError::new(ErrorCode::Unavailable, "The service is busy; try again in a moment.");
        let permit = self.hashing.clone().acquire_owned().await.map_err(|_| unavailable(()))?;
        let secrets = self.clone();
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work(&secrets)
        })
        .await
        .map_err(|_| unavailable(()))
    }
}

/// The hash that is stored for a token: tokens have 128 random bits, so a plain hash keeps them.
pub fn hash_token(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}
