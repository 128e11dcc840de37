//! Rows and enums of imports and publishing.

use async_graphql::Enum;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::feed;
use crate::framework::id::{ImportJobId, MarketplaceProductId, ProductId, PublishJobId, VariantId};

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ImportStatus {
    /// Waits for its turn.
    Pending,
    /// At work.
    Running,
    /// Ended; every row was good.
    Succeeded,
    /// Ended; some rows were refused.
    SucceededWithErrors,
    /// Ended early, see its failure. What was done before stays.
    Failed,
    /// Ended early because somebody asked. What was done before stays.
    Cancelled,
}
crate::text_enum!(ImportStatus {
    Pending => "PENDING", Running => "RUNNING", Succeeded => "SUCCEEDED",
    SucceededWithErrors => "SUCCEEDED_WITH_ERRORS", Failed => "FAILED", Cancelled => "CANCELLED",
});

impl ImportStatus {
    /// Whether something is still to come.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Running)
    }

    /// How a job ends that went through all of its rows.
    pub fn ended(failed: i32) -> Self {
        if failed == 0 { Self::Succeeded } else { Self::SucceededWithErrors }
    }
}

/// The kind of a feed. Open: clients keep a default branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FeedFormat {
    /// Letzshop's file: Google's columns and a few more, tab-separated, one file for each language.
    Letzshop,
    /// Google Merchant's delimited text.
    Google,
    /// Shopify's product CSV. Recognised, and refused with `FEED_FORMAT_NOT_SUPPORTED` so far.
    Shopify,
}
crate::text_enum!(FeedFormat { Letzshop => "LETZSHOP", Google => "GOOGLE", Shopify => "SHOPIFY" });

impl From<feed::FeedFormat> for FeedFormat {
    fn from(format: feed::FeedFormat) -> Self {
        match format {
            feed::FeedFormat::Letzshop => Self::Letzshop,
            feed::FeedFormat::Google => Self::Google,
            feed::FeedFormat::Shopify => Self::Shopify,
        }
    }
}
impl From<FeedFormat> for feed::FeedFormat {
    fn from(format: FeedFormat) -> Self {
        match format {
            FeedFormat::Letzshop => Self::Letzshop,
            FeedFormat::Google => Self::Google,
            FeedFormat::Shopify => Self::Shopify,
        }
    }
}

/// What a complaint about a row means for the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum Severity {
    /// The row was not staged.
    Error,
    /// The row was staged; the value was dropped, cut, or taken with a doubt.
    Warning,
}
crate::text_enum!(Severity { Error => "ERROR", Warning => "WARNING" });

/// What publishing did with a staged product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Enum)]
pub enum PublishOutcome {
    /// A product or variant was made.
    Created,
    /// The product was brought up to date, in the fields that imports own.
    Updated,
    /// The product was as the staged row says.
    Unchanged,
    /// Left alone: a person has deleted the product.
    Skipped,
    /// Refused; see the user errors.
    Failed,
}
crate::text_enum!(PublishOutcome {
    Created => "CREATED", Updated => "UPDATED", Unchanged => "UNCHANGED", Skipped => "SKIPPED", Failed => "FAILED",
});

/// Whether the feed says that a product can be bought: a word, never a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StagedAvailability {
    Available,
    Unavailable,
    Preorder,
    Backorder,
}
crate::text_enum!(StagedAvailability {
    Available => "AVAILABLE", Unavailable => "UNAVAILABLE", Preorder => "PREORDER", Backorder => "BACKORDER",
});

impl From<feed::StagedAvailability> for StagedAvailability {
    fn from(word: feed::StagedAvailability) -> Self {
        match word {
            feed::StagedAvailability::InStock => Self::Available,
            feed::StagedAvailability::OutOfStock => Self::Unavailable,
            feed::StagedAvailability::Preorder => Self::Preorder,
            feed::StagedAvailability::Backorder => Self::Backorder,
        }
    }
}

crate::row! {
    /// A run of a feed import.
    pub struct ImportJobRow {
        pub id: ImportJobId,
        pub status: ImportStatus,
        pub format: Option<FeedFormat>,
        pub language: String,
        pub source: String,
        pub url: Option<String>,
        pub file_name: Option<String>,
        pub rows_read: i32,
        pub created: i32,
        pub updated: i32,
        pub unchanged: i32,
        pub failed: i32,
        pub warnings: i32,
        pub progress: Option<f64>,
        pub missing_columns: crate::framework::db::Array<String>,
        pub publish_job_id: Option<Uuid>,
        pub failure_code: Option<String>,
        pub failure_message: Option<String>,
        pub created_at: DateTime<Utc>,
        pub started_at: Option<DateTime<Utc>>,
        pub finished_at: Option<DateTime<Utc>>,
        pub version: i32,
    }
}

crate::row! {
    /// What a slice needs to know of its run.
    pub struct ImportState {
        pub status: ImportStatus,
        pub format: Option<FeedFormat>,
        pub language: String,
        pub source: String,
        pub url: Option<String>,
        pub plan: Option<serde_json::Value>,
        pub checkpoint: Option<serde_json::Value>,
        pub failed: i32,
        pub issues_kept: i32,
    }
}

crate::row! {
    /// A complaint about a row.
    pub struct RowErrorRow {
        pub row_number: i64,
        pub ordinal: i64,
        pub column_name: Option<String>,
        pub value: Option<String>,
        pub severity: Severity,
        pub code: String,
        pub message: String,
    }
}

crate::row! {
    /// A staged product as lists show it.
    pub struct StagedProductRow {
        pub id: MarketplaceProductId,
        pub format: FeedFormat,
        pub source: String,
        pub external_id: String,
        pub language: String,
        pub title: String,
        pub brand: Option<String>,
        pub gtin: Option<String>,
        pub price: i64,
        pub currency_code: String,
        pub sale_price: Option<i64>,
        pub availability: StagedAvailability,
        pub quantity: Option<i32>,
        pub image_url: Option<String>,
        pub category_path: crate::framework::db::Array<String>,
        pub item_group_id: Option<String>,
        pub product_id: Option<ProductId>,
        pub variant_id: Option<VariantId>,
        pub created_at: DateTime<Utc>,
        pub updated_at: DateTime<Utc>,
    }
}

crate::row! {
    /// A run that publishes staged products.
    pub struct PublishJobRow {
        pub id: PublishJobId,
        pub status: ImportStatus,
        pub total: i32,
        pub published: i32,
        pub skipped: i32,
        pub failed: i32,
        pub failure_code: Option<String>,
        pub failure_message: Option<String>,
        pub created_at: DateTime<Utc>,
        pub started_at: Option<DateTime<Utc>>,
        pub finished_at: Option<DateTime<Utc>>,
        pub version: i32,
    }
}
