//! The `Upload` scalar and the files of one request.
//!
//! A file reaches a resolver only through [`Uploads`], which the HTTP handler fills from a multipart request
//! and puts into the request's data. The scalar's value is a random token of that registry, made after the
//! client's JSON was read, so that nothing a client can write stands for a file.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_graphql::{Context, ErrorExtensions, InputValueError, InputValueResult, Scalar, ScalarType, Value};

use crate::framework::spool::SpooledFile;

const PREFIX: &str = "upload:";
const TOKEN_DIGITS: usize = 32;

/// Code of the error for a value that is not a file of this request.
pub const UPLOAD_EXPECTED: &str = "UPLOAD_EXPECTED";

const EXPECTED_MESSAGE: &str =
    "a file is expected here: send it as a part of a multipart request that `map` assigns to this variable";

/// The uploaded files of one request that no resolver has taken yet. Those never taken are removed with the
/// request.
#[derive(Debug, Default)]
pub struct Uploads {
    files: Mutex<HashMap<u128, SpooledFile>>,
}

impl Uploads {
    /// Adds a file; returns the string that stands for it in the variables of this request.
    pub fn insert(&mut self, file: SpooledFile) -> String {
        let token: u128 = rand::random();
        self.files.get_mut().unwrap_or_else(PoisonError::into_inner).insert(token, file);
        format!("{PREFIX}{token:0TOKEN_DIGITS$x}")
    }

    fn take(&self, token: u128) -> Option<SpooledFile> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).remove(&token)
    }
}

/// A file sent with the request. Parsing checks the form only; [`Upload::take`] gives the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upload {
    token: u128,
}

impl Upload {
    /// Takes the file out of the request; it is removed when the returned value is dropped.
    ///
    /// # Errors
    ///
    /// `UPLOAD_EXPECTED` when the value is not a file of this request, or when another field of the document
    /// has taken it already.
    pub fn take(self, ctx: &Context<'_>) -> async_graphql::Result<SpooledFile> {
        ctx.data_opt::<Uploads>().and_then(|uploads| uploads.take(self.token)).ok_or_else(|| {
            async_graphql::Error::new(EXPECTED_MESSAGE).extend_with(|_, ext| ext.set("code", UPLOAD_EXPECTED))
        })
    }
}

/// A file, sent as a part of a `multipart/form-data` request by the GraphQL multipart request specification.
/// `operations` and `map` come before the files, the variable is `null` in `operations`, and each file fills
/// exactly one variable. Anything else given here is refused with `UPLOAD_EXPECTED`.
#[Scalar(name = "Upload", specified_by_url = "https://github.com/jaydenseric/graphql-multipart-request-spec")]
impl ScalarType for Upload {
    // `is_valid` stays open: a failed validation carries no code, a failed parse does.
    fn parse(value: Value) -> InputValueResult<Self> {
        let token = if let Value::String(text) = &value { parse_token(text) } else { None };
        token
            .map(|token| Self { token })
            .ok_or_else(|| InputValueError::custom(EXPECTED_MESSAGE).with_extension("code", UPLOAD_EXPECTED))
    }

    /// Null: a token is never shown.
    fn to_value(&self) -> Value {
        Value::Null
    }
}

