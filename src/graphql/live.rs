//! What a subscription stands on: who asks is looked up anew before every message, and each message reads from its own
//! snapshot, so that between messages a subscription holds neither rights nor a connection.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute};
use async_graphql::{Context, Data, Response, Result};
use futures::future::BoxFuture;
use futures::stream::{self, Stream};
use uuid::Uuid;

use crate::framework::context::{ContextExt as _, Ctx};
use crate::framework::error::{ApiError, ErrorCode};
use crate::framework::permission::Access;
use crate::framework::relay::{Message, Published, Subscription as Hearing};
use crate::modules::events;
use crate::modules::events::model::{EventRow, EventType};

/// Finds out who asks, as for a new request: session, permissions and vendor as they are now.
pub type Renew = Arc<dyn Fn() -> BoxFuture<'static, Result<Ctx, ApiError>> + Send + Sync>;

/// Who asks in one operation on a connection, as of its latest message. In the operation's request data.
pub struct Live {
    current: Mutex<Ctx>,
    renew: Renew,
}

impl Live {
    /// Begins with who asked when the operation began.
    pub fn new(ctx: Ctx, renew: Renew) -> Arc<Self> {
        Arc::new(Self { current: Mutex::new(ctx), renew })
    }

    /// As of the latest message.
    pub fn current(&self) -> Ctx {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// As of now. Refuses where the session has ended, or is somebody else's, or the vendor is another one.
    async fn renewed(&self) -> Result<Ctx, ApiError> {
        let before = self.current();
        before.end_reads().await;
        let now = (self.renew)().await?;
        let same_vendor =
            now.vendor_opt().map(|vendor| vendor.id) == before.vendor_opt().map(|vendor| vendor.id);
        if !same_vendor || now.actor().session() != before.actor().session() {
            return Err(ApiError::new(ErrorCode::InvalidToken, "The session has changed: subscribe again."));
        }
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = now.clone();
        Ok(now)
    }
}

/// Resolves each message of a subscription with the context of that message, not with the one that it began with.
pub struct PerMessage;

impl ExtensionFactory for PerMessage {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for PerMessage {
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        match ctx.data_opt::<Arc<Live>>() {
            Some(live) => {
                let mut data = Data::default();
                data.insert(live.current());
                next.run_with_data(ctx, operation_name, data).await
            }
            None => next.run(ctx, operation_name).await,
        }
    }
}

/// A subscription in progress: its field's context, who asks, and what it hears.
struct Watch<'a> {
    field: &'a Context<'a>,
    live: Arc<Live>,
    access: Access,
    hearing: Hearing,
}

impl<'a> Watch<'a> {
    /// Hears from now on, so that nothing is lost between the first state and the next event.
    fn new(field: &'a Context<'a>, access: Access) -> Result<Self> {
        let ctx = field.ctx();
        let live = field.data_opt::<Arc<Live>>().cloned().ok_or_else(|| {
            ApiError::new(ErrorCode::BadRequest, "Subscriptions need a connection that stays open.")
                .extend(ctx)
        })?;
        let vendor = ctx.vendor().map_err(|error| error.extend(ctx))?.id;
        Ok(Self { field, live, access, hearing: ctx.app().hub.subscribe(vendor) })
    }

    /// Waits for an event that matters; whatever has been heard meanwhile is answered by the same message.
    async fn wait(&mut self, matters: impl Fn(&Published) -> bool) {
        loop {
            match self.hearing.next().await {
                Message::Resync => break,
                Message::Published(event) if matters(&event) => break,
                Message::Published(_) => {}
            }
        }
        while self.hearing.waiting().is_some() {}
    }

    /// Who asks, as of now, if they still may.
    async fn asker(&self) -> Result<Ctx> {
        let ctx = self.live.renewed().await.map_err(|error| error.extend(self.field.ctx()))?;
        self.access.check(&ctx).map_err(|error| error.extend(&ctx))?;
        Ok(ctx)
    }

    /// Loads as that asker.
    async fn load<T>(&self, ctx: Ctx, load: &(impl Load<T> + ?Sized)) -> Result<T> {
        let mut data = Data::default();
        data.insert(ctx);
        let mut context: Context<'_> = self.field.clone();
        context.execute_data = Some(&data);
        load(&context).await
    }
}

