//! Pure decisions: what a host says, which vendor a request means, which codes and labels may be taken.

use std::net::IpAddr;

use crate::framework::error::ErrorCode;
use crate::framework::id::VendorId;

/// Labels below the platform's domain that are never a vendor's.
pub const RESERVED_LABELS: &[&str] = &[
    "account",
    "accounts",
    "admin",
    "api",
    "app",
    "assets",
    "auth",
    "billing",
    "blog",
    "cdn",
    "dashboard",
    "dev",
    "docs",
    "files",
    "ftp",
    "graphql",
    "help",
    "imap",
    "internal",
    "login",
    "mail",
    "media",
    "metrics",
    "ns1",
    "ns2",
    "orion",
    "platform",
    "pop",
    "root",
    "shop",
    "smtp",
    "staging",
    "static",
    "status",
    "support",
    "system",
    "test",
    "webhooks",
    "ws",
    "www",
];

/// What a host says about the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// Nothing: the platform's own domain, an IP address, `localhost`, or no host name at all.
    Neutral,
    /// A label that the platform keeps, `admin` say.
    Reserved(String),
    /// A vendor's label below the platform's domain.
    Subdomain(String),
    /// A name below the platform's domain that can be no vendor's, `a.b.platform.com`.
    Unknown,
    /// Another domain: a vendor's, if it is one that has been verified.
    Domain(String),
}

impl Host {
    /// Reads a `Host` header (with or without port), in any case. `platform` is the platform's domain in lower case.
    pub fn parse(header: Option<&str>, platform: &str) -> Self {
        let Some(name) = header.and_then(host_name) else { return Self::Neutral };
        if name == "localhost" || name == platform || name.parse::<IpAddr>().is_ok() {
            return Self::Neutral;
        }
        match name.strip_suffix(platform).and_then(|rest| rest.strip_suffix('.')) {
            Some(label) if label.contains('.') => Self::Unknown,
            Some(label) if is_reserved(label) => Self::Reserved(label.to_owned()),
            Some(label) => Self::Subdomain(label.to_owned()),
            None => Self::Domain(name),
        }
    }
}

// The name without port, root dot and case; `None` for what is no host name.
fn host_name(header: &str) -> Option<String> {
    let header = header.trim();
    if header.len() > 260 || header.starts_with('[') {
        return None;
    }
    let name = match header.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) => return None,
        None => header,
    };
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    (name.len() <= 253 && name.split('.').all(label)).then_some(name)
}

/// Whether the platform keeps a label for itself.
pub fn is_reserved(label: &str) -> bool {
    RESERVED_LABELS.contains(&label)
}

/// A part of the request that names a vendor, and whom it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// Which part it was.
    pub by: By,
    /// The vendor; `None` where there is none of that name.
    pub vendor: Option<VendorId>,
}

/// The parts of a request that can name a vendor, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// A verified custom domain.
    Domain,
    /// A label below the platform's domain.
    Subdomain,
    /// The path, in development.
    Path,
    /// The header `X-Vendor`.
    Header,
    /// The access token.
    Token,
}

/// Decides which vendor is meant: the strongest part that is present names it, and every other must agree.
pub fn decide(mut named: Vec<Named>, platform_host: bool) -> Result<Option<VendorId>, ErrorCode> {
    named.sort_by_key(|name| name.by);
    let Some(first) = named.first() else { return Ok(None) };
    if platform_host {
        // The platform's own side is nobody's shop.
        return Err(ErrorCode::UnauthorizedVendorAccess);
    }
    let Some(vendor) = first.vendor else {
        return Err(if first.by == By::Token { ErrorCode::InvalidToken } else { ErrorCode::VendorNotFound });
    };
    if named.iter().all(|name| name.vendor == Some(vendor)) {
        Ok(Some(vendor))
    } else {
        Err(ErrorCode::UnauthorizedVendorAccess)
    }
}

