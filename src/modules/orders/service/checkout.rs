//! A cart becomes an order.

use async_graphql::{InputType as _, Value};
use serde_json::json;

use super::{Done, finish, needs, pay, record, replayed, token, veil};
use crate::framework::clock::new_uuid;
use crate::framework::context::{Ctx, Grant};
use crate::framework::db::{DbError, Tx};
use crate::framework::error::{ErrorCode, Failure, Outcome, Refusal, RefusalDetails, Refusals};
use crate::framework::id::{OrderId, OrderLineId, PaymentId};
use crate::framework::idempotency::{self, Claim};
use crate::framework::money::Money;
use crate::framework::secret::hash_token;
use crate::modules::cart;
use crate::modules::cart::model::CheckoutRequirement;
use crate::modules::cart::view::{CartView, LineView};
use crate::modules::inventory;
use crate::modules::orders::input::{AcceptedTermInput, CheckoutCompleteInput};
use crate::modules::orders::model::{
    FrozenTax, FulfilmentStatus, Happening, OrderChannel, OrderLineRow, OrderRow, OrderState, OrderStatus,
    Quantities,
};
use crate::modules::orders::rules;
use crate::modules::orders::store;
use crate::modules::payments::model::PaymentStatus;

/// Makes an order of a cart, reserves its inventory, and asks the gateway for the money once that is committed. A repeat
/// with the same key answers the order as it is now, and goes on where the first was cut off.
pub async fn checkout_complete(ctx: &Ctx, input: CheckoutCompleteInput) -> Outcome<Done> {
    let grant = ctx.shopper()?;
    let gateway = input.payment.as_ref().map(|payment| pay::check_gateway(ctx, payment)).transpose()?;
    let terms = check_terms(input.accepted_terms.as_deref().unwrap_or_default())?;
    let raw = input.to_value();
    let request = Request { input, gateway: gateway.map(|gateway| gateway.code()), terms };
    let placed = ctx.retrying(|| place(ctx, &grant, &request, &raw)).await;
    let state = placed.map_err(|failure| veil(ctx, failure))?;
    // The first payment is the checkout's; further ones are those of orderPay.
    let payment: Option<PaymentId> = state.payments.first().map(|payment| payment.id);
    let data = request.input.payment.and_then(|payment| payment.data).map(serde_json::Value::from);
    let done = pay::advance(ctx, &grant, state, payment, data).await?;
    Ok(Done { owner: true, ..done })
}

struct Request {
    input: CheckoutCompleteInput,
    gateway: Option<&'static str>,
    terms: serde_json::Value,
}

fn check_terms(terms: &[AcceptedTermInput]) -> Outcome<serde_json::Value> {
    let mut refusals = Refusals::default();
    if terms.len() > 20 {
        refusals.push(Refusal::new(ErrorCode::TooLong, "At most 20 terms.").at(["input", "acceptedTerms"]));
    }
    for (index, term) in terms.iter().enumerate().take(20) {
        for (field, text) in [("code", &term.code), ("version", &term.version)] {
            let fits = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
            if !fits {
                refusals.push(Refusal::new(ErrorCode::InvalidValue, "1 to 100 printable characters.").at([
                    "input",
                    "acceptedTerms",
                    &index.to_string(),
                    field,
                ]));
            }
        }
    }
    refusals.check()?;
    Ok(terms.iter().map(|term| json!({ "code": term.code, "version": term.version })).collect())
}

async fn place(ctx: &Ctx, grant: &Grant, request: &Request, raw: &Value) -> Outcome<OrderState> {
    let tx = ctx.begin(grant).await?;
    let outcome = place_in(ctx, grant, &tx, request, raw).await;
    finish(tx, outcome).await
}