/// What loads the state that a message shows.
pub trait Load<T>: for<'c> Fn(&'c Context<'c>) -> BoxFuture<'c, Result<T>> + Send + Sync {}
impl<T, F> Load<T> for F where F: for<'c> Fn(&'c Context<'c>) -> BoxFuture<'c, Result<T>> + Send + Sync {}

enum State {
    First,
    Known(Uuid),
    Over,
}

/// The state of one object: at once, and again after every event that `matters` to the object of that id; newest wins,
/// and the last is never lost. Ends after a null (there is no such object, or it is not to be seen, or no longer), and
/// after an error.
pub fn state<'a, T: Send + 'a>(
    field: &'a Context<'a>,
    access: Access,
    load: impl Load<Option<T>> + 'a,
    id: impl Fn(&T) -> Uuid + Send + 'a,
    matters: fn(&Published, Uuid) -> bool,
) -> Result<impl Stream<Item = Result<Option<T>>> + Send + 'a> {
    let watch = Watch::new(field, access)?;
    Ok(stream::unfold((watch, load, id, State::First), move |(mut watch, load, id, state)| async move {
        match state {
            State::First => {}
            State::Known(key) => watch.wait(|event| matters(event, key)).await,
            State::Over => return None,
        }
        let loaded = match watch.asker().await {
            Ok(ctx) => watch.load(ctx, &load).await,
            Err(error) => Err(error),
        };
        let next = match &loaded {
            Ok(Some(item)) => State::Known(id(item)),
            _ => State::Over,
        };
        Some((loaded, (watch, load, id, next)))
    }))
}

/// What loads a message from events of the feed; `None` where there is nothing to show.
pub trait LoadEvents<T>:
    for<'c> Fn(&'c Context<'c>, Vec<EventRow>) -> BoxFuture<'c, Result<Option<T>>> + Send + Sync
{
}
impl<T, F> LoadEvents<T> for F where
    F: for<'c> Fn(&'c Context<'c>, Vec<EventRow>) -> BoxFuture<'c, Result<Option<T>>> + Send + Sync
{
}

/// A place in the feed, and the events after it that were read but not shown yet.
struct Place {
    after: Option<i64>,
    queue: VecDeque<EventRow>,
    over: bool,
}

/// Every event of these types from now on, in order, none twice and none left out, up to `batch` in a message. Ends after
/// an error.
pub fn feed<'a, T: Send + 'a>(
    field: &'a Context<'a>,
    access: Access,
    types: &'static [EventType],
    batch: usize,
    load: impl LoadEvents<T> + 'a,
) -> Result<impl Stream<Item = Result<T>> + Send + 'a> {
    let watch = Watch::new(field, access)?;
    let place = Place { after: None, queue: VecDeque::new(), over: false };
    Ok(stream::unfold((watch, load, place), move |(mut watch, load, mut place)| async move {
        if place.over {
            return None;
        }
        let message = next_of_feed(&mut watch, &load, &mut place, types, batch).await;
        place.over = message.is_err();
        Some((message, (watch, load, place)))
    }))
}

async fn next_of_feed<T>(
    watch: &mut Watch<'_>,
    load: &impl LoadEvents<T>,
    place: &mut Place,
    types: &'static [EventType],
    batch: usize,
) -> Result<T> {
    loop {
        let ctx = watch.asker().await?;
        let after = match place.after {
            Some(after) => after,
            None => {
                let now = events::service::position(&ctx).await.map_err(|error| error.extend(&ctx))?;
                *place.after.insert(now)
            }
        };
        if place.queue.is_empty() {
            let rows = events::service::since(&ctx, after, types).await;
            place.queue.extend(rows.map_err(|error| error.extend(&ctx))?);
        }
        let shown: Vec<EventRow> = place.queue.drain(..batch.min(place.queue.len())).collect();
        let Some(last) = shown.last().map(|row| row.sequence) else {
            ctx.end_reads().await;
            watch.wait(|event| types.iter().any(|kind| kind.as_str() == event.kind)).await;
            continue;
        };
        place.after = Some(last);
        let message = watch
            .load(ctx, &|context: &_| -> BoxFuture<'_, Result<Option<T>>> { load(context, shown.clone()) })
            .await?;
        if let Some(message) = message {
            return Ok(message);
        }
    }
}
