//! Why a file is refused as a whole, and what may be wrong with one row of it.

use serde::{Deserialize, Serialize};

use super::FeedFormat;

/// Longest excerpt of a cell that an issue repeats, in characters.
const MAX_ISSUE_VALUE: usize = 200;

/// A file that cannot be read as a product feed at all. Nothing of it is staged.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    #[error("the file is empty")]
    Empty,
    #[error("the file has {bytes} bytes; at most {limit} are allowed")]
    TooLarge { bytes: u64, limit: u64 },
    /// Something else than delimited text: an archive, a picture, a web page, JSON.
    #[error("the file is no product feed: {0}")]
    NotAFeed(String),
    /// A feed of a kind that is known, but that this version does not read.
    #[error(
        "{0} files cannot be imported yet; use a tab- or comma-separated file with Google's column names"
    )]
    FormatNotSupported(&'static str),
    #[error("the file was announced as {announced:?}, but its columns are those of {found:?}")]
    FormatMismatch { announced: FeedFormat, found: FeedFormat },
    #[error("the header has no column {0}")]
    MissingColumn(&'static str),
    #[error("the header has more than {0} columns")]
    TooManyColumns(usize),
    /// The file is not the one that the plan was made from.
    #[error("the file has changed since the import began")]
    Changed,
    #[error("the file could not be read: {0}")]
    Io(#[from] std::io::Error),
}

impl FeedError {
    /// The stable code that clients see.
    pub fn code(&self) -> &'static str {
        match self {
            FeedError::Empty => "FEED_EMPTY",
            FeedError::TooLarge { .. } => "FEED_TOO_LARGE",
            FeedError::NotAFeed(_) => "FEED_NOT_RECOGNISED",
            FeedError::FormatNotSupported(_) => "FEED_FORMAT_NOT_SUPPORTED",
            FeedError::FormatMismatch { .. } => "FEED_FORMAT_MISMATCH",
            FeedError::MissingColumn(_) => "FEED_COLUMN_MISSING",
            FeedError::TooManyColumns(_) => "FEED_TOO_MANY_COLUMNS",
            FeedError::Changed => "FEED_CHANGED",
            FeedError::Io(_) => "FEED_UNREADABLE",
        }
    }

    /// Whether trying again with the same file may help: only a failing disk does.
    pub fn is_transient(&self) -> bool {
        matches!(self, FeedError::Io(_))
    }
}

/// Whether an issue keeps its row out of the staging table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    /// The row is not staged.
    Error,
    /// The row is staged; the offending value was dropped, cut or taken with a doubt.
    Warning,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
        }
    }
}

/// What is wrong with a row. Open: more may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IssueCode {
    /// A value that the row needs is missing: an error for id, title and price, else a warning.
    Required,
    /// Not a price, negative, or with more decimals than its currency has.
    InvalidPrice,
    /// A price in another currency than the vendor's.
    CurrencyMismatch,
    /// Not a GTIN or ISBN (dropped), or one with a wrong check digit (kept).
    InvalidGtin,
    /// A tax rate that is none of the vendor's country.
    UnknownTaxRate,
    /// An availability word that nobody knows; the row counts as out of stock.
    UnknownAvailability,
    /// A value outside the fixed list of its column; dropped.
    UnknownValue,
    /// Longer, or more numerous, than allowed.
    TooLong,
    /// Not an absolute http or https address; dropped.
    InvalidUrl,
    /// Another number of fields than the header has.
    ColumnCount,
    /// A quoted field that never ends, or that ends in the middle of text of a later line.
    UnclosedQuote,
    /// An id that an earlier row of the same file has.
    DuplicateId,
    InvalidDate,
    InvalidNumber,
    /// Characters that were lost before or while the file was decoded.
    Encoding,
}

impl IssueCode {
    pub fn as_str(self) -> &'static str {
        match self {
            IssueCode::Required => "REQUIRED",
            IssueCode::InvalidPrice => "INVALID_PRICE",
            IssueCode::CurrencyMismatch => "CURRENCY_MISMATCH",
            IssueCode::InvalidGtin => "INVALID_GTIN",
            IssueCode::UnknownTaxRate => "UNKNOWN_TAX_RATE",
            IssueCode::UnknownAvailability => "UNKNOWN_AVAILABILITY",
            IssueCode::UnknownValue => "UNKNOWN_VALUE",
            IssueCode::TooLong => "TOO_LONG",
            IssueCode::InvalidUrl => "INVALID_URL",
            IssueCode::ColumnCount => "COLUMN_COUNT",
            IssueCode::UnclosedQuote => "UNCLOSED_QUOTE",
            IssueCode::DuplicateId => "DUPLICATE_ID",
            IssueCode::InvalidDate => "INVALID_DATE",
            IssueCode::InvalidNumber => "INVALID_NUMBER",
            IssueCode::Encoding => "ENCODING",
        }
    }
}

/// One complaint about one row, for the person who made the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowIssue {
    /// Number of the data row: 1 is the first one after the header, blank lines are not counted.
    pub row: u64,
    /// Google's name of the column (`price`), whatever the file's header calls it; of an unknown column its header.
    pub column: Option<String>,
    /// The offending value, at most 200 characters.
    pub value: Option<String>,
    pub severity: Severity,
    pub code: IssueCode,
    /// A sentence in English.
    pub message: String,
}

impl RowIssue {
    pub(super) fn new(
        row: u64,
        column: Option<&str>,
        value: Option<&str>,
        severity: Severity,
        code: IssueCode,
        message: impl Into<String>,
    ) -> Self {
        RowIssue {
            row,
            column: column.map(str::to_owned),
            value: value.map(|value| value.chars().take(MAX_ISSUE_VALUE).collect()),
            severity,
            code,
            message: message.into(),
        }
    }

    /// For the staging code, which alone sees the whole file: `external_id` stood on `first_row` already.
    pub fn duplicate_id(row: u64, external_id: &str, first_row: u64) -> Self {
        let message = format!("row {first_row} has the same id; the first one counts");
        Self::new(row, Some("id"), Some(external_id), Severity::Error, IssueCode::DuplicateId, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serialised_codes_equal_as_str() {
        for code in [IssueCode::Required, IssueCode::CurrencyMismatch, IssueCode::UnclosedQuote] {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
        assert_eq!(serde_json::to_value(Severity::Error).unwrap(), Severity::Error.as_str());
    }

    #[test]
    fn a_long_value_is_cut_at_200_characters() {
        let issue = RowIssue::duplicate_id(7, &"é".repeat(300), 3);
        assert_eq!(issue.value.unwrap().chars().count(), 200);
        assert_eq!((issue.row, issue.severity), (7, Severity::Error));
    }
}
