//! What the columns of a file mean, and what that says about its format.

use std::io::{self, Read, Seek};

use serde::{Deserialize, Serialize};

use super::record::{MAX_COLUMNS, Next, Quoting, Record, RecordReader};
use super::{BadRecord, FeedError, FeedFormat};

/// Delimiters in the order in which a tie is decided.
const DELIMITERS: [u8; 4] = [b'\t', b',', b';', b'|'];
/// Records with a field that begins with a quote, after which the evidence on quoting is enough.
const QUOTING_EVIDENCE: usize = 2_000;
/// Longest name of an unknown column that is kept, in characters.
const MAX_NAME: usize = 100;

/// A column that the importer understands, in the sense of Google's feed specification and Letzshop's extras.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Column {
    Id,
    Title,
    Description,
    Link,
    ImageLink,
    AdditionalImageLink,
    Brand,
    Gtin,
    Mpn,
    Condition,
    Price,
    /// Not Google's: the currency in a column of its own, for prices without one.
    Currency,
    SalePrice,
    SalePriceEffectiveDate,
    TaxRate,
    Availability,
    AvailabilityDate,
    ProductType,
    GoogleProductCategory,
    ItemGroupId,
    Color,
    Size,
    Gender,
    AgeGroup,
    ShippingWeight,
    BoostSort,
    DeliveryMethod,
    PreorderDays,
    ProductKind,
    Quantity,
}

/// Column, its name, and other names seen in real feeds. Names are compared by `squash`: letters and digits only.
const COLUMNS: [(Column, &str, &[&str]); 30] = [
    (Column::Id, "id", &["item_id", "product_id", "offer_id", "external_id", "sku"]),
    (Column::Title, "title", &["name", "product_name", "product_title"]),
    (Column::Description, "description", &["desc", "product_description", "long_description"]),
    (Column::Link, "link", &["url", "product_url", "product_link", "deeplink"]),
    (Column::ImageLink, "image_link", &["image", "image_url", "main_image", "picture", "picture_url"]),
    (
        Column::AdditionalImageLink,
        "additional_image_link",
        &[
            "additional_image_links",
            "additional_images",
            "additional_image_url",
            "additional_image_urls",
            "images",
        ],
    ),
    (Column::Brand, "brand", &["manufacturer", "brand_name"]),
    (Column::Gtin, "gtin", &["gtin13", "ean", "ean13", "upc", "isbn", "barcode"]),
    (Column::Mpn, "mpn", &["manufacturer_part_number"]),
    (Column::Condition, "condition", &[]),
    (Column::Price, "price", &["regular_price", "unit_price"]),
    (Column::Currency, "currency", &["currency_code", "price_currency"]),
    (Column::SalePrice, "sale_price", &["special_price", "discounted_price"]),
    (Column::SalePriceEffectiveDate, "sale_price_effective_date", &["sale_price_date"]),
    (
        Column::TaxRate,
        "tax_rate",
        &[
            "tax",
            "vat",
            "vat_rate",
            "tva",
            "mwst",
            "tax_percent",
            "tax_percentage",
            "vat_percent",
            "taux_tva",
        ],
    ),
    (Column::Availability, "availability", &["stock_status", "availability_status"]),
    (Column::AvailabilityDate, "availability_date", &[]),
    (Column::ProductType, "product_type", &["category", "product_category", "category_path", "categories"]),
    (Column::GoogleProductCategory, "google_product_category", &["google_category"]),
    (Column::ItemGroupId, "item_group_id", &["group_id", "parent_id"]),
    (Column::Color, "color", &["colour"]),
    (Column::Size, "size", &[]),
    (Column::Gender, "gender", &[]),
    (Column::AgeGroup, "age_group", &[]),
    (Column::ShippingWeight, "shipping_weight", &["weight", "product_weight", "weight_grams", "weight_g"]),
    (Column::BoostSort, "boost_sort", &["boost"]),
    (Column::DeliveryMethod, "delivery_method", &[]),
    (Column::PreorderDays, "preorder_days", &[]),
    (Column::ProductKind, "product_kind", &["kind", "item_kind"]),
    (
        Column::Quantity,
        "quantity",
        &[
            "qty",
            "inventory",
            "inventory_quantity",
            "stock",
            "stock_quantity",
            "quantity_to_sell_on_facebook",
        ],
    ),
];

/// What Google requires beside id and title.
const REQUIRED_BY_GOOGLE: [Column; 5] =
    [Column::Description, Column::Link, Column::ImageLink, Column::Availability, Column::Price];

impl Column {
    pub fn name(self) -> &'static str {
        COLUMNS.iter().find(|(column, ..)| *column == self).map_or("", |(_, name, _)| name)
    }
}

