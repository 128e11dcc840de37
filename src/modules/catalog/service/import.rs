//! Publishing in bulk: a thousand products with the statements of one.

use crate::framework::context::Who;
use crate::framework::db::Tx;
use crate::framework::error::{ApiError, ErrorCode, Outcome};
use crate::modules::catalog::import::{ImportedProduct, ImportedResult};

/// Creates or updates products with their variants, prices, pictures and translations, inside the caller's transaction.
/// Fields that a person owns stay, deleted products and variants are not revived. At most
/// [`MAX_BATCH`](crate::modules::catalog::import::MAX_BATCH) products a call; the number of statements does not depend on
/// theirs. Writes the products' events, no audit row: that is the caller's. Results are in the batch's order.
pub async fn import_upsert(_tx: &Tx, _who: &Who, _batch: &[ImportedProduct]) -> Outcome<Vec<ImportedResult>> {
    Err(ApiError::new(ErrorCode::Internal, "Not built yet.").into())
}
