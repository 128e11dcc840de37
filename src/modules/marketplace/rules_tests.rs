use super::*;
use crate::framework::id::MarketplaceProductId;
use uuid::Uuid;

fn row(id: u128, external_id: &str) -> PublishRow {
    PublishRow {
        id: MarketplaceProductId::from_uuid(Uuid::from_u128(id)),
        format: FeedFormat::Google,
        source: "default".into(),
        external_id: external_id.into(),
        language: "en".into(),
        title: "Shirt".into(),
        brand: Some("Acme".into()),
        gtin: Some("4006381333931".into()),
        price: 1_999,
        sale_price: None,
        sale_from: None,
        sale_to: None,
        tax_rate_bp: Some(1_700),
        quantity: None,
        image_url: Some("https://example.com/a.jpg".into()),
        item_group_id: None,
        data: serde_json::json!({ "weightGrams": 250, "additionalImageLinks": ["https://example.com/b.jpg"] }),
        texts: serde_json::json!({}),
        product_id: None,
        variant_id: None,
        markup_bp: 0,
        last_import_job_id: None,
        last_row_number: Some(7),
        category_id: None,
        updates_quantity: false,
    }
}

fn at(day: u32) -> DateTime<Utc> {
    chrono::NaiveDate::from_ymd_opt(2026, 3, day).unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc()
}

fn policy() -> PublishPolicy {
    PublishPolicy {
        default_language: "en".into(),
        prices_include_tax: true,
        tax_rates: vec![
            (TaxClass::Exempt, 0),
            (TaxClass::Zero, 0),
            (TaxClass::Standard, 1_700),
            (TaxClass::SuperReduced, 300),
        ],
        status: ProductStatus::Active,
        markup_bp: None,
        now: at(10),
    }
}

fn text(language: &str, title: &str) -> TextRow {
    TextRow {
        marketplace_product_id: MarketplaceProductId::from_uuid(Uuid::from_u128(1)),
        language: language.into(),
        title: title.into(),
        description: None,
    }
}

#[test]
fn a_markup_is_rounded_half_up() {
    // 0.05 × 1.10 = 0.055; 0.15 × 1.10 = 0.165; 19.99 × 1.155 = 23.08845; 1.00 × 0.9999 = 0.9999.
    for (price, markup, expected) in [
        (5, 1_000, 6),
        (15, 1_000, 17),
        (1_999, 1_550, 2_309),
        (100, -1, 100),
        (50, -1_000, 45),
        (45, -1_000, 41),
        (0, 100_000, 0),
        (1_999, 0, 1_999),
    ] {
        assert_eq!(with_markup(price, markup), Some(expected), "{price} {markup}");
    }
    assert_eq!(with_markup(MAX_MINOR, 1), None);
}

#[test]
fn net_prices_are_rounded_half_up() {
    // 117.00 / 1.17 = 100; 19.99 / 1.17 = 17.0855; 0.01 / 1.17 = 0.0085.
    for (gross, rate, net) in [(11_700, 1_700, 10_000), (1_999, 1_700, 1_709), (1, 1_700, 1), (500, 0, 500)] {
        assert_eq!(net_of(gross, rate), net);
    }
}

#[test]
fn a_sale_price_holds_within_its_dates() {
    let sale =
        PublishRow { sale_price: Some(1_499), sale_from: Some(at(5)), sale_to: Some(at(15)), ..row(1, "A") };
    assert_eq!(price_now(&sale, at(4)), (1_999, None));
    assert_eq!(price_now(&sale, at(5)), (1_499, Some(1_999)));
    assert_eq!(price_now(&sale, at(14)), (1_499, Some(1_999)));
    assert_eq!(price_now(&sale, at(15)), (1_999, None));
    let always = PublishRow { sale_price: Some(1_499), ..row(1, "A") };
    assert_eq!(price_now(&always, at(1)), (1_499, Some(1_999)));
}

