//! Vendors in the API.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, InputType as _, Object, Result, SimpleObject};
use orion_macros::secured;
use serde_json::Value;

use crate::framework::context::{ContextExt as _, VendorContext};
use crate::framework::error::{ApiError, ErrorCode};
use crate::graphql::connection::Counter;
use crate::graphql::scalars::{CountryCode, CurrencyCode, DateTime, LanguageCode, TimeZone};
use crate::graphql::types::input_id;
use crate::graphql::{Connection, Payload, UserError, page_args, payload, refused};

use crate::modules::identity::graphql::TeamMember;

use super::create::{Created, Wanted, create};
use super::service::{self, VendorFilter, VendorOrder};

/// A vendor: the tenant, with a shop and a team of its own.
pub struct Vendor(pub Arc<VendorContext>);

/// A vendor: the tenant, with a shop and a team of its own.
#[secured]
#[Object]
impl Vendor {
    /// The typed, sortable id.
    pub async fn id(&self) -> ID {
        self.0.id.into()
    }
    /// Its code, in upper case; unique on the platform, for the header `X-Vendor`.
    async fn code(&self) -> &str {
        &self.0.code
    }
    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// Its label below the platform's domain.
    async fn subdomain(&self) -> &str {
        &self.0.subdomain
    }
    /// Whether the platform has verified it; an unverified vendor's shop is not public.
    async fn verified(&self) -> bool {
        self.0.verified
    }
    /// Whether it may be used at all.
    async fn active(&self) -> bool {
        self.0.active
    }
    /// What it sells in.
    async fn currency_code(&self) -> CurrencyCode {
        self.0.currency.into()
    }
    /// Whether its prices include tax.
    async fn prices_include_tax(&self) -> bool {
        self.0.prices_include_tax
    }
    /// Where it sits.
    async fn country_code(&self) -> Result<CountryCode> {
        Ok(self.0.country.parse::<CountryCode>()?)
    }
    /// The language of its plain text fields.
    async fn default_language(&self) -> Result<LanguageCode> {
        Ok(self.0.default_language.parse::<LanguageCode>()?)
    }
    /// All its languages, the default first.
    async fn languages(&self) -> Vec<LanguageCode> {
        self.0.languages.iter().filter_map(|language| language.parse().ok()).collect()
    }
    /// The zone of its business dates.
    async fn time_zone(&self) -> TimeZone {
        self.0.time_zone.into()
    }
    /// Whether people may order without an account.
    async fn guest_checkout(&self) -> bool {
        self.0.guest_checkout
    }
    /// Where it ships to; empty means everywhere.
    async fn ships_to(&self) -> Vec<CountryCode> {
        self.0.ships_to.iter().filter_map(|country| country.parse().ok()).collect()
    }
    /// Where people write to.
    async fn contact_email(&self) -> Option<&str> {
        self.0.contact_email.as_deref()
    }
    /// What it is, in its own words.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }
    /// Who is behind it, for imprints; null while it has not said.
    async fn legal(&self) -> Option<VendorLegal> {
        let fields = self.0.legal.as_object().filter(|fields| !fields.is_empty())?;
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(VendorLegal {
            name: text("name"),
            address: text("address"),
            registration_number: text("registrationNumber"),
            vat_number: text("vatNumber"),
            email: text("email"),
            phone: text("phone"),
        })
    }
    /// The look of its shop: the default tokens, changed by what the vendor has set.
    async fn theme(&self) -> Theme {
        Theme::of(&self.0.theme)
    }
    /// What its clients may do, and where they are.
    #[permission(SETTINGS_READ)]
    async fn clients(&self, ctx: &Context<'_>) -> Option<VendorClients> {
        // The permission is one at the request's vendor.
        let own = ctx.ctx().vendor_opt().is_some_and(|vendor| vendor.id == self.0.id);
        own.then(|| VendorClients::of(&self.0.clients))
    }
    /// When it was created.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }
    /// Counts its changes; for `expectedVersion`.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

/// Who is behind a vendor.
#[derive(SimpleObject)]
pub struct VendorLegal {
    /// The legal name.
    name: Option<String>,
    /// The address, as printed.
    address: Option<String>,
    /// The number in the register of companies.
    registration_number: Option<String>,
    /// The VAT number.
    vat_number: Option<String>,
    /// An e-mail address.
    email: Option<String>,
    /// A phone number.
    phone: Option<String>,
}

/// What a vendor's clients may do, and where they are.
#[derive(SimpleObject)]
pub struct VendorClients {
    /// Origins whose pages may call the API with credentials; exact, or with one wildcard as the left-most label.
    allowed_origins: Vec<String>,
    /// The address of the shop.
    storefront_url: Option<String>,
    /// The address of the team's tool.
    back_office_url: Option<String>,
    /// How links in mails and payments are made.
    link_templates: VendorLinkTemplates,
}

/// Templates of the links in mails and payments; `{token}`, `{number}` and the like are replaced.
#[derive(SimpleObject)]
pub struct VendorLinkTemplates {
    /// To an order.
    order: Option<String>,
    /// To a cart.
    cart: Option<String>,
    /// To a product.
    product: Option<String>,
    /// To choose a new password.
    password_reset: Option<String>,
    /// To accept an invitation into the team.
    invitation: Option<String>,
    /// Back from a payment.
    payment_return: Option<String>,
}

impl VendorClients {
    fn of(stored: &Value) -> Self {
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let templates = stored.get("linkTemplates").unwrap_or(&Value::Null);
        let origins = stored.get("allowedOrigins").and_then(Value::as_array).into_iter().flatten();
        Self {
            allowed_origins: origins.filter_map(Value::as_str).map(str::to_owned).collect(),
            storefront_url: text(stored, "storefrontUrl"),
            back_office_url: text(stored, "backOfficeUrl"),
            link_templates: VendorLinkTemplates {
                order: text(templates, "order"),
                cart: text(templates, "cart"),
                product: text(templates, "product"),
                password_reset: text(templates, "passwordReset"),
                invitation: text(templates, "invitation"),
                payment_return: text(templates, "paymentReturn"),
            },
        }
    }
}

/// The look of a shop, as tokens for its style sheets.
#[derive(SimpleObject)]
pub struct Theme {
    /// The colours.
    colors: ThemeColors,
    /// The sizes of text.
    font_sizes: ThemeSizes,
    /// The spaces between things.
    spacing: ThemeSizes,
    /// The radius of corners.
    radius: String,
    /// The shadow of cards.
    shadow: String,
    /// The font of headings; null: the client's.
    heading_font: Option<String>,
    /// The font of text; null: the client's.
    body_font: Option<String>,
    /// The address of the logo.
    logo_url: Option<String>,
    /// The address of the icon of tabs.
    favicon_url: Option<String>,
}

/// Colours of a theme, as CSS writes them.
#[derive(SimpleObject)]
pub struct ThemeColors {
    /// Of buttons and links.
    primary: String,
    /// Of buttons that are pressed.
    primary_dark: String,
    /// Of what went well.
    success: String,
    /// Of what went wrong.
    danger: String,
    /// Of what wants attention.
    warning: String,
    /// Beside the primary one; null where the theme has none.
    secondary: Option<String>,
    /// Of highlights; null where the theme has none.
    accent: Option<String>,
    /// Behind everything; null: the client's.
    background: Option<String>,
    /// Of text; null: the client's.
    text: Option<String>,
    /// Of lines; null: the client's.
    border: Option<String>,
}

/// Three sizes, as CSS writes them.
#[derive(SimpleObject)]
pub struct ThemeSizes {
    /// The small one.
    small: String,
    /// The usual one.
    medium: String,
    /// The large one.
    large: String,
}

impl Theme {
    // The defaults are those of facts E.
    fn of(stored: &Value) -> Self {
        let set = |path: &str| stored.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let token = |path: &str, default: &str| set(path).unwrap_or_else(|| default.to_owned());
        Self {
            colors: ThemeColors {
                primary: token("/colors/primary", "#3b82f6"),
                primary_dark: token("/colors/primaryDark", "#2563eb"),
                success: token("/colors/success", "#10b981"),
                danger: token("/colors/danger", "#ef4444"),
                warning: token("/colors/warning", "#f59e0b"),
                secondary: set("/colors/secondary"),
                accent: set("/colors/accent"),
                background: set("/colors/background"),
                text: set("/colors/text"),
                border: set("/colors/border"),
            },
            font_sizes: ThemeSizes {
                small: token("/fontSizes/small", "0.875rem"),
                medium: token("/fontSizes/medium", "16px"),
                large: token("/fontSizes/large", "1.25rem"),
            },
            spacing: ThemeSizes {
                small: token("/spacing/small", "0.5rem"),
                medium: token("/spacing/medium", "1rem"),
                large: token("/spacing/large", "1.5rem"),
            },
            radius: token("/radius", "0.375rem"),
            shadow: token("/shadow", "0 4px 6px rgba(0,0,0,0.1)"),
            heading_font: set("/headingFont"),
            body_font: set("/bodyFont"),
            logo_url: set("/logoUrl"),
            favicon_url: set("/faviconUrl"),
        }
    }
}

/// How vendors are sorted.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum VendorSort {
    /// The oldest first.
    CreatedAtAsc,
    /// The newest first.
    CreatedAtDesc,
    /// By code.
    CodeAsc,
    /// By code, backwards.
    CodeDesc,
}

