//! One record to one staged row, with everything that is wrong about it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::header::{Column, Header, Role};
use super::price::{PriceError, parse_price};
use super::record::Record;
use super::value::{self, Gtin};
use super::{FeedOptions, IssueCode, RowIssue, Severity, StagedAvailability, StagedRow};

/// Google's limit; an id beyond it is refused, because cutting it could make two products one.
const MAX_ID: usize = 50;
/// Google's limits in characters, beyond which a text is kept with a warning, and ours, at which it is cut.
const TITLE: (usize, usize) = (150, 500);
const DESCRIPTION: (usize, usize) = (5_000, 50_000);
const SHORT: (usize, usize) = (100, 100);
const BRAND: (usize, usize) = (70, 255);
const CATEGORY: (usize, usize) = (750, 750);
/// Most pictures beside the main one.
const MAX_ADDITIONAL_IMAGES: usize = 20;
const MAX_PREORDER_DAYS: i64 = 3_650;
const MAX_QUANTITY: i64 = 1_000_000_000;
/// Limits of what is carried along from unknown columns: characters of a value, columns, bytes of all.
const MAX_EXTRA_VALUE: usize = 1_000;
const MAX_EXTRAS: usize = 200;
const MAX_EXTRA_BYTES: usize = 32 * 1024;

/// Converts data row number `row`. A row with an error is not staged.
pub(super) fn stage(
    row: u64,
    record: &Record,
    header: &Header,
    options: &FeedOptions,
) -> (Option<StagedRow>, Vec<RowIssue>) {
    let cells: Vec<Cow<'_, str>> = record.fields().map(String::from_utf8_lossy).collect();
    let mut staging = Staging { row, cells: &cells, header, options, issues: Vec::new() };
    if !staging.has_header_shape() {
        return (None, staging.issues);
    }
    staging.check_encoding();
    let staged = staging.convert();
    let refused = staging.issues.iter().any(|issue| issue.severity == Severity::Error);
    (staged.filter(|_| !refused), staging.issues)
}

struct Staging<'a> {
    row: u64,
    cells: &'a [Cow<'a, str>],
    header: &'a Header,
    options: &'a FeedOptions,
    issues: Vec<RowIssue>,
}

impl<'a> Staging<'a> {
    /// Too few fields may mean that a line was broken in two; empty ones too many are a habit of some programs.
    fn has_header_shape(&mut self) -> bool {
        let (found, expected) = (self.cells.len(), self.header.roles.len());
        if found == expected
            || self.cells.iter().skip(expected).all(|cell| cell.trim().is_empty()) && found > expected
        {
            return true;
        }
        let message = format!("the row has {found} fields, the header {expected}");
        let issue = RowIssue::new(self.row, None, None, Severity::Error, IssueCode::ColumnCount, message);
        self.issues.push(issue);
        false
    }

    fn check_encoding(&mut self) {
        let Some(at) = self.cells.iter().position(|cell| cell.contains('\u{FFFD}')) else { return };
        let name = match self.header.roles.get(at) {
            Some(Role::Known(column)) => column.name(),
            Some(Role::Extra(name)) => name,
            _ => return,
        };
        let message = "a character was lost in an earlier conversion of the text";
        let (name, value) = (Some(name), Some(self.cells[at].trim()));
        let issue = RowIssue::new(self.row, name, value, Severity::Warning, IssueCode::Encoding, message);
        self.issues.push(issue);
    }

