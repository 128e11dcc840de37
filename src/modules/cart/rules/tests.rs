use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::framework::context::{CustomerActor, VendorContext};
use crate::framework::id::{
    CartId, CartLineId, CustomerId, ProductId, SessionId, ShippingMethodId, VariantId, VendorId,
};
use crate::framework::money::Currency;
use crate::framework::tax::TaxClass;
use crate::modules::cart::model::{CartStatus, CartWarningCode, CheckoutRequirement};
use crate::modules::cart::view::{CartView, Place};

fn variant(n: u128) -> VariantId {
    VariantId::from_uuid(Uuid::from_u128(n))
}

fn offer(n: u128, price: i64, available: i64) -> Offer {
    Offer {
        variant_id: variant(n),
        product_id: ProductId::from_uuid(Uuid::from_u128(n)),
        title: format!("Thing {n}"),
        sku: None,
        sellable: true,
        price: Some(price),
        tax_class: TaxClass::Standard,
        tax_rate_bp: 1700,
        min_quantity: 1,
        max_quantity: None,
        quantity_step: 1,
        requires_shipping: true,
        unlimited: false,
        available,
    }
}

fn line(n: u128, variant_number: u128, quantity: i32, price_at_add: i64) -> LineRow {
    LineRow {
        id: CartLineId::from_uuid(Uuid::from_u128(n)),
        variant_id: variant(variant_number),
        quantity,
        price_at_add,
        title: "As it was".into(),
    }
}

fn cart() -> CartRow {
    CartRow {
        id: CartId::from_uuid(Uuid::from_u128(1)),
        customer_id: None,
        status: CartStatus::Active,
        currency_code: "EUR".into(),
        prices_include_tax: true,
        price_list: "base".into(),
        language: "en".into(),
        country_code: None,
        email: None,
        shipping_address: None,
        billing_address: None,
        shipping_method_id: None,
        note: None,
        vat_number: None,
        order_id: None,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
        expires_at: DateTime::UNIX_EPOCH,
        version: 1,
        method_name: None,
        method_description: None,
        method_currency: None,
        method_price: None,
        method_tax_class: None,
        method_active: None,
        method_rate_bp: 0,
        standard_rate_bp: 1700,
    }
}

fn with_method(mut cart: CartRow, price: i64) -> CartRow {
    cart.shipping_method_id = Some(ShippingMethodId::from_uuid(Uuid::from_u128(9)));
    cart.method_name = Some("Post".into());
    cart.method_currency = Some("EUR".into());
    cart.method_price = Some(price);
    cart.method_active = Some(true);
    cart.method_rate_bp = 1700;
    cart
}

fn place(guest_checkout: bool) -> Place {
    Place {
        vendor: Arc::new(VendorContext {
            id: VendorId::from_uuid(Uuid::from_u128(1)),
            code: "ACME".into(),
            name: "Acme".into(),
            subdomain: "acme".into(),
            verified: true,
            active: true,
            currency: Currency::EUR,
            prices_include_tax: true,
            country: "LU".into(),
            default_language: "en".into(),
            languages: vec!["en".into()],
            time_zone: chrono_tz::Europe::Luxembourg,
            guest_checkout,
            shown_quantity_cap: None,
            ships_to: Vec::new(),
            order_prefix: String::new(),
            online_payment_minutes: 60,
            manual_payment_minutes: 10_080,
            contact_email: None,
            description: None,
            legal: serde_json::Value::Null,
            theme: serde_json::Value::Null,
            clients: serde_json::Value::Null,
            created_at: DateTime::UNIX_EPOCH,
            version: 1,
        }),
        now: DateTime::UNIX_EPOCH,
        on: NaiveDate::from_ymd_opt(2026, 6, 1).unwrap(),
        country: *b"LU",
    }
}

#[test]
fn quantities_keep_minimum_maximum_and_step() {
    let offer = Offer { min_quantity: 4, max_quantity: Some(12), quantity_step: 4, ..offer(1, 100, 9) };
    assert_eq!(check_quantity(&offer, 4), Ok(()));
    assert_eq!(check_quantity(&offer, 8), Ok(()));
    assert_eq!(check_quantity(&offer, 12), Err(Unfit::Short(9)));
    for quantity in [0, 1, 3, 5, 6, 16, i64::MAX] {
        assert_eq!(check_quantity(&offer, quantity), Err(Unfit::Rule), "{quantity}");
    }
    let unlimited = Offer { unlimited: true, available: 0, ..offer.clone() };
    assert_eq!(check_quantity(&unlimited, 12), Ok(()));
    let gone = Offer { sellable: false, ..offer };
    assert_eq!(check_quantity(&gone, 4), Err(Unfit::NotSellable));
}

