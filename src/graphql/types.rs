//! Types that all modules share: money, refusals, and how an outcome becomes a payload.

use async_graphql::{Context, ID, Object, SimpleObject, Union};

use super::scalars::{CurrencyCode, Decimal};
use crate::framework::context::{ContextExt as _, Ctx};
use crate::framework::db::DbError;
use crate::framework::error::{ApiError, ErrorCode, Failure, Outcome, Refusal, RefusalDetails};
use crate::framework::id::{Id, IdError, Kind};

/// An amount of money.
#[derive(Clone, Copy)]
pub struct Money(pub crate::framework::money::Money);

/// An amount of money.
#[Object]
impl Money {
    /// The amount with exactly its currency's decimals: `"19.90"`, in yen `"1990"`.
    async fn amount(&self) -> Decimal {
        Decimal::from(self.0)
    }
    /// The currency (ISO 4217).
    async fn currency_code(&self) -> CurrencyCode {
        CurrencyCode::from(self.0.currency())
    }
}

/// An amount as a row keeps it. A currency that is none any more is a fault of ours.
pub fn stored_money(ctx: &Context<'_>, minor: i64, currency: &str) -> async_graphql::Result<Money> {
    currency
        .parse()
        .ok()
        .and_then(|currency| crate::framework::money::Money::new(minor, currency).ok())
        .map(Money)
        .ok_or_else(|| {
            ApiError::new(ErrorCode::Internal, "A stored amount cannot be read.").extend(ctx.ctx())
        })
}

/// An amount of money, as input.
#[derive(async_graphql::InputObject, Clone)]
pub struct MoneyInput {
    /// The amount; more decimals than the currency has are refused, never rounded.
    pub amount: Decimal,
    /// The currency (ISO 4217).
    pub currency_code: CurrencyCode,
}

impl MoneyInput {
    /// The amount in minor units of the wanted currency: `CURRENCY_MISMATCH` or `INVALID_AMOUNT` otherwise.
    pub fn minor(&self, wanted: crate::framework::money::Currency) -> Result<i64, Refusal> {
        let currency: crate::framework::money::Currency = self.currency_code.into();
        if currency != wanted {
            return Err(Refusal::new(
                ErrorCode::CurrencyMismatch,
                format!("The amount must be in {}.", wanted.code()),
            ));
        }
        match crate::framework::money::parse_amount(self.amount.as_str(), wanted) {
            Ok(minor) if minor >= 0 => Ok(minor),
            Ok(_) => Err(Refusal::new(ErrorCode::InvalidAmount, "The amount must not be negative.")),
            Err(error) => Err(Refusal::new(ErrorCode::InvalidAmount, error.to_string())),
        }
    }
}

/// Why the domain refused: nothing was changed.
pub struct UserError(pub Refusal);

/// Why the domain refused: nothing was changed.
#[Object]
impl UserError {
    /// The stable code.
    async fn code(&self) -> ErrorCode {
        self.0.code
    }
    /// The path into the input, `["input", "lines", "0", "quantity"]`; null when it is about the whole.
    async fn field(&self) -> Option<Vec<String>> {
        (!self.0.field.is_empty()).then(|| self.0.field.clone())
    }
    /// For people, in English.
    async fn message(&self) -> &str {
        &self.0.message
    }
    /// What a client needs in order to act, for the codes that have it.
    async fn details(&self) -> Option<UserErrorDetails> {
        self.0.details.clone().map(|details| match details {
            RefusalDetails::InsufficientInventory { variant, requested, available } => {
                UserErrorDetails::InsufficientInventory(InsufficientInventoryDetails {
                    variant_id: variant.into(),
                    requested,
                    available,
                })
            }
            RefusalDetails::VersionConflict { current_version, id } => {
                UserErrorDetails::VersionConflict(VersionConflictDetails { current_version, id })
            }
            RefusalDetails::InvalidStatus { status, allowed } => {
                UserErrorDetails::InvalidStatus(InvalidStatusDetails { status, allowed_actions: allowed })
            }
            RefusalDetails::QuantityRule { min, max, step } => {
                UserErrorDetails::QuantityRule(QuantityRuleDetails {
                    min_quantity: min,
                    max_quantity: max,
                    quantity_step: step,
                })
            }
            RefusalDetails::PriceChanged { expected, actual } => {
                UserErrorDetails::PriceChanged(PriceChangedDetails {
                    expected: Money(expected),
                    actual: Money(actual),
                })
            }
        })
    }
}

