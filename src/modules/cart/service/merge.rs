//! A guest's cart when the guest logs in.

use super::open::{Done, offers_for, record, touch, view};
use crate::framework::context::{Ctx, Who};
use crate::framework::db::Tx;
use crate::framework::error::Outcome;
use crate::framework::id::CustomerId;
use crate::framework::secret::hash_token;
use crate::modules::cart::model::{
    CartRow, CartStatus, CartWarningCode, MAX_LINES, MERGED_LIFETIME, Warning,
};
use crate::modules::cart::rules;
use crate::modules::cart::store::{self, Key};
use crate::modules::cart::view::{CartView, Place};

/// Brings the cart that a guest filled to the customer who has just logged in or registered, in the log-in's own
/// transaction. Without a cart of their own, the customer takes over the guest's; else the lines go into the
/// customer's (of the same variant the larger quantity, capped by what there is, with a warning), the guest's cart
/// closes, and its token answers with the customer's for a day, to that customer.
///
/// Answers the customer's cart, and `None` where there is none: a token that is unknown, expired or of somebody
/// else's cart does not keep anybody from logging in.
pub async fn merge_on_login(
    tx: &Tx,
    ctx: &Ctx,
    who: &Who,
    token: Option<&str>,
    customer: CustomerId,
) -> Outcome<Option<Done>> {
    let place = Place::of(ctx)?;
    let guest = match token {
        Some(token) => {
            store::lock_both(tx, &place, hash_token(token), customer).await?;
            store::cart(tx, &place, Key::Token(hash_token(token)), true).await?
        }
        None => None,
    };
    let own = store::cart(tx, &place, Key::Customer(customer), true).await?;
    let guest = guest
        .filter(|cart| cart.status == CartStatus::Active && cart.customer_id.is_none_or(|id| id == customer));
    let presented = token.map(str::to_owned);
    match (guest, own) {
        (None, None) => Ok(None),
        (None, Some(own)) => Ok(Some(Done::new(view(tx, &place, own, None).await?))),
        (Some(guest), Some(own)) if guest.id == own.id => {
            Ok(Some(Done::new(view(tx, &place, own, presented).await?)))
        }
        (Some(mut guest), None) => {
            store::delete_expired_of(tx, customer, place.now).await?;
            store::adopt(tx, guest.id, customer).await.map_err(super::checkout::another_one)?;
            guest.customer_id = Some(customer);
            guest.version = guest.version.saturating_add(1);
            record(tx, who, "cart.adopt", guest.id).await?;
            Ok(Some(Done::new(view(tx, &place, guest, presented).await?)))
        }
        (Some(guest), Some(own)) => Ok(Some(merge(tx, &place, who, guest, own, presented).await?)),
    }
}

async fn merge(
    tx: &Tx,
    place: &Place,
    who: &Who,
    guest: CartRow,
    mut own: CartRow,
    token: Option<String>,
) -> Outcome<Done> {
    let mine = store::lines(tx, own.id).await?;
    let mut theirs = store::lines(tx, guest.id).await?;
    let further: Vec<_> = theirs.iter().map(|line| line.variant_id).collect();
    let offers = offers_for(tx, place, &own, &mine, &further).await?;
    if guest.currency_code != own.currency_code {
        for line in &mut theirs {
            let offer = offers.iter().find(|offer| offer.variant_id == line.variant_id);
            line.price_at_add = offer.and_then(|offer| offer.price).unwrap_or(0);
        }
    }
    let merged = rules::merge(mine, &theirs, &offers, MAX_LINES);
    carry_over(&mut own, guest.clone());
    touch(&mut own, place);
    // First: the lines keep their ids.
    store::close_merged(tx, guest.id, own.id, place.now, place.now + MERGED_LIFETIME).await?;
    store::update_cart(tx, &own).await?;
    store::save_lines(tx, &own, &merged.lines, &[]).await?;
    record(tx, who, "cart.merge", own.id).await?;
    let own = match guest.shipping_method_id {
        // With the columns of a method that was carried over.
        Some(_) => store::cart(tx, place, Key::Id(own.id), false).await?.unwrap_or(own),
        None => own,
    };
    let mut done = Done::new(CartView::build(place, own, merged.lines, &offers, token));
    done.warnings.extend(merged.reduced.iter().map(|line| Warning {
        code: CartWarningCode::QuantityReduced,
        line: Some(*line),
        message: "There is less than the carts held together.",
    }));
    if merged.dropped > 0 {
        done.warnings.push(Warning {
            code: CartWarningCode::LinesDropped,
            line: None,
            message: "The cart is full: some lines were left behind.",
        });
    }
    Ok(done)
}

/// What the guest said counts where the customer's cart says nothing.
fn carry_over(own: &mut CartRow, guest: CartRow) {
    own.email = own.email.take().or(guest.email);
    own.country_code = own.country_code.take().or(guest.country_code);
    own.shipping_address = own.shipping_address.take().or(guest.shipping_address);
    own.billing_address = own.billing_address.take().or(guest.billing_address);
    own.shipping_method_id = own.shipping_method_id.or(guest.shipping_method_id);
    own.note = own.note.take().or(guest.note);
    own.vat_number = own.vat_number.take().or(guest.vat_number);
}
