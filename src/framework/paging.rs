//! Keyset paging: cursors bound to their sort and filter, pages by row comparison, which an index serves at any depth.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::db::Sql;
use super::error::{ApiError, ErrorCode};

/// The largest page.
pub const MAX_PAGE: i32 = 100;
/// The page that is served when the client names no size.
pub const DEFAULT_PAGE: i32 = 20;
/// Totals are counted up to here.
pub const COUNT_LIMIT: i64 = 1_001;

/// One value of a position.
#[derive(Debug, Clone, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(tag = "t", content = "v")]
pub enum KeyValue {
    /// Text.
    #[serde(rename = "s")]
    Text(String),
    /// A whole number.
    #[serde(rename = "i")]
    Int(i64),
    /// An instant, in microseconds.
    #[serde(rename = "d")]
    Micros(i64),
    /// An id.
    #[serde(rename = "u")]
    Uuid(Uuid),
}

impl From<DateTime<Utc>> for KeyValue {
    fn from(at: DateTime<Utc>) -> Self {
        Self::Micros(at.timestamp_micros())
    }
}
impl From<Uuid> for KeyValue {
    fn from(id: Uuid) -> Self {
        Self::Uuid(id)
    }
}
impl From<i64> for KeyValue {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}
impl From<String> for KeyValue {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}
impl<K: super::id::Kind> From<super::id::Id<K>> for KeyValue {
    fn from(id: super::id::Id<K>) -> Self {
        Self::Uuid(id.uuid())
    }
}

#[derive(Serialize, Deserialize)]
struct Cursor {
    v: u8,
    s: String,
    k: Vec<KeyValue>,
}

/// The columns that a list is sorted by: never null, the last one unique, all in one direction.
#[derive(Debug, Clone, Copy)]
pub struct SortColumns {
    /// SQL expressions, each with whether it is `s` text, `i` integer, `d` timestamp or `u` uuid.
    pub columns: &'static [(&'static str, char)],
    /// Largest first.
    pub descending: bool,
}

/// The four arguments of a connection.
#[derive(Debug, Clone, Default)]
pub struct PageArgs {
    /// So many from the beginning, or after the cursor.
    pub first: Option<i32>,
    /// The cursor to begin after.
    pub after: Option<String>,
    /// So many from the end, or before the cursor.
    pub last: Option<i32>,
    /// The cursor to end before.
    pub before: Option<String>,
}

/// A page that was asked for, checked.
#[derive(Debug, Clone)]
pub struct Page {
    limit: i32,
    backward: bool,
    after: Option<Vec<KeyValue>>,
    before: Option<Vec<KeyValue>>,
    sort: SortColumns,
    shape: String,
}

/// A page that was read.
#[derive(Debug)]
pub struct Slice<T> {
    /// Each row with its cursor, in the list's order.
    pub rows: Vec<(String, T)>,
    /// Whether there is more after the last row.
    pub has_next: bool,
    /// Whether there is more before the first row.
    pub has_previous: bool,
}

impl<T> Slice<T> {
    /// The same page of something else.
    pub fn try_map<U, E>(self, mut make: impl FnMut(T) -> Result<U, E>) -> Result<Slice<U>, E> {
        let rows = self.rows.into_iter().map(|(cursor, row)| make(row).map(|made| (cursor, made)));
        Ok(Slice {
            rows: rows.collect::<Result<_, E>>()?,
            has_next: self.has_next,
            has_previous: self.has_previous,
        })
    }
}

impl Page {
    /// Checks the arguments. `shape` is everything that the position depends on besides the sort: filter and search, and
    /// in a vendor's list the vendor ([`super::context::Ctx::list_shape`]).
    pub fn new(args: &PageArgs, sort: SortColumns, shape: &str) -> Result<Self, ApiError> {
        let (limit, backward) = match (args.first, args.last) {
            (Some(_), Some(_)) => {
                return Err(ApiError::new(ErrorCode::ExactlyOne, "Give first or last, not both.").at("first"));
            }
            (Some(first), None) => (first, false),
            (None, Some(last)) => (last, true),
            (None, None) => (DEFAULT_PAGE, false),
        };
        if !(0..=MAX_PAGE).contains(&limit) {
            let field = if backward { "last" } else { "first" };
            return Err(ApiError::new(ErrorCode::LimitExceeded, "A page has 0 to 100 entries.").at(field));
        }
        let digest = Sha256::digest(format!("{:?}|{}|{shape}", sort.columns, sort.descending).as_bytes());
        let shape = hex::encode(&digest[..6]);
        let page = Self {
            limit,
            backward,
            after: decode(args.after.as_deref(), &shape, sort, "after")?,
            before: decode(args.before.as_deref(), &shape, sort, "before")?,
            sort,
            shape,
        };
        Ok(page)
    }

