//! Who asks, in whose vendor, and by which rights: the only context that resolvers and services see.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::batch::Batch;
use super::db::{Db, DbError, Tx};
use super::error::{ApiError, ErrorCode, Failure, Outcome};
use super::id::{CustomerId, SessionId, TeamMemberId, UserId, VendorId};
use super::money::Currency;
use super::permission::{Permission, PermissionSet};
use crate::app::App;

/// What every request needs to know of its vendor; cached, and dropped on every node when the vendor changes.
#[derive(Debug, Clone)]
pub struct VendorContext {
    /// The tenant.
    pub id: VendorId,
    /// Its code, in upper case.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its label below the platform's domain.
    pub subdomain: String,
    /// Whether the platform has verified it: an unverified vendor's shop is not public.
    pub verified: bool,
    /// Whether it may be used at all.
    pub active: bool,
    /// What it sells in.
    pub currency: Currency,
    /// Whether its prices include tax.
    pub prices_include_tax: bool,
    /// Where it sits (ISO 3166).
    pub country: String,
    /// The language of its plain text fields.
    pub default_language: String,
    /// All its languages, the default first.
    pub languages: Vec<String>,
    /// The zone of its business dates (IANA).
    pub time_zone: chrono_tz::Tz,
    /// Whether people may order without an account.
    pub guest_checkout: bool,
    /// How availability is shown to shoppers: `None` hides quantities, a number caps them.
    pub shown_quantity_cap: Option<i32>,
    /// Where it ships to (ISO 3166); empty: everywhere.
    pub ships_to: Vec<String>,
    /// Before the number of each order.
    pub order_prefix: String,
    /// For how long an order waits for an online payment.
    pub online_payment_minutes: i32,
    /// For how long an order waits for a payment by hand.
    pub manual_payment_minutes: i32,
    /// Where people write to.
    pub contact_email: Option<String>,
    /// What it is, in its own words.
    pub description: Option<String>,
    /// Legal name, address and registrations, as stored.
    pub legal: serde_json::Value,
    /// What differs from the default theme, as stored.
    pub theme: serde_json::Value,
    /// Allowed origins, addresses and link templates of its clients, as stored.
    pub clients: serde_json::Value,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Counts its changes.
    pub version: i32,
}

/// Who asks.
#[derive(Debug, Clone)]
pub enum Actor {
    /// Nobody known.
    Anonymous,
    /// A customer of the request's vendor.
    Customer(CustomerActor),
    /// Somebody of the request's vendor's team.
    Team(TeamActor),
    /// A platform admin.
    Admin(AdminActor),
}

/// A logged-in customer.
#[derive(Debug, Clone)]
pub struct CustomerActor {
    /// The customer.
    pub id: CustomerId,
    /// Their session.
    pub session: SessionId,
}

/// A logged-in team member.
#[derive(Debug, Clone)]
pub struct TeamActor {
    /// The membership.
    pub member: TeamMemberId,
    /// The person.
    pub user: UserId,
    /// Their session.
    pub session: SessionId,
    /// What their role allows.
    pub permissions: PermissionSet,
}

/// A logged-in platform admin.
#[derive(Debug, Clone)]
pub struct AdminActor {
    /// The person.
    pub user: UserId,
    /// Their session.
    pub session: SessionId,
    /// Whether they may make other admins.
    pub super_admin: bool,
}

impl Actor {
    /// The kind, as audit rows and the API name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Anonymous => "ANONYMOUS",
            Self::Customer(_) => "CUSTOMER",
            Self::Team(_) => "TEAM_MEMBER",
            Self::Admin(_) => "ADMIN",
        }
    }

    /// The actor's own id, for audit rows and idempotency keys; nobody has none.
    pub fn uuid(&self) -> Option<Uuid> {
        match self {
            Self::Anonymous => None,
            Self::Customer(c) => Some(c.id.uuid()),
            Self::Team(t) => Some(t.user.uuid()),
            Self::Admin(a) => Some(a.user.uuid()),
        }
    }

    /// The session, where there is one.
    pub fn session(&self) -> Option<SessionId> {
        match self {
            Self::Anonymous => None,
            Self::Customer(c) => Some(c.session),
            Self::Team(t) => Some(t.session),
            Self::Admin(a) => Some(a.session),
        }
    }
}

