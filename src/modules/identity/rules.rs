//! Pure decisions: which passwords are good, which refresh tokens are, and who may grant what.

use chrono::{DateTime, TimeDelta, Utc};
use subtle::ConstantTimeEq as _;

use crate::framework::clock::new_token;
use crate::framework::error::{ApiError, ErrorCode, Refusal};
use crate::framework::permission::PermissionSet;

/// For how long the token before the current one is still good, for a client that lost the answer.
pub const TOLERANCE: TimeDelta = TimeDelta::seconds(30);
/// How long a session lasts without a refresh.
pub const SESSION_DAYS: i64 = 30;
/// How long a log-in waits for the answer to its challenge.
pub const CHALLENGE_MINUTES: i64 = 15;
/// How long an invitation can be accepted.
pub const INVITATION_DAYS: i64 = 7;

/// Well-known passwords of ten characters and more, in lower case.
const KNOWN_PASSWORDS: &[&str] = &[
    "0123456789",
    "0987654321",
    "1111111111",
    "12345678910",
    "123456789a",
    "123456789q",
    "1234567890",
    "1234567891",
    "1q2w3e4r5t",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "7777777777",
    "9876543210",
    "aaaaaaaaaa",
    "abcdefghij",
    "administrator",
    "asdfghjkl1",
    "asdfghjkl;",
    "changeme123",
    "changemenow",
    "iloveyou12",
    "iloveyou123",
    "letmein123",
    "letmein1234",
    "letmeinnow",
    "liverpool1",
    "manchester",
    "motdepasse",
    "password01",
    "password10",
    "password11",
    "password12",
    "password123",
    "password1234",
    "password12345",
    "password123456",
    "passwordpassword",
    "passwort123",
    "pokemon123",
    "princess123",
    "q1w2e3r4t5",
    "q1w2e3r4t5y6",
    "qazwsxedc1",
    "qwerty1234",
    "qwerty12345",
    "qwerty123456",
    "qwertyuiop",
    "qwertyuiop1",
    "qwertyuiop[]",
    "qwertzuiop",
    "superman123",
    "supersecret",
    "trustno1trustno1",
    "unbelievable",
    "welcome123",
    "welcome1234",
    "zaq12wsxcde3",
    "zxcvbnm123",
];

/// Why a password is too weak: shorter than 10 or longer than 128 characters, well known, or one character repeated.
pub fn check_password(password: &str, path: &[&str]) -> Result<(), Refusal> {
    let weak = |message: &'static str| Err(Refusal::new(ErrorCode::WeakPassword, message).at(path));
    // Bytes first, so that a huge text is not counted.
    if password.len() > 512 || password.chars().count() > 128 {
        return weak("A password has at most 128 characters.");
    }
    if password.chars().count() < 10 {
        return weak("A password has at least 10 characters.");
    }
    let folded = password.to_lowercase();
    let one_character = folded.chars().all(|c| folded.starts_with(c));
    if one_character || KNOWN_PASSWORDS.contains(&folded.as_str()) {
        return weak("This password is among the first that anybody would try.");
    }
    Ok(())
}

/// Reads an e-mail address: trimmed, 3 to 254 characters, one `@`, no white space or control characters.
pub fn check_email(email: &str, path: &[&str]) -> Result<String, Refusal> {
    let refused = || Refusal::new(ErrorCode::InvalidEmail, "Not an e-mail address.").at(path);
    if email.len() > 1_000 {
        return Err(refused());
    }
    let email = email.trim();
    let Some((local, domain)) = email.rsplit_once('@') else { return Err(refused()) };
    let plain = |text: &str| {
        !text.chars().any(|c| c.is_whitespace() || c.is_control() || "@<>,;\"\\()[]".contains(c))
    };
    let dots = |text: &str| !text.starts_with('.') && !text.ends_with('.') && !text.contains("..");
    let good = (3..=254).contains(&email.chars().count())
        && (1..=64).contains(&local.chars().count())
        && plain(local)
        && plain(domain)
        && dots(local)
        && dots(domain)
        && domain.contains('.')
        && !domain.starts_with('-');
    if good { Ok(email.to_owned()) } else { Err(refused()) }
}