/// Meaning of one position of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    Known(Column),
    /// A column that is only carried along, under this name.
    Extra(String),
    /// No name, or the name of an earlier column.
    Ignored,
}

/// The columns of a file, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    pub roles: Vec<Role>,
}

impl Header {
    /// Gives each position its meaning. Google's own name wins over another name of the same column.
    fn new(names: &[String]) -> Self {
        let squashed: Vec<String> = names.iter().map(|name| squash(name)).collect();
        let mut roles: Vec<Role> = names.iter().map(|name| extra(name)).collect();
        for (column, name, aliases) in &COLUMNS {
            let matches = |wanted: &str| squashed.iter().position(|name| *name == squash(wanted));
            if let Some(at) = matches(name).or_else(|| aliases.iter().find_map(|alias| matches(alias))) {
                roles[at] = Role::Known(*column);
            }
        }
        for (role, name) in roles.iter_mut().zip(&squashed) {
            if matches!(role, Role::Extra(_)) && is_additional_image(name) {
                *role = Role::Known(Column::AdditionalImageLink);
            }
        }
        for at in 1..roles.len() {
            let (earlier, later) = roles.split_at_mut(at);
            if matches!(later[0], Role::Extra(_)) && earlier.contains(&later[0]) {
                later[0] = Role::Ignored;
            }
        }
        Header { roles }
    }

    pub fn has(&self, column: Column) -> bool {
        self.roles.contains(&Role::Known(column))
    }

    fn known(&self) -> usize {
        self.roles.iter().filter(|role| matches!(role, Role::Known(_))).count()
    }

    /// Names of the columns that Google requires and this file does not have.
    pub fn missing(&self) -> Vec<&'static str> {
        REQUIRED_BY_GOOGLE.iter().filter(|column| !self.has(**column)).map(|column| column.name()).collect()
    }
}

/// What the beginning of a file tells about the rest.
pub(super) struct Layout {
    pub format: FeedFormat,
    pub delimiter: u8,
    pub quoting: Quoting,
    pub header: Header,
    /// Offset and physical line of the first record after the header.
    pub first_row: (u64, u64),
}

/// Finds delimiter, columns, format and quoting of a UTF-8 file; `mark` is the length of its byte order mark.
pub(super) fn recognise<R: Read + Seek>(
    mut input: R,
    mark: u64,
    announced: Option<FeedFormat>,
) -> Result<Layout, FeedError> {
    let mut best: Option<Candidate> = None;
    for delimiter in DELIMITERS {
        let Some(candidate) = read_header(&mut input, mark, delimiter)? else { continue };
        if best.as_ref().is_none_or(|best| candidate.score() > best.score()) {
            best = Some(candidate);
        }
    }
    let Some(best) = best else {
        return Err(FeedError::NotAFeed("its first line is no header".into()));
    };
    if best.names.len() > MAX_COLUMNS {
        return Err(FeedError::TooManyColumns(MAX_COLUMNS));
    }
    let format = best.format();
    if let Some(announced) = announced.filter(|announced| announced.is_shopify() != format.is_shopify()) {
        if best.score() > 0 {
            return Err(FeedError::FormatMismatch { announced, found: format });
        }
    } else if format.is_shopify() {
        return Err(FeedError::FormatNotSupported("Shopify CSV"));
    }
    if !best.header.has(Column::Id) && !best.header.has(Column::Title) {
        return Err(FeedError::NotAFeed(
            "its first line names neither a column id nor a column title".into(),
        ));
    }
    for column in [Column::Id, Column::Title] {
        if !best.header.has(column) {
            return Err(FeedError::MissingColumn(column.name()));
        }
    }
    let quoting = match best.quoted {
        true => Quoting::Rfc4180,
        false => find_quoting(&mut input, &best)?,
    };
    let Candidate { delimiter, header, first_row, .. } = best;
    Ok(Layout { format: announced.unwrap_or(format), delimiter, quoting, header, first_row })
}

/// A header read with one of the delimiters.
struct Candidate {
    delimiter: u8,
    /// Some name is enclosed in quotes, so the file uses them.
    quoted: bool,
    names: Vec<String>,
    header: Header,
    first_row: (u64, u64),
}

impl Candidate {
    fn score(&self) -> usize {
        self.header.known() + 100 * usize::from(is_shopify(&self.names))
    }

    /// Letzshop's file is known by its extra columns, or by being tab-separated with its first six columns.
    fn format(&self) -> FeedFormat {
        const EXTRAS: [Column; 3] = [Column::BoostSort, Column::DeliveryMethod, Column::PreorderDays];
        const FIRST: [Column; 6] = [
            Column::Id,
            Column::Title,
            Column::Description,
            Column::Link,
            Column::ImageLink,
            Column::AdditionalImageLink,
        ];
        let begins = self.roles().take(FIRST.len()).eq(FIRST.map(Role::Known).iter());
        if is_shopify(&self.names) {
            FeedFormat::Shopify
        } else if EXTRAS.iter().any(|column| self.header.has(*column)) || (self.delimiter == b'\t' && begins)
        {
            FeedFormat::Letzshop
        } else {
            FeedFormat::Google
        }
    }

