use proptest::prelude::*;

use super::*;

fn key(tax_class: TaxClass, percent: i32) -> RateKey {
    RateKey { tax_class, country: *b"LU", rate: BasisPoints(percent * 100) }
}

fn standard() -> RateKey {
    key(TaxClass::Standard, 17)
}

fn super_reduced() -> RateKey {
    key(TaxClass::SuperReduced, 3)
}

fn line(quantity: i64, unit_price: i64, tax: RateKey) -> LineInput {
    LineInput { quantity, unit_price, discount: 0, tax }
}

fn shipping(amount: i64) -> Option<Shipping> {
    Some(Shipping { amount, fixed: None, fallback: standard() })
}

fn totals(lines: &[LineInput], gross: bool, discount: i64, shipping: Option<Shipping>) -> Totals {
    document_totals(lines, gross, discount, shipping).expect("sums within bounds")
}

#[test]
fn three_at_99_cents_gross_hold_43_cents_of_tax() {
    // 297 × 17 / 117 = 43.15; line by line it would be 3 × 14.
    let one_line = totals(&[line(3, 99, standard())], true, 0, None);
    assert_eq!(one_line.lines, [LineTotals { subtotal: 297, discount_total: 0, tax_total: 43, total: 297 }]);
    assert_eq!((one_line.total, one_line.tax_total), (297, 43));
    assert_eq!(one_line.groups, [TaxGroup { key: standard(), taxable: 254, tax: 43 }]);

    let three_lines = totals(&[line(1, 99, standard()); 3], true, 0, None);
    assert_eq!(three_lines.groups, one_line.groups);
    let taxes: Vec<i64> = three_lines.lines.iter().map(|line| line.tax_total).collect();
    assert_eq!(taxes, [15, 14, 14]);
}

#[test]
fn net_prices_add_the_tax() {
    // 297 × 17 / 100 = 50.49.
    let document = totals(&[line(3, 99, standard())], false, 0, None);
    assert_eq!((document.subtotal, document.tax_total, document.total), (297, 50, 347));
    assert_eq!(document.lines[0].total, 347);
    assert_eq!(document.groups, [TaxGroup { key: standard(), taxable: 297, tax: 50 }]);
}

#[test]
fn shipping_follows_the_rates_of_the_goods() {
    // 60.00 at 17 % and 40.00 at 3 %, so 10.00 of shipping is 6.00 and 4.00.
    // 6600 × 17 / 117 = 958.97 and 4400 × 3 / 103 = 128.16.
    // 959 over 6000 and 600 is 871.82 and 87.18; 128 over 4000 and 400 is 116.36 and 11.64.
    let lines = [line(1, 4000, super_reduced()), line(2, 3000, standard())];
    let document = totals(&lines, true, 0, shipping(1000));
    assert_eq!(document.total, 11_000);
    assert_eq!(
        document.groups,
        [
            TaxGroup { key: standard(), taxable: 5641, tax: 959 },
            TaxGroup { key: super_reduced(), taxable: 4272, tax: 128 },
        ]
    );
    assert_eq!(
        document.shipping_shares,
        [
            ShippingShare { key: standard(), amount: 600, tax: 87 },
            ShippingShare { key: super_reduced(), amount: 400, tax: 12 },
        ]
    );
    assert_eq!(document.shipping_tax, 99);
    assert_eq!((document.lines[0].tax_total, document.lines[1].tax_total), (116, 872));
}

#[test]
fn net_shipping_is_paid_with_its_tax() {
    // 6600 × 17 % = 1122 (of shipping: 102), 4400 × 3 % = 132 (of shipping: 12).
    let lines = [line(1, 6000, standard()), line(1, 4000, super_reduced())];
    let document = totals(&lines, false, 0, shipping(1000));
    assert_eq!((document.lines[0].total, document.lines[1].total), (7020, 4120));
    assert_eq!((document.shipping_total, document.shipping_tax), (1000, 114));
    assert_eq!((document.tax_total, document.total), (1254, 12_254));
}

#[test]
fn shipping_takes_a_fixed_class() {
    // 1000 × 8 / 108 = 74.07; the goods: 5000 × 3 / 103 = 145.63.
    let fixed = key(TaxClass::Reduced, 8);
    let charge = Shipping { amount: 1000, fixed: Some(fixed), fallback: standard() };
    let document = totals(&[line(1, 5000, super_reduced())], true, 0, Some(charge));
    assert_eq!(
        document.groups,
        [
            TaxGroup { key: fixed, taxable: 926, tax: 74 },
            TaxGroup { key: super_reduced(), taxable: 4854, tax: 146 },
        ]
    );
    assert_eq!((document.shipping_tax, document.lines[0].tax_total), (74, 146));
}

