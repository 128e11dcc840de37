//! The sums of carts, orders and invoices: discounts, shipping and tax, exact to the minor unit.
//!
//! All amounts are minor units of one currency. Unit prices, subtotals, discounts and shipping are in the
//! vendor's mode (tax included or not); what is called `total` of a line or document is what is paid.
//!
//! Tax is computed once per document and rate and then spread over the lines, because rounding it line by
//! line would not add up: 3 × 0.99 gross at 17 % holds 0.43 of tax, not 3 × 0.14.

use std::collections::BTreeMap;

use thiserror::Error;

use super::money::{BasisPoints, MAX_MINOR};
use super::tax::TaxClass;

/// Highest tax rate that is computed with: 100 %.
pub const MAX_TAX_RATE: BasisPoints = BasisPoints(10_000);

/// 100 % in basis points.
const WHOLE: i128 = 10_000;

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ArithmeticError {
    /// A product or sum is beyond [`MAX_MINOR`].
    #[error("an amount is too large")]
    OutOfRange,
    /// A quantity, price, discount or charge is below zero; the text says which.
    #[error("the {0} must not be negative")]
    Negative(&'static str),
    /// A tax rate below zero or above [`MAX_TAX_RATE`].
    #[error("{0} % is not a tax rate")]
    InvalidRate(BasisPoints),
}

/// What tax is grouped by on a document: amounts with equal keys are taxed together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RateKey {
    /// The class that the rate was looked up by.
    pub tax_class: TaxClass,
    /// Tax country, ISO 3166 alpha-2, upper case.
    pub country: [u8; 2],
    /// The rate on the document's date.
    pub rate: BasisPoints,
}

/// One line to be summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineInput {
    /// Pieces, zero or more.
    pub quantity: i64,
    /// Price of one piece, in the vendor's mode.
    pub unit_price: i64,
    /// Discount on this line alone, zero or more. More than the subtotal counts as the subtotal.
    pub discount: i64,
    /// How the line is taxed.
    pub tax: RateKey,
}

/// The shipping charge of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shipping {
    /// The charge, in the vendor's mode, zero or more.
    pub amount: i64,
    /// Where the vendor has fixed a tax class for shipping. None: the goods' rates, in proportion to their
    /// value after discounts.
    pub fixed: Option<RateKey>,
    /// What taxes the charge where it should follow the goods but they are worth nothing: the STANDARD rate
    /// of the tax country.
    pub fallback: RateKey,
}

/// The sums of one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineTotals {
    /// Quantity × unit price, before discounts, in the vendor's mode.
    pub subtotal: i64,
    /// The line's own discount and its share of the document's.
    pub discount_total: i64,
    /// The line's share of the tax of its rate.
    pub tax_total: i64,
    /// What is paid for the line, tax included.
    pub total: i64,
}

/// The tax of a document at one rate. What is paid at that rate is `taxable + tax`, in either mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaxGroup {
    /// Class, country and rate.
    pub key: RateKey,
    /// The net amount, after discounts, shipping included.
    pub taxable: i64,
    /// The tax on it.
    pub tax: i64,
}

/// The part of the shipping charge that is taxed at one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShippingShare {
    /// Class, country and rate.
    pub key: RateKey,
    /// Part of the charge, in the vendor's mode.
    pub amount: i64,
    /// Its share of the tax of its rate.
    pub tax: i64,
}

/// The sums of a document.
///
/// Always: Σ `lines.total` + shipping as paid = `total`, and Σ `lines.tax_total` + `shipping_tax` =
/// `tax_total` = Σ `groups.tax`. Shipping as paid is `shipping_total`, and where prices are net
/// `shipping_total + shipping_tax`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// The lines, in the order in which they were given.
    pub lines: Vec<LineTotals>,
    /// Σ of the lines' subtotals.
    pub subtotal: i64,
    /// All discounts that took effect; less than asked for where the goods cost less.
    pub discount_total: i64,
    /// The shipping charge, in the vendor's mode.
    pub shipping_total: i64,
    /// The tax on shipping, part of `tax_total`.
    pub shipping_tax: i64,
    /// How shipping divides among the rates. Empty where it costs nothing.
    pub shipping_shares: Vec<ShippingShare>,
    /// All tax.
    pub tax_total: i64,
    /// What is paid. Gross prices: subtotal − discounts + shipping; net prices: tax in addition.
    pub total: i64,
    /// The tax by rate, ordered by class, country and rate.
    pub groups: Vec<TaxGroup>,
}

