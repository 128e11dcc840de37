//! Events: numbered in order, without gaps, once, and heard on every node.

use std::time::{Duration, Instant};

use orion::app::App;
use orion::framework::id::VendorId;
use orion::framework::outbox::{Event, publish};
use orion::framework::relay::{Message, Published, Relay, Subscription, drain, pending_events};
use uuid::Uuid;

use super::jobs::{bare_vendor, write};
use crate::support::{TestApp, json};

fn event(n: u128) -> Event {
    let data = json!({ "orderId": Uuid::from_u128(n) });
    Event { kind: "ORDER_PLACED", entity_type: "Order", entity_id: Uuid::from_u128(n), data }
}

async fn commit(app: &App, vendor: VendorId, numbers: impl IntoIterator<Item = u128>) {
    let tx = write(app, vendor).await;
    let events: Vec<Event> = numbers.into_iter().map(event).collect();
    publish(&tx, &events).await.expect("events");
    tx.commit().await.expect("a commit");
}

// An event waits for every older transaction of the whole PostgreSQL cluster, and the tests share one: some of them write
// for many seconds in a transaction. The limit is there to end a test that hangs.
async fn next(subscription: &mut Subscription) -> Message {
    tokio::time::timeout(Duration::from_secs(180), subscription.next()).await.expect("a message in time")
}

async fn published(subscription: &mut Subscription) -> Published {
    match next(subscription).await {
        Message::Published(event) => (*event).clone(),
        Message::Resync => panic!("nothing was missed"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_hears_every_event_in_order_and_soon() {
    let test = TestApp::start().await;
    let (here, there) = (test.app().clone(), test.second_node());
    let vendor = bare_vendor(&here, "ACME").await;
    let other = bare_vendor(&here, "OTHER").await;
    let (first, second) = (Relay::start(&here, true), Relay::start(&there, true));
    let (mut ours, mut theirs) = (here.hub.subscribe(vendor), there.hub.subscribe(vendor));
    // Each node's connection begins by telling its subscribers to read anew.
    assert!(matches!(next(&mut ours).await, Message::Resync));
    assert!(matches!(next(&mut theirs).await, Message::Resync));
    // The first event finds a relay that may still be standing for it.
    commit(&here, vendor, [1]).await;
    assert_eq!(published(&mut ours).await.sequence, 1);
    assert_eq!(published(&mut theirs).await.sequence, 1);
    let mut times = Vec::new();
    for n in 2..=200 {
        commit(&here, other, [n]).await;
        commit(&here, vendor, [n]).await;
        let committed = Instant::now();
        let event = published(&mut theirs).await;
        times.push(committed.elapsed());
        assert_eq!((event.sequence, event.entity_id), (n as i64, Uuid::from_u128(n)));
        assert_eq!(published(&mut ours).await, event);
    }
    times.sort();
    // The budget is for the 99th percentile of a quiet machine; the tests share theirs, so here it is for the median.
    assert!(times[times.len() / 2] <= Duration::from_millis(100), "{:?}", times.last());
    assert!(here.hub.silent_for().is_some_and(|silent| silent < Duration::from_secs(5)));

    // The other process takes over, and counts on where the first one ended.
    first.stop().await;
    commit(&there, vendor, [201]).await;
    assert_eq!(published(&mut theirs).await.sequence, 201);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_not_numbered_while_an_earlier_transaction_may_still_write_one() {
    let test = TestApp::start().await;
    let app = test.app();
    let vendor = bare_vendor(app, "ACME").await;
    let early = write(app, vendor).await;
    publish(&early, &[event(1)]).await.expect("an event");
    commit(app, vendor, [2]).await;
    let relay = Relay::start(app, true);
    let mut subscription = app.hub.subscribe(vendor);
    while !matches!(next(&mut subscription).await, Message::Resync) {}
    let owner = test.owner_sql().await;
    let numbered = "SELECT count(*) FROM outbox_events WHERE sequence IS NOT NULL";
    owner.batch_execute("SET ROLE orion_owner").await.expect("a role");
    // The relay lives, and leaves the event where it is.
    let alive = app.hub.silent_for();
    while app.hub.silent_for().is_none() || app.hub.silent_for() == alive {
        tokio::task::yield_now().await;
    }
    assert_eq!(owner.query_one(numbered, &[]).await.expect("a count").get::<_, i64>(0), 0);
    early.commit().await.expect("a commit");
    assert_eq!(published(&mut subscription).await.entity_id, Uuid::from_u128(1));
    assert_eq!(published(&mut subscription).await.entity_id, Uuid::from_u128(2));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_without_gaps_under_concurrent_writers_and_large_batches() {
    let test = TestApp::start().await;
    let app = test.app().clone();
    let vendor = bare_vendor(&app, "ACME").await;
    let relay = Relay::start(&app, true);
    let writers = (0..8u128).map(|writer| {
        let app = app.clone();
        tokio::spawn(async move {
            for n in 0..25 {
                commit(&app, vendor, [writer * 100 + n]).await;
            }
        })
    });
    futures::future::join_all(writers).await;
    // More than a batch, and far more than a notification holds.
    commit(&app, vendor, 1_000..3_500).await;
    drain(&app).await.expect("drained");
    assert_eq!(pending_events(&app).await.expect("counted"), 0);
    relay.stop().await;
    let owner = test.owner_sql().await;
    owner.batch_execute("SET ROLE orion_owner").await.expect("a role");
    let row = owner
        .query_one(
            "SELECT count(DISTINCT sequence), min(sequence), max(sequence),
                    bool_and(later), (SELECT last FROM event_counters)
             FROM (SELECT sequence, sequence > lag(sequence, 1, 0::bigint) OVER (ORDER BY xid, id) AS later
                   FROM outbox_events) AS feed",
            &[],
        )
        .await
        .expect("a row");
    let numbers: [i64; 4] = [row.get(0), row.get(1), row.get(2), row.get(4)];
    assert_eq!(numbers, [2_700, 1, 2_700, 2_700]);
    assert!(row.get::<_, bool>(3), "numbers follow the order of transactions");
}
