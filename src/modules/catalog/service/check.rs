//! Checking inputs: all refusals at once, each with its path.

use std::collections::HashSet;

use async_graphql::ID;
use serde_json::Value;

use crate::framework::context::VendorContext;
use crate::framework::error::{ErrorCode, Refusal, RefusalDetails, Refusals};
use crate::framework::id::{Id, Kind};
use crate::graphql::scalars::Json;
use crate::graphql::types::MoneyInput;
use crate::modules::catalog::graphql::{ProductTranslationInput, SelectedOptionInput};
use crate::modules::catalog::model::VariantOption;
use crate::modules::catalog::store::TranslationWrite;
use crate::modules::catalog::{html, rules};

/// What is wrong with an input, found so far.
pub struct Check<'a> {
    pub vendor: &'a VendorContext,
    pub refusals: Refusals,
}

impl<'a> Check<'a> {
    pub fn new(vendor: &'a VendorContext) -> Self {
        Self { vendor, refusals: Refusals::default() }
    }

    pub fn refuse(
        &mut self,
        code: ErrorCode,
        path: &[&str],
        message: impl Into<std::borrow::Cow<'static, str>>,
    ) {
        let path = std::iter::once("input").chain(path.iter().copied());
        self.refusals.push(Refusal::new(code, message).at(path));
    }

    /// One line of text, trimmed.
    pub fn line(&mut self, path: &[&str], text: &str, most: usize) -> String {
        let text = text.trim();
        if text.is_empty() {
            self.refuse(ErrorCode::Required, path, "This must not be empty.");
        } else if text.chars().count() > most {
            self.refuse(ErrorCode::TooLong, path, format!("At most {most} characters."));
        } else if text.chars().any(char::is_control) {
            self.refuse(ErrorCode::InvalidValue, path, "No control characters.");
        }
        text.to_owned()
    }

    /// One line of text or nothing; empty text is nothing.
    pub fn optional(&mut self, path: &[&str], text: Option<&str>, most: usize) -> Option<String> {
        let text = text.filter(|text| !text.trim().is_empty())?;
        Some(self.line(path, text, most))
    }

    /// A description, made safe.
    pub fn description(&mut self, path: &[&str], text: &str) -> Option<String> {
        if text.chars().count() > 100_000 {
            self.refuse(ErrorCode::TooLong, path, "At most 100,000 characters.");
            return None;
        }
        Some(html::sanitize(text)).filter(|text| !text.trim().is_empty())
    }

    pub fn slug(&mut self, path: &[&str], slug: &str) -> String {
        if !rules::is_slug(slug) {
            let message = "A slug is 1 to 200 lower-case letters (a to z), digits and hyphens.";
            self.refuse(ErrorCode::InvalidValue, path, message);
        }
        slug.to_owned()
    }

    pub fn ids<K: Kind>(&mut self, path: &[&str], ids: &[ID]) -> Vec<Id<K>> {
        if !self.bounded(path, ids.len(), 100) {
            return Vec::new();
        }
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for (index, id) in ids.iter().enumerate() {
            match Id::parse(id) {
                Ok(id) if seen.insert(id) => found.push(id),
                Ok(_) => {}
                Err(error) => {
                    self.refuse(
                        ErrorCode::InvalidId,
                        &[path, &[&index.to_string()]].concat(),
                        error.to_string(),
                    );
                }
            }
        }
        found
    }

    pub fn bounded(&mut self, path: &[&str], length: usize, most: usize) -> bool {
        if length > most {
            self.refuse(ErrorCode::TooLong, path, format!("At most {most} entries."));
        }
        length <= most
    }

    pub fn range(&mut self, path: &[&str], value: i32, range: std::ops::RangeInclusive<i32>) -> i32 {
        if !range.contains(&value) {
            let message = format!("A number from {} to {}.", range.start(), range.end());
            self.refuse(ErrorCode::InvalidValue, path, message);
        }
        value
    }

