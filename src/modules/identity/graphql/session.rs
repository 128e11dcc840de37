//! Sessions and log-ins.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use orion_macros::secured;

use super::viewer::Viewer;
use crate::framework::context::{ContextExt as _, Ctx};
use crate::framework::error::{ErrorCode, Failure, Outcome, Refusal};
use crate::graphql::scalars::DateTime;
use crate::graphql::types::input_id;
use crate::graphql::{Payload, UserError, payload, refused};
use crate::modules::cart::graphql::{Cart, CartWarning};
use crate::modules::cart::service::Done as CartDone;
use crate::modules::identity::model::SessionRow;
use crate::modules::identity::service::login::{self, LoggedIn};
use crate::modules::identity::service::session::{self, Opened, Which};
use crate::modules::tenancy::graphql::Vendor;
use crate::modules::tenancy::service::by_id;

/// A log-in session.
pub enum Session {
    /// One that has just been opened or refreshed.
    Opened(Box<Opened>),
    /// One of a list, and whether it is the one that asks.
    Listed(Box<SessionRow>, bool),
}

/// A log-in session.
#[Object]
impl Session {
    /// The typed, sortable id.
    async fn id(&self) -> ID {
        match self {
            Self::Opened(opened) => opened.id.into(),
            Self::Listed(row, _) => row.id.into(),
        }
    }
    /// For the header `Authorization: Bearer …`; told once, when the session is opened or refreshed.
    async fn access_token(&self) -> Option<&str> {
        match self {
            Self::Opened(opened) => Some(&opened.access_token),
            Self::Listed(..) => None,
        }
    }
    /// When the access token ends; in a list, when the session does.
    async fn expires_at(&self) -> DateTime {
        match self {
            Self::Opened(opened) => opened.expires_at.into(),
            Self::Listed(row, _) => row.expires_at.into(),
        }
    }
    /// For `sessionRefresh`, once; told once. Using it a second time ends the session.
    async fn refresh_token(&self) -> Option<&str> {
        match self {
            Self::Opened(opened) => Some(&opened.refresh_token),
            Self::Listed(..) => None,
        }
    }
    /// When the session ends unless it is refreshed.
    async fn refresh_expires_at(&self) -> DateTime {
        match self {
            Self::Opened(opened) => opened.refresh_expires_at.into(),
            Self::Listed(row, _) => row.expires_at.into(),
        }
    }
    /// The vendor whose team or shop it is for; null for admins.
    async fn vendor(&self, ctx: &Context<'_>) -> Result<Option<Vendor>> {
        let ctx = ctx.ctx();
        match self {
            Self::Opened(opened) => Ok(opened.vendor.clone().map(Vendor)),
            Self::Listed(row, _) => match row.vendor_id {
                Some(id) => Ok(by_id(ctx, id).await.map_err(|error| error.extend(ctx))?.map(Vendor)),
                None => Ok(None),
            },
        }
    }
    /// When it was opened; only in lists.
    async fn created_at(&self) -> Option<DateTime> {
        self.row().map(|row| row.created_at.into())
    }
    /// When it was used last, to the minute; only in lists.
    async fn last_seen_at(&self) -> Option<DateTime> {
        self.row().map(|row| row.last_seen_at.into())
    }
    /// The program that opened it; only in lists.
    async fn user_agent(&self) -> Option<&str> {
        self.row().and_then(|row| row.user_agent.as_deref())
    }
    /// The address that it was opened from; only in lists.
    async fn ip_address(&self) -> Option<&str> {
        self.row().and_then(|row| row.ip.as_deref())
    }
    /// Whether it is the one that asks.
    async fn current(&self) -> bool {
        match self {
            Self::Opened(_) => true,
            Self::Listed(_, current) => *current,
        }
    }
}

impl Session {
    fn row(&self) -> Option<&SessionRow> {
        match self {
            Self::Opened(_) => None,
            Self::Listed(row, _) => Some(row),
        }
    }
}

