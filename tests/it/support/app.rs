//! An application on its own database, and the clients that talk to it.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use orion::app::App;
use orion::config::{Config, Environment};
use orion::framework::clock::Clock;
use orion::framework::fetch::FetchAllow;
use orion::framework::postgres::{TestCluster, TestDatabase};
use orion::framework::{jobs, migrate};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::Answer;

/// An application on a database of its own. Cheap to clone.
#[derive(Clone)]
pub struct TestApp {
    inner: Arc<Inner>,
}

struct Inner {
    app: App,
    router: Router,
    database: TestDatabase,
    data_dir: PathBuf,
}

impl Drop for Inner {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.data_dir);
    }
}

impl TestApp {
    /// With the default pool.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// With a changed configuration.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let cluster = TestCluster::shared().await.expect("the tests' PostgreSQL");
        let template = cluster
            .template(&fingerprint(), async |urls| {
                migrate::run(&urls.owner).await?;
                jobs::install(&urls.worker).await?;
                Ok(())
            })
            .await
            .expect("a migrated template");
        let database = cluster.create_database_from_template(&template).await.expect("a database");
        let urls = database.urls().clone();
        let data_dir = std::env::temp_dir().join(format!("orion-test-{}", database.name()));
        let mut config = Config {
            environment: Environment::Test,
            database: urls.into(),
            listen: "127.0.0.1:0".parse().expect("an address"),
            platform_domain: "orion.test".into(),
            secret_key: b"the tests' own key, never used elsewhere".to_vec(),
            data_dir: data_dir.clone(),
            fetch_allow: FetchAllow::loopback(),
            pool_size: 6,
            pool_wait: std::time::Duration::from_secs(10),
            spool_bytes: 256 << 20,
            hashing_threads: 2,
            response_cache_bytes: 8 << 20,
            access_token_minutes: 30,
            login_limit: 0,
            test_gateway: true,
        };
        change(&mut config);
        let app = App::new(config, Clock::system()).expect("an application");
        let router = orion::http::router(app.clone());
        Self { inner: Arc::new(Inner { app, router, database, data_dir }) }
    }

    /// The application behind it.
    pub fn app(&self) -> &App {
        &self.inner.app
    }

    /// A second node on the same database.
    pub fn second_node(&self) -> App {
        App::new(self.inner.app.config.clone(), Clock::system()).expect("a second node")
    }

    /// The router, for requests that are no GraphQL.
    pub fn router(&self) -> Router {
        self.inner.router.clone()
    }

    /// A client of nobody in particular.
    pub fn anonymous(&self) -> Client {
        Client { app: self.clone(), vendor: None, token: None, headers: Vec::new() }
    }

    /// A connection as the owner of the tables, past all locks, to look at what is really stored.
    pub async fn owner_sql(&self) -> tokio_postgres::Client {
        connect(&self.inner.app.config.database.owner).await
    }

    /// A connection as the application's role, with nothing set.
    pub async fn app_sql(&self) -> tokio_postgres::Client {
        connect(&self.inner.app.config.database.app).await
    }

    /// Runs all due jobs and publishes all events, so that nothing is left waiting.
    pub async fn settle(&self) {
        jobs::drain(self.app()).await.expect("the jobs");
        orion::framework::relay::drain(self.app()).await.expect("the relay");
        assert_eq!(jobs::pending_jobs(self.app()).await.expect("a count"), 0, "jobs are left");
    }

    /// The addresses of the test's database.
    pub fn database(&self) -> &TestDatabase {
        &self.inner.database
    }
}

async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) =
        tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client
}

/// Everything that a migrated database consists of.
fn fingerprint() -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let queue = std::fs::read_to_string(root.join("src/framework/jobs/install.rs")).expect("install.rs");
    let folder = root.join("migrations");
    let mut folders: Vec<_> =
        std::fs::read_dir(folder).expect("migrations").map(|entry| entry.expect("entry").path()).collect();
    folders.sort();
    let migrations =
        folders.iter().map(|folder| std::fs::read_to_string(folder.join("up.sql")).expect("up.sql"));
    migrations.chain([queue]).collect()
}

/// Somebody who sends requests.
#[derive(Clone)]
pub struct Client {
    app: TestApp,
    vendor: Option<String>,
    token: Option<String>,
    headers: Vec<(&'static str, String)>,
}

impl Client {
    /// Names a vendor by the header.
    pub fn at(mut self, vendor_code: &str) -> Self {
        self.vendor = Some(vendor_code.to_owned());
        self
    }

    /// Logs in with an access token.
    pub fn with_token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Adds a header.
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The access token.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Sends one request and gives the answer.
    pub async fn run(&self, query: &str, variables: Value) -> Answer {
        self.send("/graphql", json!({ "query": query, "variables": variables })).await
    }

    /// Sends a body to a path.
    pub async fn send(&self, path: &str, body: Value) -> Answer {
        let mut request = Request::post(path).header("content-type", "application/json");
        if let Some(vendor) = &self.vendor {
            request = request.header("x-vendor", vendor);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(body.to_string())).expect("a request");
        self.exchange(request).await
    }

    /// Sends one file by the multipart specification; `path` is its variable, `variables.input.file`.
    pub async fn upload(&self, query: &str, variables: Value, path: &str, file: &[u8]) -> Answer {
        let boundary = "orion-test-boundary";
        let operations = json!({ "query": query, "variables": variables }).to_string();
        let map = json!({ "0": [path] }).to_string();
        let mut body = Vec::new();
        for (name, text) in [("operations", &operations), ("map", &map)] {
            body.extend(
                format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
                    .bytes(),
            );
        }
        body.extend(
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"0\"; filename=\"feed.tsv\"\r\n\
                 Content-Type: text/tab-separated-values\r\n\r\n"
            )
            .bytes(),
        );
        body.extend(file);
        body.extend(format!("\r\n--{boundary}--\r\n").bytes());
        let mut request = Request::post("/graphql")
            .header("content-type", format!("multipart/form-data; boundary={boundary}"));
        if let Some(vendor) = &self.vendor {
            request = request.header("x-vendor", vendor);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.exchange(request.body(Body::from(body)).expect("a request")).await
    }

    /// Sends a whole request as it is.
    pub async fn exchange(&self, request: Request<Body>) -> Answer {
        let response = self.app.router().oneshot(request).await.expect("the router always answers");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Answer { status: parts.status.as_u16(), body, headers: parts.headers }
    }
}
