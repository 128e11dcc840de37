//! Carts that nobody came back to.

use crate::app::App;
use crate::framework::context::PlatformGrant;
use crate::framework::db::DbError;
use crate::framework::jobs::{CronEntry, JobHandler};
use crate::modules::cart::store;

/// The jobs of carts: `cart.expire` deletes expired ones; hourly is often enough, reads do not show them anyway.
pub const JOBS: &[JobHandler] = &[JobHandler {
    name: "cart.expire",
    run: |app, _| {
        Box::pin(async move {
            delete_expired(&app).await?;
            Ok(())
        })
    },
}];

/// When they run.
pub const CRON: &[CronEntry] = &[("37 * * * *", "cart.expire")];

/// Deletes expired carts of all vendors, a thousand in a transaction. Answers how many.
pub async fn delete_expired(app: &App) -> Result<usize, DbError> {
    let grant = PlatformGrant::for_system("cart.expire", app.clock.now());
    let mut total = 0;
    loop {
        let tx = app.db.platform(&grant).await?;
        let deleted = store::delete_expired(&tx, app.clock.now()).await?;
        tx.commit().await?;
        total += deleted;
        if deleted < store::EXPIRY_BATCH {
            return Ok(total);
        }
    }
}
