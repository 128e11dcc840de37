//! One vocabulary of errors: codes that clients know, refusals that are data, and errors that are not.

use std::borrow::Cow;

use async_graphql::{Enum, ErrorExtensions as _};
use serde_json::json;

use super::context::Ctx;
use super::db::DbError;

macro_rules! codes {
    ($($variant:ident $name:literal $status:literal $doc:literal;)*) => {
        /// Every code that an error, a refusal, a warning or an import row can carry. Open: clients keep a default branch.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
        #[graphql(name = "ErrorCode")]
        pub enum ErrorCode { $(#[doc = $doc] #[graphql(name = $name)] $variant),* }
        impl ErrorCode {
            /// All codes.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$variant),*];
            /// The name that clients see.
            pub fn name(self) -> &'static str { match self { $(Self::$variant => $name),* } }
            /// The HTTP status that fits it.
            pub fn status(self) -> u16 { match self { $(Self::$variant => $status),* } }
            /// When it is used.
            pub fn description(self) -> &'static str { match self { $(Self::$variant => $doc),* } }
            /// The code of that name, as stored with import rows and payments.
            pub fn from_name(name: &str) -> Option<Self> { match name { $($name => Some(Self::$variant),)* _ => None } }
        }
    };
}
codes! {
    BadRequest "BAD_REQUEST" 400 "The request is not well-formed.";
    ValidationError "VALIDATION_ERROR" 422 "The document, a variable or an argument does not fit the schema.";
    Required "REQUIRED" 422 "A value is missing.";
    InvalidValue "INVALID_VALUE" 422 "A value is not of the form or range that the field wants.";
    TooLong "TOO_LONG" 422 "A text or list is longer than allowed.";
    InvalidId "INVALID_ID" 422 "Not an id, or the id of another kind of object.";
    InvalidEmail "INVALID_EMAIL" 422 "Not an e-mail address.";
    InvalidAddress "INVALID_ADDRESS" 422 "The address lacks what its country needs.";
    InvalidAmount "INVALID_AMOUNT" 422 "Not an amount of this currency: too many decimals, negative or too large.";
    CurrencyMismatch "CURRENCY_MISMATCH" 422 "An amount is in another currency than the one it goes with.";
    InvalidCursor "INVALID_CURSOR" 422 "The cursor belongs to another list, sort or filter, or is damaged.";
    ExactlyOne "EXACTLY_ONE" 422 "Exactly one of several arguments must be given.";
    UploadExpected "UPLOAD_EXPECTED" 422 "An upload was expected where something else was sent.";
    UploadInvalid "UPLOAD_INVALID" 422 "The multipart request is not as its specification wants it.";
    UploadTooLarge "UPLOAD_TOO_LARGE" 413 "The upload is larger than allowed.";
    UploadTimeout "UPLOAD_TIMEOUT" 408 "The upload took too long.";
    UploadSpoolFull "UPLOAD_SPOOL_FULL" 503 "Too many uploads at once; try again later.";
    Unauthenticated "UNAUTHENTICATED" 401 "Nobody is logged in.";
    InvalidToken "INVALID_TOKEN" 401 "The token is not one of ours, or its session has ended.";
    TokenExpired "TOKEN_EXPIRED" 401 "The token is too old: refresh the session.";
    TokenReused "TOKEN_REUSED" 401 "The refresh token was used before; the session has been ended.";
    InvalidCredentials "INVALID_CREDENTIALS" 401 "E-mail or password are wrong.";
    ChallengeInvalid "CHALLENGE_INVALID" 401 "The challenge is unknown, used or expired, or the answer is wrong.";
    WeakPassword "WEAK_PASSWORD" 422 "The password is too short, too long or well known.";
    InsufficientPermissions "INSUFFICIENT_PERMISSIONS" 403 "The actor may not do this.";
    AdminRequired "ADMIN_REQUIRED" 403 "Only a platform admin may do this.";
    UserNotActive "USER_NOT_ACTIVE" 403 "The person has been deactivated.";
    UnauthorizedVendorAccess "UNAUTHORIZED_VENDOR_ACCESS" 403 "The request names one vendor, its credential belongs to another.";
    VendorRequired "VENDOR_REQUIRED" 400 "The request names no vendor: use the vendor's host or the header X-Vendor.";
    VendorNotFound "VENDOR_NOT_FOUND" 404 "There is no such vendor.";
    VendorNotActive "VENDOR_NOT_ACTIVE" 403 "The vendor has been deactivated.";
    VendorNotVerified "VENDOR_NOT_VERIFIED" 403 "The vendor's shop is not public yet.";
    HandleTaken "HANDLE_TAKEN" 409 "Another living object has this slug, SKU, code or external id.";
    EmailTaken "EMAIL_TAKEN" 409 "A registered customer has this e-mail.";
    NotFound "NOT_FOUND" 404 "There is no such object, or it is not yours to see.";
    VersionConflict "VERSION_CONFLICT" 409 "The object has changed since the version that was expected.";
    IdempotencyKeyReused "IDEMPOTENCY_KEY_REUSED" 409 "The key was used with other input.";
    IdempotencyInProgress "IDEMPOTENCY_IN_PROGRESS" 409 "The first request with this key is still running.";
    RateLimitExceeded "RATE_LIMIT_EXCEEDED" 429 "Too many requests; see Retry-After.";
    LimitExceeded "LIMIT_EXCEEDED" 400 "The document is deeper, larger or costlier than allowed.";
    Timeout "TIMEOUT" 503 "The request took longer than allowed.";
    Unavailable "UNAVAILABLE" 503 "A part that is needed does not answer; try again later.";
    Internal "INTERNAL" 500 "A fault of ours, logged with the request id.";
    ExternalService "EXTERNAL_SERVICE" 502 "Somebody else's service failed.";
    ModuleDisabled "MODULE_DISABLED" 403 "The module is switched off.";
    ModuleIsCore "MODULE_IS_CORE" 400 "A core module cannot be switched off.";
    ModuleHasDependents "MODULE_HAS_DEPENDENTS" 409 "Other modules need this one.";
    ProductNotFound "PRODUCT_NOT_FOUND" 404 "There is no such product.";
    ProductNotInCatalog "PRODUCT_NOT_IN_CATALOG" 404 "The product or variant is not in this vendor's catalog.";
    ProductNotAvailable "PRODUCT_NOT_AVAILABLE" 400 "The variant cannot be bought now.";
    ProductAlreadyExists "PRODUCT_ALREADY_EXISTS" 409 "The product has been published before.";
    VariantNotFound "VARIANT_NOT_FOUND" 404 "There is no such variant.";
    DuplicateOptions "DUPLICATE_OPTIONS" 409 "Another variant of the product has the same options.";
    CategoryNotFound "CATEGORY_NOT_FOUND" 404 "There is no such category.";
    InsufficientInventory "INSUFFICIENT_INVENTORY" 409 "There is less than was asked for.";
    InventoryNotFound "INVENTORY_NOT_FOUND" 404 "There is no such inventory item or location.";
    InvalidInventoryOperation "INVALID_INVENTORY_OPERATION" 400 "The change would leave less than nothing, or less than is reserved.";
    CartNotFound "CART_NOT_FOUND" 404 "There is no such cart.";
    CartClosed "CART_CLOSED" 409 "The cart has become an order, or was merged into another.";
    CartItemNotFound "CART_ITEM_NOT_FOUND" 404 "The cart has no such line.";
    InvalidCartQuantity "INVALID_CART_QUANTITY" 422 "The quantity breaks the variant's minimum, maximum or step.";
    EmptyCart "EMPTY_CART" 400 "The cart has no lines.";
    CheckoutIncomplete "CHECKOUT_INCOMPLETE" 400 "Something is missing between this cart and an order; see the cart's missing.";
    PriceChanged "PRICE_CHANGED" 409 "The total is not the one that was expected.";
    GuestCheckoutDisabled "GUEST_CHECKOUT_DISABLED" 403 "The vendor asks its customers to log in.";
    ShippingMethodNotFound "SHIPPING_METHOD_NOT_FOUND" 404 "There is no such shipping method.";
    CountryNotServed "COUNTRY_NOT_SERVED" 400 "The vendor does not ship to this country.";
    PaymentDeclined "PAYMENT_DECLINED" 402 "The payment was declined; try again with orderPay.";
    PaymentInsufficientFunds "PAYMENT_INSUFFICIENT_FUNDS" 402 "The payer's account lacks the money.";
    PaymentMethodNotFound "PAYMENT_METHOD_NOT_FOUND" 404 "There is no such payment gateway.";
    PaymentRequired "PAYMENT_REQUIRED" 400 "The order costs something, and no payment was given.";
    PaymentNotAllowed "PAYMENT_NOT_ALLOWED" 400 "The order takes no payment now.";
    RedirectNotAllowed "REDIRECT_NOT_ALLOWED" 422 "The return address is none of the vendor's.";
    OrderNotFound "ORDER_NOT_FOUND" 404 "There is no such order.";
    OrderLineNotFound "ORDER_LINE_NOT_FOUND" 404 "The order has no such line.";
    InvalidOrderStatus "INVALID_ORDER_STATUS" 409 "The action does not fit the order's state; see the allowed ones.";
    InvalidOrderQuantity "INVALID_ORDER_QUANTITY" 422 "More than is left of the line.";
    OrderCannotBeCancelled "ORDER_CANNOT_BE_CANCELLED" 409 "Nothing of the order can be cancelled by this actor.";
    OrderHasUnresolvedExceptions "ORDER_HAS_UNRESOLVED_EXCEPTIONS" 409 "Lines of the order wait for a decision.";
    CustomerNotFound "CUSTOMER_NOT_FOUND" 404 "There is no such customer.";
    TeamMemberNotFound "TEAM_MEMBER_NOT_FOUND" 404 "There is no such team member.";
    RoleNotFound "ROLE_NOT_FOUND" 404 "There is no such role.";
    OwnerRequired "OWNER_REQUIRED" 409 "A vendor keeps its owner: they cannot be removed, nor the last one get another role.";
    ImportJobNotFound "IMPORT_JOB_NOT_FOUND" 404 "There is no such import job.";
    ImportNotCancellable "IMPORT_NOT_CANCELLABLE" 409 "The import has ended.";
    ImportAlreadyRunning "IMPORT_ALREADY_RUNNING" 409 "An import of this source is running.";
    MarketplaceProductNotFound "MARKETPLACE_PRODUCT_NOT_FOUND" 404 "There is no such staged product.";
    FeedInvalid "FEED_INVALID" 422 "The file is no feed: empty, binary, or without the columns that a feed needs.";
    FeedFormatNotSupported "FEED_FORMAT_NOT_SUPPORTED" 422 "The file is a feed of a format that cannot be read yet.";
    FeedTooLarge "FEED_TOO_LARGE" 413 "The feed is larger than allowed.";
    UrlNotAllowed "URL_NOT_ALLOWED" 422 "The address must not be fetched.";
    FetchFailed "FETCH_FAILED" 502 "The address did not answer with a file.";
    FetchTooLarge "FETCH_TOO_LARGE" 502 "The address answered with more than is allowed.";
    FetchTimeout "FETCH_TIMEOUT" 502 "The address took too long.";
    FetchTooManyRedirects "FETCH_TOO_MANY_REDIRECTS" 502 "The address redirects too often.";
    InvalidPrice "INVALID_PRICE" 422 "Not a price.";
    InvalidGtin "INVALID_GTIN" 422 "The GTIN's length or check digit is wrong.";
    UnknownTaxRate "UNKNOWN_TAX_RATE" 422 "No tax class has this rate; the default was taken.";
    UnknownAvailability "UNKNOWN_AVAILABILITY" 422 "Not an availability.";
    InvalidUrl "INVALID_URL" 422 "Not an absolute http or https address.";
    InvalidDate "INVALID_DATE" 422 "Not a date.";
    InvalidNumber "INVALID_NUMBER" 422 "Not a number.";
    ColumnCount "COLUMN_COUNT" 422 "The row has another number of fields than the header.";
    UnclosedQuote "UNCLOSED_QUOTE" 422 "A double quote opens a value and is never closed.";
    MissingColumn "MISSING_COLUMN" 422 "The feed lacks a column that it needs.";
    DuplicateId "DUPLICATE_ID" 422 "An earlier row of the file has the same id.";
    Encoding "ENCODING" 422 "Characters could not be read and were replaced.";
}

/// A top-level error: authentication, permission, limits, and faults. Domain refusals are [`Refusal`]s.
#[derive(Debug, Clone)]
pub struct ApiError {
    /// The stable code.
    pub code: ErrorCode,
    /// For people; says nothing about other vendors or our inside.
    pub message: Cow<'static, str>,
    /// The argument or field it is about.
    pub field: Option<String>,
}

impl ApiError {
    /// An error with its code and message.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), field: None }
    }

    /// Names the argument that the error is about.
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The GraphQL error, with `extensions { code, status, timestamp, requestId, details }`.
    pub fn extend(self, ctx: &Ctx) -> async_graphql::Error {
        let (request_id, now) = (ctx.request_id().to_owned(), ctx.now());
        async_graphql::Error::new(self.message.clone().into_owned()).extend_with(|_, extensions| {
            extensions.set("code", self.code.name());
            extensions.set("status", i32::from(self.code.status()));
            extensions.set("requestId", request_id);
            extensions.set("timestamp", now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
            if let Some(field) = self.field {
                extensions.set(
                    "details",
                    async_graphql::Value::from_json(json!({ "field": field })).unwrap_or_default(),
                );
            }
        })
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(reason) => {
                tracing::warn!(reason, "database unavailable");
                Self::new(ErrorCode::Unavailable, "The service is busy; try again in a moment.")
            }
            DbError::Timeout => Self::new(ErrorCode::Timeout, "The request took longer than allowed."),
            DbError::Conflict => Self::new(ErrorCode::Unavailable, "Too many changes at once; try again."),
            other => {
                tracing::error!(error = %other, "unexpected database error");
                Self::new(ErrorCode::Internal, "Something went wrong on our side.")
            }
        }
    }
}

/// A refusal of the domain: data in the payload's `userErrors`.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The stable code.
    pub code: ErrorCode,
    /// The path into the input, `["input", "lines", "0", "quantity"]`.
    pub field: Vec<String>,
    /// For people.
    pub message: Cow<'static, str>,
    /// What a client needs in order to act.
    pub details: Option<RefusalDetails>,
}

