//! Reads a GraphQL multipart request (the jaydenseric specification) as a stream.
//!
//! The caller authenticates before it hands over the body: nothing is read before. `operations` and `map`
//! must come first, so that no byte of a file is accepted before it is known where it belongs. Files go to
//! the [`SpoolDir`]; memory use does not depend on what is sent.

use std::collections::{HashMap, HashSet};
use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::http::StatusCode;
use bytes::Bytes;
use futures::{Stream, stream};
use multer::{Field, Multipart};
use serde_json::Value;

use crate::framework::spool::{SpoolDir, SpoolError, SpooledFile};
use crate::graphql::upload::Uploads;

/// The parser is given at most this much at a time.
const PIECE_BYTES: usize = 64 * 1024;
/// What the parser may take in before it must have found the next part's headers.
const HEADER_BYTES: usize = 3 * PIECE_BYTES;
/// RFC 2046, section 5.1.1.
const MAX_BOUNDARY_BYTES: usize = 70;

type BoxError = Box<dyn StdError + Send + Sync>;

/// How much one multipart request may bring.
#[derive(Clone, Debug)]
pub struct UploadLimits {
    /// Bytes of the `operations` part.
    pub operations_bytes: usize,
    /// Bytes of the `map` part.
    pub map_bytes: usize,
    /// Number of files.
    pub files: usize,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of all files together.
    pub total_bytes: u64,
    /// Time for the whole body.
    pub deadline: Duration,
}

impl Default for UploadLimits {
    /// 1 MiB of operations, 64 KiB of map, 10 files of at most 64 MiB, together at most 128 MiB, in two minutes.
    fn default() -> Self {
        Self {
            operations_bytes: 1024 * 1024,
            map_bytes: 64 * 1024,
            files: 10,
            file_bytes: 64 * 1024 * 1024,
            total_bytes: 128 * 1024 * 1024,
            deadline: Duration::from_secs(120),
        }
    }
}

