use chrono_tz::Europe::Luxembourg;
use iso_currency::Currency;

use super::super::test_files::TempFile;
use super::super::{Condition, DeliveryMethod, FeedLimits, FeedReader, FeedRow, ProductKind, prepare};
use super::*;

fn options() -> FeedOptions {
    FeedOptions {
        currency: Currency::EUR,
        time_zone: Luxembourg,
        tax_rates_bp: vec![0, 300, 800, 1400, 1700],
    }
}

/// Reads a tab-separated file of one row, given as (column, value) pairs; id, title and price are added where absent.
fn read_one(cells: &[(&str, &str)]) -> FeedRow {
    let mut cells = cells.to_vec();
    for (column, value) in [("id", "A-1"), ("title", "Chair"), ("price", "19.99 EUR")] {
        if !cells.iter().any(|(name, _)| *name == column) {
            cells.push((column, value));
        }
    }
    let (names, values): (Vec<&str>, Vec<&str>) = cells.into_iter().unzip();
    let file = TempFile::new(format!("{}\n{}\n", names.join("\t"), values.join("\t")).as_bytes());
    let limits = FeedLimits { max_bytes: 1 << 30 };
    let plan = prepare(file.path(), &file.path().with_extension("copy"), None, &limits).unwrap();
    FeedReader::open(file.path(), &plan, plan.start(), options()).unwrap().next().unwrap().unwrap()
}

fn staged(cells: &[(&str, &str)]) -> StagedRow {
    let row = read_one(cells);
    assert_eq!(row.issues, []);
    row.staged.unwrap()
}

/// Column, severity and code of each issue.
fn issues(row: &FeedRow) -> Vec<(&str, Severity, IssueCode)> {
    row.issues
        .iter()
        .map(|issue| (issue.column.as_deref().unwrap_or(""), issue.severity, issue.code))
        .collect()
}

#[test]
fn a_full_row_is_typed() {
    let row = staged(&[
        ("id", " A-1 "),
        ("title", "Chaise à bascule"),
        ("description", "<p>Hêtre</p>"),
        ("link", "https://shop.lu/p/1"),
        ("image_link", "https://shop.lu/1.jpg"),
        ("additional_image_link", "https://shop.lu/2.jpg, https://shop.lu/1.jpg,https://shop.lu/3,4.jpg"),
        ("price", "1.199,00 €"),
        ("sale_price", "999.50"),
        ("sale_price_effective_date", "2026-11-24/2026-11-30"),
        ("g:tax_rate", "17 %"),
        ("availability", "Pre-order"),
        ("availability_date", "2026-12-01T08:00+0100"),
        ("product_type", "Maison > Meubles > Chaises"),
        ("google_product_category", "443"),
        ("gtin", "4006381333931"),
        ("condition", "refurbished"),
        ("weight", "4500"),
        ("boost_sort", "7.5"),
        ("delivery_method", "package_delivery"),
        ("preorder_days", "14"),
        ("product_kind", "physical"),
        ("quantity", "3"),
        ("Custom Label 0", "winter"),
    ]);
    let utc = |text: &str| Some(text.parse::<DateTime<Utc>>().unwrap());
    assert_eq!((row.external_id.as_str(), row.title.as_str()), ("A-1", "Chaise à bascule"));
    assert_eq!(row.description.as_deref(), Some("<p>Hêtre</p>"));
    assert_eq!(row.additional_image_links, ["https://shop.lu/2.jpg", "https://shop.lu/3,4.jpg"]);
    assert_eq!(
        (row.price_minor, row.sale_price_minor, row.currency.as_str()),
        (119_900, Some(99_950), "EUR")
    );
    assert_eq!(
        (row.sale_price_from, row.sale_price_to),
        (utc("2026-11-23T23:00:00Z"), utc("2026-11-30T23:00:00Z"))
    );
    assert_eq!((row.tax_rate_bp, row.availability), (Some(1700), StagedAvailability::Preorder));
    assert_eq!(row.availability_date, utc("2026-12-01T07:00:00Z"));
    assert_eq!(row.category_path, ["Maison", "Meubles", "Chaises"]);
    assert_eq!((row.gtin.as_deref(), row.condition), (Some("4006381333931"), Some(Condition::Refurbished)));
    assert_eq!((row.weight_grams, row.boost_sort, row.preorder_days), (Some(4500), Some(7500), Some(14)));
    assert_eq!(row.delivery_method, Some(DeliveryMethod::PackageDelivery));
    assert_eq!((row.product_kind, row.quantity), (Some(ProductKind::Physical), Some(3)));
    let extra: Vec<_> = row.extra.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(extra, [("custom_label_0", "winter"), ("google_product_category", "443")]);
}