/// Which vendors a list shows.
#[derive(InputObject, Default)]
pub struct VendorFilterInput {
    /// Only the verified, or only the others.
    verified: Option<bool>,
    /// Only the active, or only the others.
    active: Option<bool>,
}

/// Reading vendors.
#[derive(Default)]
pub struct VendorQuery;

#[secured(required)]
#[Object]
impl VendorQuery {
    /// The vendor that the request names by its host, the header `X-Vendor` or its token; null without one. An
    /// inactive vendor answers `VENDOR_NOT_ACTIVE`; an unverified one is shown, so that its team can log in.
    #[permission(PUBLIC)]
    async fn vendor(&self, ctx: &Context<'_>) -> Result<Option<Vendor>> {
        let ctx = ctx.ctx();
        let Some(vendor) = ctx.vendor_opt() else { return Ok(None) };
        if !vendor.active {
            let error = ApiError::new(ErrorCode::VendorNotActive, "The vendor has been deactivated.");
            return Err(error.extend(ctx));
        }
        Ok(Some(Vendor(vendor.clone())))
    }

    /// All vendors of the platform.
    #[permission(ADMIN)]
    #[expect(clippy::too_many_arguments, reason = "a connection's arguments")]
    async fn vendors(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "So many from the beginning, or after the cursor; at most 100.")] first: Option<i32>,
        #[graphql(desc = "The cursor to begin after.")] after: Option<String>,
        #[graphql(desc = "So many from the end, or before the cursor; at most 100.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "A part of name, code or subdomain; at most 200 characters.")] search: Option<
            String,
        >,
        #[graphql(desc = "Which vendors.")] filter: Option<VendorFilterInput>,
        #[graphql(desc = "The newest first by default.")] sort: Option<VendorSort>,
    ) -> Result<Option<Connection<Vendor>>> {
        let ctx = ctx.ctx();
        let search = search_text(search).map_err(|error| error.extend(ctx))?;
        let filter = filter.unwrap_or_default();
        let filter = VendorFilter { search, verified: filter.verified, active: filter.active };
        let order = match sort.unwrap_or(VendorSort::CreatedAtDesc) {
            VendorSort::CreatedAtAsc => (VendorOrder::Created, false),
            VendorSort::CreatedAtDesc => (VendorOrder::Created, true),
            VendorSort::CodeAsc => (VendorOrder::Code, false),
            VendorSort::CodeDesc => (VendorOrder::Code, true),
        };
        let args = page_args(first, after, last, before);
        let slice = service::list(ctx, &filter, order, &args).await.map_err(|error| error.extend(ctx))?;
        let slice =
            slice.try_map(|row| row.into_context()).map_err(|error| ApiError::from(error).extend(ctx))?;
        let counting = ctx.clone();
        let counter: Counter = Arc::new(move || {
            let (ctx, filter) = (counting.clone(), filter.clone());
            Box::pin(async move { service::count(&ctx, &filter).await })
        });
        Ok(Some(Connection::new(slice, Some(counter), Vendor)))
    }
}

