use std::collections::BTreeMap;

use chrono::DateTime;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::framework::id::LocationId;

fn variant(n: u8) -> VariantId {
    VariantId::from_uuid(Uuid::from_u128(u128::from(n)))
}

fn item(n: u8, variant_number: u8, balance: (i32, i32, i32), priority: i32) -> ItemRow {
    ItemRow {
        id: InventoryItemId::from_uuid(Uuid::from_u128(1_000 + u128::from(n))),
        variant_id: variant(variant_number),
        location_id: LocationId::from_uuid(Uuid::from_u128(2_000 + u128::from(n))),
        on_hand: balance.0,
        reserved: balance.1,
        overdraft: balance.2,
        updated_at: DateTime::UNIX_EPOCH,
        version: 1,
        priority,
    }
}

fn taken(takes: &[Take]) -> Vec<(usize, u128, i32)> {
    takes.iter().map(|take| (take.line, take.item.uuid().as_u128() - 1_000, take.quantity)).collect()
}

#[test]
fn takes_by_priority_and_from_the_shelf_before_the_overdraft() {
    // Location 1 comes first: 3 on the shelf and 10 that it may owe. Location 2 has 2 of 5 left.
    let items = [item(2, 1, (5, 3, 0), 20), item(1, 1, (3, 0, 10), 10)];
    let takes = allocate(&[(variant(1), 7)], &items).unwrap();
    assert_eq!(taken(&takes), [(0, 1, 5), (0, 2, 2)]);
    let takes = allocate(&[(variant(1), 4)], &items).unwrap();
    assert_eq!(taken(&takes), [(0, 1, 3), (0, 2, 1)]);
}

#[test]
fn two_lines_of_one_variant_share_what_there_is() {
    let items = [item(1, 1, (5, 0, 0), 0)];
    let takes = allocate(&[(variant(1), 2), (variant(1), 3)], &items).unwrap();
    assert_eq!(taken(&takes), [(0, 1, 2), (1, 1, 3)]);
    let short = allocate(&[(variant(1), 2), (variant(1), 4)], &items).unwrap_err();
    assert_eq!(short, [Short { variant: variant(1), requested: 6, available: 5 }]);
}

#[test]
fn a_variant_without_an_item_is_short() {
    let short = allocate(&[(variant(7), 1)], &[]).unwrap_err();
    assert_eq!(short, [Short { variant: variant(7), requested: 1, available: 0 }]);
}

#[test]
fn entries_carry_the_running_balance() {
    let mut items = [item(1, 1, (5, 0, 0), 0)];
    let posting = |kind, delta, reserved_delta| Posting {
        item: items[0].id,
        kind,
        delta,
        reserved_delta,
        reason: None,
        order: None,
        line: None,
    };
    let postings = [
        posting(MovementKind::Reserve, 0, 2),
        posting(MovementKind::Reserve, 0, 3),
        posting(MovementKind::Fulfill, -2, -2),
    ];
    let entries = apply(&mut items, &postings).unwrap();
    let after: Vec<_> = entries.iter().map(|entry| (entry.on_hand_after, entry.reserved_after)).collect();
    assert_eq!(after, [(5, 2), (5, 5), (3, 3)]);
    assert_eq!((items[0].on_hand, items[0].reserved), (3, 3));
    let too_much = [Posting { delta: -1, kind: MovementKind::Adjust, reserved_delta: 0, ..postings[0] }];
    assert_eq!(apply(&mut items, &too_much), Err(Impossible { item: items[0].id }));
}

#[test]
fn draws_from_reservations_in_their_order() {
    let line = |n: u128| OrderLineId::from_uuid(Uuid::from_u128(n));
    let row = |n: u128, order_line: u128, quantity| ReservationRow {
        id: Uuid::from_u128(n),
        order_line_id: line(order_line),
        item_id: InventoryItemId::from_uuid(Uuid::from_u128(n)),
        quantity,
    };
    let held = [row(1, 1, 3), row(2, 2, 4), row(3, 1, 5)];
    assert_eq!(draw(&held, &[(line(1), Some(4)), (line(2), None)]), [(0, 3), (2, 1), (1, 4)]);
    assert_eq!(draw(&held, &[(line(1), Some(100))]), [(0, 3), (2, 5)]);
    assert_eq!(draw(&held, &[(line(1), Some(2)), (line(1), Some(2))]), [(0, 2), (0, 1), (2, 1)]);
    assert_eq!(draw(&held, &[(line(9), None)]), []);
}

prop_compose! {
    fn items()(rows in prop::collection::vec((0u8..4, 0i32..20, 0i32..20, 0i32..10, 0i32..3), 0..12)) -> Vec<ItemRow> {
        rows.into_iter().enumerate().map(|(index, (variant, on_hand, reserved, overdraft, priority))| {
            let reserved = reserved.min(on_hand + overdraft);
            item(index as u8, variant, (on_hand, reserved, overdraft), priority)
        }).collect()
    }
}

proptest! {
    #[test]
    fn allocation_is_exact_bounded_and_deterministic(
        items in items(), needs in prop::collection::vec((0u8..4, 1i32..30), 1..6),
    ) {
        let needs: Vec<_> = needs.into_iter().map(|(n, quantity)| (variant(n), quantity)).collect();
        let free = |wanted: VariantId| -> i64 {
            items.iter().filter(|item| item.variant_id == wanted)
                .map(|item| i64::from(item.on_hand + item.overdraft - item.reserved)).sum()
        };
        let mut sums: BTreeMap<VariantId, i64> = BTreeMap::new();
        for (variant, quantity) in &needs {
            *sums.entry(*variant).or_default() += i64::from(*quantity);
        }
        match allocate(&needs, &items) {
            Ok(takes) => {
                for (line, (_, quantity)) in needs.iter().enumerate() {
                    let sum: i32 = takes.iter().filter(|take| take.line == line).map(|take| take.quantity).sum();
                    prop_assert_eq!(sum, *quantity);
                }
                for row in &items {
                    let sum: i32 = takes.iter().filter(|take| take.item == row.id).map(|take| take.quantity).sum();
                    prop_assert!(i64::from(sum) <= row.promisable());
                }
                for take in &takes {
                    prop_assert!(take.quantity > 0);
                    let row = items.iter().find(|row| row.id == take.item).unwrap();
                    prop_assert_eq!(row.variant_id, needs[take.line].0);
                }
                let mut shuffled = items.clone();
                shuffled.reverse();
                prop_assert_eq!(allocate(&needs, &shuffled).unwrap(), takes);
            }
            Err(short) => {
                let expected: Vec<_> = sums.iter().filter(|(variant, sum)| **sum > free(**variant)).collect();
                prop_assert!(!expected.is_empty());
                prop_assert_eq!(short.len(), expected.len());
                for (short, (variant, sum)) in short.iter().zip(expected) {
                    prop_assert_eq!((short.variant, short.requested, short.available), (*variant, *sum, free(*variant)));
                }
            }
        }
    }
}