    pub fn amount(&mut self, path: &[&str], amount: &MoneyInput) -> Option<i64> {
        match amount.minor(self.vendor.currency) {
            Ok(minor) => Some(minor),
            Err(refusal) => {
                self.refuse(refusal.code, path, refusal.message);
                None
            }
        }
    }

    pub fn gtin(&mut self, path: &[&str], gtin: &str) -> String {
        let gtin: String = gtin.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        if !rules::is_gtin(&gtin) {
            let message = "A GTIN has 8, 12, 13 or 14 digits, the last a check digit.";
            self.refuse(ErrorCode::InvalidGtin, path, message);
        }
        gtin
    }

    pub fn object(&mut self, path: &[&str], json: Json) -> Value {
        let value: Value = json.into();
        if !value.is_object() {
            self.refuse(ErrorCode::InvalidValue, path, "This must be a JSON object.");
        }
        value
    }

    pub fn options(&mut self, path: &[&str], options: &[SelectedOptionInput]) -> Vec<VariantOption> {
        if !self.bounded(path, options.len(), 20) {
            return Vec::new();
        }
        let mut names = HashSet::new();
        let mut found = Vec::new();
        for (index, option) in options.iter().enumerate() {
            let index = index.to_string();
            let name = self.line(&[path, &[&index, "name"]].concat(), &option.name, 100);
            let value = self.line(&[path, &[&index, "value"]].concat(), &option.value, 200);
            if !names.insert(name.to_lowercase()) {
                self.refuse(
                    ErrorCode::InvalidValue,
                    &[path, &[&index, "name"]].concat(),
                    "An option is named twice.",
                );
            }
            found.push(VariantOption { name, value });
        }
        found
    }

    /// The translations of a product, each in one of the vendor's further languages and only once.
    pub fn translations(
        &mut self,
        product: crate::framework::id::ProductId,
        translations: &[ProductTranslationInput],
    ) -> Vec<TranslationWrite> {
        if !self.bounded(&["translations"], translations.len(), 50) {
            return Vec::new();
        }
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for (index, one) in translations.iter().enumerate() {
            let index = index.to_string();
            let path = |field| ["translations", &index, field];
            self.language(&path("language"), one.language.as_str());
            if !seen.insert(one.language.as_str()) {
                self.refuse(ErrorCode::InvalidValue, &path("language"), "A language is named twice.");
            }
            let title = self.optional(&path("title"), one.title.as_deref(), 500);
            let slug = one.slug.as_deref().map(|slug| self.slug(&path("slug"), slug));
            let description =
                one.description.as_deref().and_then(|text| self.description(&path("description"), text));
            found.push(TranslationWrite {
                product_id: product,
                language: one.language.as_str().to_owned(),
                title,
                slug,
                description,
            });
        }
        found
    }

    pub fn language(&mut self, path: &[&str], language: &str) {
        if language == self.vendor.default_language {
            let message = "This is the default language: its texts are the plain fields.";
            self.refuse(ErrorCode::InvalidValue, path, message);
        } else if !self.vendor.languages.iter().any(|known| known == language) {
            self.refuse(ErrorCode::InvalidValue, path, "This is none of the vendor's languages.");
        }
    }
}

/// Refuses where another version was expected than the object has.
pub fn version(expected: Option<i32>, current: i32, id: String) -> Result<(), Refusal> {
    match expected {
        Some(expected) if expected != current => {
            Err(Refusal::new(ErrorCode::VersionConflict, "The object has changed since.")
                .at(["input", "expectedVersion"])
                .with(RefusalDetails::VersionConflict { current_version: current, id }))
        }
        _ => Ok(()),
    }
}

/// Marks fields as a person's own: imports leave them alone (facts I).
pub fn own(provenance: &mut Value, fields: impl IntoIterator<Item = String>) {
    if let Value::Object(owners) = provenance {
        for field in fields {
            owners.insert(field, serde_json::json!({ "owner": "HUMAN" }));
        }
    }
}