/// A search text: trimmed, empty is none; `TOO_LONG` or `INVALID_VALUE` for what cannot be one.
pub fn search_text(search: Option<String>) -> Result<Option<String>, ApiError> {
    let Some(search) = search else { return Ok(None) };
    let search = search.trim();
    if search.len() > 800 || search.chars().count() > 200 {
        return Err(ApiError::new(ErrorCode::TooLong, "A search has at most 200 characters.").at("search"));
    }
    if search.chars().any(char::is_control) {
        return Err(ApiError::new(ErrorCode::InvalidValue, "No control characters in a search.").at("search"));
    }
    Ok((!search.is_empty()).then(|| search.to_owned()))
}

/// Verifies a vendor.
#[derive(InputObject)]
pub struct VendorVerifiedSetInput {
    /// The vendor.
    id: ID,
    /// Whether it is verified.
    verified: bool,
    /// Refuse with `VERSION_CONFLICT` where the vendor has another version.
    expected_version: Option<i32>,
}

/// Switches a vendor on or off.
#[derive(InputObject)]
pub struct VendorActiveSetInput {
    /// The vendor.
    id: ID,
    /// Whether it may be used.
    active: bool,
    /// Refuse with `VERSION_CONFLICT` where the vendor has another version.
    expected_version: Option<i32>,
}

