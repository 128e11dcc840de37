//! Batched loading: everything that the resolvers of one execution ask for in one go is one statement.
//!
//! async-graphql's own `DataLoader` spawns its batches onto other threads after a delay of its timer thread: how many
//! keys are in one is then a matter of luck (with 24 products it was between 1 and 24 statements). Here a batch begins
//! when every resolver of the execution has had its turn, in the same task; so the number of statements does not depend
//! on the number of rows, and nothing is spawned. Loaders implement async-graphql's `Loader`.

use std::any::{Any, TypeId};
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use async_graphql::dataloader::Loader;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, Stream, StreamExt as _};
use tokio::sync::oneshot;

type Task = BoxFuture<'static, ()>;

/// The batches that an execution has begun and nobody runs yet.
#[derive(Default)]
struct Queue(Mutex<Vec<Task>>);

tokio::task_local! {
    static QUEUE: Arc<Queue>;
}

/// Runs an execution with its batches: they begin when the execution itself cannot go on.
pub async fn drive<F: Future>(work: F) -> F::Output {
    let mut work = pin!(work);
    let mut batches = Batches::default();
    std::future::poll_fn(move |cx| batches.poll(cx, |cx| work.as_mut().poll(cx))).await
}

/// The same for an execution with several answers.
pub fn drive_stream<S: Stream + Unpin>(stream: S) -> Driven<S> {
    Driven { stream, batches: Batches::default() }
}

/// See [`drive_stream`].
pub struct Driven<S> {
    stream: S,
    batches: Batches,
}

impl<S: Stream + Unpin> Stream for Driven<S> {
    type Item = S::Item;
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.get_mut();
        let stream = &mut this.stream;
        this.batches.poll(cx, |cx| stream.poll_next_unpin(cx))
    }
}

#[derive(Default)]
struct Batches {
    queue: Arc<Queue>,
    running: FuturesUnordered<Task>,
}

impl Batches {
    fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut work: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        loop {
            if let Poll::Ready(done) = QUEUE.sync_scope(self.queue.clone(), || work(cx)) {
                return Poll::Ready(done);
            }
            let begun = std::mem::take(&mut *self.queue.0.lock().unwrap_or_else(PoisonError::into_inner));
            self.running.extend(begun);
            // Only the end of a batch gives the execution something new to do.
            match self.running.poll_next_unpin(cx) {
                Poll::Ready(Some(())) => {}
                _ => return Poll::Pending,
            }
        }
    }
}

/// Loads by keys, in batches, each key once. Cheap to clone.
pub struct Batch<L>(Arc<Inner<L>>);

struct Inner<L> {
    loader: L,
    // A `Kind` for each type of key.
    kinds: Mutex<HashMap<TypeId, Box<dyn Any + Send>>>,
}

struct Kind<K, V, E> {
    known: HashMap<K, Option<V>>,
    wanted: HashSet<K>,
    waiting: Vec<oneshot::Sender<Result<(), E>>>,
}

