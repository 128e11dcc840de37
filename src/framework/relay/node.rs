//! Each process's ear and mouth: it hears published events and changed vendors, and tells the relay of its commits.

use std::time::Duration;

use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::link::{Backoff, Inbox, Link, connect};
use super::{EVENTS_CHANNEL, OUTBOX_CHANNEL, Payload, Published, VENDOR_CHANNEL};
use crate::app::App;
use crate::framework::id::VendorId;

/// Commits within this time are told of by one NOTIFY.
const COALESCE: Duration = Duration::from_millis(5);
/// A connection that has died silently is found after this time.
const PING: Duration = Duration::from_secs(5);

pub(super) async fn run(app: App, stopping: CancellationToken) {
    let mut backoff = Backoff::new();
    while !stopping.is_cancelled() {
        let error = tokio::select! {
            () = stopping.cancelled() => return,
            error = listen(&app, &mut backoff) => error,
        };
        tracing::warn!(error, "the listener lost its connection; it connects again");
        backoff.wait(&stopping).await;
    }
}

/// Listens until the connection is lost; tells why.
async fn listen(app: &App, backoff: &mut Backoff) -> String {
    let url = &app.config.database.direct;
    let Link { client, inbox } = match connect(url).await {
        Ok(link) => link,
        Err(error) => return error.to_string(),
    };
    // A NOTIFY writes a commit record; nobody needs it to survive a crash.
    let listening = format!("SET synchronous_commit = off; LISTEN {EVENTS_CHANNEL}; LISTEN {VENDOR_CHANNEL}");
    if let Err(error) = client.batch_execute(&listening).await {
        return error.to_string();
    }
    backoff.reset();
    // Whatever was sent while nobody listened is lost.
    app.vendors.clear();
    app.hub.resync_all();
    tokio::select! {
        () = hear(app, inbox) => "the server closed the connection".to_owned(),
        error = tell(app, &client) => error.to_string(),
        error = ping(&client) => error,
    }
}

async fn hear(app: &App, mut inbox: Inbox) {
    while let Some((channel, payload)) = inbox.next().await {
        if inbox.overflowed() {
            app.vendors.clear();
            app.hub.resync_all();
        }
        match channel.as_str() {
            EVENTS_CHANNEL => {
                app.hub.hear();
                if !payload.is_empty() {
                    spread(app, &payload);
                }
            }
            VENDOR_CHANNEL => match payload.parse::<Uuid>() {
                Ok(vendor) => {
                    let vendor = VendorId::from_uuid(vendor);
                    app.vendors.invalidate(vendor);
                    app.hub.resync(vendor);
                }
                Err(_) => {
                    app.vendors.clear();
                    app.hub.resync_all();
                }
            },
            _ => {}
        }
    }
}

fn spread(app: &App, payload: &str) {
    match serde_json::from_str(payload) {
        Ok(Payload::Events(events)) => {
            for event in events {
                app.hub.publish(Published {
                    vendor: VendorId::from_uuid(event.vendor),
                    sequence: event.sequence,
                    kind: event.kind,
                    entity_id: event.entity_id,
                    data: event.data,
                });
            }
        }
        Ok(Payload::Reread(vendors)) => {
            for vendor in vendors {
                app.hub.resync(VendorId::from_uuid(vendor));
            }
        }
        // A relay of another release: its events are read from the tables.
        Err(_) => app.hub.resync_all(),
    }
}

/// Tells the relay of this process's commits, a few milliseconds' worth at a time.
async fn tell(app: &App, client: &Client) -> tokio_postgres::Error {
    let committed = app.db.committed_events();
    let notify = format!("NOTIFY {OUTBOX_CHANNEL}");
    loop {
        committed.notified().await;
        if let Err(error) = client.batch_execute(&notify).await {
            return error;
        }
        tokio::time::sleep(COALESCE).await;
    }
}

async fn ping(client: &Client) -> String {
    loop {
        tokio::time::sleep(PING).await;
        match tokio::time::timeout(PING, client.batch_execute("")).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return error.to_string(),
            Err(_) => return "the server does not answer".to_owned(),
        }
    }
}