/// Why a multipart request is refused. The message names the part and is meant for the client.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The `Content-Type` header is not a usable `multipart/form-data`.
    #[error(
        "Content-Type must be multipart/form-data with a boundary of 1 to {MAX_BOUNDARY_BYTES} characters"
    )]
    NotMultipart,
    /// A part is missing, out of order, or not what the specification asks for.
    #[error("part {part}: {reason}")]
    Malformed {
        /// The part's name, shortened and quoted.
        part: String,
        /// What is wrong.
        reason: String,
    },
    /// One part is too large.
    #[error("part {part} is larger than {limit} bytes")]
    PartTooLarge {
        /// The part's name, shortened and quoted.
        part: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// All files together are too large.
    #[error("with part {part} the files are together larger than {limit} bytes")]
    TotalTooLarge {
        /// The part that went past the limit, shortened and quoted.
        part: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// `map` names too many files.
    #[error("part \"map\" names more than {limit} files")]
    TooManyFiles {
        /// The limit.
        limit: usize,
    },
    /// The body did not arrive in time.
    #[error("the upload did not arrive within {} seconds", .limit.as_secs_f32())]
    Timeout {
        /// The time that was given.
        limit: Duration,
    },
    /// Too many uploads are running now; the client may try again.
    #[error("part {part} cannot be taken now, because too many uploads are running")]
    SpoolFull {
        /// The part's name, shortened and quoted.
        part: String,
    },
    /// The spool folder failed. The source is for the log only.
    #[error("the upload could not be stored")]
    Storage(#[source] io::Error),
}

impl UploadError {
    /// The stable code for `extensions.code`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotMultipart => "UPLOAD_NOT_MULTIPART",
            Self::Malformed { .. } => "UPLOAD_MALFORMED",
            Self::PartTooLarge { .. } | Self::TotalTooLarge { .. } => "UPLOAD_TOO_LARGE",
            Self::TooManyFiles { .. } => "UPLOAD_TOO_MANY_FILES",
            Self::Timeout { .. } => "UPLOAD_TIMEOUT",
            Self::SpoolFull { .. } => "UPLOAD_SPOOL_FULL",
            Self::Storage(_) => "INTERNAL",
        }
    }

    /// The status of the HTTP response.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotMultipart => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Malformed { .. } => StatusCode::BAD_REQUEST,
            Self::PartTooLarge { .. } | Self::TotalTooLarge { .. } | Self::TooManyFiles { .. } => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::Timeout { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::SpoolFull { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Storage(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn malformed(part: &str, reason: impl Into<String>) -> Self {
        Self::Malformed { part: shown(part), reason: reason.into() }
    }

    fn spool(part: &str, error: SpoolError) -> Self {
        match error {
            SpoolError::Full => Self::SpoolFull { part: shown(part) },
            SpoolError::Io(error) => Self::Storage(error),
        }
    }
}

/// A client's text in a message: quoted, escaped, and not longer than a line.
fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(64).collect::<String>())
}

/// A multipart request that was read completely and is sound.
#[derive(Debug)]
pub struct MultipartRequest {
    /// The GraphQL request, an object, with null where a file belongs.
    pub operations: Value,
    /// The files in order of arrival, each with the path of its variable (`variables.input.file`). Paths are
    /// distinct, and lead to a null in `operations`.
    pub files: Vec<(String, SpooledFile)>,
}

impl MultipartRequest {
    /// Puts a token in the place of each file, for the `Upload` scalar. The registry goes into the data of the
    /// request that is made of the returned operations.
    pub fn bind(self) -> (Value, Uploads) {
        let Self { mut operations, files } = self;
        let mut uploads = Uploads::default();
        for (path, file) in files {
            if let Some(place) = place_mut(&mut operations, &path) {
                *place = Value::String(uploads.insert(file));
            }
        }
        (operations, uploads)
    }
}

/// Reads a whole multipart request. On any error the files that were already spooled are removed.
///
/// Refused besides broken input: parts in another order than `operations`, `map`, files; batches; files that
/// `map` does not name, or names that no file follows; a file for several variables, or a variable for several
/// files; a path that does not lead to a null below `variables`.
pub async fn read_multipart<S, E>(
    content_type: &str,
    body: S,
    limits: &UploadLimits,
    spool: &SpoolDir,
) -> Result<MultipartRequest, UploadError>
where
    S: Stream<Item = Result<Bytes, E>> + Send,
    E: Into<BoxError>,
{
    let boundary = multer::parse_boundary(content_type)
        .ok()
        .filter(|boundary| (1..=MAX_BOUNDARY_BYTES).contains(&boundary.len()))
        .ok_or(UploadError::NotMultipart)?;
    let parts = Parts::new(body, boundary);
    tokio::time::timeout(limits.deadline, read_parts(parts, limits, spool))
        .await
        .map_err(|_| UploadError::Timeout { limit: limits.deadline })?
}

async fn read_parts(
    mut parts: Parts<'_>,
    limits: &UploadLimits,
    spool: &SpoolDir,
) -> Result<MultipartRequest, UploadError> {
    let mut operations = parts.json("operations", limits.operations_bytes).await?;
    if !operations.is_object() {
        return Err(UploadError::malformed("operations", "must be one request as an object, not a batch"));
    }
    let map = parts.json("map", limits.map_bytes).await?;
    let mut awaited = variable_paths(map, &mut operations, limits.files)?;
    let mut files = Vec::with_capacity(awaited.len());
    let mut left = limits.total_bytes;
    while let Some(field) = parts.next().await? {
        let Some(path) = awaited.remove(&parts.current) else {
            return Err(UploadError::malformed(&parts.current, "is not in `map`, or was already sent"));
        };
        let file = parts.spool(field, limits, left, spool).await?;
        left = left.saturating_sub(file.bytes());
        files.push((path, file));
    }
    match awaited.into_keys().min() {
        None => Ok(MultipartRequest { operations, files }),
        Some(missing) => Err(UploadError::malformed(&missing, "is in `map`, but was not sent")),
    }
}

/// Checks `map` against the operations; returns the path of the variable for each part.
fn variable_paths(
    map: Value,
    operations: &mut Value,
    max_files: usize,
) -> Result<HashMap<String, String>, UploadError> {
    let refuse = |reason: String| Err(UploadError::malformed("map", reason));
    let Value::Object(map) = map else { return refuse("must be an object".to_owned()) };
    if map.len() > max_files {
        return Err(UploadError::TooManyFiles { limit: max_files });
    }
    let mut seen = HashSet::new();
    let mut paths = HashMap::new();
    for (part, places) in map {
        let path = match places.as_array().map(Vec::as_slice) {
            Some([Value::String(path)]) => path.clone(),
            _ => return refuse(format!("{} must be a list of exactly one path", shown(&part))),
        };
        if !path.starts_with("variables.") || place_mut(operations, &path) != Some(&mut Value::Null) {
            let path = shown(&path);
            return refuse(format!("{path} must lead to a null below `variables` of `operations`"));
        }
        if !seen.insert(path.clone()) {
            return refuse(format!("{} is given to two files", shown(&path)));
        }
        paths.insert(part, path);
    }
    Ok(paths)
}

/// The value at a path of object keys and list indexes, joined by dots.
fn place_mut<'a>(root: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    path.split('.').try_fold(root, |value, segment| match value {
        Value::Object(object) => object.get_mut(segment),
        Value::Array(list) => {
            // One spelling for one place: `+1` and `01` would name it a second time.
            let index = segment.parse::<usize>().ok().filter(|index| index.to_string() == segment)?;
            list.get_mut(index)
        }
        _ => None,
    })
}

/// The parts of the body, one after the other.
struct Parts<'r> {
    multipart: Multipart<'r>,
    /// Bytes that the parser may still take in; see [`paced`].
    budget: Arc<AtomicUsize>,
    /// The name of the part that was begun last.
    current: String,
}

