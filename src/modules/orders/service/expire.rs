//! Orders whose payment did not come in time.

use serde_json::Value;

use super::{cancel, finish, save};
use crate::app::App;
use crate::framework::context::{Grant, PlatformGrant};
use crate::framework::error::{Failure, Outcome};
use crate::framework::id::OrderId;
use crate::framework::jobs::JobError;
use crate::modules::orders::model::EXPIRED;
use crate::modules::orders::rules;
use crate::modules::orders::store::{self, OrderKey};

const BATCH: i64 = 200;

/// Cancels every order that is due, releases its inventory and gives its cart back. Each is a transaction of its own, so
/// that one that fails keeps no other from expiring; it is tried again with the next run.
pub async fn expire(app: App, _payload: Value) -> Result<(), JobError> {
    let now = app.clock.now();
    let mut after = None;
    let mut failed = 0usize;
    loop {
        let tx = app.db.platform(&PlatformGrant::for_system("orders.expire", now)).await?;
        let due = store::due_for_expiry(&tx, now, after, BATCH).await?;
        tx.commit().await?;
        let Some((_, last, at)) = due.last() else { break };
        after = Some((*at, last.uuid()));
        for (vendor, order, _) in &due {
            let grant = Grant::for_job(*vendor, "orders.expire", now);
            if let Err(failure) = expire_one(&app, &grant, *order).await {
                tracing::warn!(?failure, order = %order, "an order could not expire");
                failed += 1;
            }
        }
    }
    match failed {
        0 => Ok(()),
        failed => Err(JobError(format!("{failed} orders could not expire"))),
    }
}

async fn expire_one(app: &App, grant: &Grant, order: OrderId) -> Outcome<()> {
    for _ in 0..3 {
        match attempt(app, grant, order).await {
            Err(Failure::Conflict) => app.db.count_conflict(),
            outcome => return outcome,
        }
    }
    attempt(app, grant, order).await
}

async fn attempt(app: &App, grant: &Grant, order: OrderId) -> Outcome<()> {
    let tx = app.db.write(grant).await?;
    let work = async {
        let Some((mut state, _)) = store::lock(&tx, &OrderKey::Id(order)).await? else { return Ok(()) };
        // Paid, prolonged or cancelled meanwhile.
        if state.order.cancelled_at.is_some() || state.order.expires_at.is_none_or(|at| at > grant.now()) {
            return Ok(());
        }
        let before = state.clone();
        let units = rules::units(&state.lines, None).unwrap_or_default();
        let happened = rules::cancel(&mut state, &units, EXPIRED, None, grant.now());
        save(&tx, grant, "order.expire", &before, &mut state, &happened).await?;
        cancel::reopen_cart(&tx, grant, &state).await?;
        cancel::release(&tx, grant, &state, &units).await
    };
    let outcome = work.await;
    finish(tx, outcome).await
}
