//! A publishing, slice by slice: the first chooses the rows, the others publish them, each in one transaction with its
//! position.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde_json::Value;

use super::publish::{Batch, RowResult, policy};
use super::settings::{Settings, vendor_of};
use super::{PUBLISH_JOB, SliceOf, enqueue_slice, publish_updated, run};
use crate::app::App;
use crate::framework::audit::{self, Entry};
use crate::framework::context::{Grant, VendorContext};
use crate::framework::db::{DbError, Tx};
use crate::framework::error::{ErrorCode, Failure, Outcome};
use crate::framework::id::{ImportJobId, MarketplaceProductId, PublishJobId, PublishJobKind};
use crate::framework::jobs::JobError;
use crate::framework::outbox;
use crate::modules::marketplace::model::{ImportStatus, PublishOutcome};
use crate::modules::marketplace::store::publish::{self as rows, PublishState};
use crate::modules::marketplace::store::{self};

/// Rows of a slice. An item group is never split: it is published whole, or it is too large.
const SLICE_ROWS: usize = 1_000;

/// Runs one slice.
pub fn handle(app: App, payload: Value) -> BoxFuture<'static, Result<(), JobError>> {
    Box::pin(async move {
        let slice: SliceOf<PublishJobKind> =
            serde_json::from_value(payload).map_err(|error| JobError(error.to_string()))?;
        let grant = Grant::for_job(slice.vendor, PUBLISH_JOB, app.clock.now());
        let vendor = vendor_of(&app, &grant).await?;
        let run = Run { app, grant, vendor, job: slice.job };
        for _ in 0..3 {
            match run.step().await {
                Err(Failure::Conflict) => run.app.db.count_conflict(),
                other => return other.map_err(job_error),
            }
        }
        Err(DbError::Conflict.into())
    })
}

struct Run {
    app: App,
    grant: Grant,
    vendor: Arc<VendorContext>,
    job: PublishJobId,
}

impl Run {
    async fn step(&self) -> Outcome<()> {
        let tx = self.app.db.write(&self.grant).await?;
        // Before the run is locked, as a publishing of single rows does it.
        rows::serialize(&tx).await?;
        store::staging::prefer_indexes(&tx).await?;
        let Some(state) = rows::lock(&tx, self.job).await?.filter(|state| state.status.is_open()) else {
            return Ok(tx.rollback().await?);
        };
        match state.position {
            None => self.choose(&tx, &state).await?,
            Some(position) => self.publish(&tx, &state, position).await?,
        }
        Ok(tx.commit().await?)
    }

    async fn choose(&self, tx: &Tx, state: &PublishState) -> Outcome<()> {
        let filter = serde_json::from_value(state.selector.clone());
        let filter = filter.map_err(|error| DbError::Internal(error.to_string()))?;
        if rows::choose(tx, self.job, &filter).await? == 0 {
            return self.finish(tx, state, 0).await;
        }
        self.go_on(tx).await
    }

    async fn publish(&self, tx: &Tx, state: &PublishState, position: i32) -> Outcome<()> {
        let most = i64::try_from(SLICE_ROWS + 1).unwrap_or(i64::MAX);
        let next = rows::next_rows(tx, self.job, position, most).await?;
        let (ids, last, end) = whole_units(&next);
        let Some(last) = last else { return self.finish(tx, state, state.failed).await };
        let results = if ids.is_empty() {
            // One group fills more than a slice.
            rows::rows_of_unit(tx, self.job, last).await?.into_iter().map(too_large).collect()
        } else {
            let settings = Settings::of(tx, &self.vendor).await?;
            let batch = Batch {
                policy: policy(settings, state.product_status, state.markup_bp, self.grant.now()),
                initial_quantity: state.initial_quantity,
            };
            batch.publish(tx, self.grant.who(), &ids).await?
        };
        store::staging::refresh_statistics(tx).await?;
        let counts = Counts::of(&results);
        rows::note(tx, self.job, &reasons(&results)).await?;
        rows::advance(tx, self.job, last, counts.published, counts.skipped, counts.failed).await?;
        match end {
            true => self.finish(tx, state, state.failed + counts.failed).await,
            false => self.go_on(tx).await,
        }
    }

    async fn go_on(&self, tx: &Tx) -> Outcome<()> {
        outbox::publish(tx, &[publish_updated(self.job)]).await?;
        Ok(enqueue_slice(tx, PUBLISH_JOB, self.job).await?)
    }