/// What a log-in asks for before it opens a session. Open: clients keep a default branch.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ChallengeKind {
    /// Choose a new password: `newPassword`.
    PasswordChange,
    /// Prove the e-mail address: `code`.
    EmailVerification,
    /// A one-time code of an authenticator: `code`.
    Totp,
    /// A recovery code: `code`.
    RecoveryCode,
}

/// A log-in that needs an answer before there is a session.
#[derive(SimpleObject)]
pub struct LoginChallenge {
    /// For `sessionChallengeAnswer`; a secret.
    id: String,
    /// What is asked for; any one of them.
    kinds: Vec<ChallengeKind>,
    /// Until when it can be answered.
    expires_at: DateTime,
}

/// The answer of a log-in.
#[derive(SimpleObject)]
pub struct SessionPayload {
    /// The session; null where there is a challenge, or a refusal.
    session: Option<Session>,
    /// Who has logged in.
    viewer: Option<Viewer>,
    /// The customer's cart, after that of `cartToken` was merged into it.
    cart: Option<Cart>,
    /// What must be answered before there is a session.
    challenge: Option<LoginChallenge>,
    /// What happened to the cart.
    warnings: Vec<CartWarning>,
    /// Why there is no session.
    user_errors: Vec<UserError>,
}

impl Payload for SessionPayload {
    type Done = (LoggedIn, Option<CartDone>);
    fn done((done, cart): Self::Done) -> Self {
        let (session, challenge) = match done {
            LoggedIn::Session(opened) => (Some(Session::Opened(Box::new(opened))), None),
            LoggedIn::Challenge { id, expires_at } => {
                let kinds = vec![ChallengeKind::PasswordChange];
                (None, Some(LoginChallenge { id, kinds, expires_at: expires_at.into() }))
            }
        };
        let (cart, warnings) = match cart {
            Some(done) => {
                (Some(Cart(Arc::new(done.view))), done.warnings.into_iter().map(CartWarning::from).collect())
            }
            None => (None, Vec::new()),
        };
        Self {
            viewer: session.is_some().then_some(Viewer),
            session,
            cart,
            challenge,
            warnings,
            user_errors: Vec::new(),
        }
    }
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { session: None, viewer: None, cart: None, challenge: None, warnings: Vec::new(), user_errors }
    }
}

/// The payload of a log-in without a cart.
pub(super) fn session_payload(ctx: &Ctx, done: Outcome<LoggedIn>) -> Result<Option<SessionPayload>> {
    payload(ctx, done.map(|done| (done, None))).map(Some)
}

/// Who logs in.
#[derive(InputObject)]
pub struct LoginInput {
    /// The e-mail address.
    email: String,
    /// The password.
    #[graphql(secret)]
    password: String,
}

/// The answer to a challenge.
#[derive(InputObject)]
pub struct SessionChallengeAnswerInput {
    /// The challenge's id.
    #[graphql(secret)]
    id: String,
    /// Which of its kinds is answered.
    kind: ChallengeKind,
    /// The code, for the kinds that have one.
    #[graphql(secret)]
    code: Option<String>,
    /// The new password: 10 to 128 characters, not a well-known one.
    #[graphql(secret)]
    new_password: Option<String>,
}

/// A session to refresh.
#[derive(InputObject)]
pub struct SessionRefreshInput {
    /// The refresh token.
    #[graphql(secret)]
    refresh_token: Option<String>,
}

/// Which of one's own sessions to end; without any, the one that asks.
#[derive(InputObject, Default)]
pub struct SessionRevokeInput {
    /// This one.
    id: Option<ID>,
    /// All of them at this vendor; an admin's as admin.
    all: Option<bool>,
}

/// The answer of `sessionRevoke`.
#[derive(SimpleObject)]
pub struct SessionRevokePayload {
    /// How many sessions were ended.
    revoked: i32,
    /// Why none was.
    user_errors: Vec<UserError>,
}

