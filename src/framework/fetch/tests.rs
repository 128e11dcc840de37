use std::sync::Mutex;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path as Param, State};
use axum::http::{HeaderMap, StatusCode as Status};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get as route;
use futures::stream;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::*;
use crate::framework::spool::tests::TestDir;

const CONTENT: &str = "sku,stock\nA,1\n";

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<HeaderMap>>>);

/// A server on 127.0.0.1 with every behaviour that the tests need.
struct Server {
    port: u16,
    seen: Seen,
}

impl Server {
    async fn start() -> Self {
        let seen = Seen::default();
        let endless = || stream::repeat_with(|| Ok::<_, io::Error>(Bytes::from_static(&[b'x'; 1000])));
        let router = Router::new()
            .route("/feed", route(feed))
            .route("/hops/{left}", route(hop))
            .route("/loop", route(|| async { Redirect::temporary("/loop") }))
            .route(
                "/status/{code}",
                route(|Param(code): Param<u16>| async move { Status::from_u16(code).unwrap() }),
            )
            .route("/sized/{bytes}", route(|Param(bytes): Param<usize>| async move { "x".repeat(bytes) }))
            .route("/endless", route(move || async move { Body::from_stream(endless()) }))
            .route("/drip", route(drip))
            .route("/silent", route(std::future::pending::<()>))
            .route(
                "/to",
                route(|query: axum::extract::RawQuery| async move {
                    (Status::FOUND, [("location", query.0.unwrap())])
                }),
            )
            .with_state(seen.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { port, seen }
    }

    fn url(&self, path: &str) -> Url {
        self.url_at("127.0.0.1", path)
    }

    fn url_at(&self, host: &str, path: &str) -> Url {
        Url::parse(&format!("http://{host}:{}{path}", self.port)).unwrap()
    }
}

async fn feed(State(seen): State<Seen>, headers: HeaderMap) -> impl IntoResponse {
    seen.0.lock().unwrap().push(headers);
    ([("content-type", "text/csv; charset=utf-8"), ("content-encoding", "gzip")], CONTENT)
}

async fn hop(Param(left): Param<u8>) -> Redirect {
    match left {
        0 => Redirect::permanent("/feed"),
        left => Redirect::to(&format!("{}", left - 1)),
    }
}

/// A byte every few milliseconds for ever: each read is quick, the whole never ends.
async fn drip() -> Body {
    let clock = tokio::time::interval(Duration::from_millis(5));
    Body::from_stream(stream::unfold(clock, |mut clock| async {
        clock.tick().await;
        Some((Ok::<_, io::Error>(Bytes::from_static(b"x")), clock))
    }))
}

fn policy(allow: &str) -> FetchPolicy {
    FetchPolicy {
        allow: FetchAllow::parse(allow).unwrap(),
        max_bytes: 10_000,
        timeout: Duration::from_secs(20),
        connect_timeout: Duration::from_secs(5),
        max_redirects: 3,
    }
}

/// Fetches what must fail, and sees that no file is left.
async fn failure(url: &Url, policy: &FetchPolicy) -> FetchError {
    let dir = TestDir::new();
    let error = fetch_to_file(url, policy, &dir.path().join("out")).await.expect_err(url.as_str());
    assert!(dir.files().is_empty(), "{url} left a file");
    error
}

async fn assert_not_allowed(url: &Url, policy: &FetchPolicy) {
    let error = failure(url, policy).await;
    assert_eq!(error.code(), "URL_NOT_ALLOWED", "{url}: {error:?}");
    assert!(!error.to_string().contains(|c: char| c.is_ascii_digit()), "{error}");
}

#[tokio::test]
async fn an_allowed_url_is_stored_as_sent() {
    let server = Server::start().await;
    let dir = TestDir::new();
    let out = dir.path().join("out");
    let url = server.url("/feed");
    let fetched = fetch_to_file(&url, &policy("loopback"), &out).await.unwrap();
    let content_type = Some("text/csv; charset=utf-8".to_owned());
    assert_eq!(fetched, Fetched { bytes: 14, content_type, final_url: url });
    assert_eq!(std::fs::read_to_string(&out).unwrap(), CONTENT);
    let seen = server.seen.0.lock().unwrap();
    assert_eq!(seen[0]["accept-encoding"], "identity");
    assert_eq!(seen[0]["host"], format!("127.0.0.1:{}", server.port));
    assert!(!seen[0].contains_key("authorization") && !seen[0].contains_key("referer"));
}

#[tokio::test]
async fn an_existing_file_is_never_touched() {
    let server = Server::start().await;
    let dir = TestDir::new();
    let out = dir.path().join("out");
    std::fs::write(&out, "mine").unwrap();
    let error = fetch_to_file(&server.url("/feed"), &policy("loopback"), &out).await.unwrap_err();
    assert!(matches!(error, FetchError::Storage(_)) && error.code() == "FETCH_FAILED");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "mine");
}