/// Whether a text has the form of a vendor's code, in upper case.
pub fn is_code(code: &str) -> bool {
    let mut bytes = code.bytes();
    (2..=32).contains(&code.len())
        && bytes.next().is_some_and(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && bytes
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-')
}

/// Whether a text has the form of a label below the platform's domain.
pub fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn hosts_say_what_they_say() {
        let text = |text: &str| text.to_owned();
        for (header, expected) in [
            (None, Host::Neutral),
            (Some(""), Host::Neutral),
            (Some("orion.test"), Host::Neutral),
            (Some("ORION.test:8000"), Host::Neutral),
            (Some("orion.test."), Host::Neutral),
            (Some("localhost:8000"), Host::Neutral),
            (Some("127.0.0.1:8000"), Host::Neutral),
            (Some("[::1]:8000"), Host::Neutral),
            (Some("acme.orion.test"), Host::Subdomain(text("acme"))),
            (Some("Acme.Orion.Test:443"), Host::Subdomain(text("acme"))),
            (Some("admin.orion.test"), Host::Reserved(text("admin"))),
            (Some("www.orion.test"), Host::Reserved(text("www"))),
            (Some("a.b.orion.test"), Host::Unknown),
            (Some("shop.acme.example"), Host::Domain(text("shop.acme.example"))),
            // Ends like the platform's domain, and is not below it.
            (Some("evilorion.test"), Host::Domain(text("evilorion.test"))),
            (Some("acme.orion.test:80:80"), Host::Neutral),
            (Some("acme.orion.test/x"), Host::Neutral),
            (Some("acme..orion.test"), Host::Neutral),
            (Some("acmé.orion.test"), Host::Neutral),
        ] {
            assert_eq!(Host::parse(header, "orion.test"), expected, "{header:?}");
        }
    }

    #[test]
    fn the_strongest_names_and_the_others_agree() {
        let (a, b) = (VendorId::from_uuid(Uuid::from_u128(1)), VendorId::from_uuid(Uuid::from_u128(2)));
        let all = [By::Domain, By::Subdomain, By::Path, By::Header, By::Token];
        let name = |by, vendor| Named { by, vendor };
        assert_eq!(decide(vec![], false), Ok(None));
        assert_eq!(decide(vec![], true), Ok(None));
        for by in all {
            assert_eq!(decide(vec![name(by, Some(a))], false), Ok(Some(a)), "{by:?} alone");
            assert_eq!(
                decide(vec![name(by, Some(a))], true),
                Err(ErrorCode::UnauthorizedVendorAccess),
                "{by:?} on the platform's host"
            );
            let unknown = if by == By::Token { ErrorCode::InvalidToken } else { ErrorCode::VendorNotFound };
            assert_eq!(decide(vec![name(by, None)], false), Err(unknown), "{by:?} unknown");
        }
        for (i, stronger) in all.into_iter().enumerate() {
            for weaker in all.into_iter().skip(i + 1) {
                let pair = |first, second| vec![name(weaker, second), name(stronger, first)];
                assert_eq!(decide(pair(Some(a), Some(a)), false), Ok(Some(a)), "{stronger:?} {weaker:?}");
                for second in [Some(b), None] {
                    assert_eq!(
                        decide(pair(Some(a), second), false),
                        Err(ErrorCode::UnauthorizedVendorAccess),
                        "{stronger:?} {weaker:?}"
                    );
                }
                assert_eq!(decide(pair(None, Some(a)), false), Err(ErrorCode::VendorNotFound));
            }
        }
    }

    #[test]
    fn codes_and_labels_have_their_form() {
        for (code, good) in [
            ("ACME", true),
            ("A1", true),
            ("9_-X", true),
            ("A", false),
            ("acme", false),
            ("-AB", false),
            ("A B", false),
            ("", false),
        ] {
            assert_eq!(is_code(code), good, "{code:?}");
        }
        assert!(is_code(&"A".repeat(32)) && !is_code(&"A".repeat(33)));
        for (label, good) in [
            ("acme", true),
            ("a-1", true),
            ("-a", false),
            ("a-", false),
            ("A", false),
            ("a.b", false),
            ("", false),
        ] {
            assert_eq!(is_label(label), good, "{label:?}");
        }
        assert!(
            RESERVED_LABELS.is_sorted()
                && ["admin", "api", "www", "app", "static", "docs"].iter().all(|label| is_reserved(label))
        );
    }
}
