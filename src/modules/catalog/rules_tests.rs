use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;

fn option(name: &str, value: &str) -> VariantOption {
    VariantOption { name: name.to_owned(), value: value.to_owned() }
}

#[test]
fn slugs_are_ascii_words_joined_by_hyphens() {
    for (title, expected) in [
        ("Hello, World!", "hello-world"),
        ("  Crémant de Luxembourg — Brut 75cl ", "cremant-de-luxembourg-brut-75cl"),
        ("Größe & Äpfel", "groesse-and-aepfel"),
        ("L'été d’or", "lete-dor"),
        ("Łódź", "lodz"),
        ("---", "product"),
        ("", "product"),
        ("日本", "product"),
        ("a/b\\c", "a-b-c"),
    ] {
        assert_eq!(slug(title), expected, "{title}");
    }
}

#[test]
fn a_taken_slug_is_numbered() {
    let taken = ["lamp".to_owned(), "lamp-2".to_owned()];
    assert_eq!(free_slug("lamp", |s| taken.iter().any(|t| t == s), "x"), "lamp-3");
    assert_eq!(free_slug("desk", |s| taken.iter().any(|t| t == s), "x"), "desk");
    assert_eq!(free_slug("lamp", |_| true, "0f3a"), "lamp-0f3a");
    let candidates: Vec<String> = slug_candidates("lamp").collect();
    assert_eq!((candidates.len(), candidates[0].as_str(), candidates[1].as_str()), (30, "lamp", "lamp-2"));
}

#[test]
fn availability_follows_policy_and_quantity() {
    let now = DateTime::from_timestamp(1_800_000_000, 0).expect("an instant");
    let later = Some(now + TimeDelta::days(1));
    for (unlimited, policy, limit, available, from, expected) in [
        (true, Policy::Deny, 0, 0, None, Availability::Unlimited),
        (false, Policy::Deny, 0, 6, None, Availability::Available),
        (false, Policy::Deny, 0, 5, None, Availability::Low),
        (false, Policy::Deny, 0, 1, None, Availability::Low),
        (false, Policy::Deny, 0, 0, None, Availability::Unavailable),
        (false, Policy::Deny, 9, 0, None, Availability::Unavailable),
        (false, Policy::Backorder, 3, 0, None, Availability::Backorder),
        (false, Policy::Backorder, 3, -2, None, Availability::Backorder),
        (false, Policy::Backorder, 3, -3, None, Availability::Unavailable),
        (false, Policy::Backorder, 3, 7, None, Availability::Available),
        (false, Policy::Preorder, 3, 0, later, Availability::Preorder),
        (false, Policy::Preorder, 3, 9, later, Availability::Preorder),
        (false, Policy::Preorder, 0, 0, later, Availability::Unavailable),
        (false, Policy::Preorder, 3, 9, Some(now), Availability::Available),
    ] {
        let found = availability(unlimited, policy, limit, available, from, now);
        assert_eq!(found, expected, "{policy:?} {limit} {available} {from:?}");
    }
    assert_eq!(promised(Policy::Backorder, i32::MAX, i64::MAX), i64::MAX);
}

#[test]
fn a_cart_takes_what_is_published_priced_and_there() {
    assert!(can_add(true, true, false, 2, 2));
    assert!(!can_add(true, true, false, 1, 2));
    assert!(can_add(true, true, true, 0, 2));
    assert!(!can_add(false, true, true, 9, 1));
    assert!(!can_add(true, false, true, 9, 1));
}

#[test]
fn a_reduction_is_shown_only_with_the_lowest_price_before_it() {
    assert_eq!(shown_reduction(Some(800), Some(1_000), Some(900)), Some((1_000, 900)));
    assert_eq!(shown_reduction(Some(800), Some(1_000), None), None);
    assert_eq!(shown_reduction(Some(800), Some(800), Some(900)), None);
    assert_eq!(shown_reduction(Some(800), None, Some(900)), None);
    assert_eq!(shown_reduction(None, Some(1_000), Some(900)), None);
}

#[test]
fn gtins_are_checked() {
    // From the GS1 and ISBN manuals.
    for valid in ["96385074", "036000291452", "4006381333931", "00012345600012", "0306406152", "080442957X"] {
        assert!(is_gtin(valid), "{valid}");
    }
    for invalid in
        ["", "96385075", "4006381333932", "400638133393", "0306406153", "X804429570", "éééé1", "12345"]
    {
        assert!(!is_gtin(invalid), "{invalid}");
    }
}

proptest! {
    #[test]
    fn every_made_slug_is_a_slug(title in "\\PC{0,300}") {
        prop_assert!(is_slug(&slug(&title)), "{}", slug(&title));
    }

    #[test]
    fn numbered_slugs_are_slugs_too(title in "\\PC{0,300}") {
        let base = slug(&title);
        prop_assert!(slug_candidates(&base).all(|candidate| is_slug(&candidate)));
    }

    #[test]
    fn a_slug_is_its_own_slug(slug_text in "[a-z0-9]{1,9}(-[a-z0-9]{1,9}){0,5}") {
        prop_assert_eq!(slug(&slug_text), slug_text);
    }

    #[test]
    fn the_options_key_knows_no_order_and_no_case(
        options in proptest::collection::vec(("[a-zA-Z]{1,5}", "[a-zA-Z0-9]{1,5}"), 0..6)
    ) {
        let mut list: Vec<VariantOption> = options.iter().map(|(name, value)| option(name, value)).collect();
        let key = options_key(&list);
        list.reverse();
        prop_assert_eq!(&options_key(&list), &key);
        let upper: Vec<VariantOption> =
            list.iter().map(|o| option(&o.name.to_uppercase(), &format!(" {} ", o.value.to_lowercase()))).collect();
        prop_assert_eq!(options_key(&upper), key);
    }

    #[test]
    fn what_can_be_had_is_promised(limit in 0..1_000_i32, available in -1_000_i64..1_000) {
        for policy in [Policy::Deny, Policy::Backorder, Policy::Preorder] {
            let now = DateTime::from_timestamp(0, 0).expect("an instant");
            let unavailable = availability(false, policy, limit, available, None, now) == Availability::Unavailable;
            prop_assert_eq!(unavailable, promised(policy, limit, available) <= 0);
        }
    }
}
