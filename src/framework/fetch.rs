//! Fetches a URL that somebody else chose, without becoming their hand inside our network.
//!
//! Each hop resolves its host once, refuses unless every address is public or opened by [`FetchAllow`], and
//! connects to exactly those addresses: a name that changes its answer in between gains nothing. Redirects
//! are followed here, not by the client, so that each passes the same check.

mod address;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Response, StatusCode, header};
use tokio::io::AsyncWriteExt;
use url::{Host, Url};

pub use self::address::{FetchAllow, InvalidFetchAllow};
use super::spool::PartialFile;

const USER_AGENT: &str = concat!("Orion/", env!("CARGO_PKG_VERSION"));
const MAX_CONTENT_TYPE_BYTES: usize = 255;

/// Ports of other protocols, which a crafted request could be made to speak: the "bad ports" of WHATWG's
/// Fetch standard.
const BAD_PORTS: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103,
    104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514,
    515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723,
    2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/// What a fetch may reach and cost.
#[derive(Clone, Debug)]
pub struct FetchPolicy {
    /// Exceptions to "public addresses only".
    pub allow: FetchAllow,
    /// Bytes of the body, as they are sent: encodings (gzip) are not decoded.
    pub max_bytes: u64,
    /// Time for everything: look-ups, redirects and the body.
    pub timeout: Duration,
    /// Time to connect, for each hop.
    pub connect_timeout: Duration,
    /// Redirects that are followed; with 0 the first is an error.
    pub max_redirects: usize,
}

/// What was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Size of the file.
    pub bytes: u64,
    /// The server's `Content-Type`, if it is readable: a claim, at most 255 bytes long.
    pub content_type: Option<String>,
    /// The URL that answered, after redirects.
    pub final_url: Url,
}

/// Why nothing was fetched. The messages are for whoever gave the URL, and tell nothing about the network
/// that Orion runs in.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The URL, or one it redirects to, must not be fetched.
    #[error("the URL is not allowed: {0}")]
    NotAllowed(&'static str),
    /// The server answered with another status than 2xx.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// No connection: name, network or TLS.
    #[error("the server could not be reached")]
    Unreachable,
    /// The answer is no HTTP, redirects to nowhere, or broke off.
    #[error("the server's answer is broken or incomplete")]
    Broken,
    /// The file could not be written. The source is for the log only.
    #[error("the answer could not be stored")]
    Storage(#[source] io::Error),
    /// The body is larger than [`FetchPolicy::max_bytes`].
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// A time limit of the policy was reached.
    #[error("the server did not deliver in time")]
    Timeout,
    /// More redirects than [`FetchPolicy::max_redirects`].
    #[error("the server redirects more than {limit} times")]
    TooManyRedirects {
        /// The limit.
        limit: usize,
    },
}

impl FetchError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAllowed(_) => "URL_NOT_ALLOWED",
            Self::Status(_) | Self::Unreachable | Self::Broken | Self::Storage(_) => "FETCH_FAILED",
            Self::TooLarge { .. } => "FETCH_TOO_LARGE",
            Self::Timeout => "FETCH_TIMEOUT",
            Self::TooManyRedirects { .. } => "FETCH_TOO_MANY_REDIRECTS",
        }
    }
}

/// Fetches `url` by GET into a new file at `out`.
///
/// Only http and https, without user and password, on any port but those of other well-known protocols;
/// never over a proxy. The body is stored as it was sent. `out` must not exist yet; after an error, or when
/// the call is cancelled, it does not exist either.
pub async fn fetch_to_file(url: &Url, policy: &FetchPolicy, out: &Path) -> Result<Fetched, FetchError> {
    tokio::time::timeout(policy.timeout, follow(url, policy, out)).await.unwrap_or(Err(FetchError::Timeout))
}