    fn convert(&mut self) -> Option<StagedRow> {
        let external_id = self.external_id();
        let title = self.required(Column::Title).and_then(|_| self.line(Column::Title, TITLE));
        let price_minor = self.required(Column::Price).and_then(|text| self.price(Column::Price, text));
        let (sale_price_minor, sale_price_from, sale_price_to) = self.sale(price_minor);
        let image_link = self.address(Column::ImageLink);
        let staged = StagedRow {
            external_id: external_id.unwrap_or_default(),
            title: title.unwrap_or_default(),
            description: self.description(),
            link: self.address(Column::Link),
            additional_image_links: self.additional_images(image_link.as_deref()),
            image_link,
            brand: self.line(Column::Brand, BRAND),
            gtin: self.gtin(),
            mpn: self.line(Column::Mpn, BRAND),
            condition: self.word(Column::Condition, IssueCode::UnknownValue, value::condition),
            price_minor: price_minor.unwrap_or_default(),
            currency: self.options.currency.code().to_owned(),
            sale_price_minor,
            sale_price_from,
            sale_price_to,
            tax_rate_bp: self.tax_rate(),
            availability: self.availability(),
            availability_date: self.availability_date(),
            category_path: self.category_path(),
            item_group_id: self.line(Column::ItemGroupId, SHORT),
            color: self.line(Column::Color, SHORT),
            size: self.line(Column::Size, SHORT),
            gender: self.line(Column::Gender, SHORT),
            age_group: self.line(Column::AgeGroup, SHORT),
            weight_grams: self.number(Column::ShippingWeight, value::weight_grams),
            boost_sort: self.number(Column::BoostSort, boost),
            delivery_method: self.word(
                Column::DeliveryMethod,
                IssueCode::UnknownValue,
                value::delivery_method,
            ),
            preorder_days: self.number(Column::PreorderDays, |text| {
                value::whole_number(text, MAX_PREORDER_DAYS).and_then(|days| i32::try_from(days).ok())
            }),
            product_kind: self.word(Column::ProductKind, IssueCode::UnknownValue, value::product_kind),
            quantity: self.number(Column::Quantity, |text| value::whole_number(text, MAX_QUANTITY)),
            extra: self.extra(),
            fingerprint: [0; 32],
        };
        staged.with_fingerprint()
    }