    /// Appends `AND (a, b) > ($n, $m) … ORDER BY … LIMIT …` to a statement that ends in its `WHERE` conditions.
    pub fn apply(&self, query: &mut Sql<'_>) {
        let names: Vec<&str> = self.sort.columns.iter().map(|(name, _)| *name).collect();
        for (key, beyond) in [(&self.after, true), (&self.before, false)] {
            let Some(key) = key else { continue };
            let operator = if beyond != self.sort.descending { ">" } else { "<" };
            let places: Vec<String> = key.iter().map(|value| format!("${}", bind(query, value))).collect();
            query.push_mut(&format!(" AND ({}) {operator} ({})", names.join(", "), places.join(", ")));
        }
        let direction = if self.sort.descending != self.backward { "DESC" } else { "ASC" };
        let order: Vec<String> = names.iter().map(|name| format!("{name} {direction}")).collect();
        let limit = query.bind_next(i64::from(self.limit) + 1);
        query.push_mut(&format!(" ORDER BY {} LIMIT ${limit}", order.join(", ")));
    }

    /// Cuts the row too many that [`Page::apply`] asked for, and makes the cursors.
    pub fn slice<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> Vec<KeyValue>) -> Slice<T> {
        let more = rows.len() > self.limit as usize;
        rows.truncate(self.limit as usize);
        if self.backward {
            rows.reverse();
        }
        let rows = rows.into_iter().map(|row| (self.cursor(key(&row)), row)).collect();
        let (has_next, has_previous) = match self.backward {
            false => (more, self.after.is_some()),
            true => (self.before.is_some(), more),
        };
        Slice { rows, has_next, has_previous }
    }

    /// The page of a whole list that is in memory, in the order of the page's sort.
    pub fn cut<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> Vec<KeyValue>) -> Slice<T> {
        let beyond = |one: &Vec<KeyValue>, other: &Vec<KeyValue>| match self.sort.descending {
            false => one > other,
            true => one < other,
        };
        if self.after.is_some() || self.before.is_some() {
            rows.retain(|row| {
                let key = key(row);
                self.after.as_ref().is_none_or(|after| beyond(&key, after))
                    && self.before.as_ref().is_none_or(|before| beyond(before, &key))
            });
        }
        if self.backward {
            rows.reverse();
        }
        rows.truncate(self.limit as usize + 1);
        self.slice(rows, key)
    }

    /// Whether the page begins after, or ends before, a cursor.
    pub fn has_cursor(&self) -> bool {
        self.after.is_some() || self.before.is_some()
    }

    /// How many entries were asked for.
    pub fn limit(&self) -> i32 {
        self.limit
    }

    /// The position to begin after, for statements that need it in another place than [`Page::apply`] puts it.
    pub fn after(&self) -> Option<&[KeyValue]> {
        self.after.as_deref()
    }

    fn cursor(&self, key: Vec<KeyValue>) -> String {
        let cursor = Cursor { v: 1, s: self.shape.clone(), k: key };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
    }
}

fn decode(
    text: Option<&str>,
    shape: &str,
    sort: SortColumns,
    field: &str,
) -> Result<Option<Vec<KeyValue>>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let invalid = || {
        ApiError::new(
            ErrorCode::InvalidCursor,
            "The cursor belongs to another list, sort or filter, or is damaged.",
        )
        .at(field)
    };
    if text.len() > 2_000 {
        return Err(invalid());
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
    let cursor: Cursor = serde_json::from_slice(&bytes).map_err(|_| invalid())?;
    let fits = cursor.v == 1
        && cursor.s == shape
        && cursor.k.len() == sort.columns.len()
        && cursor.k.iter().zip(sort.columns).all(|(value, (_, kind))| {
            matches!(
                (value, kind),
                (KeyValue::Text(_), 's')
                    | (KeyValue::Int(_), 'i')
                    | (KeyValue::Micros(_), 'd')
                    | (KeyValue::Uuid(_), 'u')
            )
        });
    let bad_text = cursor.k.iter().any(|value| matches!(value, KeyValue::Text(text) if text.contains('\0')));
    let bad_time = cursor.k.iter().any(|value| matches!(value, KeyValue::Micros(at) if !plausible(*at)));
    if !fits || bad_text || bad_time {
        return Err(invalid());
    }
    Ok(Some(cursor.k))
}