/// Reads a short free text (a name, say): trimmed, bounded, without control characters; empty is none.
pub fn check_text(text: Option<String>, most: usize, path: &[&str]) -> Result<Option<String>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let trimmed = text.trim();
    if trimmed.len() > most * 4 || trimmed.chars().count() > most {
        return Err(Refusal::new(ErrorCode::TooLong, format!("At most {most} characters.")).at(path));
    }
    if trimmed.chars().any(char::is_control) {
        return Err(Refusal::new(ErrorCode::InvalidValue, "No control characters here.").at(path));
    }
    Ok((!trimmed.is_empty()).then(|| trimmed.to_owned()))
}

/// A refresh token: `<realm>.<family><rotating>`. The realm is `user`, or a vendor's code for its customers; the family
/// stays as long as the session, the other half changes at each refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// `user`, or the code of the vendor whose customer it is.
    pub realm: String,
    /// The half that stays.
    pub family: String,
    /// The half that changes.
    pub rotating: String,
}

/// The realm of admins and teams; no vendor has this code, since codes are in upper case.
pub const USER_REALM: &str = "user";

impl RefreshToken {
    /// The first token of a session.
    pub fn new(realm: &str) -> Self {
        Self { realm: realm.to_owned(), family: new_token(), rotating: new_token() }
    }
    /// The next token of the same session.
    pub fn rotated(&self) -> Self {
        Self { rotating: new_token(), ..self.clone() }
    }
    /// Reads what a client sent.
    pub fn parse(text: &str) -> Option<Self> {
        let (realm, secret) = text.trim().split_once('.')?;
        let good =
            realm.len() <= 32 && secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
        let (family, rotating) = secret.split_at_checked(32)?;
        good.then(|| Self {
            realm: realm.to_owned(),
            family: family.to_owned(),
            rotating: rotating.to_owned(),
        })
    }
    /// What the client keeps.
    pub fn text(&self) -> String {
        format!("{}.{}{}", self.realm, self.family, self.rotating)
    }
}

/// What a session knows of its refresh tokens.
#[derive(Debug, Clone)]
pub struct TokenState<'a> {
    /// The hash of the current one.
    pub current: &'a [u8],
    /// The hash of the one before.
    pub previous: Option<&'a [u8]>,
    /// When the current one was made.
    pub rotated_at: DateTime<Utc>,
    /// When the session ends by itself.
    pub expires_at: DateTime<Utc>,
    /// Whether it was ended.
    pub revoked: bool,
}

/// What happens at a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// A new token is given.
    Rotate,
    /// An old token came back: somebody else may have it, and the session ends.
    Reused,
    /// The session is over.
    Ended,
}

/// Decides a refresh with a token of the session. The token before the current one is taken within 30 s of its
/// rotation, and only once, since that rotates again.
pub fn rotation(state: &TokenState<'_>, presented: &[u8], now: DateTime<Utc>) -> Rotation {
    let is = |hash: &[u8]| bool::from(hash.ct_eq(presented));
    if state.revoked || state.expires_at <= now {
        return Rotation::Ended;
    }
    if is(state.current) {
        return Rotation::Rotate;
    }
    if state.previous.is_some_and(is) && now - state.rotated_at <= TOLERANCE {
        return Rotation::Rotate;
    }
    Rotation::Reused
}

/// Whether somebody may give, or take away, a role: they must hold all that it allows.
pub fn may_grant(own: PermissionSet, role: PermissionSet) -> bool {
    own.covers(role)
}

/// The error of a token that is no good.
pub fn invalid_token() -> ApiError {
    ApiError::new(ErrorCode::InvalidToken, "The token is not valid.")
}

