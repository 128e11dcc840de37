use chrono_tz::Europe::Luxembourg;
use proptest::prelude::*;

use super::*;

#[test]
fn availability_in_any_dress() {
    for (text, expected) in [
        ("in_stock", Some(StagedAvailability::InStock)),
        ("In Stock", Some(StagedAvailability::InStock)),
        ("https://schema.org/InStock", Some(StagedAvailability::InStock)),
        ("OUT-OF-STOCK", Some(StagedAvailability::OutOfStock)),
        ("out stock", Some(StagedAvailability::OutOfStock)),
        ("pre-order", Some(StagedAvailability::Preorder)),
        ("back order", Some(StagedAvailability::Backorder)),
        ("nicht auf Lager", Some(StagedAvailability::OutOfStock)),
        ("maybe", None),
    ] {
        assert_eq!(availability(text), expected, "{text}");
    }
}

#[test]
fn decimals_are_exact() {
    assert_eq!(Decimal::parse("12.50").unwrap().exactly(1), Some(125));
    assert_eq!(Decimal::parse("12,5").unwrap().exactly(3), Some(12_500));
    assert_eq!(Decimal::parse("12.55").unwrap().exactly(1), None);
    for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1.2.3", "1 000", "1234567890123456", "١"] {
        assert_eq!(Decimal::parse(text), None, "{text}");
    }
    assert_eq!(whole_number("5.0", 10), Some(5));
    assert_eq!(whole_number("5.5", 10), None);
    assert_eq!(whole_number("11", 10), None);
}

#[test]
fn tax_rates_are_percentages() {
    for (text, points) in [
        ("17", 1700),
        ("17%", 1700),
        ("17.0", 1700),
        ("8,00 %", 800),
        ("0", 0),
        ("0.17", 17),
        ("100", 10_000),
    ] {
        assert_eq!(tax_rate_bp(text), Some(points), "{text}");
    }
    for text in ["", "%", "-3", "100.01", "17.005", "US:CA:8.25:y", "standard"] {
        assert_eq!(tax_rate_bp(text), None, "{text}");
    }
}

#[test]
fn weights_become_grams() {
    for (text, grams) in [
        ("250", 250),
        ("250 g", 250),
        ("1.5 kg", 1500),
        ("1,25kg", 1250),
        ("2 lb", 907),
        ("8 oz", 227),
        ("1499.5", 1500),
        ("0", 0),
    ] {
        assert_eq!(weight_grams(text), Some(grams), "{text}");
    }
    for text in ["", "kg", "1 stone", "-1 g", "1 kg kg", "1000001 kg", "about 3 kg"] {
        assert_eq!(weight_grams(text), None, "{text}");
    }
}

#[test]
fn gtins_of_every_kind() {
    // Published examples: GS1's own, and ISBN of "The C Programming Language".
    for (text, digits) in [
        ("96385074", "96385074"),
        ("036000291452", "036000291452"),
        ("4006381333931", "4006381333931"),
        ("00012345600012", "00012345600012"),
        ("'4006381333931", "4006381333931"),
        ("978-0-13-110362-7", "9780131103627"),
        ("0-13-110362-8", "9780131103627"),
        ("080442957X", "9780804429573"),
    ] {
        assert_eq!(gtin(text), Gtin::Valid(digits.into()), "{text}");
    }
    assert_eq!(gtin("4006381333932"), Gtin::WrongCheckDigit("4006381333932".into()));
    for text in [
        "",
        "n/a",
        "0131103629",
        "123",
        "8.43657E+12",
        "0000000000000",
        "4006381333931,96385074",
        "ééééééééé1",
    ] {
        assert_eq!(gtin(text), Gtin::Unreadable, "{text}");
    }
}

#[test]
fn web_addresses() {
    assert_eq!(web_address("https://a.lu/ä b"), Some("https://a.lu/%C3%A4%20b".into()));
    assert_eq!(web_address("HTTP://A.lu"), Some("http://a.lu/".into()));
    for text in [
        "",
        "a.lu/x",
        "//a.lu/x",
        "ftp://a.lu",
        "javascript:alert(1)",
        "https://u:p@a.lu/",
        "data:,x",
        "https://",
    ] {
        assert_eq!(web_address(text), None, "{text}");
    }
    assert_eq!(web_address(&format!("https://a.lu/{}", "x".repeat(2000))), None);
}

#[test]
fn commas_inside_an_address_do_not_split_it() {
    let text = "https://a.lu/w_100,h_100/1.jpg, http://b.lu/2.jpg,";
    assert_eq!(split_addresses(text), ["https://a.lu/w_100,h_100/1.jpg", "http://b.lu/2.jpg"]);
    assert!(split_addresses(" , ").is_empty());
}

#[test]
fn category_paths() {
    assert_eq!(
        category_path("Home & Garden >  Chairs, Stools > A>B"),
        ["Home & Garden", "Chairs, Stools", "A>B"]
    );
    assert_eq!(category_path("A &gt; B"), ["A", "B"]);
    assert_eq!(category_path("5322"), ["5322"]);
    assert_eq!(category_path("> A > > B >"), ["A", "B"]);
}

#[test]
fn moments_and_intervals() {
    let utc = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    for (text, expected) in [
        ("2026-11-25T13:00-0800", "2026-11-25T21:00:00Z"),
        ("2026-11-25T13:00:00+01:00", "2026-11-25T12:00:00Z"),
        ("2026-11-25T13:00:00Z", "2026-11-25T13:00:00Z"),
        ("2026-07-01 08:30", "2026-07-01T06:30:00Z"),
        ("2026-11-25", "2026-11-24T23:00:00Z"),
        ("2026-03-29T02:30", "2026-03-29T02:30:00Z"),
    ] {
        assert_eq!(instant(text, Luxembourg), Some(utc(expected)), "{text}");
    }
    for text in ["", "soon", "25/11/2026", "2026-02-30", "2026-11-25T25:00", "1875-01-01", "2026-11-25Tä"] {
        assert_eq!(instant(text, Luxembourg), None, "{text}");
    }
    let sale = interval("2026-11-24/2026-11-30", Luxembourg).unwrap();
    assert_eq!(sale, (utc("2026-11-23T23:00:00Z"), utc("2026-11-30T23:00:00Z")));
    assert_eq!(interval("2026-11-30T10:00Z/2026-11-24T10:00Z", Luxembourg), None);
    assert_eq!(interval("2026-11-30", Luxembourg), None);
}

proptest! {
    #[test]
    fn any_text_has_an_answer(text in "\\PC{0,30}|[0-9TZ:./ +-]{0,30}") {
        let _ = (gtin(&text), weight_grams(&text), tax_rate_bp(&text), instant(&text, Luxembourg));
        let _ = (interval(&text, Luxembourg), split_addresses(&text), category_path(&text), web_address(&text));
    }

    /// Exactly one of the ten digits completes a GTIN.
    #[test]
    fn one_digit_checks(body in "[1-9][0-9]{11}") {
        let valid = (0..10).filter(|digit| matches!(gtin(&format!("{body}{digit}")), Gtin::Valid(_))).count();
        prop_assert_eq!(valid, 1);
    }
}
