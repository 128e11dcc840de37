//! Making a cart.

use async_graphql::InputType as _;

use super::checkout::another_one;
use super::lines::{Wanted, add_to, read_lines};
use super::open::{Done, record, view};
use crate::framework::clock::{new_token, new_uuid};
use crate::framework::context::{Ctx, Grant};
use crate::framework::db::Tx;
use crate::framework::error::{Outcome, Refusals};
use crate::framework::id::{CartId, CustomerId, VariantId};
use crate::framework::idempotency::{self, Claim};
use crate::framework::money::Currency;
use crate::framework::secret::hash_token;
use crate::modules::cart::graphql::inputs::CartCreateInput;
use crate::modules::cart::model::{CartRow, CartStatus, LIFETIME};
use crate::modules::cart::rules;
use crate::modules::cart::store::{self, Key};
use crate::modules::cart::view::{CartView, Place};
use crate::modules::identity::rules::check_email;

/// Makes a cart, and shows its token this once. A customer who has one already gets that one, with the lines added,
/// and a further token for it: so a second device gets at it.
pub async fn create(ctx: &Ctx, input: CartCreateInput) -> Outcome<Done> {
    let grant = ctx.shopper()?;
    let mut refusals = Refusals::default();
    let email = match input.email.as_deref().map(|email| check_email(email, &["input", "email"])).transpose()
    {
        Ok(email) => email,
        Err(refusal) => {
            refusals.push(refusal);
            None
        }
    };
    refusals.check()?;
    let wanted = read_lines(input.lines.as_ref())?;
    let input = CartCreateInput { email, ..input };
    ctx.retrying(|| create_once(ctx, &grant, &input, &wanted)).await
}

async fn create_once(
    ctx: &Ctx,
    grant: &Grant,
    input: &CartCreateInput,
    wanted: &[Wanted<VariantId>],
) -> Outcome<Done> {
    let place = Place::of(ctx)?;
    let tx = ctx.begin(grant).await?;
    let outcome = async {
        // Nobody's carts have no scope of their own yet: the address keeps strangers' keys apart.
        let scope = idempotency::scope(ctx, ctx.meta().ip.as_deref().unwrap_or("unknown"));
        let key = input.idempotency_key.as_deref();
        let claim = idempotency::claim(&tx, scope, "cartCreate", key, &input.to_value(), 7).await?;
        if let Claim::Replay(id) = claim {
            return replay(&tx, ctx, &place, CartId::from_uuid(id)).await;
        }
        let token = new_token();
        let customer = ctx.customer().map(|customer| customer.id);
        let cart = match customer {
            Some(customer) => customers_cart(&tx, ctx, &place, input, customer, &token).await?,
            None => {
                let row = new_row(ctx, &place, input, None);
                store::insert_cart(&tx, &row, hash_token(&token), None).await?;
                row
            }
        };
        let view = fill(&tx, &place, cart, wanted, token).await?;
        record(&tx, grant.who(), "cart.create", view.cart.id).await?;
        claim.finish(&tx, view.cart.id.uuid()).await?;
        Ok(Done::new(view))
    };
    let outcome = outcome.await;
    tx.settle(outcome).await
}

async fn fill(
    tx: &Tx,
    place: &Place,
    cart: CartRow,
    wanted: &[Wanted<VariantId>],
    token: String,
) -> Outcome<CartView> {
    if wanted.is_empty() {
        return Ok(view(tx, place, cart, Some(token)).await?);
    }
    let before = store::lines(tx, cart.id).await?;
    add_to(tx, place, cart, before, wanted, Some(token)).await
}

async fn customers_cart(
    tx: &Tx,
    ctx: &Ctx,
    place: &Place,
    input: &CartCreateInput,
    customer: CustomerId,
    token: &str,
) -> Outcome<CartRow> {
    if let Some(mut cart) = store::cart(tx, place, Key::Customer(customer), true).await? {
        // A further token of the cart is a row that was merged into it.
        let mut alias = new_row(ctx, place, input, Some(customer));
        alias.status = CartStatus::Merged;
        alias.email = None;
        store::insert_cart(tx, &alias, hash_token(token), Some(cart.id)).await?;
        if input.email.is_some() || input.country_code.is_some() {
            cart.email = input.email.clone().or(cart.email);
            cart.country_code = input.country_code.map(|code| code.as_str().to_owned()).or(cart.country_code);
            super::open::touch(&mut cart, place);
            store::update_cart(tx, &cart).await?;
        }
        return Ok(cart);
    }
    store::delete_expired_of(tx, customer, place.now).await?;
    let row = new_row(ctx, place, input, Some(customer));
    store::insert_cart(tx, &row, hash_token(token), None).await.map_err(another_one)?;
    Ok(row)
}

fn new_row(ctx: &Ctx, place: &Place, input: &CartCreateInput, customer_id: Option<CustomerId>) -> CartRow {
    let vendor = &place.vendor;
    let currency = input.currency_code.map_or(vendor.currency, Currency::from);
    let spoken = ctx.meta().languages.iter().find(|language| vendor.languages.contains(language));
    let language = match &input.language {
        Some(language) => language.as_str().to_owned(),
        None => spoken.cloned().unwrap_or_else(|| vendor.default_language.clone()),
    };
    CartRow {
        id: CartId::from_uuid(new_uuid()),
        customer_id,
        status: CartStatus::Active,
        currency_code: currency.code().to_owned(),
        prices_include_tax: vendor.prices_include_tax,
        price_list: "base".to_owned(),
        language,
        country_code: input.country_code.map(|code| code.as_str().to_owned()),
        email: input.email.clone(),
        shipping_address: None,
        billing_address: None,
        shipping_method_id: None,
        note: None,
        vat_number: None,
        order_id: None,
        created_at: place.now,
        updated_at: place.now,
        expires_at: place.now + LIFETIME,
        version: 1,
        method_name: None,
        method_description: None,
        method_currency: None,
        method_price: None,
        method_tax_class: None,
        method_active: None,
        method_rate_bp: 0,
        standard_rate_bp: 0,
    }
}

/// The cart that an earlier request with the key made, without its token. Who is nobody could have guessed the key, and
/// sees nothing that the shopper said since.
async fn replay(tx: &Tx, ctx: &Ctx, place: &Place, id: CartId) -> Outcome<Done> {
    let cart = store::cart(tx, place, Key::Id(id), false)
        .await?
        .filter(|cart| rules::may_use(cart, ctx.actor()))
        .ok_or_else(super::open::not_found)?;
    ctx.mark_replayed();
    let mut view = view(tx, place, cart, None).await?;
    if ctx.customer().is_none() {
        let cart = &mut view.cart;
        cart.email = None;
        cart.shipping_address = None;
        cart.billing_address = None;
        cart.note = None;
        cart.vat_number = None;
        cart.order_id = None;
    }
    Ok(Done::new(view))
}