#[test]
fn what_keeps_a_row_out() {
    let long_id = "x".repeat(51);
    for (column, value, code) in [
        ("id", " ", IssueCode::Required),
        ("id", long_id.as_str(), IssueCode::TooLong),
        ("title", "", IssueCode::Required),
        ("price", "", IssueCode::Required),
        ("price", "on request", IssueCode::InvalidPrice),
        ("price", "19.999 EUR", IssueCode::InvalidPrice),
        ("price", "-1 EUR", IssueCode::InvalidPrice),
        ("price", "19.99 USD", IssueCode::CurrencyMismatch),
        ("sale_price", "cheap", IssueCode::InvalidPrice),
        ("sale_price", "9.99 USD", IssueCode::CurrencyMismatch),
    ] {
        let row = read_one(&[(column, value)]);
        assert_eq!(issues(&row), [(column, Severity::Error, code)], "{value}");
        assert_eq!((row.staged, row.number, row.issues[0].row), (None, 1, 1));
        let shown = Some(value.trim()).filter(|value| !value.is_empty());
        assert_eq!(row.issues[0].value.as_deref(), shown);
    }
    assert!(read_one(&[("id", &"é".repeat(50))]).staged.is_some());
}

#[test]
fn all_errors_of_a_row_are_told_at_once() {
    let row = read_one(&[("id", ""), ("title", ""), ("price", "?"), ("gtin", "1")]);
    let columns: Vec<_> = issues(&row).into_iter().map(|(column, severity, _)| (column, severity)).collect();
    let error = Severity::Error;
    assert_eq!(columns, [("id", error), ("title", error), ("price", error), ("gtin", Severity::Warning)]);
}

#[test]
fn what_is_only_a_warning() {
    let long = "x".repeat(151);
    for (column, value, code) in [
        ("title", long.as_str(), IssueCode::TooLong),
        ("description", "", IssueCode::Required),
        ("link", "shop.lu/1", IssueCode::InvalidUrl),
        ("image_link", "", IssueCode::Required),
        ("additional_image_link", "2.jpg", IssueCode::InvalidUrl),
        ("gtin", "4006381333932", IssueCode::InvalidGtin),
        ("gtin", "n/a", IssueCode::InvalidGtin),
        ("condition", "shiny", IssueCode::UnknownValue),
        ("sale_price", "20 EUR", IssueCode::InvalidPrice),
        ("tax_rate", "19", IssueCode::UnknownTaxRate),
        ("tax_rate", "0.17", IssueCode::UnknownTaxRate),
        ("availability", "", IssueCode::Required),
        ("availability", "maybe", IssueCode::UnknownAvailability),
        ("availability_date", "soon", IssueCode::InvalidDate),
        ("shipping_weight", "heavy", IssueCode::InvalidNumber),
        ("boost_sort", "10.1", IssueCode::InvalidNumber),
        ("delivery_method", "drone", IssueCode::UnknownValue),
        ("preorder_days", "-1", IssueCode::InvalidNumber),
        ("product_kind", "idea", IssueCode::UnknownValue),
        ("quantity", "-3", IssueCode::InvalidNumber),
        ("brand", "Caf\u{FFFD}", IssueCode::Encoding),
    ] {
        let row = read_one(&[(column, value)]);
        assert_eq!(issues(&row), [(column, Severity::Warning, code)], "{value}");
        assert!(row.staged.is_some());
    }
}

