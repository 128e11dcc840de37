//! Reading the outbox as a feed.

use crate::framework::db::{Array, DbError, Tx, sql};
use crate::framework::paging::Page;

use super::model::{EventRow, EventType};

const COLUMNS: &str = "id, sequence, kind, entity_type, entity_id, data, created_at";

/// A page of the feed. `kinds`: `None` for all.
pub async fn page(
    tx: &Tx,
    page: &Page,
    after: i64,
    kinds: Option<&[EventType]>,
) -> Result<Vec<EventRow>, DbError> {
    match kinds {
        None => {
            let mut query =
                sql(format!("SELECT {COLUMNS} FROM outbox_events WHERE vendor_id = $1 AND sequence > $2"))
                    .bind(tx.vendor())
                    .bind(after);
            page.apply(&mut query);
            tx.load(query).await
        }
        Some(kinds) => after_of_kinds(tx, after, kinds, i64::from(page.limit()) + 1).await,
    }
}

/// The first events of some kinds after a number, in order. Each kind is read by its own index, so that a rare one costs
/// no more than a frequent one.
pub async fn after_of_kinds(
    tx: &Tx,
    after: i64,
    kinds: &[EventType],
    limit: i64,
) -> Result<Vec<EventRow>, DbError> {
    tx.load(
        sql(format!(
            "SELECT event.* FROM unnest($2::text[]) AS wanted (kind) CROSS JOIN LATERAL ( \
                 SELECT {COLUMNS} FROM outbox_events \
                 WHERE vendor_id = $1 AND kind = wanted.kind AND sequence > $3 ORDER BY sequence LIMIT $4) AS event \
             ORDER BY event.sequence LIMIT $4"
        ))
        .bind(tx.vendor())
        .bind(Array(kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>()))
        .bind(after)
        .bind(limit),
    )
    .await
}

/// The number of the vendor's last event, 0 if there is none.
pub async fn last(tx: &Tx) -> Result<i64, DbError> {
    let last = tx
        .optional::<(i64,)>(sql("SELECT last FROM event_counters WHERE vendor_id = $1").bind(tx.vendor()))
        .await?;
    Ok(last.map_or(0, |(last,)| last))
}