/// What a client must know to act on a refusal.
#[derive(Debug, Clone)]
pub enum RefusalDetails {
    /// How much there is; `available` is `None` where the vendor does not show it.
    InsufficientInventory { variant: super::id::VariantId, requested: i32, available: Option<i32> },
    /// The version that is current, and the API id of the object, which the payload resolves.
    VersionConflict { current_version: i32, id: String },
    /// What can be done instead.
    InvalidStatus { status: String, allowed: Vec<String> },
    /// The variant's rule.
    QuantityRule { min: i32, max: Option<i32>, step: i32 },
    /// The two totals, in minor units, with their currency.
    PriceChanged { expected: super::money::Money, actual: super::money::Money },
}

impl Refusal {
    /// A refusal about the whole input.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, field: Vec::new(), message: message.into(), details: None }
    }

    /// Names the input's field by its path: `refusal.at(["input", "email"])`.
    pub fn at<S: ToString>(mut self, path: impl IntoIterator<Item = S>) -> Self {
        self.field = path.into_iter().map(|part| part.to_string()).collect();
        self
    }

    /// Adds what a client needs in order to act.
    pub fn with(mut self, details: RefusalDetails) -> Self {
        self.details = Some(details);
        self
    }
}

/// How a use case fails.
#[derive(Debug, Clone)]
pub enum Failure {
    /// The domain says no: nothing was changed.
    Refused(Vec<Refusal>),
    /// The request may not, or cannot, be served.
    Error(ApiError),
    /// The transaction lost against another one and may be tried again from its beginning; see [`Ctx::retrying`].
    Conflict,
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Error(error)
    }
}
impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Conflict => Self::Conflict,
            other => Self::Error(other.into()),
        }
    }
}
impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(vec![refusal])
    }
}

/// The result of a use case.
pub type Outcome<T> = Result<T, Failure>;

/// Collects refusals while an input is checked, so that a client sees all of them at once.
#[derive(Debug, Default)]
pub struct Refusals(Vec<Refusal>);

impl Refusals {
    /// Adds one.
    pub fn push(&mut self, refusal: Refusal) {
        self.0.push(refusal);
    }
    /// Ends the use case if there are any.
    pub fn check(self) -> Result<(), Failure> {
        if self.0.is_empty() { Ok(()) } else { Err(Failure::Refused(self.0)) }
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