async fn follow(url: &Url, policy: &FetchPolicy, out: &Path) -> Result<Fetched, FetchError> {
    let mut url = url.clone();
    for _ in 0..=policy.max_redirects {
        let addresses = resolve(&url, &policy.allow).await?;
        let response = get(&url, addresses, policy).await?;
        if let Some(next) = redirect(&url, &response)? {
            url = next;
            continue;
        }
        if !response.status().is_success() {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        let content_type = content_type(&response);
        let bytes = save(response, policy.max_bytes, out).await?;
        return Ok(Fetched { bytes, content_type, final_url: url });
    }
    Err(FetchError::TooManyRedirects { limit: policy.max_redirects })
}

/// The addresses of the URL's host, all of them checked.
async fn resolve(url: &Url, allow: &FetchAllow) -> Result<Vec<SocketAddr>, FetchError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(FetchError::NotAllowed("only http and https are fetched"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(FetchError::NotAllowed("it contains a user name or a password"));
    }
    let port = url.port_or_known_default().unwrap_or_default();
    if BAD_PORTS.contains(&port) {
        return Err(FetchError::NotAllowed("its port belongs to another protocol"));
    }
    let addresses: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(address)) => vec![(IpAddr::V4(address), port).into()],
        Some(Host::Ipv6(address)) => vec![(IpAddr::V6(address), port).into()],
        Some(Host::Domain(name)) => {
            let found = tokio::net::lookup_host((name, port)).await.map_err(|error| {
                tracing::debug!(host = name, %error, "look-up failed");
                FetchError::Unreachable
            })?;
            found.collect()
        }
        None => return Err(FetchError::NotAllowed("it has no host")),
    };
    let host_is_open = url.domain().is_some_and(|name| allow.covers_host(name));
    if !host_is_open && !addresses.iter().all(|address| allow.permits(address.ip())) {
        return Err(FetchError::NotAllowed("its host is not on the public internet"));
    }
    Ok(addresses)
}

/// Answers every look-up with the addresses that were checked, whatever the name.
struct Pinned(Vec<SocketAddr>);

impl Resolve for Pinned {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new(self.0.clone().into_iter());
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

/// One request over a new connection to one of `addresses`.
async fn get(url: &Url, addresses: Vec<SocketAddr>, policy: &FetchPolicy) -> Result<Response, FetchError> {
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .dns_resolver(Arc::new(Pinned(addresses)))
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .pool_max_idle_per_host(0)
        .connect_timeout(policy.connect_timeout);
    if url.scheme() == "http" {
        // No TLS on this hop: do not read the system's certificates for it.
        builder = builder.tls_certs_only([]);
    }
    let client = builder.build().map_err(transport)?;
    let request = client.get(url.clone()).header(header::ACCEPT_ENCODING, "identity");
    request.send().await.map_err(transport)
}

fn transport(error: reqwest::Error) -> FetchError {
    tracing::debug!(error = &error as &dyn std::error::Error, "fetch failed");
    if error.is_timeout() {
        FetchError::Timeout
    } else if error.is_connect() || error.is_builder() {
        FetchError::Unreachable
    } else {
        FetchError::Broken
    }
}

/// Where the response redirects to, if it does.
fn redirect(url: &Url, response: &Response) -> Result<Option<Url>, FetchError> {
    let follows = [
        StatusCode::MOVED_PERMANENTLY,
        StatusCode::FOUND,
        StatusCode::SEE_OTHER,
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    if !follows.contains(&response.status()) {
        return Ok(None);
    }
    let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    let next = location.and_then(|location| url.join(location).ok()).ok_or(FetchError::Broken)?;
    Ok(Some(next))
}

fn content_type(response: &Response) -> Option<String> {
    let value = response.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    (value.len() <= MAX_CONTENT_TYPE_BYTES).then(|| value.to_owned())
}

/// Streams the body into a new file; returns its size.
async fn save(mut response: Response, max_bytes: u64, out: &Path) -> Result<u64, FetchError> {
    let too_large = FetchError::TooLarge { limit: max_bytes };
    if response.content_length().is_some_and(|bytes| bytes > max_bytes) {
        return Err(too_large);
    }
    let (partial, mut file) = PartialFile::create(out.to_owned()).await.map_err(FetchError::Storage)?;
    let mut bytes = 0;
    while let Some(piece) = response.chunk().await.map_err(transport)? {
        bytes += piece.len() as u64;
        if bytes > max_bytes {
            return Err(too_large);
        }
        file.write_all(&piece).await.map_err(FetchError::Storage)?;
    }
    file.flush().await.map_err(FetchError::Storage)?;
    partial.keep();
    Ok(bytes)
}

#[cfg(test)]
mod tests;