impl<'r> Parts<'r> {
    fn new<S, E>(body: S, boundary: String) -> Self
    where
        S: Stream<Item = Result<Bytes, E>> + Send + 'r,
        E: Into<BoxError> + 'r,
    {
        let budget = Arc::new(AtomicUsize::new(0));
        let multipart = Multipart::new(paced(body, budget.clone()), boundary);
        Self { multipart, budget, current: String::new() }
    }

    async fn next(&mut self) -> Result<Option<Field<'r>>, UploadError> {
        self.budget.store(HEADER_BYTES, Ordering::Relaxed);
        let field = self.multipart.next_field().await.map_err(|error| match self.current.as_str() {
            "" => broken("operations", error),
            previous => refused_by_parser(format!("after {}", shown(previous)), error),
        })?;
        self.budget.store(usize::MAX, Ordering::Relaxed);
        let Some(field) = field else { return Ok(None) };
        let Some(name) = field.name() else {
            let reason = "has no name in its Content-Disposition".to_owned();
            return Err(UploadError::Malformed { part: format!("after {}", shown(&self.current)), reason });
        };
        self.current = name.to_owned();
        Ok(Some(field))
    }

    /// Reads the next part, which must be `name`, as JSON.
    async fn json(&mut self, name: &str, limit: usize) -> Result<Value, UploadError> {
        let Some(mut field) = self.next().await? else {
            return Err(UploadError::malformed(name, "is missing"));
        };
        if self.current != name {
            let reason = format!("comes where `{name}` is expected: `operations`, then `map`, then files");
            return Err(UploadError::malformed(&self.current, reason));
        }
        let mut text = Vec::new();
        while let Some(piece) = field.chunk().await.map_err(|error| broken(name, error))? {
            if text.len() + piece.len() > limit {
                return Err(UploadError::PartTooLarge { part: shown(name), limit: limit as u64 });
            }
            text.extend_from_slice(&piece);
        }
        serde_json::from_slice(&text)
            .map_err(|error| UploadError::malformed(name, format!("is not valid JSON: {error}")))
    }

    /// Streams a file into the spool; `left` is what remains of the limit of all files.
    async fn spool(
        &self,
        mut field: Field<'r>,
        limits: &UploadLimits,
        left: u64,
        spool: &SpoolDir,
    ) -> Result<SpooledFile, UploadError> {
        let part = &self.current;
        let mut writer = spool.create().await.map_err(UploadError::Storage)?;
        while let Some(piece) = field.chunk().await.map_err(|error| broken(part, error))? {
            let bytes = writer.bytes() + piece.len() as u64;
            if bytes > limits.file_bytes {
                return Err(UploadError::PartTooLarge { part: shown(part), limit: limits.file_bytes });
            }
            if bytes > left {
                return Err(UploadError::TotalTooLarge { part: shown(part), limit: limits.total_bytes });
            }
            writer.write(&piece).await.map_err(|error| UploadError::spool(part, error))?;
        }
        let content_type = field.content_type().map(|mime| mime.essence_str());
        writer.finish(field.file_name(), content_type).await.map_err(UploadError::Storage)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the headers are too long")]
struct HeadersTooLong;

fn broken(part: &str, error: multer::Error) -> UploadError {
    refused_by_parser(shown(part), error)
}

fn refused_by_parser(part: String, error: multer::Error) -> UploadError {
    use multer::Error as E;
    let reason = match error {
        E::StreamReadFailed(cause) if cause.is::<HeadersTooLong>() => "the headers of the part are too long",
        E::StreamReadFailed(_) => "the connection broke off",
        E::IncompleteFieldData { .. } | E::IncompleteHeaders | E::IncompleteStream => {
            "the body ends before its closing boundary"
        }
        _ => "the headers of the part cannot be read",
    };
    UploadError::Malformed { part, reason: reason.to_owned() }
}

/// Feeds the parser piece by piece. By itself it takes in all that the body has ready before it hands out
/// anything, and searches headers without an end: a fast client could fill the memory. So a piece is followed
/// by a pause, in which the parser hands out what it has; and `budget` limits what it takes in meanwhile.
fn paced<S, E>(body: S, budget: Arc<AtomicUsize>) -> impl Stream<Item = Result<Bytes, BoxError>> + Send
where
    S: Stream<Item = Result<Bytes, E>> + Send,
    E: Into<BoxError>,
{
    let mut body: Pin<Box<S>> = Box::pin(body);
    let mut rest = Bytes::new();
    let mut pause = false;
    stream::poll_fn(move |cx: &mut Context<'_>| {
        if std::mem::take(&mut pause) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if rest.is_empty() {
            match ready!(body.as_mut().poll_next(cx)) {
                Some(Ok(bytes)) => rest = bytes,
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                None => return Poll::Ready(None),
            }
        }
        let piece = rest.split_to(rest.len().min(PIECE_BYTES));
        let remaining = budget.load(Ordering::Relaxed);
        if piece.len() > remaining {
            return Poll::Ready(Some(Err(HeadersTooLong.into())));
        }
        budget.store(remaining - piece.len(), Ordering::Relaxed);
        pause = true;
        Poll::Ready(Some(Ok(piece)))
    })
}

#[cfg(test)]
mod tests;