#[tokio::test]
async fn this_machine_is_refused_under_all_its_names() {
    let server = Server::start().await;
    let hosts = [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "localhost",
        "LOCALHOST",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "0.0.0.0",
        "0",
        "[::]",
        "10.0.0.1",
        "169.254.169.254",
        "192.168.0.1",
        "[fd00::1]",
        "[fe80::1]",
        "255.255.255.255",
    ];
    for host in hosts {
        assert_not_allowed(&server.url_at(host, "/feed"), &policy("")).await;
    }
    assert!(server.seen.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn exceptions_open_hosts_and_networks_only() {
    let server = Server::start().await;
    let dir = TestDir::new();
    let open = [("localhost", "localhost"), ("loopback", "localhost"), ("127.0.0.1", "0x7f000001")];
    for (index, (allow, host)) in open.into_iter().enumerate() {
        let out = dir.path().join(index.to_string());
        let fetched = fetch_to_file(&server.url_at(host, "/feed"), &policy(allow), &out).await.unwrap();
        assert_eq!(fetched.bytes, 14, "{allow} {host}");
    }
    for (allow, host) in [("localhost", "127.0.0.1"), ("127.0.0.1", "127.0.0.2"), ("127.0.0.0/8", "[::1]")] {
        assert_not_allowed(&server.url_at(host, "/feed"), &policy(allow)).await;
    }
}

#[tokio::test]
async fn a_name_is_not_looked_up_a_second_time() {
    let server = Server::start().await;
    // The name has no address; only the pinned one can answer.
    let url = server.url_at("feeds.invalid", "/feed");
    let pinned = vec![SocketAddr::from(([127, 0, 0, 1], server.port))];
    let response = get(&url, pinned, &policy("")).await.unwrap();
    assert_eq!(response.text().await.unwrap(), CONTENT);
    let host = server.seen.0.lock().unwrap()[0]["host"].clone();
    assert_eq!(host, format!("feeds.invalid:{}", server.port));
}

#[tokio::test]
async fn other_schemes_credentials_and_ports_are_refused() {
    let open = policy("loopback");
    for url in [
        "ftp://127.0.0.1/feed",
        "file:///etc/passwd",
        "data:text/plain,x",
        "gopher://127.0.0.1/",
        "http://user@127.0.0.1/feed",
        "http://:secret@127.0.0.1/feed",
        "http://127.0.0.1:22/",
        "http://127.0.0.1:25/",
        "https://127.0.0.1:6667/",
        "http://127.0.0.1:0/",
    ] {
        assert_not_allowed(&Url::parse(url).unwrap(), &open).await;
    }
    assert!(BAD_PORTS.is_sorted());
}

#[tokio::test]
async fn redirects_are_followed_up_to_the_limit() {
    let server = Server::start().await;
    let dir = TestDir::new();
    let open = policy("loopback");
    // /hops/2 → 1 → 0 → /feed: three redirects, the first two relative to the folder.
    let fetched = fetch_to_file(&server.url("/hops/2"), &open, &dir.path().join("out")).await.unwrap();
    assert_eq!((fetched.bytes, fetched.final_url), (14, server.url("/feed")));
    for path in ["/hops/3", "/loop"] {
        let error = failure(&server.url(path), &open).await;
        assert_eq!(error.code(), "FETCH_TOO_MANY_REDIRECTS");
        assert_eq!(error.to_string(), "the server redirects more than 3 times");
    }
    let none = FetchPolicy { max_redirects: 0, ..open };
    assert_eq!(failure(&server.url("/hops/0"), &none).await.code(), "FETCH_TOO_MANY_REDIRECTS");
}

#[tokio::test]
async fn a_redirect_passes_the_same_check() {
    let server = Server::start().await;
    let open = policy("127.0.0.1/32");
    let port = server.port;
    for target in [
        format!("http://127.0.0.2:{port}/feed"),
        format!("//[::1]:{port}/feed"),
        format!("http://[::ffff:127.0.0.1]:{port}/feed"),
        format!("http://user:secret@127.0.0.1:{port}/feed"),
        "http://10.0.0.1/".to_owned(),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://127.0.0.1:25/".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        assert_not_allowed(&server.url(&format!("/to?{target}")), &open).await;
    }
    assert!(server.seen.0.lock().unwrap().is_empty());
    assert_eq!(failure(&server.url("/to?http://[broken"), &open).await.code(), "FETCH_FAILED");
}

#[tokio::test]
async fn a_large_body_is_cut_with_and_without_its_length() {
    let server = Server::start().await;
    let open = policy("loopback");
    for path in ["/sized/10001", "/endless"] {
        let error = failure(&server.url(path), &open).await;
        assert_eq!(error.code(), "FETCH_TOO_LARGE");
        assert_eq!(error.to_string(), "the file is larger than 10000 bytes");
    }
    let dir = TestDir::new();
    let fetched = fetch_to_file(&server.url("/sized/10000"), &open, &dir.path().join("out")).await.unwrap();
    assert_eq!(fetched.bytes, 10_000);
}

#[tokio::test]
async fn slowness_meets_the_deadline() {
    let server = Server::start().await;
    let hasty = FetchPolicy { timeout: Duration::from_millis(200), ..policy("loopback") };
    for path in ["/drip", "/silent"] {
        assert_eq!(failure(&server.url(path), &hasty).await.code(), "FETCH_TIMEOUT", "{path}");
    }
}

#[tokio::test]
async fn other_statuses_are_errors() {
    let server = Server::start().await;
    for code in [304, 404, 500, 503] {
        let error = failure(&server.url(&format!("/status/{code}")), &policy("loopback")).await;
        assert_eq!(error.code(), "FETCH_FAILED");
        assert_eq!(error.to_string(), format!("the server answered with status {code}"));
    }
    // A redirect to nowhere.
    assert!(matches!(failure(&server.url("/status/302"), &policy("loopback")).await, FetchError::Broken));
}

/// A server that sends `answer` to its first client and hangs up; returns its port.
async fn raw_server(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let _ = client.read(&mut [0; 1024]).await;
        let _ = client.write_all(answer).await;
    });
    port
}