    fn roles(&self) -> impl Iterator<Item = &Role> {
        self.header.roles.iter()
    }
}

/// The first record that is not blank. None when there is none with this delimiter.
fn read_header<R: Read + Seek>(input: R, mark: u64, delimiter: u8) -> io::Result<Option<Candidate>> {
    let mut reader = RecordReader::new(input, delimiter, Quoting::Rfc4180, mark, 1)?;
    let mut record = Record::default();
    loop {
        match reader.next(&mut record)? {
            Next::Record if record.is_blank() => {}
            Next::Record => break,
            // Beyond the limit of columns, the count itself is the message.
            Next::Bad(BadRecord::TooManyFields) => break,
            Next::Bad(_) | Next::End => return Ok(None),
        }
    }
    let names: Vec<String> =
        record.fields().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
    let header = Header::new(&names);
    let first_row = (reader.offset(), reader.line());
    Ok(Some(Candidate { delimiter, quoted: record.quoted > 0, names, header, first_row }))
}

/// Decides by the rows whether quotes enclose fields: properly enclosed ones against stray ones.
///
/// Where no field begins with a quote both readings agree, but only the literal one cannot be led astray.
fn find_quoting<R: Read + Seek>(input: R, header: &Candidate) -> io::Result<Quoting> {
    let (offset, line) = header.first_row;
    let mut reader = RecordReader::new(input, header.delimiter, Quoting::Rfc4180, offset, line)?;
    let mut record = Record::default();
    let (mut proper, mut stray) = (0, 0);
    while proper + stray < QUOTING_EVIDENCE {
        match reader.next(&mut record)? {
            Next::End => break,
            Next::Bad(BadRecord::UnclosedQuote) => stray += 1,
            Next::Bad(_) => {}
            Next::Record if met_by_chance(&record, header) => stray += 1,
            Next::Record => {
                proper += record.quoted;
                stray += record.misquoted;
            }
        }
    }
    Ok(if proper > 0 && proper >= stray { Quoting::Rfc4180 } else { Quoting::Literal })
}

/// Whether two stray quotes swallowed the lines between them: then the number of fields is wrong, or each of the
/// lines is a whole row by itself.
fn met_by_chance(record: &Record, header: &Candidate) -> bool {
    let columns = header.names.len();
    let inside = record.fields().flatten().filter(|byte| **byte == header.delimiter).count();
    let swallowed = usize::try_from(record.lines).map_or(0, |lines| lines - 1);
    swallowed > 0 && (record.len() != columns || inside == swallowed * (columns - 1))
}