/// The vendor as it is now.
#[derive(SimpleObject)]
pub struct VendorPayload {
    /// The vendor; null where it was refused.
    vendor: Option<Vendor>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

impl Payload for VendorPayload {
    type Done = Arc<VendorContext>;
    fn done(done: Self::Done) -> Self {
        Self { vendor: Some(Vendor(done)), user_errors: Vec::new() }
    }
    fn refused(errors: Vec<UserError>) -> Self {
        Self { vendor: None, user_errors: errors }
    }
}

/// A vendor to create.
#[derive(InputObject)]
pub struct VendorCreateInput {
    /// Its name, at most 200 characters.
    name: String,
    /// Its code, 2 to 32 letters, digits, `-` and `_`; stored in upper case, unique, never given away again.
    code: String,
    /// Its label below the platform's domain; unique, never given away again.
    subdomain: String,
    /// The e-mail address of its owner; somebody new, or somebody whom the platform knows.
    owner_email: String,
    /// The owner's name.
    owner_name: Option<String>,
    /// What it sells in; EUR by default.
    currency_code: Option<CurrencyCode>,
    /// Where it sits; LU by default.
    country_code: Option<CountryCode>,
    /// Whether its prices include tax; true by default.
    prices_include_tax: Option<bool>,
    /// The language of its plain text fields; `en` by default.
    default_language: Option<LanguageCode>,
    /// The zone of its business dates.
    #[graphql(default_with = "luxembourg()")]
    time_zone: Option<TimeZone>,
    /// Makes a repeat of the request answer the same vendor.
    idempotency_key: Option<String>,
}

fn luxembourg() -> Option<TimeZone> {
    Some(TimeZone::from(chrono_tz::Europe::Luxembourg))
}

impl VendorCreateInput {
    fn wanted(self) -> Result<Wanted> {
        let input = self.to_value();
        Ok(Wanted {
            name: self.name,
            code: self.code,
            subdomain: self.subdomain,
            owner_email: self.owner_email,
            owner_name: self.owner_name,
            currency: match self.currency_code {
                Some(code) => code.into(),
                None => "EUR".parse()?,
            },
            country: self.country_code.map_or("LU", CountryCode::as_str).to_owned(),
            prices_include_tax: self.prices_include_tax.unwrap_or(true),
            default_language: self.default_language.map_or_else(|| "en".to_owned(), String::from),
            time_zone: self.time_zone.or_else(luxembourg).map_or("UTC", |zone| zone.as_str()).to_owned(),
            key: self.idempotency_key,
            input,
        })
    }
}

/// The answer of `vendorCreate`.
#[derive(SimpleObject)]
pub struct VendorCreatePayload {
    /// The vendor.
    vendor: Option<Vendor>,
    /// Its owner.
    owner: Option<TeamMember>,
    /// For the owner's first log-in, which asks for another one; told once, and null for somebody who has a password.
    temporary_password: Option<String>,
    /// Why it was not created.
    user_errors: Vec<UserError>,
}

impl Payload for VendorCreatePayload {
    type Done = Created;
    fn done(done: Created) -> Self {
        Self {
            vendor: Some(Vendor(done.vendor)),
            owner: done.owner.map(TeamMember),
            temporary_password: done.temporary_password,
            user_errors: Vec::new(),
        }
    }
    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { vendor: None, owner: None, temporary_password: None, user_errors }
    }
}

/// Changing vendors.
#[derive(Default)]
pub struct VendorMutation;

#[secured(required)]
#[Object]
impl VendorMutation {
    /// Creates a vendor with its owner: unverified, with the preset roles and what a shop begins with.
    #[permission(ADMIN)]
    async fn vendor_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The vendor and its owner.")] input: VendorCreateInput,
    ) -> Result<Option<VendorCreatePayload>> {
        let ctx = ctx.ctx();
        payload(ctx, create(ctx, input.wanted()?).await).map(Some)
    }

    /// Verifies a vendor, or takes it back. An unverified vendor's shop is not public.
    #[permission(ADMIN)]
    async fn vendor_verified_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The vendor and the flag.")] input: VendorVerifiedSetInput,
    ) -> Result<Option<VendorPayload>> {
        let ctx = ctx.ctx();
        let id = match input_id(&input.id, &["input", "id"]) {
            Ok(id) => id,
            Err(refusal) => return refused(ctx, refusal.into()).map(VendorPayload::refused).map(Some),
        };
        payload(ctx, service::set_verified(ctx, id, input.verified, input.expected_version).await).map(Some)
    }

    /// Switches a vendor on or off. With an inactive one, shop and log-ins are refused at once.
    #[permission(ADMIN)]
    async fn vendor_active_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The vendor and the flag.")] input: VendorActiveSetInput,
    ) -> Result<Option<VendorPayload>> {
        let ctx = ctx.ctx();
        let id = match input_id(&input.id, &["input", "id"]) {
            Ok(id) => id,
            Err(refusal) => return refused(ctx, refusal.into()).map(VendorPayload::refused).map(Some),
        };
        payload(ctx, service::set_active(ctx, id, input.active, input.expected_version).await).map(Some)
    }
}