#[test]
fn shipping_of_worthless_goods_takes_the_fallback() {
    // 500 × 17 / 117 = 72.65.
    let document = totals(&[line(1, 1000, super_reduced())], true, 1000, shipping(500));
    assert_eq!(document.groups[0], TaxGroup { key: standard(), taxable: 427, tax: 73 });
    assert_eq!(document.groups[1], TaxGroup { key: super_reduced(), taxable: 0, tax: 0 });
    assert_eq!((document.total, document.tax_total, document.shipping_tax), (500, 73, 73));

    let alone = totals(&[], true, 0, shipping(500));
    assert_eq!((alone.total, alone.tax_total), (500, 73));
}

#[test]
fn free_shipping_makes_no_tax_group() {
    let charge = Shipping { amount: 0, fixed: Some(standard()), fallback: standard() };
    let document = totals(&[line(1, 1000, super_reduced())], true, 0, Some(charge));
    assert_eq!(document.groups.len(), 1);
    assert_eq!(document.shipping_shares, []);
}

#[test]
fn discounts_come_before_tax() {
    // Values after the line's own discount: 10.00, 10.00, 10.00; 1.00 over them is 34, 33, 33.
    // 2900 × 17 / 117 = 421.37.
    let discounted = LineInput { discount: 500, ..line(1, 1500, standard()) };
    let lines = [discounted, line(1, 1000, standard()), line(2, 500, standard())];
    let document = totals(&lines, true, 100, None);
    let discounts: Vec<i64> = document.lines.iter().map(|line| line.discount_total).collect();
    assert_eq!(discounts, [534, 33, 33]);
    assert_eq!((document.subtotal, document.discount_total, document.total), (3500, 600, 2900));
    assert_eq!(document.tax_total, 421);
}

#[test]
fn discounts_never_go_below_zero() {
    let lines = [LineInput { discount: 900, ..line(1, 600, standard()) }, line(1, 400, standard())];
    let document = totals(&lines, true, 5000, shipping(300));
    assert_eq!((document.subtotal, document.discount_total, document.total), (1000, 1000, 300));
    assert!(document.lines.iter().all(|line| line.total == 0 && line.tax_total == 0));
}

#[test]
fn classes_with_equal_rates_stay_apart() {
    let lines = [line(1, 100, key(TaxClass::Exempt, 0)), line(1, 200, key(TaxClass::Zero, 0))];
    let document = totals(&lines, true, 0, None);
    let taxable: Vec<_> = document.groups.iter().map(|group| (group.key.tax_class, group.taxable)).collect();
    assert_eq!(taxable, [(TaxClass::Zero, 200), (TaxClass::Exempt, 100)]);
}

#[test]
fn tax_is_rounded_half_up() {
    // 50 × 1 % = 0.5; 49 × 1 % = 0.49; 150 × 1 % = 1.5; 250 × 1 % = 2.5, where half to even would give 2.
    for (net, tax) in [(50, 1), (49, 0), (150, 2), (250, 3), (-50, -1), (-49, 0), (0, 0)] {
        assert_eq!(tax_on_net(net, BasisPoints(100)), Ok(tax), "{net}");
    }
    // At 100 % half of the gross price is tax.
    for (gross, tax) in [(1, 1), (2, 1), (5, 3), (-5, -3)] {
        assert_eq!(tax_in_gross(gross, BasisPoints(10_000)), Ok(tax), "{gross}");
    }
    // 117.00 gross at 17 % is 17.00 of tax on 100.00.
    assert_eq!(tax_in_gross(11_700, BasisPoints(1700)), Ok(1700));
    assert_eq!(tax_on_net(10_000, BasisPoints(1700)), Ok(1700));
    assert_eq!(tax_on_net(i64::MIN, BasisPoints(10_000)), Ok(i64::MIN));
}