// PostgreSQL's timestamps end before chrono's do.
fn plausible(micros: i64) -> bool {
    DateTime::<Utc>::from_timestamp_micros(micros)
        .is_some_and(|at| (0..=9_999).contains(&chrono::Datelike::year(&at)))
}

fn bind(query: &mut Sql<'_>, value: &KeyValue) -> usize {
    match value {
        KeyValue::Text(text) => query.bind_next(text.clone()),
        KeyValue::Int(number) => query.bind_next(*number),
        KeyValue::Micros(at) => {
            query.bind_next(DateTime::<Utc>::from_timestamp_micros(*at).unwrap_or_default())
        }
        KeyValue::Uuid(id) => query.bind_next(*id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SORT: SortColumns = SortColumns { columns: &[("created_at", 'd'), ("id", 'u')], descending: true };

    fn args(after: Option<String>) -> PageArgs {
        PageArgs { first: Some(2), after, ..Default::default() }
    }

    #[test]
    fn a_cursor_fits_only_its_own_list() {
        let page = Page::new(&args(None), SORT, "filter a").unwrap();
        let key = |n: &i64| vec![KeyValue::Micros(*n), KeyValue::Uuid(Uuid::from_u128(*n as u128))];
        let slice = page.slice(vec![3, 2, 1], key);
        assert!(slice.has_next && !slice.has_previous && slice.rows.len() == 2);
        let cursor = slice.rows[1].0.clone();
        let next = Page::new(&args(Some(cursor.clone())), SORT, "filter a").unwrap();
        let mut query = crate::framework::db::sql("SELECT 1 FROM t WHERE vendor_id = $1").bind(1i64);
        next.apply(&mut query);
        assert_eq!(
            query.text(),
            "SELECT 1 FROM t WHERE vendor_id = $1 AND (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4"
        );
        assert_eq!(
            Page::new(&args(Some(cursor)), SORT, "filter b").unwrap_err().code,
            ErrorCode::InvalidCursor
        );
    }

    #[test]
    fn a_list_in_memory_pages_like_one_in_the_database() {
        const UP: SortColumns = SortColumns { columns: &[("position", 'i')], descending: false };
        let key = |n: &i64| vec![KeyValue::Int(*n)];
        let pick = |slice: Slice<i64>| slice.rows.iter().map(|(_, n)| *n).collect::<Vec<_>>();
        let all: Vec<i64> = (1..=5).collect();
        let first = Page::new(&args(None), UP, "").unwrap().cut(all.clone(), key);
        assert!(first.has_next && !first.has_previous);
        let cursor = first.rows[1].0.clone();
        assert_eq!(pick(first), [1, 2]);
        let next = Page::new(&args(Some(cursor.clone())), UP, "").unwrap().cut(all.clone(), key);
        assert!(next.has_next && next.has_previous);
        assert_eq!(pick(next), [3, 4]);
        let last = PageArgs { last: Some(2), ..Default::default() };
        let last = Page::new(&last, UP, "").unwrap().cut(all.clone(), key);
        assert!(!last.has_next && last.has_previous);
        assert_eq!(pick(last), [4, 5]);
        let before = PageArgs { last: Some(3), before: Some(cursor), ..Default::default() };
        let before = Page::new(&before, UP, "").unwrap().cut(all, key);
        assert!(before.has_next && !before.has_previous);
        assert_eq!(pick(before), [1]);
    }

    #[test]
    fn damaged_cursors_are_refused() {
        for cursor in ["", "x", "eyJ2IjoxfQ", "!!!!", &"a".repeat(3_000)] {
            let error = Page::new(&args(Some(cursor.to_owned())), SORT, "").unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidCursor, "{cursor}");
        }
    }

    #[test]
    fn sizes_are_bounded() {
        for first in [-1, 101] {
            let args = PageArgs { first: Some(first), ..Default::default() };
            assert_eq!(Page::new(&args, SORT, "").unwrap_err().code, ErrorCode::LimitExceeded);
        }
        let both = PageArgs { first: Some(1), last: Some(1), ..Default::default() };
        assert_eq!(Page::new(&both, SORT, "").unwrap_err().code, ErrorCode::ExactlyOne);
    }
}