#[test]
fn merging_takes_the_larger_quantity_within_what_there_is() {
    assert_eq!(merged_quantity(2, 5, Some(&offer(1, 100, 10))), 5);
    assert_eq!(merged_quantity(5, 2, Some(&offer(1, 100, 10))), 5);
    assert_eq!(merged_quantity(2, 5, Some(&offer(1, 100, 3))), 3);
    // In steps of two, three pieces are one step.
    assert_eq!(merged_quantity(2, 6, Some(&Offer { quantity_step: 2, ..offer(1, 100, 3) })), 2);
    // Nothing is left: the wish stays, and the line says that it is unavailable.
    assert_eq!(merged_quantity(2, 5, Some(&offer(1, 100, 0))), 5);
    assert_eq!(merged_quantity(2, 5, None), 5);
}

#[test]
fn a_full_cart_takes_no_further_lines() {
    let own = vec![line(1, 1, 1, 100), line(2, 2, 1, 100)];
    let guest = [line(3, 2, 4, 100), line(4, 3, 1, 100)];
    let offers = [offer(1, 100, 10), offer(2, 100, 3), offer(3, 100, 10)];
    let merged = merge(own, &guest, &offers, 2);
    let quantities: Vec<_> = merged.lines.iter().map(|line| (line.variant_id, line.quantity)).collect();
    assert_eq!(quantities, [(variant(1), 1), (variant(2), 3)]);
    assert_eq!(merged.reduced, [CartLineId::from_uuid(Uuid::from_u128(2))]);
    assert_eq!(merged.dropped, 1);
}

#[test]
fn a_customers_cart_is_for_that_customer_alone() {
    let customer = |n| {
        Actor::Customer(CustomerActor {
            id: CustomerId::from_uuid(Uuid::from_u128(n)),
            session: SessionId::from_uuid(Uuid::from_u128(n)),
        })
    };
    let anonymous = cart();
    assert!(may_use(&anonymous, &Actor::Anonymous) && may_use(&anonymous, &customer(1)));
    let owned = CartRow { customer_id: Some(CustomerId::from_uuid(Uuid::from_u128(1))), ..cart() };
    assert!(may_use(&owned, &customer(1)));
    assert!(!may_use(&owned, &customer(2)) && !may_use(&owned, &Actor::Anonymous));
}

#[test]
fn shoppers_see_of_a_quantity_what_the_vendor_lets_them() {
    assert_eq!(shown(7, None), None);
    assert_eq!(shown(7, Some(5)), Some(5));
    assert_eq!(shown(3, Some(5)), Some(3));
    assert_eq!(shown(-3, Some(5)), Some(0));
}

#[test]
fn a_view_says_what_is_missing() {
    use CheckoutRequirement::*;
    let empty = CartView::build(&place(false), cart(), Vec::new(), &[], None);
    assert_eq!(empty.missing, [Lines, Login, Email]);
    let lines = vec![line(1, 1, 2, 990)];
    let view = CartView::build(&place(true), cart(), lines.clone(), &[offer(1, 1_000, 5)], None);
    assert_eq!(view.missing, [Email, ShippingAddress, ShippingMethod]);
    assert_eq!((view.totals.subtotal, view.totals.total), (2_000, 2_000));
    // 2,000 × 17 / 117 = 290.6.
    assert_eq!(view.totals.tax_total, 291);
    let codes: Vec<_> = view.warnings().iter().map(|warning| warning.code).collect();
    assert_eq!(codes, [CartWarningCode::PriceChanged]);

    let ready = CartRow {
        email: Some("a@b.lu".into()),
        shipping_address: Some(serde_json::json!({ "country_code": "LU" })),
        ..with_method(cart(), 490)
    };
    let view = CartView::build(&place(true), ready.clone(), lines.clone(), &[offer(1, 1_000, 5)], None);
    assert_eq!(view.missing, []);
    assert_eq!((view.totals.shipping_total, view.totals.total), (490, 2_490));

    let digital = Offer { requires_shipping: false, unlimited: true, ..offer(1, 1_000, 0) };
    let digital_cart = CartRow { email: Some("a@b.lu".into()), ..with_method(cart(), 490) };
    let view = CartView::build(&place(true), digital_cart, lines.clone(), &[digital], None);
    assert_eq!((view.missing, view.totals.total), (vec![], 2_000));

    let short = CartView::build(&place(true), ready.clone(), lines.clone(), &[offer(1, 1_000, 1)], None);
    assert_eq!(short.missing, [UnavailableLines]);
    assert_eq!(short.totals.total, 2_490, "a line that is short still shows what it would cost");
    let gone = CartView::build(&place(true), ready, lines, &[], None);
    assert_eq!(gone.missing, [UnavailableLines]);
    assert_eq!(
        (gone.lines[0].unit_price, gone.lines[0].totals.total, gone.lines[0].title()),
        (990, 0, "As it was")
    );
}

#[test]
fn a_sum_beyond_all_bounds_is_no_panic() {
    let view = CartView::build(
        &place(true),
        cart(),
        vec![line(1, 1, 1_000_000, 0)],
        &[offer(1, 1_000_000_000_000_000, i64::MAX)],
        None,
    );
    assert!(view.overflow);
    assert_eq!(view.totals.total, 0);
    assert!(view.missing.contains(&CheckoutRequirement::UnavailableLines));
}