/// Divides `total` in proportion to `weights`, exactly: the parts always add up to `total`.
///
/// Each part is rounded down, then the units left over go to the largest remainders, and among equal
/// remainders to the lower index. A negative total is divided as its opposite, so that a reversal takes back
/// exactly what was given.
///
/// A weight of zero gets nothing, and so does a negative one. Where no weight is positive the parts are as
/// equal as can be. Without weights there is nobody to give to, and the answer is empty.
pub fn largest_remainder(total: i64, weights: &[i64]) -> Vec<i64> {
    let mut weights: Vec<i128> = weights.iter().map(|weight| i128::from((*weight).max(0))).collect();
    if weights.iter().all(|weight| *weight == 0) {
        weights.fill(1);
    }
    let sum: i128 = weights.iter().sum();
    if sum == 0 {
        return Vec::new();
    }
    let magnitude = i128::from(total).abs();
    // At most 2^63 × 2^63: within 128 bits.
    let mut parts: Vec<i128> = weights.iter().map(|weight| magnitude * weight / sum).collect();
    let left = magnitude - parts.iter().sum::<i128>();

    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    // A stable sort: equal remainders stay in the order of their index.
    by_remainder.sort_by_cached_key(|&index| std::cmp::Reverse(magnitude * weights[index] % sum));
    // Fewer units are left over than there are parts with a remainder.
    for &index in by_remainder.iter().take(usize::try_from(left).unwrap_or(0)) {
        parts[index] += 1;
    }
    let sign = if total < 0 { -1 } else { 1 };
    // No part exceeds the total, so each fits.
    parts.into_iter().map(|part| i64::try_from(sign * part).unwrap_or(0)).collect()
}

/// The tax inside a gross amount: gross × r / (100 + r), rounded half up.
///
/// A negative amount (a credit) has the opposite of the tax of its opposite.
///
/// # Errors
/// [`ArithmeticError::InvalidRate`].
pub fn tax_in_gross(gross: i64, rate: BasisPoints) -> Result<i64, ArithmeticError> {
    let points = tax_rate(rate)?;
    divide_half_up(i128::from(gross) * points, WHOLE + points)
}

/// The tax to be added to a net amount: net × r / 100, rounded half up.
///
/// A negative amount (a credit) has the opposite of the tax of its opposite.
///
/// # Errors
/// [`ArithmeticError::InvalidRate`].
pub fn tax_on_net(net: i64, rate: BasisPoints) -> Result<i64, ArithmeticError> {
    let points = tax_rate(rate)?;
    divide_half_up(i128::from(net) * points, WHOLE)
}

/// Sums a document.
///
/// `document_discount` is spread over all lines in proportion to their value after their own discount, and
/// takes no line below zero: what exceeds the value of the goods has no effect, and shipping is not
/// discounted by it. A discount that applies to some of the lines only is spread over them by the caller
/// ([`largest_remainder`]) as the lines' own discounts.
///
/// # Errors
/// Refuses negative quantities, prices, discounts and charges, tax rates that are none, and sums beyond
/// [`MAX_MINOR`].
pub fn document_totals(
    lines: &[LineInput],
    prices_include_tax: bool,
    document_discount: i64,
    shipping: Option<Shipping>,
) -> Result<Totals, ArithmeticError> {
    let mut line_totals = discounted_lines(lines, document_discount)?;
    let mut rates: BTreeMap<RateKey, RateBase> = BTreeMap::new();
    for (index, (line, sums)) in lines.iter().zip(&line_totals).enumerate() {
        tax_rate(line.tax.rate)?;
        let base = rates.entry(line.tax).or_default();
        base.lines.push(index);
        base.goods += sums.total;
    }
    let shipping_total = match shipping {
        Some(shipping) => add_shipping(&mut rates, shipping)?,
        None => 0,
    };

    let mut groups = Vec::with_capacity(rates.len());
    let mut shipping_shares = Vec::new();
    for (key, base) in rates {
        let (group, shipping_tax) = tax_at_rate(key, &base, prices_include_tax, &mut line_totals)?;
        groups.push(group);
        if base.shipping > 0 {
            shipping_shares.push(ShippingShare { key, amount: base.shipping, tax: shipping_tax });
        }
    }
    if !prices_include_tax {
        for line in &mut line_totals {
            line.total += line.tax_total;
        }
    }
    let subtotal = sum(line_totals.iter().map(|line| line.subtotal))?;
    let discount_total = sum(line_totals.iter().map(|line| line.discount_total))?;
    let tax_total = sum(groups.iter().map(|group| group.tax))?;
    let added_tax = if prices_include_tax { 0 } else { tax_total };
    let total = sum([subtotal, -discount_total, shipping_total, added_tax])?;
    Ok(Totals {
        subtotal,
        discount_total,
        shipping_total,
        shipping_tax: sum(shipping_shares.iter().map(|share| share.tax))?,
        shipping_shares,
        tax_total,
        total,
        groups,
        lines: line_totals,
    })
}