impl<L: Send + Sync + 'static> Batch<L> {
    /// Around a loader.
    pub fn new(loader: L) -> Self {
        Self(Arc::new(Inner { loader, kinds: Mutex::default() }))
    }

    /// The value of a key, if there is one.
    pub async fn load_one<K>(&self, key: K) -> Result<Option<L::Value>, L::Error>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        L: Loader<K>,
    {
        Ok(self.load_many([key.clone()]).await?.remove(&key))
    }

    /// The values of the keys that have one.
    pub async fn load_many<K>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<HashMap<K, L::Value>, L::Error>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        L: Loader<K>,
    {
        let keys: Vec<K> = keys.into_iter().collect();
        let waiting = self.with_kind::<K, _>(|kind| {
            let missing: Vec<K> = keys.iter().filter(|key| !kind.known.contains_key(key)).cloned().collect();
            if missing.is_empty() {
                return None;
            }
            let first = kind.wanted.is_empty();
            kind.wanted.extend(missing);
            let (sender, receiver) = oneshot::channel();
            kind.waiting.push(sender);
            Some((first, receiver))
        });
        if let Some((first, receiver)) = waiting {
            if first {
                begin(self.batch::<K>());
            }
            // The batch is dropped unanswered only together with the execution that waits here.
            match receiver.await {
                Ok(loaded) => loaded?,
                Err(_) => return Ok(HashMap::new()),
            }
        }
        Ok(self.with_kind::<K, _>(|kind| {
            keys.into_iter()
                .filter_map(|key| kind.known.get(&key).cloned().flatten().map(|value| (key, value)))
                .collect()
        }))
    }

    fn batch<K>(&self) -> Task
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        L: Loader<K>,
    {
        let this = Self(self.0.clone());
        Box::pin(async move {
            let (keys, waiting) = this.with_kind::<K, _>(|kind| {
                let keys: Vec<K> = kind.wanted.drain().collect();
                (keys, std::mem::take(&mut kind.waiting))
            });
            let loaded = this.0.loader.load(&keys).await;
            let told = loaded.map(|mut values| {
                this.with_kind::<K, _>(|kind| {
                    for key in keys {
                        let value = values.remove(&key);
                        kind.known.insert(key, value);
                    }
                });
            });
            for sender in waiting {
                // Who waited may be gone.
                let _ = sender.send(told.clone());
            }
        })
    }

    fn with_kind<K, T>(&self, work: impl FnOnce(&mut Kind<K, L::Value, L::Error>) -> T) -> T
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        L: Loader<K>,
    {
        let mut kinds = self.0.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = kinds.entry(TypeId::of::<K>()).or_insert_with(|| {
            Box::new(Kind::<K, L::Value, L::Error> {
                known: HashMap::new(),
                wanted: HashSet::new(),
                waiting: Vec::new(),
            })
        });
        let kind =
            kind.downcast_mut().unwrap_or_else(|| unreachable!("kinds are kept by the type of their key"));
        work(kind)
    }
}

/// Gives a batch to the execution in progress; outside of one (in a job, say) it runs by itself.
fn begin(task: Task) {
    match QUEUE.try_with(Arc::clone) {
        Ok(queue) => queue.0.lock().unwrap_or_else(PoisonError::into_inner).push(task),
        Err(_) => {
            tokio::spawn(task);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Doubles(Arc<Mutex<Vec<usize>>>);

    impl Loader<u32> for Doubles {
        type Value = u32;
        type Error = String;
        async fn load(&self, keys: &[u32]) -> Result<HashMap<u32, u32>, String> {
            self.0.lock().unwrap().push(keys.len());
            tokio::task::yield_now().await;
            if keys.contains(&666) {
                return Err("unlucky".into());
            }
            Ok(keys.iter().filter(|key| **key < 100).map(|key| (*key, key * 2)).collect())
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_asked_for_together_is_loaded_together_and_once() {
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let batch = Batch::new(Doubles(sizes.clone()));
        let asked = futures::future::join_all((0..50u32).map(|key| batch.load_one(key % 25)));
        let values = drive(asked).await;
        assert!(values.iter().enumerate().all(|(n, value)| *value == Ok(Some(n as u32 % 25 * 2))));
        assert_eq!(*sizes.lock().unwrap(), [25]);
        assert_eq!(drive(batch.load_one(7u32)).await, Ok(Some(14)), "known already");
        assert_eq!(drive(batch.load_one(200u32)).await, Ok(None));
        assert_eq!(drive(batch.load_one(200u32)).await, Ok(None), "known not to be there");
        assert_eq!(*sizes.lock().unwrap(), [25, 1]);
        assert_eq!(drive(batch.load_one(666u32)).await, Err("unlucky".to_owned()));
    }

    #[tokio::test]
    async fn a_batch_runs_outside_an_execution_too() {
        let batch = Batch::new(Doubles(Arc::default()));
        assert_eq!(batch.load_one(4u32).await, Ok(Some(8)));
    }
}