#[test]
fn tax_needs_a_rate_from_0_to_100_percent() {
    // At −100 % the divisor of a gross price would be zero.
    for points in [i32::MIN, -10_000, -1, 10_001, i32::MAX] {
        let rate = BasisPoints(points);
        assert_eq!(tax_in_gross(100, rate), Err(ArithmeticError::InvalidRate(rate)));
        assert_eq!(tax_on_net(100, rate), Err(ArithmeticError::InvalidRate(rate)));
        let charge =
            Shipping { amount: 1, fixed: Some(RateKey { rate, ..standard() }), fallback: standard() };
        assert_eq!(document_totals(&[], true, 0, Some(charge)), Err(ArithmeticError::InvalidRate(rate)));
    }
}

#[test]
fn spreads_by_largest_remainder() {
    for (total, weights, parts) in [
        (100, vec![1, 1, 1], vec![34, 33, 33]),
        (-100, vec![1, 1, 1], vec![-34, -33, -33]),
        // 2.5, 2.5 and 5: the tie goes to the lower index.
        (10, vec![1, 1, 2], vec![3, 2, 5]),
        // 0.3, 0.6 and 0.1 of a unit: the largest remainder wins over the lower index.
        (1, vec![3, 6, 1], vec![0, 1, 0]),
        (7, vec![0, 5, 0], vec![0, 7, 0]),
        (7, vec![-9, 5, -1], vec![0, 7, 0]),
        (5, vec![0, 0], vec![3, 2]),
        (0, vec![3, 4], vec![0, 0]),
        (5, vec![], vec![]),
        (i64::MAX, vec![i64::MAX], vec![i64::MAX]),
        (i64::MIN, vec![i64::MAX], vec![i64::MIN]),
        (i64::MIN, vec![1, 1], vec![i64::MIN / 2, i64::MIN / 2]),
    ] {
        assert_eq!(largest_remainder(total, &weights), parts, "{total} over {weights:?}");
    }
}

#[test]
fn refuses_what_is_no_document() {
    let good = line(1, 100, standard());
    let refusal = |line: LineInput| document_totals(&[line], true, 0, None).err();
    assert_eq!(refusal(LineInput { quantity: -1, ..good }), Some(ArithmeticError::Negative("quantity")));
    assert_eq!(refusal(LineInput { unit_price: -1, ..good }), Some(ArithmeticError::Negative("unit price")));
    assert_eq!(refusal(LineInput { discount: -1, ..good }), Some(ArithmeticError::Negative("discount")));
    for percent in [-100, -1, 101] {
        let tax = key(TaxClass::Standard, percent);
        assert_eq!(
            refusal(LineInput { tax, ..good }),
            Some(ArithmeticError::InvalidRate(BasisPoints(percent * 100)))
        );
    }
    for (quantity, unit_price) in [(2, MAX_MINOR), (i64::MAX, i64::MAX), (1, i64::MAX)] {
        assert_eq!(refusal(LineInput { quantity, unit_price, ..good }), Some(ArithmeticError::OutOfRange));
    }
    let lines = [line(1, MAX_MINOR, standard()), line(1, 1, standard())];
    assert_eq!(document_totals(&lines, true, 0, None), Err(ArithmeticError::OutOfRange));
    assert_eq!(document_totals(&lines[..1], false, 0, None), Err(ArithmeticError::OutOfRange));
    assert_eq!(document_totals(&[good], true, -1, None), Err(ArithmeticError::Negative("discount")));
    assert_eq!(
        document_totals(&[good], true, 0, shipping(-1)),
        Err(ArithmeticError::Negative("shipping charge"))
    );
    assert_eq!(document_totals(&[good], true, 0, shipping(i64::MAX)), Err(ArithmeticError::OutOfRange));
}

fn any_key() -> impl Strategy<Value = RateKey> {
    let country = prop::sample::select(vec![*b"LU", *b"FR"]);
    let points = prop_oneof![prop::sample::select(vec![0, 300, 800, 1400, 1700]), 0..=MAX_TAX_RATE.0];
    (prop::sample::select(TaxClass::ALL.to_vec()), country, points)
        .prop_map(|(tax_class, country, points)| RateKey { tax_class, country, rate: BasisPoints(points) })
}

fn any_lines() -> impl Strategy<Value = Vec<LineInput>> {
    // Few keys, so that lines meet in groups.
    prop::collection::vec(any_key(), 1..4).prop_flat_map(|keys| {
        let price = prop_oneof![0..500i64, 0..2_000_000i64];
        let line = (0..20i64, price, prop_oneof![Just(0), 0..3000i64], prop::sample::select(keys)).prop_map(
            |(quantity, unit_price, discount, tax)| LineInput { quantity, unit_price, discount, tax },
        );
        prop::collection::vec(line, 0..12)
    })
}

