//! A cart as it is shown and checked out: built in memory from its rows and the variants' offers.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use super::model::{CartRow, CartStatus, CartWarningCode, CheckoutRequirement, LineRow, MethodRow, Warning};
use super::rules::check_quantity;
use crate::framework::arithmetic::{LineInput, LineTotals, RateKey, Shipping, Totals, document_totals};
use crate::framework::context::{Ctx, VendorContext};
use crate::framework::error::ApiError;
use crate::framework::money::{BasisPoints, Currency};
use crate::framework::tax::TaxClass;
use crate::modules::catalog::offer::Offer;
use crate::modules::customers::address::Address;

/// Where and when a cart is priced.
#[derive(Debug, Clone)]
pub struct Place {
    /// The vendor.
    pub vendor: Arc<VendorContext>,
    /// The instant of the prices.
    pub now: DateTime<Utc>,
    /// The business date of the tax rates, in the vendor's time zone.
    pub on: NaiveDate,
    /// Where the tax is due (ISO 3166): the vendor's country.
    pub country: [u8; 2],
}

impl Place {
    /// Here and now.
    pub fn of(ctx: &Ctx) -> Result<Self, ApiError> {
        let vendor = ctx.vendor()?.clone();
        let now = ctx.now();
        let on = now.with_timezone(&vendor.time_zone).date_naive();
        let country = vendor.country.as_bytes().try_into().unwrap_or(*b"LU");
        Ok(Self { vendor, now, on, country })
    }
}

/// A line with what it is worth now.
#[derive(Debug, Clone)]
pub struct LineView {
    /// The line.
    pub row: LineRow,
    /// The variant as it can be bought; `None` where it is gone for good.
    pub offer: Option<Offer>,
    /// Whether the line can be bought as it stands.
    pub available: bool,
    /// The current unit price; the one at which it was added where the variant has none any more.
    pub unit_price: i64,
    /// Its sums; zero for a line whose variant is not sold any more.
    pub totals: LineTotals,
    /// How it is taxed.
    pub tax: RateKey,
}

/// A cart with its lines, sums, and what it still lacks.
#[derive(Debug, Clone)]
pub struct CartView {
    /// The cart.
    pub cart: CartRow,
    /// The token, for who presented or made it.
    pub token: Option<String>,
    /// Its currency.
    pub currency: Currency,
    /// Its lines, oldest first.
    pub lines: Vec<LineView>,
    /// The sums, lines in the same order.
    pub totals: Totals,
    /// Whether anything in it goes into a parcel.
    pub requires_shipping: bool,
    /// The shipping method, where one is chosen, needed and still offered.
    pub method: Option<MethodRow>,
    /// What stands between it and an order.
    pub missing: Vec<CheckoutRequirement>,
    /// Whether its sum is too large to be computed; then all sums are zero.
    pub overflow: bool,
    /// The business date of its tax.
    pub tax_date: NaiveDate,
    /// Where the tax is due.
    pub tax_country: [u8; 2],
}

impl CartView {
    /// Puts a cart together. Pure: `offers` are those of the lines' variants, in any order.
    pub fn build(
        place: &Place,
        cart: CartRow,
        lines: Vec<LineRow>,
        offers: &[Offer],
        token: Option<String>,
    ) -> Self {
        let currency = cart.currency_code.parse().unwrap_or(place.vendor.currency);
        let mut lines: Vec<LineView> = lines.into_iter().map(|row| line_view(place, row, offers)).collect();
        let requires_shipping =
            lines.iter().any(|line| line.offer.as_ref().is_none_or(|offer| offer.requires_shipping));
        let method = method(&cart).filter(|method| {
            requires_shipping && method.active && method.currency_code == cart.currency_code
        });
        let inputs: Vec<LineInput> = lines.iter().map(line_input).collect();
        let shipping = method.as_ref().map(|method| shipping(place, &cart, method));
        let computed = document_totals(&inputs, cart.prices_include_tax, 0, shipping);
        let overflow = computed.is_err();
        let totals = computed.unwrap_or_else(|_| nothing(lines.len()));
        for (line, sums) in lines.iter_mut().zip(&totals.lines) {
            line.totals = *sums;
        }
        let mut view = Self {
            cart,
            token,
            currency,
            lines,
            totals,
            requires_shipping,
            method,
            missing: Vec::new(),
            overflow,
            tax_date: place.on,
            tax_country: place.country,
        };
        view.missing = view.requirements(place.vendor.guest_checkout);
        view
    }