impl Payload for SessionRevokePayload {
    type Done = usize;
    fn done(done: usize) -> Self {
        Self { revoked: i32::try_from(done).unwrap_or(i32::MAX), user_errors: Vec::new() }
    }
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { revoked: 0, user_errors }
    }
}

/// Logging in and out.
#[derive(Default)]
pub struct SessionMutation;

#[secured(required)]
#[Object]
impl SessionMutation {
    /// Logs a platform admin in. Errors: `INVALID_CREDENTIALS`, `ADMIN_REQUIRED`, `USER_NOT_ACTIVE`,
    /// `RATE_LIMIT_EXCEEDED`.
    #[permission(PUBLIC)]
    async fn admin_login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who logs in.")] input: LoginInput,
    ) -> Result<Option<SessionPayload>> {
        let ctx = ctx.ctx();
        session_payload(ctx, login::admin_login(ctx, &input.email, input.password).await)
    }

    /// Logs a member of the request's vendor's team in. A first log-in with a temporary password gives a challenge.
    /// Errors: `INVALID_CREDENTIALS`, `UNAUTHORIZED_VENDOR_ACCESS` for who is of another team, `USER_NOT_ACTIVE`,
    /// `VENDOR_NOT_ACTIVE`, `RATE_LIMIT_EXCEEDED`.
    #[permission(PUBLIC)]
    async fn team_login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who logs in.")] input: LoginInput,
    ) -> Result<Option<SessionPayload>> {
        let ctx = ctx.ctx();
        session_payload(ctx, login::team_login(ctx, &input.email, input.password).await)
    }

    /// Answers the challenge of a log-in, and opens the session. Errors: `CHALLENGE_INVALID`; refused with
    /// `WEAK_PASSWORD`, which does not use the challenge up.
    #[permission(PUBLIC)]
    async fn session_challenge_answer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The challenge and its answer.")] input: SessionChallengeAnswerInput,
    ) -> Result<Option<SessionPayload>> {
        let ctx = ctx.ctx();
        let _ = input.code;
        let done = match input.kind {
            ChallengeKind::PasswordChange => {
                login::change_password(ctx, &input.id, input.new_password).await.map(LoggedIn::Session)
            }
            _ => Err(Failure::from(
                Refusal::new(ErrorCode::ChallengeInvalid, "The challenge does not ask for this.")
                    .at(["input", "kind"]),
            )),
        };
        session_payload(ctx, done)
    }

    /// Gives new tokens for a refresh token; send it without an `Authorization` header. Each refresh token is good once;
    /// the one before the current is taken once more within 30 seconds, for a client that lost the answer. Errors:
    /// `INVALID_TOKEN`; `TOKEN_REUSED`, which ends the session.
    #[permission(PUBLIC)]
    async fn session_refresh(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The refresh token.")] input: SessionRefreshInput,
    ) -> Result<Option<SessionPayload>> {
        let ctx = ctx.ctx();
        session_payload(ctx, session::refresh(ctx, input.refresh_token).await.map(LoggedIn::Session))
    }

    /// Ends own sessions: the one that asks, one by id, or all. Its access token is dead at the next request.
    #[permission(PUBLIC)]
    async fn session_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; without it the one that asks.")] input: Option<SessionRevokeInput>,
    ) -> Result<Option<SessionRevokePayload>> {
        let ctx = ctx.ctx();
        let input = input.unwrap_or_default();
        let which = match (input.id, input.all.unwrap_or(false)) {
            (Some(_), true) => {
                Err(Refusal::new(ErrorCode::ExactlyOne, "Give id or all, not both.").at(["input", "id"]))
            }
            (Some(id), false) => input_id(&id, &["input", "id"]).map(Which::One),
            (None, true) => Ok(Which::All),
            (None, false) => Ok(Which::This),
        };
        match which {
            Ok(which) => payload(ctx, session::revoke(ctx, which).await).map(Some),
            Err(refusal) => refused(ctx, refusal.into()).map(SessionRevokePayload::refused).map(Some),
        }
    }
}
