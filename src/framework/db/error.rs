//! What can go wrong between us and the database, sorted by what a caller does about it.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// A failed database operation.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A named constraint refused the write. Callers map the names they expect to a refusal.
    #[error("constraint {name} refused the write")]
    Constraint {
        /// The constraint's name.
        name: String,
        /// Whether it was a unique one.
        unique: bool,
    },
    /// A deadlock or a serialization failure: the whole transaction may be tried again.
    #[error("the transaction lost against another one")]
    Conflict,
    /// No connection, or a lost one: the client may try again later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The statement ran into its time limit.
    #[error("the statement ran into its time limit")]
    Timeout,
    /// Everything else is a bug.
    #[error("database error: {0}")]
    Internal(String),
}

impl DbError {
    /// The name of the constraint that refused, if that is what happened.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Constraint { name, .. } => Some(name),
            _ => None,
        }
    }
}

impl From<DieselError> for DbError {
    fn from(error: DieselError) -> Self {
        match error {
            DieselError::DatabaseError(kind, info) => {
                use DatabaseErrorKind::*;
                let name = info.constraint_name().unwrap_or_default().to_owned();
                match kind {
                    UniqueViolation => Self::Constraint { name, unique: true },
                    ForeignKeyViolation | CheckViolation | NotNullViolation | ExclusionViolation => {
                        Self::Constraint { name, unique: false }
                    }
                    SerializationFailure => Self::Conflict,
                    ClosedConnection | UnableToSendCommand => Self::Unavailable(info.message().to_owned()),
                    _ => match info.message() {
                        "deadlock detected" => Self::Conflict,
                        m if m.starts_with("canceling statement due to") => Self::Timeout,
                        m => Self::Internal(m.to_owned()),
                    },
                }
            }
            DieselError::BrokenTransactionManager => Self::Unavailable("broken transaction".into()),
            other => Self::Internal(other.to_string()),
        }
    }
}