fn any_shipping() -> impl Strategy<Value = Option<Shipping>> {
    let charge = (prop_oneof![0..50i64, 0..100_000i64], prop::option::of(any_key()), any_key());
    prop::option::of(charge.prop_map(|(amount, fixed, fallback)| Shipping { amount, fixed, fallback }))
}

/// The value of each line and of shipping at one rate, in the vendor's mode.
fn base_of(key: RateKey, lines: &[LineInput], document: &Totals) -> i128 {
    let goods = lines.iter().zip(&document.lines).filter(|(line, _)| line.tax == key);
    let goods: i64 = goods.map(|(_, sums)| sums.subtotal - sums.discount_total).sum();
    let charge = document.shipping_shares.iter().filter(|share| share.key == key);
    i128::from(goods + charge.map(|share| share.amount).sum::<i64>())
}

proptest! {
    #[test]
    fn lines_shipping_groups_and_document_agree(
        lines in any_lines(),
        gross in any::<bool>(),
        discount in prop_oneof![Just(0), 0..10_000i64, 0..100_000_000i64],
        shipping in any_shipping(),
    ) {
        let document = totals(&lines, gross, discount, shipping);
        let charged = shipping.map_or(0, |shipping| shipping.amount);
        prop_assert_eq!(document.shipping_total, charged);

        for (line, sums) in lines.iter().zip(&document.lines) {
            prop_assert_eq!(sums.subtotal, line.quantity * line.unit_price);
            prop_assert!((0..=sums.subtotal).contains(&sums.discount_total));
            prop_assert!(sums.discount_total >= line.discount.min(sums.subtotal));
            prop_assert!(sums.tax_total >= 0);
            let added = if gross { 0 } else { sums.tax_total };
            prop_assert_eq!(sums.total, sums.subtotal - sums.discount_total + added);
            prop_assert!(sums.tax_total <= sums.total);
        }
        let line_sum = |of: fn(&LineTotals) -> i64| document.lines.iter().map(of).sum::<i64>();
        prop_assert_eq!(document.subtotal, line_sum(|line| line.subtotal));
        prop_assert_eq!(document.discount_total, line_sum(|line| line.discount_total));
        let own: i64 = lines.iter().map(|line| line.discount.min(line.quantity * line.unit_price)).sum();
        prop_assert_eq!(document.discount_total, (own + discount).min(document.subtotal));

        let added = if gross { 0 } else { document.tax_total };
        prop_assert_eq!(
            document.total,
            document.subtotal - document.discount_total + document.shipping_total + added
        );
        let shipping_paid = document.shipping_total + if gross { 0 } else { document.shipping_tax };
        prop_assert_eq!(line_sum(|line| line.total) + shipping_paid, document.total);
        prop_assert_eq!(line_sum(|line| line.tax_total) + document.shipping_tax, document.tax_total);

        prop_assert_eq!(document.groups.iter().map(|group| group.tax).sum::<i64>(), document.tax_total);
        prop_assert_eq!(
            document.groups.iter().map(|group| group.taxable + group.tax).sum::<i64>(),
            document.total
        );
    }

    #[test]
    fn every_group_is_the_tax_of_its_lines(
        lines in any_lines(),
        gross in any::<bool>(),
        discount in 0..10_000i64,
        shipping in any_shipping(),
    ) {
        let document = totals(&lines, gross, discount, shipping);
        let shares = &document.shipping_shares;
        prop_assert_eq!(shares.iter().map(|share| share.amount).sum::<i64>(), document.shipping_total);
        prop_assert!(document.groups.is_sorted_by(|left, right| left.key < right.key));
        for line in &lines {
            prop_assert!(document.groups.iter().any(|group| group.key == line.tax));
        }
        for group in &document.groups {
            let points = i128::from(group.key.rate.0);
            let base = base_of(group.key, &lines, &document);
            let divisor = if gross { 10_000 + points } else { 10_000 };
            let expected_taxable = if gross { base - i128::from(group.tax) } else { base };
            prop_assert_eq!(i128::from(group.taxable), expected_taxable);
            // Half up: the exact tax lies in [tax − ½, tax + ½).
            let twice_error = 2 * base * points - 2 * i128::from(group.tax) * divisor;
            prop_assert!((-divisor..divisor).contains(&twice_error));

            let taxed = lines.iter().zip(&document.lines).filter(|(line, _)| line.tax == group.key);
            let goods_tax: i64 = taxed.map(|(_, sums)| sums.tax_total).sum();
            let charge = shares.iter().filter(|share| share.key == group.key);
            prop_assert_eq!(goods_tax + charge.map(|share| share.tax).sum::<i64>(), group.tax);
        }
    }

    #[test]
    fn the_order_of_lines_changes_no_sum(
        lines in any_lines(),
        gross in any::<bool>(),
        shipping in any_shipping(),
    ) {
        let document = totals(&lines, gross, 0, shipping);
        let reversed: Vec<LineInput> = lines.iter().rev().copied().collect();
        let other = totals(&reversed, gross, 0, shipping);
        prop_assert_eq!(&document.groups, &other.groups);
        prop_assert_eq!(document.total, other.total);
        let amounts = |document: &Totals| -> Vec<_> {
            document.shipping_shares.iter().map(|share| (share.key, share.amount)).collect()
        };
        prop_assert_eq!(amounts(&document), amounts(&other));
    }

    #[test]
    fn spreading_is_exact_and_fair(
        total in any::<i64>(),
        weights in prop::collection::vec(prop_oneof![0..10i64, 0..=i64::MAX, any::<i64>()], 1..20),
    ) {
        let parts = largest_remainder(total, &weights);
        prop_assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(total));
        let sum: i128 = weights.iter().map(|weight| i128::from(*weight).max(0)).sum();
        prop_assume!(sum > 0);
        for (part, weight) in parts.iter().zip(&weights) {
            let exact = i128::from(total) * i128::from(*weight).max(0);
            // Less than one unit away from the exact share.
            prop_assert!((i128::from(*part) * sum - exact).abs() < sum);
        }
    }

    #[test]
    fn spreading_ignores_order_where_nothing_ties(
        total in 0..1_000_000i64,
        weights in prop::collection::vec(1..1_000_000i64, 1..12),
        turn in 0..12usize,
    ) {
        let sum: i64 = weights.iter().sum();
        let mut remainders: Vec<i64> = weights.iter().map(|weight| total * weight % sum).collect();
        remainders.sort_unstable();
        remainders.dedup();
        prop_assume!(remainders.len() == weights.len());

        let turn = turn % weights.len();
        let mut turned = weights.clone();
        turned.rotate_left(turn);
        let mut expected = largest_remainder(total, &weights);
        expected.rotate_left(turn);
        prop_assert_eq!(largest_remainder(total, &turned), expected);
    }

    #[test]
    fn no_input_panics(
        numbers in prop::collection::vec((any::<i64>(), any::<i64>(), any::<i64>(), any::<i32>()), 0..6),
        gross in any::<bool>(),
        discount in any::<i64>(),
        charge in any::<i64>(),
        points in any::<i32>(),
        follow in any::<bool>(),
    ) {
        let key = |points| RateKey { rate: BasisPoints(points), ..standard() };
        let lines: Vec<LineInput> = numbers
            .iter()
            .map(|&(quantity, unit_price, discount, points)| {
                LineInput { quantity, unit_price, discount, tax: key(points) }
            })
            .collect();
        let shipping =
            Shipping { amount: charge, fixed: (!follow).then_some(key(points)), fallback: key(points) };
        let _ = document_totals(&lines, gross, discount, Some(shipping));
        let _ = tax_in_gross(charge, BasisPoints(points));
        let _ = tax_on_net(charge, BasisPoints(points));
    }

    #[test]
    fn sums_near_the_limit_are_checked(
        numbers in prop::collection::vec((0..3i64, 0..=MAX_MINOR, 0..=MAX_MINOR), 0..4),
        gross in any::<bool>(),
        discount in 0..=i64::MAX,
        charge in 0..=MAX_MINOR,
        tax in any_key(),
    ) {
        let lines: Vec<LineInput> = numbers
            .iter()
            .map(|&(quantity, unit_price, discount)| LineInput { quantity, unit_price, discount, tax })
            .collect();
        match document_totals(&lines, gross, discount, shipping(charge)) {
            Ok(document) => prop_assert!(document.total <= MAX_MINOR && document.subtotal <= MAX_MINOR),
            Err(error) => prop_assert_eq!(error, ArithmeticError::OutOfRange),
        }
    }
}