#[test]
fn a_rate_finds_its_class() {
    let rates = policy().tax_rates;
    assert_eq!(tax_class(&rates, Some(300)), Some(TaxClass::SuperReduced));
    assert_eq!(tax_class(&rates, Some(0)), Some(TaxClass::Zero));
    assert_eq!(tax_class(&rates, Some(2_100)), None);
    assert_eq!(tax_class(&rates, None), None);
}

#[test]
fn a_row_alone_becomes_a_product_without_options() {
    let staged = PublishRow { sale_price: Some(1_000), markup_bp: 1_000, ..row(1, "SKU-1") };
    let texts = [text("de", "Hemd"), text("en", "Shirt")];
    let made = product(&[&staged], &texts, &policy()).unwrap();
    assert_eq!(made.external_id, "SKU-1");
    assert_eq!(made.texts.iter().map(|t| t.title.as_str()).collect::<Vec<_>>(), ["Shirt", "Hemd"]);
    assert_eq!(made.image_urls, ["https://example.com/a.jpg", "https://example.com/b.jpg"]);
    assert_eq!(made.origin.source, "GOOGLE/default");
    let variant = &made.variants[0];
    assert_eq!((variant.price, variant.compare_at, variant.markup_bp), (Some(1_100), Some(2_199), 1_000));
    assert_eq!((variant.tax_class, variant.weight_grams), (Some(TaxClass::Standard), Some(250)));
    assert!(variant.options.is_empty());
    assert_eq!((variant.sku.as_deref(), variant.origin.row), (Some("SKU-1"), Some(7)));
}

#[test]
fn the_markup_of_the_mutation_goes_before_the_kept_one() {
    let staged = PublishRow { markup_bp: 1_000, ..row(1, "A") };
    let policy = PublishPolicy { markup_bp: Some(2_000), ..policy() };
    let made = product(&[&staged], &[], &policy).unwrap();
    assert_eq!((made.variants[0].price, made.variants[0].markup_bp), (Some(2_399), 2_000));
}

#[test]
fn letzshop_prices_become_net_where_the_vendor_sells_net() {
    let staged = PublishRow { format: FeedFormat::Letzshop, price: 11_700, ..row(1, "A") };
    let policy = PublishPolicy { prices_include_tax: false, ..policy() };
    assert_eq!(product(&[&staged], &[], &policy).unwrap().variants[0].price, Some(10_000));
}

fn shirt(id: u128, external_id: &str, color: Option<&str>, size: Option<&str>) -> PublishRow {
    PublishRow {
        item_group_id: Some("G".into()),
        texts: serde_json::json!({ "color": color, "size": size }),
        ..row(id, external_id)
    }
}

fn shown(product: &ImportedProduct) -> Vec<String> {
    let show = |options: &Vec<VariantOption>| {
        options.iter().map(|o| format!("{}={}", o.name, o.value)).collect::<Vec<_>>().join(" ")
    };
    product.variants.iter().map(|variant| show(&variant.options)).collect()
}

#[test]
fn a_group_becomes_variants_that_differ() {
    let rows = [shirt(1, "A", Some("red"), Some("M")), shirt(2, "B", Some("red"), None)];
    let made = product(&rows.iter().collect::<Vec<_>>(), &[], &policy()).unwrap();
    assert_eq!(made.external_id, "G");
    assert_eq!(shown(&made), ["Color=red Size=M", "Color=red Size=–"]);

    let same = [shirt(1, "A", Some("red"), None), shirt(2, "B", Some("Red"), None)];
    let made = product(&same.iter().collect::<Vec<_>>(), &[], &policy()).unwrap();
    assert_eq!(shown(&made), ["Color=red Item=A", "Color=Red Item=B"]);
}

#[test]
fn a_price_beyond_the_limit_makes_no_product() {
    let staged = PublishRow { price: MAX_MINOR, markup_bp: 1_000, ..row(1, "A") };
    assert!(product(&[&staged], &[], &policy()).is_none());
}