prop_compose! {
    fn some_offer(n: u128)(
        price in 0i64..100_000, available in -5i64..50, min in 1i32..6, over in prop::option::of(0i32..20),
        step in 1i32..5, unlimited: bool, sellable: bool, rate in prop::sample::select(vec![0, 300, 800, 1400, 1700]),
        requires_shipping: bool,
    ) -> Offer {
        Offer {
            min_quantity: min, max_quantity: over.map(|over| min + over), quantity_step: step, unlimited, sellable,
            tax_rate_bp: rate, requires_shipping, ..offer(n, price, available)
        }
    }
}

fn some_offers() -> impl Strategy<Value = Vec<Offer>> {
    (some_offer(1), some_offer(2), some_offer(3), some_offer(4)).prop_map(|(a, b, c, d)| vec![a, b, c, d])
}

fn some_lines(first: u128) -> impl Strategy<Value = Vec<LineRow>> {
    prop::collection::btree_map(1u128..7, 1i32..60, 0..5).prop_map(move |lines| {
        let lines = lines.into_iter().enumerate();
        lines.map(|(at, (number, quantity))| line(first + at as u128, number, quantity, 100)).collect()
    })
}

proptest! {
    #[test]
    fn a_quantity_that_passes_keeps_every_rule(offer in some_offer(1), quantity in -5i64..100) {
        let fits = offer.sellable
            && quantity >= i64::from(offer.min_quantity)
            && offer.max_quantity.is_none_or(|max| quantity <= i64::from(max))
            && quantity % i64::from(offer.quantity_step) == 0
            && (offer.unlimited || quantity <= offer.available);
        prop_assert_eq!(check_quantity(&offer, quantity).is_ok(), fits);
    }

    #[test]
    fn a_merged_quantity_fits_or_is_the_larger_wish(offer in some_offer(1), own in 1i32..60, guest in 1i32..60) {
        let merged = merged_quantity(own, guest, Some(&offer));
        prop_assert!(merged >= 1 && merged <= own.max(guest));
        prop_assert!(merged == own.max(guest) || check_quantity(&offer, i64::from(merged)).is_ok());
    }

    #[test]
    fn merging_loses_no_variant_and_repeats_none(own in some_lines(1), guest in some_lines(100), offers in some_offers()) {
        let merged = merge(own.clone(), &guest, &offers, 200);
        prop_assert_eq!(merged.dropped, 0);
        let mut wishes: HashMap<VariantId, i32> = HashMap::new();
        for line in own.iter().chain(&guest) {
            let wish = wishes.entry(line.variant_id).or_default();
            *wish = (*wish).max(line.quantity);
        }
        prop_assert_eq!(merged.lines.len(), wishes.len());
        for line in &merged.lines {
            let wish = wishes[&line.variant_id];
            prop_assert!(line.quantity <= wish);
            let touched = guest.iter().any(|other| other.variant_id == line.variant_id);
            prop_assert!(touched || line.quantity == wish, "a line of its own stays as it is");
            prop_assert_eq!(merged.reduced.contains(&line.id), line.quantity < wish);
        }
    }

    #[test]
    fn sums_agree_to_the_cent(
        lines in some_lines(1), offers in some_offers(), gross: bool, shipping in prop::option::of(0i64..2_000),
        class in prop::option::of(Just("REDUCED")),
    ) {
        let mut row = CartRow { prices_include_tax: gross, ..cart() };
        if let Some(price) = shipping {
            row = CartRow { method_tax_class: class.map(str::to_owned), method_rate_bp: 800, ..with_method(row, price) };
        }
        let view = CartView::build(&place(true), row, lines, &offers, None);
        let totals = &view.totals;
        let paid: i64 = view.lines.iter().map(|line| line.totals.total).sum();
        let tax: i64 = view.lines.iter().map(|line| line.totals.tax_total).sum();
        let added = if gross { 0 } else { totals.shipping_tax };
        prop_assert_eq!(paid + totals.shipping_total + added, totals.total);
        prop_assert_eq!(tax + totals.shipping_tax, totals.tax_total);
        prop_assert_eq!(totals.groups.iter().map(|group| group.tax).sum::<i64>(), totals.tax_total);
        for line in &view.lines {
            let counted = line.offer.as_ref().filter(|offer| offer.sellable).and_then(|offer| offer.price);
            let expected = counted.map_or(0, |price| price * i64::from(line.row.quantity));
            prop_assert_eq!(line.totals.subtotal, expected);
        }
        let ships = view.lines.iter().any(|line| line.offer.as_ref().is_none_or(|offer| offer.requires_shipping));
        prop_assert_eq!(totals.shipping_total, if ships { shipping.unwrap_or(0) } else { 0 });
    }
}
