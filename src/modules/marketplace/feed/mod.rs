//! Reading product feeds: from the bytes of a file to checked, typed rows.
//!
//! Pure: no database, no network, no clock; only the file. Reads Letzshop's file and Google's delimited text, which
//! are one dialect. Shopify's CSV and XML are recognised and refused by name.
//!
//! An import is many short jobs, so reading is resumable. [`prepare`] goes over the file once, finds encoding,
//! delimiter, quoting and columns, and answers a [`FeedPlan`] that is stored with the job. Each slice then opens a
//! [`FeedReader`] with the plan and the [`FeedPosition`] that the slice before committed together with its rows.
//!
//! Invariants: memory does not grow with the file; no input makes a panic or an endless loop; a bad row costs itself
//! alone; the same file gives the same rows in slices of any size.
//!
//! | what | at most |
//! |---|---|
//! | columns | 1,000 |
//! | a row | 1 MiB |
//! | a field | 64 KiB |
//! | a file | what the caller's [`FeedLimits`] say |

mod error;
mod header;
mod price;
mod record;
mod row;
mod staged;
mod text;
mod value;

#[cfg(test)]
mod feed_tests;
#[cfg(test)]
mod test_files;

use std::fs::File;
use std::path::Path;

use chrono_tz::Tz;
use iso_currency::Currency;
use serde::{Deserialize, Serialize};

pub use error::{FeedError, IssueCode, RowIssue, Severity};
pub use staged::StagedRow;
pub use text::TextEncoding;
pub use value::{Condition, DeliveryMethod, ProductKind, StagedAvailability};

use header::{Header, Role};
use record::{BadRecord, MAX_COLUMNS, MAX_FIELD_BYTES, MAX_ROW_BYTES, Next, Quoting, Record, RecordReader};
use text::TextProfile;

/// Kind of feed. Open: more will be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FeedFormat {
    /// Google's columns and Letzshop's extras, tab-separated, one file for each language.
    Letzshop,
    /// Google Merchant's delimited text.
    Google,
    /// Shopify's product CSV. Recognised, not read yet.
    Shopify,
}

impl FeedFormat {
    /// Letzshop and Google are one dialect; this tells the other one.
    fn is_shopify(self) -> bool {
        self == FeedFormat::Shopify
    }
}

/// Limits that depend on who imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedLimits {
    /// Largest file, in bytes.
    pub max_bytes: u64,
}

/// What of the vendor's settings decides how rows are read. The same for all slices of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedOptions {
    /// Base currency: prices without one are in it, prices in another one are errors.
    pub currency: Currency,
    /// For dates without an offset.
    pub time_zone: Tz,
    /// Rates of the vendor's country, in basis points; another one is a warning.
    pub tax_rates_bp: Vec<i32>,
}

/// Where a reader stands, between two rows. Stored with what was staged so far; means something only with its plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedPosition {
    offset: u64,
    line: u64,
    row: u64,
}

impl FeedPosition {
    /// Number of data rows read so far, bad ones included.
    pub fn rows(&self) -> u64 {
        self.row
    }
}

/// What [`prepare`] found out about a file: all that reading it needs. Stored with the import job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedPlan {
    format: FeedFormat,
    text: TextProfile,
    /// Length of the file that is read: the copy, where there is one.
    bytes: u64,
    delimiter: u8,
    quoting: Quoting,
    header: Header,
    start: FeedPosition,
}

impl FeedPlan {
    /// The announced format, or the recognised one.
    pub fn format(&self) -> FeedFormat {
        self.format
    }

    /// Encoding of the original file.
    pub fn encoding(&self) -> TextEncoding {
        self.text.encoding
    }

    /// Whether the UTF-8 copy is what must be read, instead of the original file.
    pub fn uses_copy(&self) -> bool {
        !self.text.is_plain()
    }

    /// Position of the first row.
    pub fn start(&self) -> FeedPosition {
        self.start
    }

    /// Share of the file before a position, from 0 to 1.
    pub fn progress(&self, position: &FeedPosition) -> f64 {
        if self.bytes == 0 { 1.0 } else { (position.offset as f64 / self.bytes as f64).min(1.0) }
    }

    /// Columns that Google requires and this file lacks: of description, link, image_link, availability and price.
    ///
    /// To be told once for the whole import. Only the price is also an error of every row; the others we can do without.
    pub fn missing_columns(&self) -> Vec<&'static str> {
        self.header.missing()
    }

    /// Writes the UTF-8 copy again, for a job that runs where the copy of [`prepare`] is not.
    ///
    /// Errors as [`prepare`]; [`FeedError::Changed`] when `source` is not the file that was prepared.
    pub fn copy_again(&self, source: &Path, copy: &Path) -> Result<(), FeedError> {
        text::transcode(source, copy, self.text)?;
        match std::fs::metadata(copy)?.len() == self.bytes {
            true => Ok(()),
            false => Err(FeedError::Changed),
        }
    }
}