/// What a request did to the database; tests hold budgets against it.
#[derive(Debug, Default)]
pub struct Stats {
    statements: AtomicU32,
    lookups: AtomicU32,
    trace: AtomicBool,
    log: Mutex<Vec<String>>,
}

impl Stats {
    /// Keeps the statements' texts as well, for a test that wants to see them.
    pub fn tracing() -> Self {
        Self { trace: AtomicBool::new(true), ..Self::default() }
    }
    pub(super) fn count_statement(&self, text: &str) {
        self.statements.fetch_add(1, Ordering::Relaxed);
        if self.trace.load(Ordering::Relaxed) {
            self.log.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(text.to_owned());
        }
    }
    pub(super) fn count_lookup(&self) {
        self.lookups.fetch_add(1, Ordering::Relaxed);
    }
    /// Statements inside transactions (`BEGIN`, setting and `COMMIT` not counted).
    pub fn statements(&self) -> u32 {
        self.statements.load(Ordering::Relaxed)
    }
    /// Statements of authentication and vendor lookup.
    pub fn lookups(&self) -> u32 {
        self.lookups.load(Ordering::Relaxed)
    }
    /// The texts, if they were kept.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }
}

/// The right to write as one vendor: made only by a check ([`Ctx::require`], [`Ctx::shopper`]) or for a job.
#[derive(Debug, Clone)]
pub struct Grant {
    vendor: VendorId,
    who: Who,
    stats: Arc<Stats>,
}

/// The right to read as one vendor.
#[derive(Debug, Clone)]
pub struct ReadGrant {
    vendor: VendorId,
    stats: Arc<Stats>,
    replica: bool,
}

/// The right to work across vendors, with its reason; easy to grep.
#[derive(Debug, Clone)]
pub struct PlatformGrant {
    reason: &'static str,
    who: Who,
    stats: Arc<Stats>,
}

/// Who acts, for the audit log.
#[derive(Debug, Clone)]
pub struct Who {
    /// `ANONYMOUS`, `CUSTOMER`, `TEAM_MEMBER`, `ADMIN`, `JOB`, `SYSTEM`.
    pub kind: &'static str,
    /// The person, key or job.
    pub id: Option<Uuid>,
    /// The request, or the job's name.
    pub request_id: String,
    /// From where.
    pub ip: Option<String>,
    /// When, by the context's clock.
    pub now: DateTime<Utc>,
}

impl Grant {
    /// For a job that works for one vendor.
    pub fn for_job(vendor: VendorId, job: &'static str, now: DateTime<Utc>) -> Self {
        let who = Who { kind: "JOB", id: None, request_id: job.to_owned(), ip: None, now };
        Self { vendor, who, stats: Arc::default() }
    }
    /// The vendor.
    pub fn vendor(&self) -> VendorId {
        self.vendor
    }
    /// Who acts.
    pub fn who(&self) -> &Who {
        &self.who
    }
    /// When, by the context's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.who.now
    }
    /// The right to read as the same vendor.
    pub fn reading(&self) -> ReadGrant {
        ReadGrant { vendor: self.vendor, stats: self.stats.clone(), replica: false }
    }
    /// The request's counters.
    pub fn stats(&self) -> &Arc<Stats> {
        &self.stats
    }
}

impl ReadGrant {
    /// Whether a replica may answer: only for anonymous reads of what is public.
    pub fn replica(&self) -> bool {
        self.replica
    }
    /// The vendor.
    pub fn vendor(&self) -> VendorId {
        self.vendor
    }
    /// The request's counters.
    pub fn stats(&self) -> &Arc<Stats> {
        &self.stats
    }
}