/// What a client must know to act on a refusal. Open: clients keep a default branch.
#[derive(Union)]
pub enum UserErrorDetails {
    /// There is less than was asked for.
    InsufficientInventory(InsufficientInventoryDetails),
    /// The object has changed.
    VersionConflict(VersionConflictDetails),
    /// The action does not fit the state.
    InvalidStatus(InvalidStatusDetails),
    /// The quantity breaks the variant's rule.
    QuantityRule(QuantityRuleDetails),
    /// The total is another one.
    PriceChanged(PriceChangedDetails),
}

/// There is less than was asked for.
#[derive(SimpleObject)]
pub struct InsufficientInventoryDetails {
    /// The variant that is short.
    variant_id: ID,
    /// How many were asked for.
    requested: i32,
    /// How many there are; null where the vendor does not show quantities.
    available: Option<i32>,
}

/// The object has changed since the expected version.
pub struct VersionConflictDetails {
    current_version: i32,
    id: String,
}

/// The object has changed since the expected version.
#[Object]
impl VersionConflictDetails {
    /// The version that is current.
    async fn current_version(&self) -> i32 {
        self.current_version
    }
    /// The object as it is now.
    async fn current(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<super::schema::Node>> {
        super::schema::load_node(ctx, &self.id).await
    }
}

/// The action does not fit the state.
#[derive(SimpleObject)]
pub struct InvalidStatusDetails {
    /// The state that it is in.
    status: String,
    /// What can be done instead.
    allowed_actions: Vec<String>,
}

/// The quantity breaks the variant's rule.
#[derive(SimpleObject)]
pub struct QuantityRuleDetails {
    /// The smallest quantity.
    min_quantity: i32,
    /// The largest quantity; null where there is no limit.
    max_quantity: Option<i32>,
    /// Quantities are multiples of it.
    quantity_step: i32,
}

/// The total is not the one that was expected.
#[derive(SimpleObject)]
pub struct PriceChangedDetails {
    /// What the client expected.
    expected: Money,
    /// What it is now.
    actual: Money,
}

/// What was deleted.
#[derive(SimpleObject)]
pub struct DeletePayload {
    /// The id of what was deleted; null where it was refused.
    deleted_id: Option<ID>,
    /// Why nothing was changed; empty where it was.
    user_errors: Vec<UserError>,
}

impl Payload for DeletePayload {
    type Done = ID;
    fn done(id: ID) -> Self {
        Self { deleted_id: Some(id), user_errors: Vec::new() }
    }
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { deleted_id: None, user_errors }
    }
}

/// A mutation's answer: made from what the use case gave, or from its refusals.
pub trait Payload: Sized {
    /// What the use case gives.
    type Done;
    /// The payload of a success.
    fn done(done: Self::Done) -> Self;
    /// The payload of refusals.
    fn refused(errors: Vec<UserError>) -> Self;
}

/// Turns an outcome into a payload: refusals are data, everything else is a top-level error.
pub fn payload<P: Payload>(ctx: &Ctx, outcome: Outcome<P::Done>) -> async_graphql::Result<P> {
    match outcome {
        Ok(done) => Ok(P::done(done)),
        Err(failure) => refused(ctx, failure).map(P::refused),
    }
}

/// The user errors of a failure, or the top-level error that it is.
pub fn refused(ctx: &Ctx, failure: Failure) -> async_graphql::Result<Vec<UserError>> {
    match failure {
        Failure::Refused(refusals) => Ok(refusals.into_iter().map(UserError).collect()),
        Failure::Error(error) => Err(error.extend(ctx)),
        Failure::Conflict => Err(ApiError::from(DbError::Conflict).extend(ctx)),
    }
}

/// Reads an id of an input; the refusal names the field.
pub fn input_id<K: Kind>(id: &ID, path: &[&str]) -> Result<Id<K>, Refusal> {
    Id::parse(id).map_err(|error| Refusal::new(ErrorCode::InvalidId, error.to_string()).at(path))
}

/// Reads an id of a query's argument. One of another kind, or nonsense, is a clear error.
pub fn argument_id<K: Kind>(ctx: &Context<'_>, id: &ID, argument: &str) -> async_graphql::Result<Id<K>> {
    Id::parse(id).map_err(|error: IdError| {
        ApiError::new(ErrorCode::InvalidId, error.to_string()).at(argument).extend(ctx.ctx())
    })
}