/// The error of a wrong e-mail or password; says not which.
pub fn invalid_credentials() -> ApiError {
    ApiError::new(ErrorCode::InvalidCredentials, "E-mail or password are wrong.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framework::permission::RolePreset;

    #[test]
    fn weak_passwords_are_refused() {
        let weak = |password: &str| check_password(password, &[]).is_err();
        for password in [
            "",
            "short",
            "123456789",
            "1234567890",
            "Password123",
            "QWERTYUIOP",
            "zzzzzzzzzzzz",
            "motdepasse",
        ] {
            assert!(weak(password), "{password:?}");
        }
        assert!(weak(&"ab".repeat(65)), "130 characters");
        for password in ["correct horse battery", "Zx9-qqqqqq", "ünïcödé-pässwörd"] {
            assert!(!weak(password), "{password:?}");
        }
        assert!(!weak(&"ab".repeat(64)), "128 characters");
        assert!(!weak(&"äb".repeat(64)), "128 characters of 192 bytes");
        // Ten characters count, not ten bytes.
        assert!(weak("äöüäöüäöü"));
    }

    #[test]
    fn e_mails_have_their_form() {
        for good in ["a@b.lu", " jo.e+x@mail.example.com ", "ünï@exämple.lu", "o'neil@example.ie"] {
            assert_eq!(check_email(good, &[]).as_deref().ok(), Some(good.trim()), "{good:?}");
        }
        for bad in [
            "",
            "a",
            "@b.lu",
            "a@",
            "a@b",
            "a b@c.lu",
            "a@b@c.lu",
            "a@b..lu",
            ".a@b.lu",
            "a@b.lu\0",
            "a@b.lu\r\nBcc: x@y.z",
            "<a@b.lu>",
            "a@-b.lu",
        ] {
            assert_eq!(
                check_email(bad, &[]).map_err(|refusal| refusal.code),
                Err(ErrorCode::InvalidEmail),
                "{bad:?}"
            );
        }
        assert!(check_email(&format!("{}@b.lu", "a".repeat(64)), &[]).is_ok());
        assert!(check_email(&format!("{}@b.lu", "a".repeat(65)), &[]).is_err());
    }

    #[test]
    fn refresh_tokens_are_read_as_written() {
        let token = RefreshToken::new("ACME");
        assert_eq!(RefreshToken::parse(&token.text()), Some(token.clone()));
        let next = token.rotated();
        assert!(next.family == token.family && next.rotating != token.rotating && next.realm == "ACME");
        for bad in [
            "",
            "user",
            "user.",
            "user.abc",
            &format!("user.{}", "g".repeat(64)),
            &format!("user.{}", "é".repeat(32)),
        ] {
            assert_eq!(RefreshToken::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn rotation_tolerates_a_lost_answer_and_nothing_else() {
        let at = |seconds: i64| DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap();
        let state = |revoked, expires| TokenState {
            current: b"c",
            previous: Some(b"p"),
            rotated_at: at(0),
            expires_at: at(expires),
            revoked,
        };
        let live = state(false, 10_000);
        for (token, now, expected) in [
            (b"c", 9_999, Rotation::Rotate),
            (b"c", 10_000, Rotation::Ended),
            (b"p", 30, Rotation::Rotate),
            (b"p", 31, Rotation::Reused),
            (b"o", 1, Rotation::Reused),
        ] {
            assert_eq!(rotation(&live, token, at(now)), expected, "{token:?} at {now}");
        }
        for token in [b"c", b"p", b"o"] {
            assert_eq!(rotation(&state(true, 10_000), token, at(1)), Rotation::Ended);
        }
        // Used once more, the tolerated token is neither the current nor the previous one.
        let again = TokenState { current: b"d", previous: Some(b"c"), rotated_at: at(5), ..live };
        assert_eq!(rotation(&again, b"p", at(6)), Rotation::Reused);
    }

    #[test]
    fn nobody_grants_more_than_they_hold() {
        let (owner, manager) = (RolePreset::Owner.permissions(), RolePreset::Manager.permissions());
        assert!(may_grant(owner, owner) && may_grant(owner, manager) && may_grant(manager, manager));
        assert!(!may_grant(manager, owner));
    }
}