/// Goes once over `source` and finds out how to read it.
///
/// Where the encoding is not UTF-8, or lines end in carriage returns alone, a copy without these is written to
/// `copy`; [`FeedPlan::uses_copy`] tells. The caller removes both files when the import has ended. `announced` is the
/// format that the vendor chose, if any; it is held against the columns.
///
/// Errors: the file is empty, too large, no delimited text, of an unsupported or another format, or has no `id` and
/// `title` columns. A file with a header and no rows is a feed without rows.
pub fn prepare(
    source: &Path,
    copy: &Path,
    announced: Option<FeedFormat>,
    limits: &FeedLimits,
) -> Result<FeedPlan, FeedError> {
    let bytes = std::fs::metadata(source)?.len();
    if bytes > limits.max_bytes {
        return Err(FeedError::TooLarge { bytes, limit: limits.max_bytes });
    }
    let text = text::inspect(source)?;
    let (path, mark) = match text.is_plain() {
        true => (source, text.mark),
        false => {
            text::transcode(source, copy, text)?;
            (copy, 0)
        }
    };
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let layout = header::recognise(file, mark, announced)?;
    let (offset, line) = layout.first_row;
    Ok(FeedPlan {
        format: layout.format,
        text,
        bytes,
        delimiter: layout.delimiter,
        quoting: layout.quoting,
        header: layout.header,
        start: FeedPosition { offset, line, row: 0 },
    })
}

/// One data row, with what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRow {
    /// Number of the data row: 1 is the first after the header. Blank lines are not counted, bad rows are.
    pub number: u64,
    /// Physical line of the file on which it begins, from 1; for a copy, the same as in the original.
    pub line: u64,
    /// None when there is an issue of severity `Error`.
    pub staged: Option<StagedRow>,
    pub issues: Vec<RowIssue>,
}

/// Reads the rows of a prepared file in order, as an iterator. Takes as many as the caller wants; then
/// [`FeedReader::position`] is where the next reader goes on.
///
/// An error ends the iteration: the file could not be read any further.
pub struct FeedReader {
    records: RecordReader<File>,
    record: Record,
    header: Header,
    options: FeedOptions,
    row: u64,
    failed: bool,
}

impl FeedReader {
    /// Opens the file of a plan (the copy, if [`FeedPlan::uses_copy`]) at a position: [`FeedPlan::start`], or one that
    /// an earlier reader of the same plan answered.
    ///
    /// Errors: [`FeedError::Changed`] when the file has another length than the plan says.
    pub fn open(
        path: &Path,
        plan: &FeedPlan,
        at: FeedPosition,
        options: FeedOptions,
    ) -> Result<Self, FeedError> {
        let file = File::open(path)?;
        if file.metadata()?.len() != plan.bytes || at.offset > plan.bytes {
            return Err(FeedError::Changed);
        }
        Ok(FeedReader {
            records: RecordReader::new(file, plan.delimiter, plan.quoting, at.offset, at.line)?,
            record: Record::default(),
            header: plan.header.clone(),
            options,
            row: at.row,
            failed: false,
        })
    }

    /// Where the next row begins.
    pub fn position(&self) -> FeedPosition {
        FeedPosition { offset: self.records.offset(), line: self.records.line(), row: self.row }
    }

    fn read(&mut self) -> Result<Option<FeedRow>, FeedError> {
        loop {
            let next = self.records.next(&mut self.record)?;
            if next == Next::End {
                return Ok(None);
            }
            if next == Next::Record && self.record.is_blank() {
                continue;
            }
            self.row += 1;
            let (staged, issues) = match next {
                Next::Bad(bad) => (None, vec![self.refusal(bad)]),
                _ => row::stage(self.row, &self.record, &self.header, &self.options),
            };
            return Ok(Some(FeedRow { number: self.row, line: self.record.line, staged, issues }));
        }
    }

    fn refusal(&self, bad: BadRecord) -> RowIssue {
        let (column, code, message) = match bad {
            BadRecord::LineTooLong => {
                (None, IssueCode::TooLong, format!("the row is longer than {MAX_ROW_BYTES} bytes"))
            }
            BadRecord::FieldTooLong(at) => {
                let column = match self.header.roles.get(at) {
                    Some(Role::Known(column)) => Some(column.name()),
                    Some(Role::Extra(name)) => Some(name.as_str()),
                    _ => None,
                };
                (column, IssueCode::TooLong, format!("the value is longer than {MAX_FIELD_BYTES} bytes"))
            }
            BadRecord::TooManyFields => {
                let expected = self.header.roles.len();
                (
                    None,
                    IssueCode::ColumnCount,
                    format!("the row has more than {MAX_COLUMNS} fields, the header {expected}"),
                )
            }
            BadRecord::UnclosedQuote => (
                None,
                IssueCode::UnclosedQuote,
                "a double quote opens a value and is never closed".to_owned(),
            ),
        };
        RowIssue::new(self.row, column, None, Severity::Error, code, message)
    }
}

impl Iterator for FeedReader {
    type Item = Result<FeedRow, FeedError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.read().transpose();
        self.failed = matches!(next, Some(Err(_)));
        next
    }
}
