//! The order's token: what a guest sees, pays and cancels their order by.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::app::App;
use crate::framework::error::{ApiError, ErrorCode};
use crate::framework::id::{OrderId, VendorId};
use crate::framework::secret::hash_token;

/// The token of an order: 128 bits, as 32 hexadecimal digits.
///
/// Derived rather than drawn: an HMAC under the installation's key is as unguessable as random bits to everybody
/// without the key (who could sign sessions anyway), and a repeated checkout can show the token again although only its
/// hash is stored. Look-ups go by the stored hash alone, so that a change of the key breaks no token that was given out;
/// it only ends their being shown again.
pub(super) fn derive(app: &App, vendor: VendorId, order: OrderId) -> Result<String, ApiError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&app.config.secret_key)
        .map_err(|_| ApiError::new(ErrorCode::Internal, "Something went wrong on our side."))?;
    mac.update(b"orion order token 1");
    mac.update(vendor.uuid().as_bytes());
    mac.update(order.uuid().as_bytes());
    Ok(hex::encode(&mac.finalize().into_bytes()[..16]))
}

/// The token, for the order's owner: `None` where it was made under an earlier key.
pub fn shown_token(app: &App, vendor: VendorId, order: OrderId, hash: &[u8]) -> Option<String> {
    derive(app, vendor, order).ok().filter(|token| hash_token(token) == hash)
}
