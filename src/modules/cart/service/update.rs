//! What a shopper says of a cart itself: e-mail, addresses, shipping, note.

use async_graphql::MaybeUndefined;

use super::open::{Done, check_version, open, record, touch, view};
use crate::framework::context::Ctx;
use crate::framework::db::Tx;
use crate::framework::error::{ErrorCode, Outcome, Refusal, Refusals};
use crate::framework::id::ShippingMethodId;
use crate::graphql::types::input_id;
use crate::modules::cart::graphql::inputs::CartUpdateInput;
use crate::modules::cart::model::CartRow;
use crate::modules::cart::store::{self, Key};
use crate::modules::cart::view::Place;
use crate::modules::customers::address::AddressInput;
use crate::modules::identity::rules::check_email;

/// The longest note, in characters.
const MAX_NOTE: usize = 2_000;
/// The longest VAT number, in characters.
const MAX_VAT_NUMBER: usize = 32;

/// What an input changes; the outer `None` leaves a field as it is, the inner one clears it.
#[derive(Default)]
struct Changes {
    email: Option<Option<String>>,
    shipping_address: Option<Option<serde_json::Value>>,
    billing_address: Option<Option<serde_json::Value>>,
    shipping_method_id: Option<Option<ShippingMethodId>>,
    note: Option<Option<String>>,
    vat_number: Option<Option<String>>,
}

/// Changes a cart; omitted fields stay, null clears.
pub async fn update(ctx: &Ctx, input: CartUpdateInput) -> Outcome<Done> {
    let grant = ctx.shopper()?;
    let place = Place::of(ctx)?;
    let (token, expected) = (input.token.clone(), input.expected_version);
    let changes = read(input, &place.vendor.ships_to)?;
    let tx = ctx.begin(&grant).await?;
    let outcome = async {
        let mut cart = open(&tx, ctx, &place, &token).await?;
        check_version(&cart, expected)?;
        if let Some(Some(method)) = changes.shipping_method_id {
            check_method(&tx, &cart, method).await?;
        }
        let other_method = changes.shipping_method_id.is_some();
        apply(&mut cart, changes);
        touch(&mut cart, &place);
        store::update_cart(&tx, &cart).await?;
        if other_method {
            // With the columns of its method.
            cart = store::cart(&tx, &place, Key::Id(cart.id), false).await?.unwrap_or(cart);
        }
        record(&tx, grant.who(), "cart.update", cart.id).await?;
        Ok(Done::new(view(&tx, &place, cart, Some(token)).await?))
    };
    let outcome = outcome.await;
    tx.settle(outcome).await
}

fn apply(cart: &mut CartRow, changes: Changes) {
    fn set<T>(field: &mut Option<T>, change: Option<Option<T>>) {
        if let Some(change) = change {
            *field = change;
        }
    }
    set(&mut cart.email, changes.email);
    set(&mut cart.shipping_address, changes.shipping_address);
    set(&mut cart.billing_address, changes.billing_address);
    set(&mut cart.shipping_method_id, changes.shipping_method_id);
    set(&mut cart.note, changes.note);
    set(&mut cart.vat_number, changes.vat_number);
}

async fn check_method(tx: &Tx, cart: &CartRow, id: ShippingMethodId) -> Outcome<()> {
    let method = store::method(tx, id, false).await?;
    if method.is_some_and(|method| method.active && method.currency_code == cart.currency_code) {
        return Ok(());
    }
    Err(Refusal::new(ErrorCode::ShippingMethodNotFound, "There is no such shipping method.")
        .at(["input", "shippingMethodId"])
        .into())
}

fn read(input: CartUpdateInput, ships_to: &[String]) -> Outcome<Changes> {
    let mut refusals = Refusals::default();
    if let MaybeUndefined::Value(address) = &input.shipping_address
        && !ships_to.is_empty()
        && !ships_to.iter().any(|country| country == address.country_code.as_str())
    {
        let refusal = Refusal::new(ErrorCode::CountryNotServed, "The vendor does not ship to this country.");
        refusals.push(refusal.at(["input", "shippingAddress", "countryCode"]));
    }
    let changes = Changes {
        email: field(input.email, &mut refusals, |email| {
            check_email(&email, &["input", "email"]).map_err(|refusal| vec![refusal])
        }),
        shipping_address: field(input.shipping_address, &mut refusals, |address| {
            read_address(address, "shippingAddress")
        }),
        billing_address: field(input.billing_address, &mut refusals, |address| {
            read_address(address, "billingAddress")
        }),
        shipping_method_id: field(input.shipping_method_id, &mut refusals, |id| {
            input_id(&id, &["input", "shippingMethodId"]).map_err(|refusal| vec![refusal])
        }),
        note: field(input.note, &mut refusals, |note| check_text(note, MAX_NOTE, true, "note")),
        vat_number: field(input.vat_number, &mut refusals, |number| {
            check_text(number, MAX_VAT_NUMBER, false, "vatNumber")
        }),
    };
    refusals.check()?;
    Ok(changes)
}

fn field<T, U>(
    value: MaybeUndefined<T>,
    refusals: &mut Refusals,
    read: impl FnOnce(T) -> Result<U, Vec<Refusal>>,
) -> Option<Option<U>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => match read(value) {
            Ok(value) => Some(Some(value)),
            Err(errors) => {
                errors.into_iter().for_each(|refusal| refusals.push(refusal));
                None
            }
        },
    }
}

fn read_address(address: AddressInput, name: &str) -> Result<serde_json::Value, Vec<Refusal>> {
    let address = address.check(&["input", name])?;
    serde_json::to_value(&address).map_err(|_| {
        vec![Refusal::new(ErrorCode::InvalidAddress, "The address cannot be kept.").at(["input", name])]
    })
}

fn check_text(text: String, max: usize, lines: bool, name: &str) -> Result<String, Vec<Refusal>> {
    let text = text.trim().to_owned();
    let printable = |c: char| !c.is_control() || (lines && matches!(c, '\n' | '\r' | '\t'));
    let problem = if text.chars().count() > max {
        Refusal::new(ErrorCode::TooLong, format!("At most {max} characters."))
    } else if !text.chars().all(printable) {
        Refusal::new(ErrorCode::InvalidValue, "Control characters are not allowed.")
    } else {
        return Ok(text);
    };
    Err(vec![problem.at(["input", name])])
}