    /// The trimmed text of a column; None when there is no such column or nothing in it.
    fn cell(&self, column: Column) -> Option<&'a str> {
        let at = self.header.roles.iter().position(|role| *role == Role::Known(column))?;
        Some(self.cells.get(at)?.trim()).filter(|text| !text.is_empty())
    }

    fn error(&mut self, column: Column, text: Option<&str>, code: IssueCode, message: impl Into<String>) {
        self.issues.push(RowIssue::new(self.row, Some(column.name()), text, Severity::Error, code, message));
    }

    fn warn(&mut self, column: Column, text: Option<&str>, code: IssueCode, message: impl Into<String>) {
        self.issues.push(RowIssue::new(
            self.row,
            Some(column.name()),
            text,
            Severity::Warning,
            code,
            message,
        ));
    }

    fn required(&mut self, column: Column) -> Option<&'a str> {
        let text = self.cell(column);
        if text.is_none() {
            let what = if self.header.has(column) { "is empty" } else { "is missing from the file" };
            self.error(column, None, IssueCode::Required, format!("the column {} {what}", column.name()));
        }
        text
    }

    /// Google requires it and we do not: empty cells are worth a warning, a missing column is told once, by the plan.
    fn recommended(&mut self, column: Column) -> Option<&'a str> {
        let text = self.cell(column);
        if text.is_none() && self.header.has(column) {
            self.warn(column, None, IssueCode::Required, format!("the column {} is empty", column.name()));
        }
        text
    }

    fn external_id(&mut self) -> Option<String> {
        let text = self.required(Column::Id)?;
        if text.chars().count() > MAX_ID {
            let message = format!("an id has at most {MAX_ID} characters");
            self.error(Column::Id, Some(text), IssueCode::TooLong, message);
            return None;
        }
        Some(clean(text, false))
    }

    /// Text of one line, within the limits of the column.
    fn line(&mut self, column: Column, limits: (usize, usize)) -> Option<String> {
        let text = clean(self.cell(column)?, false);
        Some(self.bounded(column, text, limits))
    }

    fn description(&mut self) -> Option<String> {
        let text = clean(self.recommended(Column::Description)?, true);
        Some(self.bounded(Column::Description, text, DESCRIPTION))
    }

    fn bounded(&mut self, column: Column, text: String, (recommended, most): (usize, usize)) -> String {
        // Bytes are at least as many as characters, so that most texts need no counting.
        if text.len() <= recommended || text.chars().count() <= recommended {
            return text;
        }
        let cut: String = text.chars().take(most).collect();
        let message = match cut.len() < text.len() {
            true => format!("cut at {most} characters"),
            false => format!("longer than the {recommended} characters that Google allows"),
        };
        self.warn(column, Some(&cut), IssueCode::TooLong, message);
        cut.trim_end().to_owned()
    }

    fn price(&mut self, column: Column, text: &str) -> Option<i64> {
        let vendor = self.options.currency;
        let error = match parse_price(text, self.cell(Column::Currency), vendor) {
            Ok(minor) => return Some(minor),
            Err(error) => error,
        };
        let (code, message) = match error {
            PriceError::CurrencyMismatch(found) => (
                IssueCode::CurrencyMismatch,
                format!("the price is in {found}, the vendor sells in {}", vendor.code()),
            ),
            PriceError::Malformed => {
                (IssueCode::InvalidPrice, format!("write it like 19.99 {}", vendor.code()))
            }
            PriceError::Negative => (IssueCode::InvalidPrice, "a price is not negative".to_owned()),
            PriceError::TooLarge => (IssueCode::InvalidPrice, "the price is too large".to_owned()),
            PriceError::TooManyDecimals(most) => (
                IssueCode::InvalidPrice,
                format!("{} has {most} decimals, the price has more", vendor.code()),
            ),
        };
        self.error(column, Some(text), code, message);
        None
    }

    /// A sale price whose dates are wrong is dropped: without dates it would never end.
    fn sale(&mut self, price: Option<i64>) -> (Option<i64>, Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let none = (None, None, None);
        let Some(text) = self.cell(Column::SalePrice) else { return none };
        let Some(sale) = self.price(Column::SalePrice, text) else { return none };
        match price {
            Some(price) if sale > price => {
                let message = "the sale price is higher than the price";
                self.warn(Column::SalePrice, Some(text), IssueCode::InvalidPrice, message);
                return none;
            }
            Some(price) if sale == price => return none,
            _ => {}
        }
        let Some(dates) = self.cell(Column::SalePriceEffectiveDate) else { return (Some(sale), None, None) };
        match value::interval(dates, self.options.time_zone) {
            Some((from, to)) => (Some(sale), Some(from), Some(to)),
            None => {
                let message = "not an interval such as 2026-11-24T08:00+0100/2026-11-30T20:00+0100; no sale price taken";
                self.warn(Column::SalePriceEffectiveDate, Some(dates), IssueCode::InvalidDate, message);
                none
            }
        }
    }

    fn gtin(&mut self) -> Option<String> {
        let text = self.cell(Column::Gtin)?;
        match value::gtin(text) {
            Gtin::Valid(digits) => Some(digits),
            Gtin::WrongCheckDigit(digits) => {
                self.warn(Column::Gtin, Some(text), IssueCode::InvalidGtin, "the check digit is wrong");
                Some(digits)
            }
            Gtin::Unreadable => {
                let message = "neither a GTIN of 8, 12, 13 or 14 digits nor an ISBN";
                self.warn(Column::Gtin, Some(text), IssueCode::InvalidGtin, message);
                None
            }
        }
    }

    fn tax_rate(&mut self) -> Option<i32> {
        let text = self.cell(Column::TaxRate)?;
        let rate = value::tax_rate_bp(text);
        if !rate.is_some_and(|rate| self.options.tax_rates_bp.contains(&rate)) {
            let message = "not a tax rate of the vendor's country; the default applies";
            self.warn(Column::TaxRate, Some(text), IssueCode::UnknownTaxRate, message);
        }
        rate
    }

    /// What nobody understands is not sold by mistake; what is not said is no statement.
    fn availability(&mut self) -> StagedAvailability {
        if self.recommended(Column::Availability).is_none() {
            return StagedAvailability::InStock;
        }
        self.word(Column::Availability, IssueCode::UnknownAvailability, value::availability)
            .unwrap_or(StagedAvailability::OutOfStock)
    }

    fn availability_date(&mut self) -> Option<DateTime<Utc>> {
        let text = self.cell(Column::AvailabilityDate)?;
        let date = value::instant(text, self.options.time_zone);
        if date.is_none() {
            let message = "not a date such as 2026-11-24 or 2026-11-24T08:00+0100";
            self.warn(Column::AvailabilityDate, Some(text), IssueCode::InvalidDate, message);
        }
        date
    }

    fn word<T>(&mut self, column: Column, code: IssueCode, read: fn(&str) -> Option<T>) -> Option<T> {
        let text = self.cell(column)?;
        let value = read(text);
        if value.is_none() {
            self.warn(column, Some(text), code, format!("no known value of {}", column.name()));
        }
        value
    }

    fn number<T>(&mut self, column: Column, read: fn(&str) -> Option<T>) -> Option<T> {
        let text = self.cell(column)?;
        let value = read(text);
        if value.is_none() {
            let message = format!("no number that {} can have", column.name());
            self.warn(column, Some(text), IssueCode::InvalidNumber, message);
        }
        value
    }

    fn address(&mut self, column: Column) -> Option<String> {
        let text = self.recommended(column)?;
        let address = value::web_address(text);
        if address.is_none() {
            self.warn(column, Some(text), IssueCode::InvalidUrl, "not an http or https address");
        }
        address
    }

    /// All columns of that kind together, in order. One warning for all that are wrong.
    fn additional_images(&mut self, main: Option<&str>) -> Vec<String> {
        let column = Column::AdditionalImageLink;
        let roles = self.header.roles.iter().zip(self.cells);
        let texts = roles.filter(|(role, _)| **role == Role::Known(column)).map(|(_, cell)| cell.trim());
        let (mut images, mut wrong, mut beyond) = (Vec::<String>::new(), None, None);
        for text in texts.flat_map(value::split_addresses) {
            match value::web_address(text) {
                None => wrong = wrong.or(Some(text)),
                Some(image) if Some(image.as_str()) == main || images.contains(&image) => {}
                Some(_) if images.len() == MAX_ADDITIONAL_IMAGES => {
                    beyond = Some(text);
                    break;
                }
                Some(image) => images.push(image),
            }
        }
        if wrong.is_some() {
            self.warn(column, wrong, IssueCode::InvalidUrl, "not an http or https address");
        }
        if beyond.is_some() {
            let message = format!("only the first {MAX_ADDITIONAL_IMAGES} pictures are taken");
            self.warn(column, beyond, IssueCode::TooLong, message);
        }
        images
    }

    fn category_path(&mut self) -> Vec<String> {
        let chosen = [Column::ProductType, Column::GoogleProductCategory]
            .into_iter()
            .find_map(|column| self.line(column, CATEGORY));
        chosen.map(|text| value::category_path(&text)).unwrap_or_default()
    }

    fn extra(&mut self) -> BTreeMap<String, String> {
        let mut extra = BTreeMap::new();
        let (mut bytes, mut cut) = (0, None);
        for (role, cell) in self.header.roles.iter().zip(self.cells) {
            let name = match role {
                Role::Extra(name) => name.as_str(),
                // It is not the path when there is a product type, but the taxonomy may still want it.
                Role::Known(column @ Column::GoogleProductCategory) => column.name(),
                _ => continue,
            };
            let text = cell.trim();
            if text.is_empty() {
                continue;
            }
            let value: String = clean(text, true).chars().take(MAX_EXTRA_VALUE).collect();
            let too_many = extra.len() == MAX_EXTRAS || bytes + name.len() + value.len() > MAX_EXTRA_BYTES;
            if too_many || text.chars().nth(MAX_EXTRA_VALUE).is_some() {
                cut = cut.or(Some(name));
            }
            if too_many {
                break;
            }
            bytes += name.len() + value.len();
            extra.insert(name.to_owned(), value);
        }
        if cut.is_some() {
            let message = format!(
                "columns without a meaning of their own are kept to {MAX_EXTRA_VALUE} characters each"
            );
            self.issues.push(RowIssue::new(
                self.row,
                cut,
                None,
                Severity::Warning,
                IssueCode::TooLong,
                message,
            ));
        }
        extra
    }
}

/// Letzshop's 0.0 to 10.0 in thousandths.
fn boost(text: &str) -> Option<i32> {
    let thousandths = value::Decimal::parse(text)?.exactly(3)?;
    i32::try_from(thousandths).ok().filter(|boost| *boost <= 10_000)
}

/// Control characters become spaces; line breaks and tabs may stay where the text has several lines.
fn clean(text: &str, lines: bool) -> String {
    let harmless = |c: char| !c.is_control() || (lines && matches!(c, '\n' | '\t'));
    if text.chars().all(harmless) {
        return text.to_owned();
    }
    let clean: String = text.chars().map(|c| if harmless(c) { c } else { ' ' }).collect();
    clean.trim().to_owned()
}

#[cfg(test)]
#[path = "row_tests.rs"]
mod tests;