    /// Ends the run, and with it the import whose last step it is.
    async fn finish(&self, tx: &Tx, state: &PublishState, failed: i32) -> Outcome<()> {
        rows::finish(tx, self.job, ImportStatus::ended(failed)).await?;
        let after = serde_json::json!({ "failed": failed });
        let entry = Entry {
            action: "marketplace.publish.finish",
            entity_type: "PublishJob",
            entity_id: Some(self.job.uuid()),
            before: None,
            after: Some(&after),
        };
        audit::record_with_events(tx, self.grant.who(), entry, &[publish_updated(self.job)]).await?;
        if let Some(import) = state.import_job_id.map(ImportJobId::from_uuid) {
            let failed_rows = store::jobs::state(tx, import, true).await?.map_or(0, |import| import.failed);
            run::finish(tx, &self.grant, import, failed_rows).await?;
        }
        Ok(())
    }
}

/// Of one row more than a slice has: the rows of whole units, the last unit among them, and whether that was all.
/// No rows but a unit: it alone is larger than a slice.
fn whole_units(next: &[(i32, MarketplaceProductId)]) -> (Vec<MarketplaceProductId>, Option<i32>, bool) {
    let Some(&(last, _)) = next.last() else { return (Vec::new(), None, true) };
    if next.len() <= SLICE_ROWS {
        return (next.iter().map(|(_, id)| *id).collect(), Some(last), true);
    }
    let whole: Vec<_> = next.iter().filter(|(unit, _)| *unit < last).collect();
    let end = whole.last().map_or(last, |(unit, _)| *unit);
    (whole.into_iter().map(|(_, id)| *id).collect(), Some(end), false)
}

fn too_large(id: MarketplaceProductId) -> RowResult {
    let message = "The item group has too many rows for one product.";
    let refusals = vec![crate::framework::error::Refusal::new(ErrorCode::TooLong, message)];
    RowResult { id, product: None, outcome: PublishOutcome::Failed, refusals }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    published: i32,
    skipped: i32,
    failed: i32,
}

impl Counts {
    fn of(results: &[RowResult]) -> Self {
        let mut counts = Self::default();
        for result in results {
            match result.outcome {
                PublishOutcome::Created | PublishOutcome::Updated => counts.published += 1,
                PublishOutcome::Unchanged | PublishOutcome::Skipped => counts.skipped += 1,
                PublishOutcome::Failed => counts.failed += 1,
            }
        }
        counts
    }
}

fn reasons(results: &[RowResult]) -> Vec<(MarketplaceProductId, PublishOutcome, &'static str, String)> {
    let reasons = results.iter().filter_map(|result| {
        let refusal = result.refusals.first()?;
        Some((result.id, result.outcome, refusal.code.name(), refusal.message.to_string()))
    });
    reasons.collect()
}

fn job_error(failure: Failure) -> JobError {
    match failure {
        Failure::Error(error) => error.into(),
        Failure::Conflict => DbError::Conflict.into(),
        Failure::Refused(refusals) => {
            let told: Vec<String> = refusals
                .iter()
                .map(|refusal| format!("{}: {}", refusal.code.name(), refusal.message))
                .collect();
            JobError(told.join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(unit: i32, n: usize) -> (i32, MarketplaceProductId) {
        (unit, MarketplaceProductId::from_uuid(uuid::Uuid::from_u128(n as u128)))
    }

    #[test]
    fn a_slice_ends_between_groups() {
        let few: Vec<_> = (0..3).map(|n| row(1, n)).collect();
        assert_eq!(whole_units(&few), (few.iter().map(|row| row.1).collect(), Some(1), true));
        assert_eq!(whole_units(&[]), (vec![], None, true));
        // 999 single rows, and the first two of a group that goes on.
        let mut many: Vec<_> = (0..999).map(|n| row(n as i32 + 1, n)).collect();
        many.extend([row(1_000, 1_000), row(1_000, 1_001)]);
        let (ids, last, end) = whole_units(&many);
        assert_eq!((ids.len(), last, end), (999, Some(999), false));
    }

    #[test]
    fn a_group_beyond_a_slice_is_told_apart() {
        let huge: Vec<_> = (0..=SLICE_ROWS).map(|n| row(7, n)).collect();
        assert_eq!(whole_units(&huge), (vec![], Some(7), false));
    }
}
