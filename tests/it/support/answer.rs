//! An answer, and what a test asks of it.

use serde_json::Value;

/// The answer to one GraphQL request.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// The headers that tests look at.
    pub headers: axum::http::HeaderMap,
}

impl Answer {
    /// The data, where there must be no errors at all.
    #[track_caller]
    pub fn data(&self) -> &Value {
        assert!(self.body.get("errors").is_none(), "unexpected errors: {:#}", self.body);
        &self.body["data"]
    }

    /// The data of the one root field, without errors and user errors.
    #[track_caller]
    pub fn ok(&self) -> &Value {
        let field = self.root();
        let errors = &field["userErrors"];
        assert!(errors.is_null() || errors == &serde_json::json!([]), "unexpected user errors: {errors:#}");
        field
    }

    /// The data of the one root field, whatever its user errors.
    #[track_caller]
    pub fn root(&self) -> &Value {
        let data = self.data().as_object().expect("data");
        assert_eq!(data.len(), 1, "one root field expected: {data:?}");
        data.values().next().expect("a field")
    }

    /// The codes of the one root field's user errors.
    #[track_caller]
    pub fn refusals(&self) -> Vec<String> {
        let errors = self.root()["userErrors"].as_array().expect("the query selects userErrors { code }");
        errors.iter().map(|error| error["code"].as_str().expect("code").to_owned()).collect()
    }

    /// The code of the first top-level error.
    #[track_caller]
    pub fn code(&self) -> &str {
        self.body["errors"][0]["extensions"]["code"]
            .as_str()
            .unwrap_or_else(|| panic!("no coded error: {:#}", self.body))
    }

    /// All codes, of top-level errors and user errors.
    pub fn codes(&self) -> Vec<String> {
        let mut codes = Vec::new();
        for error in self.body["errors"].as_array().into_iter().flatten() {
            codes.push(error["extensions"]["code"].as_str().unwrap_or("(none)").to_owned());
        }
        for field in self.body["data"].as_object().into_iter().flat_map(|data| data.values()) {
            for error in field["userErrors"].as_array().into_iter().flatten() {
                codes.push(error["code"].as_str().unwrap_or("(none)").to_owned());
            }
        }
        codes
    }

    /// Statements inside transactions that the request cost.
    #[track_caller]
    pub fn statements(&self) -> u64 {
        self.body["extensions"]["statements"].as_u64().expect("statement counts are on in tests")
    }

    /// Whether this is the answer to an earlier request with the same key.
    pub fn replayed(&self) -> bool {
        self.body["extensions"]["idempotentReplay"] == true
    }
}