async fn place_in(ctx: &Ctx, grant: &Grant, tx: &Tx, request: &Request, raw: &Value) -> Outcome<OrderState> {
    let input = &request.input;
    let order = OrderId::from_uuid(new_uuid());
    let scope = idempotency::scope(ctx, &hex::encode(hash_token(&input.token)));
    let key = &input.idempotency_key;
    let claim = idempotency::claim_for(tx, scope, "checkoutComplete", key, raw, 90, order.uuid()).await?;
    if let Claim::Replay(id) = claim {
        return replayed(ctx, tx, OrderId::from_uuid(id)).await;
    }
    let cart = cart::service::lock_for_checkout(tx, &input.token, ctx).await?;
    check(&cart, request)?;
    let mut state = freeze(ctx, &cart, order, &request.terms)?;
    let mut wait = None;
    if state.order.total > 0
        && let Some(gateway) = request.gateway
    {
        state.payments.push(pay::new_payment(&state, gateway, ctx.now()));
        wait = Some(if crate::modules::payments::is_manual(gateway) { "manual" } else { "online" });
    }
    rules::refresh(&mut state, ctx.now());
    let happened = [Happening::new("PLACED", json!({ "lines": state.lines.len() }))];
    let placed = store::place(tx, grant.who(), &state, wait, &happened).await.map_err(already_ordered)?;
    (state.order.number, state.order.sequence, state.order.expires_at) = placed;
    cart::service::mark_ordered(tx, cart.cart.id, order, ctx.now()).await?;
    record(tx, grant.who(), "order.place", None, &state, &happened).await?;
    // The rows that every buyer of the same goods wants: as late as can be.
    let units: Quantities = state.lines.iter().map(|line| (line.id, line.quantity)).collect();
    let needs = needs(&state, &units)?;
    let country = cart.ship_to_country();
    inventory::service::reserve(tx, grant.who(), order, &needs, country.as_deref()).await?;
    Ok(state)
}

/// The index stands behind the cart's lock: one cart, one living order.
fn already_ordered(error: DbError) -> Failure {
    match error.constraint() {
        Some("orders_cart_key") => {
            Refusal::new(ErrorCode::CartClosed, "The cart has become an order.").at(["input", "token"]).into()
        }
        _ => error.into(),
    }
}

/// What stands between the cart and an order.
fn check(cart: &CartView, request: &Request) -> Outcome<()> {
    let refuse = |code, message: String| Refusal::new(code, message).at(["input", "token"]);
    let mut refusals = Refusals::default();
    for (index, line) in cart.lines.iter().enumerate().filter(|(_, line)| !line.available) {
        let message = format!("{} cannot be had as it stands in the cart.", line.title());
        let refusal = Refusal::new(ErrorCode::ProductNotAvailable, message);
        refusals.push(
            match short_of(line) {
                Some(details) => Refusal { code: ErrorCode::InsufficientInventory, ..refusal }.with(details),
                None => refusal,
            }
            .at(["lines", &index.to_string()]),
        );
    }
    let mut incomplete = Vec::new();
    for requirement in &cart.missing {
        match requirement {
            CheckoutRequirement::Lines => {
                refusals.push(refuse(ErrorCode::EmptyCart, "The cart has no lines.".into()));
            }
            CheckoutRequirement::Login => refusals.push(refuse(
                ErrorCode::GuestCheckoutDisabled,
                "The vendor asks its customers to log in.".into(),
            )),
            CheckoutRequirement::UnavailableLines => {
                if refusals.is_empty() {
                    let message = "The cart's sum is too large.".to_owned();
                    refusals.push(refuse(ErrorCode::ProductNotAvailable, message));
                }
            }
            other => incomplete.push(async_graphql::InputType::to_value(other).to_string()),
        }
    }
    if !incomplete.is_empty() {
        let message = format!("Still missing: {}.", incomplete.join(", "));
        refusals.push(refuse(ErrorCode::CheckoutIncomplete, message));
    }
    refusals.check()?;
    check_total(cart, request)
}

/// How much is short, where a line could be had but for its inventory.
fn short_of(line: &LineView) -> Option<RefusalDetails> {
    let offer = line.offer.as_ref().filter(|_| line.counts())?;
    if offer.unlimited || offer.available >= i64::from(line.row.quantity) {
        return None;
    }
    Some(RefusalDetails::InsufficientInventory {
        variant: line.row.variant_id,
        requested: line.row.quantity,
        available: Some(i32::try_from(offer.available.max(0)).unwrap_or(i32::MAX)),
    })
}