impl PlatformGrant {
    /// For work of the system itself: the relay, migrations' checks, the command line.
    pub fn for_system(reason: &'static str, now: DateTime<Utc>) -> Self {
        let who = Who { kind: "SYSTEM", id: None, request_id: reason.to_owned(), ip: None, now };
        Self { reason, who, stats: Arc::default() }
    }
    /// Why it is needed.
    pub fn reason(&self) -> &'static str {
        self.reason
    }
    /// Who acts.
    pub fn who(&self) -> &Who {
        &self.who
    }
    /// The request's counters.
    pub fn stats(&self) -> &Arc<Stats> {
        &self.stats
    }
    /// The right to write as one vendor that this platform work created or administers.
    pub fn for_vendor(&self, vendor: VendorId) -> Grant {
        Grant { vendor, who: self.who.clone(), stats: self.stats.clone() }
    }
}

/// What came with the request.
#[derive(Debug, Clone, Default)]
pub struct RequestMeta {
    /// Given by the client or made by us; in every log line, error and audit row.
    pub request_id: String,
    /// The client's address.
    pub ip: Option<String>,
    /// The client's program.
    pub user_agent: Option<String>,
    /// The languages that `Accept-Language` names, best first.
    pub languages: Vec<String>,
    /// Whether the client asked for cookies to carry its tokens.
    pub cookies: bool,
}

/// The context of one request.
#[derive(Clone)]
pub struct Ctx(Arc<Inner>);

struct Inner {
    app: App,
    vendor: Option<Arc<VendorContext>>,
    actor: Actor,
    meta: RequestMeta,
    stats: Arc<Stats>,
    reads: Mutex<Option<Arc<Reads>>>,
    replica: AtomicBool,
    replayed: AtomicBool,
    logged_in: OnceLock<(Option<Arc<VendorContext>>, Actor)>,
}

impl Ctx {
    /// Made by the HTTP layer (and by tests) once vendor and actor are known.
    pub fn new(app: App, vendor: Option<Arc<VendorContext>>, actor: Actor, meta: RequestMeta) -> Self {
        Self(Arc::new(Inner {
            app,
            vendor,
            actor,
            meta,
            stats: Arc::default(),
            reads: Mutex::new(None),
            replica: AtomicBool::new(false),
            replayed: AtomicBool::new(false),
            logged_in: OnceLock::new(),
        }))
    }

    /// The same asker with fresh reads and counters: one for each operation on a connection.
    pub fn fork(&self) -> Self {
        Self::new(self.app().clone(), self.vendor_opt().cloned(), self.actor().clone(), self.0.meta.clone())
    }

    /// Makes the rest of this execution run as who has just logged in by it, so that a payload's viewer is that person.
    /// Once an execution: `BAD_REQUEST` at the second.
    pub fn log_in(&self, vendor: Option<Arc<VendorContext>>, actor: Actor) -> Result<(), ApiError> {
        self.0.logged_in.set((vendor, actor)).map_err(|_| second_log_in())
    }
    /// Refuses a second log-in in one execution, before it has an effect.
    pub fn require_first_log_in(&self) -> Result<(), ApiError> {
        if self.0.logged_in.get().is_some() { Err(second_log_in()) } else { Ok(()) }
    }