    fn requirements(&self, guests: bool) -> Vec<CheckoutRequirement> {
        use CheckoutRequirement::*;
        if self.cart.status != CartStatus::Active {
            return Vec::new();
        }
        let unavailable = self.overflow || self.lines.iter().any(|line| !line.available);
        let checks = [
            (self.lines.is_empty(), Lines),
            (unavailable, UnavailableLines),
            (!guests && self.cart.customer_id.is_none(), Login),
            (self.cart.email.is_none(), Email),
            (self.requires_shipping && self.cart.shipping_address.is_none(), ShippingAddress),
            (self.requires_shipping && self.method.is_none(), ShippingMethod),
        ];
        checks.into_iter().filter(|(missing, _)| *missing).map(|(_, requirement)| requirement).collect()
    }

    /// What its client should tell the shopper: lines whose price changed, and lines that cannot be had.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        for line in &self.lines {
            if line.price_changed() {
                warnings.push(Warning {
                    code: CartWarningCode::PriceChanged,
                    line: Some(line.row.id),
                    message: "The price has changed since the line was added.",
                });
            }
            if !line.available {
                warnings.push(Warning {
                    code: CartWarningCode::LineUnavailable,
                    line: Some(line.row.id),
                    message: "The line cannot be had as it stands.",
                });
            }
        }
        warnings
    }

    /// Pieces in all lines.
    pub fn item_count(&self) -> i32 {
        // 200 lines of a million pieces.
        self.lines.iter().fold(0, |sum, line| sum.saturating_add(line.row.quantity))
    }

    /// Where it shall go.
    pub fn shipping_address(&self) -> Option<Address> {
        address(self.cart.shipping_address.as_ref())
    }

    /// Who pays.
    pub fn billing_address(&self) -> Option<Address> {
        address(self.cart.billing_address.as_ref())
    }

    /// The country that it goes to: the shipping address's, else the one that the shopper named.
    pub fn ship_to_country(&self) -> Option<String> {
        self.shipping_address().map(|address| address.country_code).or_else(|| self.cart.country_code.clone())
    }
}

impl LineView {
    /// Whether the price is not the one at which the line was added.
    pub fn price_changed(&self) -> bool {
        self.unit_price != self.row.price_at_add
    }

    /// The title as it is now, or as it was when the line was added.
    pub fn title(&self) -> &str {
        self.offer.as_ref().map_or(&self.row.title, |offer| &offer.title)
    }

    /// Whether it counts in the sums: its variant is sold and has a price.
    pub fn counts(&self) -> bool {
        self.offer.as_ref().is_some_and(|offer| offer.sellable && offer.price.is_some())
    }
}

fn line_view(place: &Place, row: LineRow, offers: &[Offer]) -> LineView {
    let offer = offers.iter().find(|offer| offer.variant_id == row.variant_id).cloned();
    let available =
        offer.as_ref().is_some_and(|offer| check_quantity(offer, i64::from(row.quantity)).is_ok());
    let unit_price = offer.as_ref().and_then(|offer| offer.price).unwrap_or(row.price_at_add);
    let (tax_class, rate) =
        offer.as_ref().map_or((TaxClass::Standard, 0), |offer| (offer.tax_class, offer.tax_rate_bp));
    let tax = RateKey { tax_class, country: place.country, rate: BasisPoints(rate) };
    LineView { row, offer, available, unit_price, totals: LineTotals::default(), tax }
}

fn line_input(line: &LineView) -> LineInput {
    LineInput {
        quantity: if line.counts() { i64::from(line.row.quantity) } else { 0 },
        unit_price: line.unit_price,
        discount: 0,
        tax: line.tax,
    }
}

fn shipping(place: &Place, cart: &CartRow, method: &MethodRow) -> Shipping {
    let key = |tax_class, rate| RateKey { tax_class, country: place.country, rate: BasisPoints(rate) };
    let class = method.tax_class.as_deref().and_then(|class| class.parse::<TaxClass>().ok());
    Shipping {
        amount: method.price,
        fixed: class.map(|class| key(class, cart.method_rate_bp)),
        fallback: key(TaxClass::Standard, cart.standard_rate_bp),
    }
}

fn method(cart: &CartRow) -> Option<MethodRow> {
    Some(MethodRow {
        id: cart.shipping_method_id?,
        name: cart.method_name.clone()?,
        description: cart.method_description.clone(),
        currency_code: cart.method_currency.clone()?,
        price: cart.method_price?,
        tax_class: cart.method_tax_class.clone(),
        active: cart.method_active?,
        position: 0,
        version: 0,
    })
}

fn nothing(lines: usize) -> Totals {
    Totals {
        lines: vec![LineTotals::default(); lines],
        subtotal: 0,
        discount_total: 0,
        shipping_total: 0,
        shipping_tax: 0,
        shipping_shares: Vec::new(),
        tax_total: 0,
        total: 0,
        groups: Vec::new(),
    }
}

fn address(stored: Option<&serde_json::Value>) -> Option<Address> {
    stored.and_then(|value| serde_json::from_value(value.clone()).ok())
}
