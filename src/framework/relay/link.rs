//! A database connection of its own, past the pools (and past a pooler), that can LISTEN.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Client, NoTls};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Notifications that wait to be handled; beyond, they are dropped and reported as an overflow.
const QUEUE: usize = 4_096;

/// An open connection.
pub(super) struct Link {
    /// For statements.
    pub client: Client,
    /// For notifications.
    pub inbox: Inbox,
}

/// The notifications of a connection.
pub(super) struct Inbox {
    receiver: mpsc::Receiver<(String, String)>,
    overflow: Arc<AtomicBool>,
    _driver: AbortOnDropHandle<()>,
}

impl Inbox {
    /// The next channel and payload; `None` when the connection has ended.
    pub async fn next(&mut self) -> Option<(String, String)> {
        self.receiver.recv().await
    }

    /// One that already waits.
    pub fn waiting(&mut self) -> Option<(String, String)> {
        self.receiver.try_recv().ok()
    }

    /// Whether notifications were dropped since the last call.
    pub fn overflowed(&self) -> bool {
        self.overflow.swap(false, Ordering::Relaxed)
    }
}

/// Connects. Statements of the session may take 10 s.
pub(super) async fn connect(url: &str) -> Result<Link, tokio_postgres::Error> {
    let (client, mut connection) = tokio_postgres::connect(url, NoTls).await?;
    let (sender, receiver) = mpsc::channel(QUEUE);
    let overflow = Arc::new(AtomicBool::new(false));
    let dropped = overflow.clone();
    let driver = tokio::spawn(async move {
        // Never waits for the queue: the same task also carries the answers of statements.
        while let Some(Ok(message)) = std::future::poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(n) = message
                && sender.try_send((n.channel().to_owned(), n.payload().to_owned())).is_err()
            {
                dropped.store(true, Ordering::Relaxed);
            }
        }
    });
    client.batch_execute("SET statement_timeout = '10s'").await?;
    let inbox = Inbox { receiver, overflow, _driver: AbortOnDropHandle::new(driver) };
    Ok(Link { client, inbox })
}

/// The pauses between attempts to connect: 50 ms, doubling up to 5 s.
pub(super) struct Backoff(Duration);

impl Backoff {
    const FIRST: Duration = Duration::from_millis(50);

    pub fn new() -> Self {
        Self(Self::FIRST)
    }

    /// Begins again: it worked.
    pub fn reset(&mut self) {
        self.0 = Self::FIRST;
    }

    /// Waits, unless everything stops.
    pub async fn wait(&mut self, stopping: &CancellationToken) {
        tokio::select! {
            () = stopping.cancelled() => {}
            () = tokio::time::sleep(self.0) => {}
        }
        self.0 = (self.0 * 2).min(Duration::from_secs(5));
    }
}