    /// What is built once.
    pub fn app(&self) -> &App {
        &self.0.app
    }
    /// Who asks.
    pub fn actor(&self) -> &Actor {
        self.0.logged_in.get().map_or(&self.0.actor, |(_, actor)| actor)
    }
    /// What came with the request.
    pub fn meta(&self) -> &RequestMeta {
        &self.0.meta
    }
    /// The request's id.
    pub fn request_id(&self) -> &str {
        &self.0.meta.request_id
    }
    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.0.app.clock.now()
    }
    /// What the request did to the database.
    pub fn stats(&self) -> &Arc<Stats> {
        &self.0.stats
    }
    /// The vendor, if the request names one.
    pub fn vendor_opt(&self) -> Option<&Arc<VendorContext>> {
        self.0.logged_in.get().map_or(self.0.vendor.as_ref(), |(vendor, _)| vendor.as_ref())
    }
    /// The vendor, or `VENDOR_REQUIRED`.
    pub fn vendor(&self) -> Result<&Arc<VendorContext>, ApiError> {
        self.vendor_opt().ok_or_else(|| {
            ApiError::new(
                ErrorCode::VendorRequired,
                "The request names no vendor: use the vendor's host or the header X-Vendor.",
            )
        })
    }
    /// A list's shape for [`super::paging::Page::new`] with its vendor, so that a cursor opens no other vendor's list.
    pub fn list_shape(&self, shape: &str) -> String {
        self.vendor_opt().map_or_else(|| shape.to_owned(), |vendor| format!("{}|{shape}", vendor.id))
    }
    /// The logged-in team member.
    pub fn team(&self) -> Option<&TeamActor> {
        match self.actor() {
            Actor::Team(team) => Some(team),
            _ => None,
        }
    }
    /// The logged-in customer.
    pub fn customer(&self) -> Option<&CustomerActor> {
        match self.actor() {
            Actor::Customer(customer) => Some(customer),
            _ => None,
        }
    }
    /// Whether the asker is of the vendor's team and holds the permission.
    pub fn can(&self, permission: Permission) -> bool {
        self.team().is_some_and(|team| team.permissions.contains(permission))
    }

    /// A team member's right to write, by a permission.
    pub fn require(&self, permission: Permission) -> Result<Grant, ApiError> {
        super::permission::Access::Team(permission).check(self)?;
        self.grant()
    }
    /// Anybody's right to do what shoppers do (carts, checkout, registration). The shop must be public, unless the
    /// asker is of its team.
    pub fn shopper(&self) -> Result<Grant, ApiError> {
        self.require_public_shop()?;
        self.grant()
    }
    /// Refuses where the vendor's shop is not public and the asker is not of its team.
    pub fn require_public_shop(&self) -> Result<(), ApiError> {
        let vendor = self.vendor()?;
        if !vendor.active {
            return Err(ApiError::new(ErrorCode::VendorNotActive, "The vendor has been deactivated."));
        }
        if !vendor.verified && self.team().is_none() {
            return Err(ApiError::new(ErrorCode::VendorNotVerified, "The vendor's shop is not public yet."));
        }
        Ok(())
    }
    fn grant(&self) -> Result<Grant, ApiError> {
        Ok(Grant { vendor: self.vendor()?.id, who: self.who(), stats: self.0.stats.clone() })
    }
    /// A platform admin's right to work across vendors.
    pub fn require_admin(&self, reason: &'static str) -> Result<PlatformGrant, ApiError> {
        super::permission::Access::Admin.check(self)?;
        Ok(self.system(reason))
    }
    /// The system's own right to work across vendors on behalf of this request (log-in, session refresh).
    pub fn system(&self, reason: &'static str) -> PlatformGrant {
        PlatformGrant { reason, who: self.who(), stats: self.0.stats.clone() }
    }
    /// Who acts, for the audit log.
    pub fn who(&self) -> Who {
        Who {
            kind: self.actor().kind(),
            id: self.actor().uuid(),
            request_id: self.0.meta.request_id.clone(),
            ip: self.0.meta.ip.clone(),
            now: self.now(),
        }
    }

    /// Opens a read-write transaction; the reads before it end, so that a request never holds two connections.
    pub async fn begin(&self, grant: &Grant) -> Result<Tx, DbError> {
        self.end_reads().await;
        self.app().db.write(grant).await
    }

    /// The snapshot that this execution reads from, with its loaders. Opened by the first read.
    pub fn reads(&self) -> Result<Arc<Reads>, ApiError> {
        let vendor = self.vendor()?.id;
        let mut slot = self.0.reads.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        Ok(slot
            .get_or_insert_with(|| {
                let replica = self.0.replica.load(Ordering::Relaxed);
                let grant = ReadGrant { vendor, stats: self.0.stats.clone(), replica };
                Arc::new(Reads {
                    snapshot: Arc::new(Snapshot {
                        db: self.0.app.db.clone(),
                        grant,
                        tx: tokio::sync::OnceCell::new(),
                    }),
                    loaders: Mutex::default(),
                })
            })
            .clone())
    }

    /// Ends the snapshot, if one was opened. What was read stays valid; the next read opens a new one.
    pub async fn end_reads(&self) {
        let reads = self.0.reads.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        if let Some(reads) = reads {
            reads.loaders.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clear();
            let snapshot = reads.snapshot.clone();
            drop(reads);
            // A loader's task may still hold it for a moment; then it is dropped, and with it the connection.
            if let Some(snapshot) = Arc::into_inner(snapshot)
                && let Some(tx) = snapshot.tx.into_inner()
                && let Err(error) = tx.commit().await
            {
                tracing::debug!(%error, "a read transaction did not end well");
            }
        }
    }

    /// Runs a use case again from its beginning, up to three times, when its transaction lost against another one.
    pub async fn retrying<T, F>(&self, work: impl Fn() -> F) -> Outcome<T>
    where
        F: Future<Output = Outcome<T>>,
    {
        for _ in 0..3 {
            match work().await {
                Err(Failure::Conflict) => self.app().db.count_conflict(),
                outcome => return outcome,
            }
        }
        work().await
    }

    /// Lets a replica answer this execution's reads: for anonymous reads of what is public, nothing else.
    pub fn allow_replica(&self) {
        self.0.replica.store(matches!(self.0.actor, Actor::Anonymous), Ordering::Relaxed);
    }
    /// Marks the answer as that of an earlier request with the same idempotency key.
    pub fn mark_replayed(&self) {
        self.0.replayed.store(true, Ordering::Relaxed);
    }
    /// Whether the answer is that of an earlier request.
    pub fn replayed(&self) -> bool {
        self.0.replayed.load(Ordering::Relaxed)
    }
}