#[test]
fn doubtful_values_are_taken_or_dropped_as_documented() {
    let row = |cells: &[(&str, &str)]| read_one(cells).staged.unwrap();
    assert_eq!(row(&[("gtin", "4006381333932")]).gtin.as_deref(), Some("4006381333932"));
    assert_eq!(row(&[("gtin", "n/a")]).gtin, None);
    assert_eq!(row(&[("tax_rate", "19")]).tax_rate_bp, Some(1900));
    assert_eq!(row(&[("tax_rate", "full")]).tax_rate_bp, None);
    assert_eq!(row(&[("availability", "maybe")]).availability, StagedAvailability::OutOfStock);
    assert_eq!(row(&[]).availability, StagedAvailability::InStock);
    assert_eq!(row(&[("sale_price", "19.99")]).sale_price_minor, None);
    assert_eq!(row(&[("sale_price", "20")]).sale_price_minor, None);
    let unending = row(&[("sale_price", "9"), ("sale_price_effective_date", "always")]);
    assert_eq!((unending.sale_price_minor, unending.sale_price_to), (None, None));
    assert_eq!(row(&[("price", "0")]).price_minor, 0);
    assert_eq!(row(&[("title", &"é".repeat(501))]).title.chars().count(), 500);
}

#[test]
fn prices_without_a_currency_take_the_vendors_or_that_of_the_column() {
    assert_eq!(staged(&[("price", "19.99"), ("currency", "eur")]).price_minor, 1999);
    let row = read_one(&[("price", "19.99"), ("currency", "USD")]);
    assert_eq!(issues(&row), [("price", Severity::Error, IssueCode::CurrencyMismatch)]);
}

#[test]
fn a_file_without_price_column_reports_every_row() {
    let file = TempFile::new(b"id\ttitle\nA\tChair\nB\tTable\n");
    let plan = prepare(file.path(), file.path(), None, &FeedLimits { max_bytes: 100 }).unwrap();
    assert_eq!(plan.missing_columns(), ["description", "link", "image_link", "availability", "price"]);
    let rows: Vec<FeedRow> =
        FeedReader::open(file.path(), &plan, plan.start(), options()).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2);
    for row in &rows {
        assert_eq!(issues(row), [("price", Severity::Error, IssueCode::Required)]);
    }
}

#[test]
fn pictures_and_extras_are_bounded() {
    let images: Vec<String> = (0..25).map(|number| format!("https://a.lu/{number}")).collect();
    let row = read_one(&[("additional_image_link", &images.join(","))]);
    assert_eq!(issues(&row), [("additional_image_link", Severity::Warning, IssueCode::TooLong)]);
    assert_eq!(row.staged.unwrap().additional_image_links, images[..20]);

    let row = read_one(&[("notes", &"é".repeat(1001))]);
    assert_eq!(issues(&row), [("notes", Severity::Warning, IssueCode::TooLong)]);
    assert_eq!(row.staged.unwrap().extra["notes"].chars().count(), 1000);

    let names: Vec<String> = (0..300).map(|number| format!("x{number}")).collect();
    let cells: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    let row = read_one(&cells);
    assert_eq!(issues(&row), [("x200", Severity::Warning, IssueCode::TooLong)]);
    assert_eq!(row.staged.unwrap().extra.len(), 200);
}

#[test]
fn control_characters_become_spaces() {
    let row = staged(&[("title", "a\u{1}b"), ("description", "a\u{7}b")]);
    assert_eq!((row.title.as_str(), row.description.as_deref()), ("a b", Some("a b")));
}

#[test]
fn the_fingerprint_changes_with_the_content_only() {
    let print = |cells: &[(&str, &str)]| staged(cells).fingerprint;
    let chair = print(&[("color", "red"), ("x", "1")]);
    assert_eq!(chair, print(&[("x", "1"), ("COLOUR", " red ")]));
    assert_eq!(chair, print(&[("color", "red"), ("x", "1"), ("size", "")]));
    for other in [
        print(&[("color", "red"), ("x", "2")]),
        print(&[("color", "blue"), ("x", "1")]),
        print(&[("size", "red"), ("x", "1")]),
        print(&[("color", "red"), ("x", "1"), ("price", "20")]),
    ] {
        assert_ne!(chair, other);
    }
    assert_ne!(chair, [0; 32]);
}