/// What is taxed together, in the vendor's mode.
#[derive(Default)]
struct RateBase {
    /// Indices of the lines.
    lines: Vec<usize>,
    /// Their value after discounts.
    goods: i64,
    /// The part of the shipping charge.
    shipping: i64,
}

/// Lines with both kinds of discount taken off and no tax yet; `total` is their value after discounts.
fn discounted_lines(lines: &[LineInput], document_discount: i64) -> Result<Vec<LineTotals>, ArithmeticError> {
    let document_discount = not_negative("discount", document_discount)?;
    let mut all = Vec::with_capacity(lines.len());
    for line in lines {
        let quantity = not_negative("quantity", line.quantity)?;
        let unit_price = not_negative("unit price", line.unit_price)?;
        let subtotal = bounded(i128::from(quantity) * i128::from(unit_price))?;
        let discount_total = not_negative("discount", line.discount)?.min(subtotal);
        all.push(LineTotals { subtotal, discount_total, tax_total: 0, total: subtotal - discount_total });
    }
    // Bounds every later sum of lines as well.
    sum(all.iter().map(|line| line.subtotal))?;

    let values: Vec<i64> = all.iter().map(|line| line.total).collect();
    let effective = document_discount.min(sum(values.iter().copied())?);
    // At most the whole value is spread in proportion to it, so no part exceeds its line.
    for (line, part) in all.iter_mut().zip(largest_remainder(effective, &values)) {
        line.discount_total += part;
        line.total -= part;
    }
    Ok(all)
}

/// Divides the charge among the rates, and answers it.
fn add_shipping(rates: &mut BTreeMap<RateKey, RateBase>, shipping: Shipping) -> Result<i64, ArithmeticError> {
    let amount = bounded(i128::from(not_negative("shipping charge", shipping.amount)?))?;
    if amount == 0 {
        return Ok(0);
    }
    let goods: Vec<i64> = rates.values().map(|base| base.goods).collect();
    let worthless = goods.iter().all(|value| *value == 0);
    match shipping.fixed.or(worthless.then_some(shipping.fallback)) {
        Some(key) => rates.entry(key).or_default().shipping = amount,
        None => {
            for (base, part) in rates.values_mut().zip(largest_remainder(amount, &goods)) {
                base.shipping = part;
            }
        }
    }
    Ok(amount)
}

/// Computes the tax of one rate and writes the lines' shares; answers the group and the share of shipping.
fn tax_at_rate(
    key: RateKey,
    base: &RateBase,
    prices_include_tax: bool,
    lines: &mut [LineTotals],
) -> Result<(TaxGroup, i64), ArithmeticError> {
    let amount = base.goods + base.shipping;
    let (taxable, tax) = if prices_include_tax {
        let tax = tax_in_gross(amount, key.rate)?;
        (amount - tax, tax)
    } else {
        (amount, tax_on_net(amount, key.rate)?)
    };
    let mut weights: Vec<i64> = base.lines.iter().map(|&index| lines[index].total).collect();
    weights.push(base.shipping);
    let shares = largest_remainder(tax, &weights);
    for (&index, share) in base.lines.iter().zip(&shares) {
        lines[index].tax_total = *share;
    }
    Ok((TaxGroup { key, taxable, tax }, shares.last().copied().unwrap_or(0)))
}

/// A rate that tax can be computed with, in basis points.
fn tax_rate(rate: BasisPoints) -> Result<i128, ArithmeticError> {
    if (BasisPoints(0)..=MAX_TAX_RATE).contains(&rate) {
        Ok(i128::from(rate.0))
    } else {
        Err(ArithmeticError::InvalidRate(rate))
    }
}

/// Half a unit goes up, away from zero. The denominator is positive.
fn divide_half_up(numerator: i128, denominator: i128) -> Result<i64, ArithmeticError> {
    let magnitude = (2 * numerator.abs() + denominator) / (2 * denominator);
    i64::try_from(magnitude * numerator.signum()).map_err(|_| ArithmeticError::OutOfRange)
}

fn not_negative(what: &'static str, value: i64) -> Result<i64, ArithmeticError> {
    if value < 0 { Err(ArithmeticError::Negative(what)) } else { Ok(value) }
}

fn bounded(value: i128) -> Result<i64, ArithmeticError> {
    i64::try_from(value)
        .ok()
        .filter(|value| value.unsigned_abs() <= MAX_MINOR.unsigned_abs())
        .ok_or(ArithmeticError::OutOfRange)
}

fn sum(values: impl IntoIterator<Item = i64>) -> Result<i64, ArithmeticError> {
    bounded(values.into_iter().map(i128::from).sum())
}

#[cfg(test)]
mod tests;
