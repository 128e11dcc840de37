use std::convert::Infallible;
use std::sync::atomic::AtomicU64;

use serde_json::json;

use super::*;
use crate::framework::spool::tests::TestDir;

const CONTENT_TYPE: &str = "multipart/form-data; boundary=XX";
const ONE_FILE: &str = r#"{"query":"q","variables":{"file":null}}"#;

fn part(name: &str, content: &str) -> String {
    format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
}

fn file(name: &str, file_name: &str, content: &str) -> String {
    format!(
        "--XX\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file_name}\"\r\n\
         Content-Type: text/csv; charset=utf-8\r\n\r\n{content}\r\n"
    )
}

fn form(parts: &[String]) -> String {
    format!("{}--XX--\r\n", parts.concat())
}

fn one_file(content: &str) -> String {
    form(&[part("operations", ONE_FILE), part("map", r#"{"0":["variables.file"]}"#), file("0", "f", content)])
}

fn bytes_of(body: &str, piece: usize) -> Vec<Result<Bytes, Infallible>> {
    body.as_bytes().chunks(piece).map(|bytes| Ok(Bytes::copy_from_slice(bytes))).collect()
}

struct Bench {
    dir: TestDir,
    spool: SpoolDir,
    limits: UploadLimits,
}

impl Bench {
    fn new() -> Self {
        let dir = TestDir::new();
        let spool = SpoolDir::open(dir.path(), 1000).unwrap();
        let limits = UploadLimits {
            operations_bytes: 1000,
            map_bytes: 500,
            files: 3,
            file_bytes: 100,
            total_bytes: 150,
            deadline: Duration::from_secs(60),
        };
        Self { dir, spool, limits }
    }

    async fn read(&self, body: &str) -> Result<MultipartRequest, UploadError> {
        read_multipart(CONTENT_TYPE, stream::iter(bytes_of(body, 7)), &self.limits, &self.spool).await
    }

    /// Reads a body that must be refused, and sees that nothing of it is left.
    async fn refusal(&self, body: &str) -> UploadError {
        let error = self.read(body).await.expect_err(body);
        self.assert_empty();
        error
    }

    async fn assert_malformed(&self, body: &str, part: &str, reason: &str) {
        let error = self.refusal(body).await;
        assert_eq!(error.code(), "UPLOAD_MALFORMED", "{error}");
        assert_eq!(error.status(), StatusCode::BAD_REQUEST);
        let message = error.to_string();
        assert!(message.starts_with(&format!("part {part}: ")) && message.contains(reason), "{message}");
    }

    fn assert_empty(&self) {
        assert_eq!(self.spool.used_bytes(), 0);
        assert!(self.dir.files().is_empty());
    }
}

#[tokio::test]
async fn one_file_fills_one_variable() {
    let bench = Bench::new();
    let body = form(&[
        part("operations", ONE_FILE),
        part("map", r#"{"0":["variables.file"]}"#),
        file("0", "stock.csv", "sku,stock\r\nA,1\r\n"),
    ]);
    for piece in [1, 2, 13, 4096] {
        let request =
            read_multipart(CONTENT_TYPE, stream::iter(bytes_of(&body, piece)), &bench.limits, &bench.spool)
                .await
                .unwrap();
        assert_eq!(request.operations, json!({ "query": "q", "variables": { "file": null } }));
        let [(path, file)] = request.files.as_slice() else { panic!("{request:?}") };
        assert_eq!(path, "variables.file");
        assert_eq!(std::fs::read(file.path()).unwrap(), b"sku,stock\r\nA,1\r\n");
        assert_eq!((file.file_name(), file.content_type(), file.bytes()), ("stock.csv", "text/csv", 16));
        drop(request);
        bench.assert_empty();
    }
}

#[tokio::test]
async fn files_fill_variables_lists_and_inputs() {
    let bench = Bench::new();
    let operations = r#"{"variables":{"a":null,"b":{"files":["x",null]}}}"#;
    let body = form(&[
        part("operations", operations),
        part("map", r#"{"0":["variables.a"],"1":["variables.b.files.1"]}"#),
        file("1", "b.csv", "second"),
        file("0", "a.csv", ""),
    ]);
    let request = bench.read(&body).await.unwrap();
    let files: Vec<_> = request
        .files
        .iter()
        .map(|(path, file)| (path.as_str(), file.file_name(), std::fs::read_to_string(file.path()).unwrap()))
        .collect();
    let expected =
        [("variables.b.files.1", "b.csv", "second".to_owned()), ("variables.a", "a.csv", String::new())];
    assert_eq!(files, expected);

    let (operations, uploads) = request.bind();
    let tokens = [&operations["variables"]["a"], &operations["variables"]["b"]["files"][1]];
    for token in tokens {
        let token = token.as_str().unwrap();
        assert_eq!((token.len(), &token[..7]), (39, "upload:"));
    }
    assert_ne!(tokens[0], tokens[1]);
    assert_eq!(operations["variables"]["b"]["files"][0], "x");
    assert_eq!(bench.spool.used_bytes(), 6);
    drop(uploads);
    bench.assert_empty();
}

#[tokio::test]
async fn the_order_of_parts_is_kept() {
    let bench = Bench::new();
    let operations = part("operations", ONE_FILE);
    let map = part("map", r#"{"0":["variables.file"]}"#);
    let content = file("0", "f", "x");
    let wrong = [
        (form(&[content.clone(), operations.clone(), map.clone()]), "\"0\"", "`operations` is expected"),
        (form(&[map.clone(), operations.clone(), content.clone()]), "\"map\"", "`operations` is expected"),
        (form(&[operations.clone(), content.clone(), map.clone()]), "\"0\"", "`map` is expected"),
        (form(&[operations.clone(), operations.clone()]), "\"operations\"", "`map` is expected"),
        (form(std::slice::from_ref(&operations)), "\"map\"", "is missing"),
        (form(&[]), "\"operations\"", "is missing"),
        (form(&[operations.clone(), map.clone()]), "\"0\"", "was not sent"),
        (form(&[operations.clone(), map.clone(), content.clone(), content.clone()]), "\"0\"", "already sent"),
        (form(&[operations.clone(), map.clone(), content.clone(), map.clone()]), "\"map\"", "not in `map`"),
        (form(&[operations.clone(), map.clone(), content, file("1", "f", "")]), "\"1\"", "not in `map`"),
    ];
    for (body, part, reason) in wrong {
        bench.assert_malformed(&body, part, reason).await;
    }
}

#[tokio::test]
async fn operations_must_be_one_request() {
    let bench = Bench::new();
    for (operations, reason) in [
        (r#"[{"query":"q","variables":{"file":null}}]"#, "not a batch"),
        ("null", "not a batch"),
        ("{", "not valid JSON"),
        ("", "not valid JSON"),
        ("\u{0}", "not valid JSON"),
    ] {
        let body = form(&[part("operations", operations), part("map", "{}")]);
        bench.assert_malformed(&body, "\"operations\"", reason).await;
    }
    let deep = format!("{}{}", "[".repeat(400), "]".repeat(400));
    let body = form(&[part("operations", &deep), part("map", "{}")]);
    bench.assert_malformed(&body, "\"operations\"", "not valid JSON").await;
}

#[tokio::test]
async fn the_map_leads_each_file_to_one_null() {
    let bench = Bench::new();
    let operations = r#"{"query":null,"variables":{"a":null,"b":"text","c":{"d":null},"list":[null]}}"#;
    let wrong = [
        (r#"[["variables.a"]]"#, "must be an object"),
        (r#"{"0":"variables.a"}"#, "exactly one path"),
        (r#"{"0":[]}"#, "exactly one path"),
        (r#"{"0":[7]}"#, "exactly one path"),
        (r#"{"0":["variables.a","variables.c.d"]}"#, "exactly one path"),
        (r#"{"0":["variables.a"],"1":["variables.a"]}"#, "given to two files"),
        (r#"{"0":["query"]}"#, "must lead to a null"),
        (r#"{"0":["variables"]}"#, "must lead to a null"),
        (r#"{"0":["variables."]}"#, "must lead to a null"),
        (r#"{"0":["variables.b"]}"#, "must lead to a null"),
        (r#"{"0":["variables.b.x"]}"#, "must lead to a null"),
        (r#"{"0":["variables.c"]}"#, "must lead to a null"),
        (r#"{"0":["variables.missing"]}"#, "must lead to a null"),
        (r#"{"0":["variables.list.1"]}"#, "must lead to a null"),
        (r#"{"0":["variables.list.00"]}"#, "must lead to a null"),
        (r#"{"0":["variables.list.+0"]}"#, "must lead to a null"),
        (r#"{"0":["variables.list.99999999999999999999999"]}"#, "must lead to a null"),
        (r#"{"0":["0.variables.a"]}"#, "must lead to a null"),
    ];
    for (map, reason) in wrong {
        let body = form(&[part("operations", operations), part("map", map), file("0", "f", "x")]);
        bench.assert_malformed(&body, "\"map\"", reason).await;
    }
}

#[tokio::test]
async fn broken_bodies_are_refused() {
    let bench = Bench::new();
    let whole = one_file("content");
    // Every cut is refused, and leaves nothing; what follows the closing boundary does not matter.
    for length in 0..whole.len() - "\r\n".len() {
        let error = bench.refusal(&whole[..length]).await;
        assert_eq!(error.code(), "UPLOAD_MALFORMED", "cut at {length}: {error}");
    }
    bench.assert_malformed(&whole[..whole.len() - 8], "\"0\"", "closing boundary").await;
    let unnamed = "--XX\r\nContent-Type: text/plain\r\n\r\n{}\r\n--XX--\r\n";
    bench.assert_malformed(unnamed, "after \"\"", "no name").await;
    bench.assert_malformed("--XX\r\n\u{1}: x\r\n\r\n--XX--", "\"operations\"", "headers").await;
}

#[tokio::test]
async fn a_lost_connection_is_named_and_leaves_nothing() {
    let bench = Bench::new();
    let whole = one_file("content");
    let sent = &whole.as_bytes()[..whole.len() - 12];
    let pieces = sent.chunks(7).map(|piece| Ok(Bytes::copy_from_slice(piece)));
    let body = stream::iter(pieces.chain([Err(io::Error::from(io::ErrorKind::ConnectionReset))]));
    let error = read_multipart(CONTENT_TYPE, body, &bench.limits, &bench.spool).await.unwrap_err();
    assert_eq!(error.to_string(), "part \"0\": the connection broke off");
    bench.assert_empty();
}

#[tokio::test]
async fn sizes_are_limited_part_by_part() {
    let bench = Bench::new();
    let operations = part("operations", &format!("{ONE_FILE}{}", " ".repeat(1000)));
    let map = part("map", &format!("{{}}{}", " ".repeat(500)));
    let two = part("operations", r#"{"variables":{"a":null,"b":null}}"#);
    let two_map = part("map", r#"{"0":["variables.a"],"1":["variables.b"]}"#);
    let full = file("0", "f", &"x".repeat(100));
    let cases = [
        (form(&[operations]), "part \"operations\" is larger than 1000 bytes"),
        (form(&[part("operations", ONE_FILE), map]), "part \"map\" is larger than 500 bytes"),
        (one_file(&"x".repeat(101)), "part \"0\" is larger than 100 bytes"),
        (
            form(&[two, two_map, full, file("1", "f", &"x".repeat(51))]),
            "with part \"1\" the files are together larger than 150 bytes",
        ),
    ];
    for (body, message) in cases {
        let error = bench.refusal(&body).await;
        assert_eq!(error.to_string(), message);
        assert_eq!((error.code(), error.status()), ("UPLOAD_TOO_LARGE", StatusCode::PAYLOAD_TOO_LARGE));
    }
    assert_eq!(bench.read(&one_file(&"x".repeat(100))).await.unwrap().files[0].1.bytes(), 100);
}

#[tokio::test]
async fn the_number_of_files_is_limited() {
    let bench = Bench::new();
    let map = r#"{"0":["variables.a"],"1":["variables.b"],"2":["variables.c"],"3":["variables.d"]}"#;
    let operations = r#"{"variables":{"a":null,"b":null,"c":null,"d":null}}"#;
    let error = bench.refusal(&form(&[part("operations", operations), part("map", map)])).await;
    assert_eq!((error.code(), error.status()), ("UPLOAD_TOO_MANY_FILES", StatusCode::PAYLOAD_TOO_LARGE));
    assert_eq!(error.to_string(), "part \"map\" names more than 3 files");
}

#[tokio::test]
async fn a_full_spool_refuses_for_now() {
    let bench = Bench::new();
    let mut other = bench.spool.create().await.unwrap();
    other.write(&[0; 950]).await.unwrap();
    let error = bench.read(&one_file(&"x".repeat(51))).await.unwrap_err();
    assert_eq!((error.code(), error.status()), ("UPLOAD_SPOOL_FULL", StatusCode::SERVICE_UNAVAILABLE));
    assert!(error.to_string().starts_with("part \"0\" "), "{error}");
    assert_eq!(bench.spool.used_bytes(), 950);
    drop(other);
    bench.assert_empty();
    assert_eq!(bench.read(&one_file(&"x".repeat(51))).await.unwrap().files.len(), 1);
}

#[tokio::test]
async fn a_body_that_stalls_meets_the_deadline() {
    let mut bench = Bench::new();
    bench.limits.deadline = Duration::from_millis(50);
    let whole = one_file("content");
    for sent in [0, 20, whole.len() - 12] {
        let pieces = bytes_of(&whole[..sent], 16);
        let body = stream::StreamExt::chain(stream::iter(pieces), stream::pending());
        let error = read_multipart(CONTENT_TYPE, body, &bench.limits, &bench.spool).await.unwrap_err();
        assert_eq!((error.code(), error.status()), ("UPLOAD_TIMEOUT", StatusCode::REQUEST_TIMEOUT));
        assert_eq!(error.to_string(), "the upload did not arrive within 0.05 seconds");
        bench.assert_empty();
    }
}

#[tokio::test]
async fn other_content_types_are_refused_before_anything_is_read() {
    let bench = Bench::new();
    let long = format!("multipart/form-data; boundary={}", "b".repeat(71));
    for content_type in [
        "",
        "application/json",
        "multipart/mixed; boundary=XX",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        &long,
    ] {
        let body = stream::pending::<Result<Bytes, Infallible>>();
        let error = read_multipart(content_type, body, &bench.limits, &bench.spool).await.unwrap_err();
        assert_eq!(
            (error.code(), error.status()),
            ("UPLOAD_NOT_MULTIPART", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            "{content_type}"
        );
    }
}

/// A body that always has more ready, in large chunks; returns the refusal and the bytes it took.
async fn flood(bench: &Bench, start: String, chunk: usize) -> (UploadError, u64) {
    let taken = Arc::new(AtomicU64::new(0));
    let counter = taken.clone();
    let endless = stream::repeat_with(move || {
        counter.fetch_add(chunk as u64, Ordering::Relaxed);
        Ok::<_, Infallible>(Bytes::from(vec![b'a'; chunk]))
    });
    let body = stream::StreamExt::chain(stream::iter([Ok(Bytes::from(start))]), endless);
    let error = read_multipart(CONTENT_TYPE, body, &bench.limits, &bench.spool).await.unwrap_err();
    bench.assert_empty();
    (error, taken.load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_flood_is_not_buffered() {
    let bench = Bench::new();
    let before_file = [part("operations", ONE_FILE), part("map", r#"{"0":["variables.file"]}"#)].concat();
    let cases = [
        (String::new(), "part \"operations\": the headers of the part are too long"),
        ("--XX\r\nX-Long: ".to_owned(), "part \"operations\": the headers of the part are too long"),
        (before_file.clone() + "--XX\r\nX: ", "part after \"map\": the headers of the part are too long"),
        (
            before_file + "--XX\r\nContent-Disposition: form-data; name=\"0\"\r\n\r\n",
            "part \"0\" is larger than 100 bytes",
        ),
    ];
    for (start, message) in cases {
        for chunk in [1000, 16 * 1024] {
            let (error, taken) = flood(&bench, start.clone(), chunk).await;
            assert_eq!(error.to_string(), message);
            // Besides the headers' budget, each step of the parts before may have taken a chunk in.
            assert!(taken <= (HEADER_BYTES + 8 * chunk) as u64, "{message}: {taken}");
        }
    }
}

#[tokio::test]
async fn names_in_messages_are_escaped_and_short() {
    let bench = Bench::new();
    let error = bench.refusal(&form(&[part(&"é".repeat(100), "{}")])).await;
    let shown = format!("part \"{}\": ", "é".repeat(64));
    assert!(error.to_string().starts_with(&shown), "{error}");

    let map = r#"{"a\u0007\"b":[]}"#;
    let error = bench.refusal(&form(&[part("operations", ONE_FILE), part("map", map)])).await;
    let message = r#"part "map": "a\u{7}\"b" must be a list of exactly one path"#;
    assert_eq!(error.to_string(), message);
}

#[tokio::test]
async fn reading_can_move_between_threads() {
    let Bench { dir, spool, limits } = Bench::new();
    let body = stream::iter(bytes_of(&one_file("content"), 7));
    let task = tokio::spawn(async move { read_multipart(CONTENT_TYPE, body, &limits, &spool).await });
    assert_eq!(task.await.unwrap().unwrap().files[0].1.bytes(), 7);
    assert!(dir.files().is_empty());
}