#[tokio::test]
async fn broken_answers_are_failures() {
    let answers: [&[u8]; 4] = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"",
    ];
    for answer in answers {
        let url = Url::parse(&format!("http://127.0.0.1:{}/", raw_server(answer).await)).unwrap();
        let error = failure(&url, &policy("loopback")).await;
        assert_eq!(error.code(), "FETCH_FAILED", "{error:?}");
    }
}

#[tokio::test]
async fn unreachable_servers_are_failures() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let plain = raw_server(b"no TLS here").await;
    for url in [
        format!("http://127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{plain}/"),
        "http://nobody.invalid/".to_owned(),
    ] {
        let error = failure(&Url::parse(&url).unwrap(), &policy("loopback")).await;
        assert_eq!(error.to_string(), "the server could not be reached", "{url}");
    }
}

#[tokio::test]
async fn a_cancelled_fetch_leaves_no_file() {
    let server = Server::start().await;
    let dir = TestDir::new();
    let out = dir.path().join("out");
    let (url, open) = (server.url("/drip"), policy("loopback"));
    let mut fetch = Box::pin(fetch_to_file(&url, &open, &out));
    let mut clock = tokio::time::interval(Duration::from_millis(1));
    while std::fs::metadata(&out).map_or(0, |file| file.len()) == 0 {
        tokio::select! {
            done = &mut fetch => panic!("{done:?}"),
            _ = clock.tick() => {}
        }
    }
    drop(fetch);
    assert!(dir.files().is_empty());
}