fn second_log_in() -> ApiError {
    ApiError::new(ErrorCode::BadRequest, "One document logs in once.")
}

/// One snapshot of the vendor's data.
pub struct Snapshot {
    db: Db,
    grant: ReadGrant,
    tx: tokio::sync::OnceCell<Tx>,
}

impl Snapshot {
    /// The transaction, opened at first use.
    pub async fn tx(&self) -> Result<&Tx, DbError> {
        self.tx.get_or_try_init(|| self.db.read(&self.grant)).await
    }
    /// The vendor.
    pub fn vendor(&self) -> VendorId {
        self.grant.vendor
    }
}

/// One snapshot, and the loaders that batch on it.
pub struct Reads {
    snapshot: Arc<Snapshot>,
    loaders: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl Reads {
    /// The transaction.
    pub async fn tx(&self) -> Result<&Tx, DbError> {
        self.snapshot.tx().await
    }
    /// What a loader keeps.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.clone()
    }
    /// The loader of a kind, made at first use: `reads.loader(ProductLoader)`.
    pub fn loader<L: Send + Sync + 'static>(&self, make: impl FnOnce(Arc<Snapshot>) -> L) -> Arc<Batch<L>> {
        let mut loaders = self.loaders.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let any = loaders
            .entry(TypeId::of::<L>())
            .or_insert_with(|| Arc::new(Batch::new(make(self.snapshot.clone()))));
        any.clone().downcast().unwrap_or_else(|_| unreachable!("entries are keyed by their type"))
    }
}

/// The context of a resolver.
pub trait ContextExt {
    /// The request's context.
    fn ctx(&self) -> &Ctx;
}

impl ContextExt for async_graphql::Context<'_> {
    fn ctx(&self) -> &Ctx {
        self.data_unchecked::<Ctx>()
    }
}