fn check_total(cart: &CartView, request: &Request) -> Outcome<()> {
    let total = cart.totals.total;
    if let Some(expected) = &request.input.expected_total {
        let minor =
            expected.minor(cart.currency).map_err(|refusal| refusal.at(["input", "expectedTotal"]))?;
        let money = |minor| {
            Money::new(minor, cart.currency).map_err(|_| Failure::Error(super::fault("a cart's total")))
        };
        if minor != total {
            let details = RefusalDetails::PriceChanged { expected: money(minor)?, actual: money(total)? };
            return Err(Refusal::new(ErrorCode::PriceChanged, "The total is not the one that was expected.")
                .at(["input", "expectedTotal"])
                .with(details)
                .into());
        }
    }
    if total > 0 && request.gateway.is_none() {
        return Err(Refusal::new(
            ErrorCode::PaymentRequired,
            "The order costs something: say how it is paid.",
        )
        .at(["input", "payment"])
        .into());
    }
    Ok(())
}

/// The order as it is frozen from the cart: nothing of it follows the catalog any more.
fn freeze(ctx: &Ctx, cart: &CartView, id: OrderId, terms: &serde_json::Value) -> Outcome<OrderState> {
    let (row, totals, now) = (&cart.cart, &cart.totals, ctx.now());
    let vendor = ctx.vendor()?.id;
    let taxes: Vec<FrozenTax> = totals
        .groups
        .iter()
        .map(|group| FrozenTax {
            tax_class: group.key.tax_class.as_str().to_owned(),
            country: country(group.key.country),
            rate_bp: group.key.rate.0,
            taxable: group.taxable,
            tax: group.tax,
        })
        .collect();
    let order = OrderRow {
        id,
        number: String::new(),
        sequence: 0,
        token_hash: hash_token(&token::derive(ctx.app(), vendor, id)?),
        cart_id: Some(row.id),
        channel: OrderChannel::Direct,
        external_number: None,
        customer_id: row.customer_id,
        email: row.email.clone(),
        language: row.language.clone(),
        currency_code: row.currency_code.clone(),
        prices_include_tax: row.prices_include_tax,
        tax_date: cart.tax_date,
        status: OrderStatus::Pending,
        payment_status: PaymentStatus::Pending,
        fulfilment_status: FulfilmentStatus::Unfulfilled,
        subtotal: totals.subtotal,
        discount_total: totals.discount_total,
        shipping_total: totals.shipping_total,
        shipping_tax_total: totals.shipping_tax,
        tax_total: totals.tax_total,
        total: totals.total,
        paid_total: 0,
        refunded_total: 0,
        taxes: json!(taxes),
        shipping_method_id: cart.method.as_ref().map(|method| method.id),
        shipping_method_name: cart.method.as_ref().map(|method| method.name.clone()),
        shipping_address: row.shipping_address.clone(),
        // Without an address of its own the bill goes where the goods go.
        billing_address: row.billing_address.clone().or_else(|| row.shipping_address.clone()),
        note: row.note.clone(),
        vat_number: row.vat_number.clone(),
        accepted_terms: terms.clone(),
        released_at: None,
        cancelled_at: None,
        cancel_reason: None,
        expires_at: None,
        placed_at: now,
        updated_at: now,
        version: 1,
    };
    let lines = cart.lines.iter().zip(0..).map(|(line, position)| freeze_line(id, line, position)).collect();
    Ok(OrderState { order, lines, payments: Vec::new() })
}

fn freeze_line(order: OrderId, line: &LineView, position: i32) -> OrderLineRow {
    let offer = line.offer.as_ref();
    OrderLineRow {
        id: OrderLineId::from_uuid(new_uuid()),
        order_id: order,
        position,
        variant_id: Some(line.row.variant_id),
        product_id: offer.map(|offer| offer.product_id),
        title: line.title().to_owned(),
        sku: offer.and_then(|offer| offer.sku.clone()),
        requires_shipping: offer.is_none_or(|offer| offer.requires_shipping),
        counted: offer.is_none_or(|offer| !offer.unlimited),
        quantity: line.row.quantity,
        fulfilled_quantity: 0,
        delivered_quantity: 0,
        cancelled_quantity: 0,
        expired_quantity: 0,
        returned_quantity: 0,
        unit_price: line.unit_price,
        subtotal: line.totals.subtotal,
        discount_total: line.totals.discount_total,
        tax_class: line.tax.tax_class.as_str().to_owned(),
        tax_country: country(line.tax.country),
        tax_rate_bp: line.tax.rate.0,
        tax_total: line.totals.tax_total,
        total: line.totals.total,
    }
}

fn country(code: [u8; 2]) -> String {
    String::from_utf8_lossy(&code).into_owned()
}
