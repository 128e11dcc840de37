//! Passwords in the form that PostgreSQL stores, so that none is sent or logged in the clear.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use super::PostgresError;

/// PostgreSQL's own default.
const ITERATIONS: u32 = 4096;

/// The SCRAM-SHA-256 verifier of a password (RFC 5802, RFC 7677), for `ALTER ROLE … PASSWORD`. Only printable ASCII:
/// anything else would have to be normalised first.
pub(super) fn scram_sha_256(password: &str, salt: [u8; 16]) -> Result<String, PostgresError> {
    if password.is_empty() || !password.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err(PostgresError::Url("a password must have printable ASCII characters only".into()));
    }
    let salted = pbkdf2(password.as_bytes(), &salt);
    let stored_key = Sha256::digest(hmac(&salted, &[b"Client Key"]));
    let server_key = hmac(&salted, &[b"Server Key"]);
    let [salt, stored_key, server_key] =
        [&salt[..], &stored_key[..], &server_key[..]].map(|part| STANDARD.encode(part));
    Ok(format!("SCRAM-SHA-256${ITERATIONS}:{salt}${stored_key}:{server_key}"))
}

/// `Hi` of RFC 5802: the first block of PBKDF2.
fn pbkdf2(password: &[u8], salt: &[u8]) -> [u8; 32] {
    let mut last = hmac(password, &[salt, &1_u32.to_be_bytes()]);
    let mut sum = last;
    for _ in 1..ITERATIONS {
        last = hmac(password, &[&last]);
        for (byte, next) in sum.iter_mut().zip(last) {
            *byte ^= next;
        }
    }
    sum
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of any length; the error type is there for other algorithms.
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchange printed in RFC 7677, section 3: password "pencil".
    #[test]
    fn agrees_with_the_example_of_the_specification() {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap().try_into().unwrap();
        let verifier = scram_sha_256("pencil", salt).unwrap();
        let (head, keys) = verifier.rsplit_once('$').unwrap();
        assert_eq!(head, "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==");
        let (stored_key, server_key) = keys.split_once(':').unwrap();
        let (stored_key, server_key) =
            (STANDARD.decode(stored_key).unwrap(), STANDARD.decode(server_key).unwrap());
        let message = b"n=user,r=rOprNGfwEbeRWgbNEkqO,\
            r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,\
            c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        assert_eq!(
            STANDARD.encode(hmac(&server_key, &[message])),
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
        );
        // The client's proof, undone by its signature, must be the key whose hash is stored.
        let proof = STANDARD.decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=").unwrap();
        let client_key: Vec<u8> =
            hmac(&stored_key, &[message]).iter().zip(proof).map(|(a, b)| a ^ b).collect();
        assert_eq!(Sha256::digest(client_key).as_slice(), stored_key);
    }

    #[test]
    fn refuses_what_would_need_normalising() {
        for password in ["", "pässword", "tab\t", "nul\0"] {
            assert!(scram_sha_256(password, [0; 16]).is_err(), "{password:?}");
        }
    }
}