fn parse_token(text: &str) -> Option<u128> {
    let digits = text.strip_prefix(PREFIX)?;
    let hexadecimal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    // The standard parser also takes a sign and upper case.
    if digits.len() != TOKEN_DIGITS || !digits.bytes().all(hexadecimal) {
        return None;
    }
    u128::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptySubscription, Object, Request, Response, Schema, Variables};
    use serde_json::json;

    use super::*;
    use crate::framework::spool::{SpoolDir, tests::TestDir};

    struct Query;

    #[Object]
    impl Query {
        async fn ready(&self) -> bool {
            true
        }
    }

    // The library's validation knows the name: variables of this type are for mutations only.
    struct Mutation;

    #[Object]
    impl Mutation {
        async fn content(&self, ctx: &Context<'_>, file: Upload) -> async_graphql::Result<String> {
            Ok(std::fs::read_to_string(file.take(ctx)?.path())?)
        }

        async fn contents(
            &self,
            ctx: &Context<'_>,
            files: Vec<Upload>,
        ) -> async_graphql::Result<Vec<String>> {
            files.into_iter().map(|file| Ok(std::fs::read_to_string(file.take(ctx)?.path())?)).collect()
        }
    }

    fn schema() -> Schema<Query, Mutation, EmptySubscription> {
        Schema::new(Query, Mutation, EmptySubscription)
    }

    const ONE: &str = "mutation ($file: Upload!) { content(file: $file) }";

    fn request(query: &str, variables: serde_json::Value) -> Request {
        Request::new(query).variables(Variables::from_json(variables))
    }

    async fn spooled(spool: &SpoolDir, content: &str) -> SpooledFile {
        let mut writer = spool.create().await.unwrap();
        writer.write(content.as_bytes()).await.unwrap();
        writer.finish(None, None).await.unwrap()
    }

    fn assert_expected(response: &Response, case: &str) {
        assert_eq!(response.errors.len(), 1, "{case}: {response:?}");
        let code = response.errors[0].extensions.as_ref().and_then(|ext| ext.get("code"));
        assert_eq!(code, Some(&Value::from(UPLOAD_EXPECTED)), "{case}: {response:?}");
    }

    #[tokio::test]
    async fn a_registered_file_is_taken_and_removed() {
        let dir = TestDir::new();
        let spool = SpoolDir::open(dir.path(), 100).unwrap();
        let mut uploads = Uploads::default();
        let token = uploads.insert(spooled(&spool, "sku,stock").await);
        let response = schema().execute(request(ONE, json!({ "file": token })).data(uploads)).await;
        assert_eq!(response.data.into_json().unwrap(), json!({ "content": "sku,stock" }));
        assert_eq!(spool.used_bytes(), 0);
        assert!(dir.files().is_empty());
    }

    #[tokio::test]
    async fn a_list_takes_each_file() {
        let dir = TestDir::new();
        let spool = SpoolDir::open(dir.path(), 100).unwrap();
        let mut uploads = Uploads::default();
        let tokens = [uploads.insert(spooled(&spool, "a").await), uploads.insert(spooled(&spool, "b").await)];
        let query = "mutation ($files: [Upload!]!) { contents(files: $files) }";
        let response = schema().execute(request(query, json!({ "files": tokens })).data(uploads)).await;
        assert_eq!(response.data.into_json().unwrap(), json!({ "contents": ["a", "b"] }));
    }

    #[tokio::test]
    async fn a_file_is_taken_once_and_only_in_its_request() {
        let dir = TestDir::new();
        let spool = SpoolDir::open(dir.path(), 100).unwrap();
        let mut uploads = Uploads::default();
        let token = uploads.insert(spooled(&spool, "a").await);
        let elsewhere = request(ONE, json!({ "file": token })).data(Uploads::default());
        assert_expected(&schema().execute(elsewhere).await, "another request's registry");
        let twice = "mutation ($file: Upload!) { contents(files: [$file, $file]) }";
        let response = schema().execute(request(twice, json!({ "file": token })).data(uploads)).await;
        assert_expected(&response, "taken twice");
        assert_eq!(spool.used_bytes(), 0, "a file that was not used is removed with the request");
    }

    #[tokio::test]
    async fn hostile_variables_are_refused_with_a_code() {
        let well_formed = format!("upload:{}", "0".repeat(32));
        let values = [
            json!("#__graphql_file__:7"),
            json!("#__graphql_file__:x"),
            json!(""),
            json!("upload:"),
            json!(well_formed),
            json!(format!("upload:+{}", "0".repeat(31))),
            json!(format!("upload:{}", "A".repeat(32))),
            json!(format!("upload:{}", "é".repeat(16))),
            json!(7),
            json!(1.5),
            json!(true),
            json!([]),
            json!([well_formed]),
            json!({ "__orion_upload": "0" }),
        ];
        for value in values {
            for with_registry in [false, true] {
                let mut request = request(ONE, json!({ "file": value }));
                if with_registry {
                    request = request.data(Uploads::default());
                }
                assert_expected(&schema().execute(request).await, &value.to_string());
            }
        }
    }

    #[tokio::test]
    async fn hostile_literals_are_refused_with_a_code() {
        let literals = [
            "\"#__graphql_file__:7\"",
            "\"upload:00000000000000000000000000000000\"",
            "\"\"\"block\"\"\"",
            "7",
            "7.5",
            "true",
            "FILE",
            "[]",
            "[\"#__graphql_file__:0\"]",
            "{ file: 0 }",
        ];
        for literal in literals {
            let query = format!("mutation {{ content(file: {literal}) }}");
            assert_expected(&schema().execute(query).await, literal);
        }
        let in_a_list = "mutation { contents(files: \"#__graphql_file__:0\") }";
        assert_expected(&schema().execute(in_a_list).await, in_a_list);
    }

    #[tokio::test]
    async fn a_missing_file_is_an_error() {
        for variables in [json!({}), json!({ "file": null })] {
            assert_eq!(schema().execute(request(ONE, variables)).await.errors.len(), 1);
        }
        assert_eq!(schema().execute("mutation { content(file: null) }").await.errors.len(), 1);
    }
}