/// Lower-case letters and digits, without a prefix such as `g:`.
fn squash(name: &str) -> String {
    let name = match name.split_once(':') {
        Some((prefix, rest)) if prefix.chars().all(|c| c.is_alphanumeric() || "_- ".contains(c)) => rest,
        _ => name,
    };
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn is_additional_image(squashed: &str) -> bool {
    let base = squashed.trim_end_matches(|c: char| c.is_ascii_digit());
    let numbered = base.len() < squashed.len();
    matches!(base, "additionalimagelink" | "additionalimage")
        || (numbered && matches!(base, "image" | "imagelink" | "imageurl"))
}

/// `Custom Label 0` is carried along as `custom_label_0`.
fn extra(name: &str) -> Role {
    let lower = name.trim().to_lowercase();
    let name: String = lower.split_whitespace().collect::<Vec<_>>().join("_");
    let name: String = name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect();
    if name.is_empty() { Role::Ignored } else { Role::Extra(name) }
}

/// Shopify's product CSV, old and new template.
fn is_shopify(names: &[String]) -> bool {
    let names: Vec<String> = names.iter().map(|name| squash(name)).collect();
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    (has("handle") || has("urlhandle"))
        && ["variantprice", "variantsku", "option1name", "option1value", "bodyhtml", "imagesrc"]
            .iter()
            .any(|name| has(name))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn layout(text: &str) -> Result<Layout, FeedError> {
        recognise(Cursor::new(text), 0, None)
    }

    fn roles(names: &[&str]) -> Vec<Role> {
        Header::new(&names.iter().map(|name| name.to_string()).collect::<Vec<_>>()).roles
    }

    #[test]
    fn names_in_any_dress_are_recognised() {
        let known =
            [Column::Id, Column::ImageLink, Column::ItemGroupId, Column::SalePrice, Column::BoostSort];
        for names in [
            ["id", "image_link", "item_group_id", "sale_price", "boost_sort"],
            ["ID", "Image Link", "item-group-id", "Sale_Price", "letzshop:boost_sort"],
            [" g:id ", "g:image_link", "itemGroupId", "g:Sale Price", "ls: Boost Sort"],
            ["SKU", "Image", "Group ID", "special price", "boost"],
        ] {
            assert_eq!(roles(&names), known.map(Role::Known), "{names:?}");
        }
    }

    #[test]
    fn googles_name_wins_over_an_alias_and_repeats_are_ignored() {
        let roles = roles(&["url", "link", "custom label 0", "", "Custom Label 0", "image_link", "image_2"]);
        let expected = [
            Role::Extra("url".into()),
            Role::Known(Column::Link),
            Role::Extra("custom_label_0".into()),
            Role::Ignored,
            Role::Ignored,
            Role::Known(Column::ImageLink),
            Role::Known(Column::AdditionalImageLink),
        ];
        assert_eq!(roles, expected);
    }

    #[test]
    fn the_header_tells_the_delimiter() {
        for (text, delimiter) in [
            ("id\ttitle\tprice, gross\n", b'\t'),
            ("id,title,price\n", b','),
            ("id;title;price;a,b,c,d,e\n", b';'),
            ("\n  \n id | title | price\n", b'|'),
            ("\"id\",\"title\tx\",\"title\"\n", b','),
        ] {
            assert_eq!(layout(text).unwrap().delimiter, delimiter, "{text:?}");
        }
    }

    #[test]
    fn formats_are_told_apart_by_their_columns() {
        let letzshop = "id\ttitle\tdescription\tlink\timage_link\tadditional_image_link\tprice\n";
        assert_eq!(layout(letzshop).unwrap().format, FeedFormat::Letzshop);
        assert_eq!(layout("id;title;x:preorder_days\n").unwrap().format, FeedFormat::Letzshop);
        assert_eq!(layout(&letzshop.replace('\t', ",")).unwrap().format, FeedFormat::Google);
        let text = "id,title,price\n";
        let found = recognise(Cursor::new(text), 0, Some(FeedFormat::Letzshop)).unwrap();
        assert_eq!(found.format, FeedFormat::Letzshop);
    }

    #[test]
    fn files_without_the_needed_columns_are_refused() {
        let shopify = "Handle,Title,Body (HTML),Vendor,Variant SKU,Variant Price\n";
        let code = |text: &str, announced| recognise(Cursor::new(text), 0, announced).err().map(|e| e.code());
        assert_eq!(code(shopify, None), Some("FEED_FORMAT_NOT_SUPPORTED"));
        assert_eq!(code(shopify, Some(FeedFormat::Shopify)), Some("FEED_FORMAT_NOT_SUPPORTED"));
        assert_eq!(code(shopify, Some(FeedFormat::Google)), Some("FEED_FORMAT_MISMATCH"));
        assert_eq!(code("id,title\n", Some(FeedFormat::Shopify)), Some("FEED_FORMAT_MISMATCH"));
        assert_eq!(code("Dear reader,\nthis is prose\n", None), Some("FEED_NOT_RECOGNISED"));
        assert_eq!(code("id,price\n", None), Some("FEED_COLUMN_MISSING"));
        assert_eq!(code("title\tprice\n", None), Some("FEED_COLUMN_MISSING"));
        assert_eq!(code(&format!("id,title{}\n", ",x".repeat(999)), None), Some("FEED_TOO_MANY_COLUMNS"));
        assert_eq!(code(&format!("id,title{}\n", ",x".repeat(998)), None), None);
    }

    #[test]
    fn quoting_is_decided_by_the_rows() {
        let quoting = |text: &str| layout(text).unwrap().quoting;
        assert_eq!(quoting("id\ttitle\n1\t7\" tablet\n"), Quoting::Literal);
        assert_eq!(quoting("id\ttitle\n1\t\"Ink drop\" earring\n2\t\"Big\n3\tx\n"), Quoting::Literal);
        assert_eq!(quoting("id\ttitle\n1\t\"a \"\"b\"\" c\"\n2\t\"x\ny\"\n"), Quoting::Rfc4180);
        assert_eq!(quoting("\"id\",title\n1,\"open\n"), Quoting::Rfc4180);
        // One slip among proper fields does not change the file.
        assert_eq!(quoting("id,title\n1,\"a, b\"\n2,\"c\"\n3,\"Ink\" drop\n"), Quoting::Rfc4180);
        // A quote at the beginning meets another at the end, four lines later.
        assert_eq!(quoting("id\ttitle\n1\t\"Big\n2\tx\n3\ty\n4\t19\"\n"), Quoting::Literal);
    }
}
