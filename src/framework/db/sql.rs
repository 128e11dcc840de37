//! SQL as text, with typed binds, prepared and cached per connection.
//!
//! Diesel's own `sql_query` is never cached as a prepared statement (12 % of a product list, measured), and its
//! query builder cannot say row comparisons, `UNNEST` upserts or CTEs. [`Sql`] hands diesel the text and the typed
//! values; diesel's connection prepares each distinct text once and keeps it (ADR 0002).

use std::borrow::Cow;
use std::marker::PhantomData;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{self, HasSqlType, Untyped};
use uuid::Uuid;

/// The SQL type that a Rust type is stored as.
pub trait Typed {
    /// Diesel's marker for the PostgreSQL type.
    type St: 'static;
}

/// A value that can be bound to a statement.
pub trait Param: Typed + ToSql<<Self as Typed>::St, Pg> + Send {}
impl<T> Param for T where T: Typed + ToSql<<T as Typed>::St, Pg> + Send {}

macro_rules! typed {
    ($($rust:ty => $sql:ident),* $(,)?) => { $(impl Typed for $rust { type St = sql_types::$sql; })* };
}
typed! {
    Uuid => Uuid, String => Text, str => Text, i16 => SmallInt, i32 => Integer, i64 => BigInt, bool => Bool,
    f64 => Double, DateTime<Utc> => Timestamptz, NaiveDate => Date, serde_json::Value => Jsonb, Vec<u8> => Bytea,
}
impl<T: Typed + ?Sized> Typed for &T {
    type St = T::St;
}
impl<T: Typed> Typed for Option<T>
where
    T::St: diesel::sql_types::SqlType<IsNull = sql_types::is_nullable::NotNull>,
{
    type St = sql_types::Nullable<T::St>;
}
/// Arrays of plain values; `Vec<u8>` is bytes, so a newtype keeps the two apart.
#[derive(Debug, Clone)]
pub struct Array<T>(pub Vec<T>);
impl<T: Typed> Typed for Array<T> {
    type St = sql_types::Array<T::St>;
}
impl<T> ToSql<sql_types::Array<T::St>, Pg> for Array<T>
where
    T: Typed + std::fmt::Debug,
    Vec<T>: ToSql<sql_types::Array<T::St>, Pg>,
{
    fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, Pg>) -> diesel::serialize::Result {
        ToSql::<sql_types::Array<T::St>, Pg>::to_sql(&self.0, out)
    }
}
impl<T> diesel::deserialize::FromSql<sql_types::Array<T::St>, Pg> for Array<T>
where
    T: Typed,
    Vec<T>: diesel::deserialize::FromSql<sql_types::Array<T::St>, Pg>,
{
    fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
        diesel::deserialize::FromSql::<sql_types::Array<T::St>, Pg>::from_sql(bytes).map(Self)
    }
}

struct Bound<V: Typed>(V, PhantomData<V::St>);

impl<V> QueryFragment<Pg> for Bound<V>
where
    V: Param,
    Pg: HasSqlType<V::St>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param_value_only(&self.0)
    }
}

/// A statement: its text with `$1`, `$2` … and the values bound in that order.
pub struct Sql<'q> {
    text: Cow<'q, str>,
    binds: Vec<Box<dyn QueryFragment<Pg> + Send + 'q>>,
    one_off: bool,
}

/// Begins a statement. Texts should come from a small, fixed set: each distinct one is prepared once a connection.
pub fn sql<'q>(text: impl Into<Cow<'q, str>>) -> Sql<'q> {
    Sql { text: text.into(), binds: Vec::new(), one_off: false }
}

impl<'q> Sql<'q> {
    /// Binds the next placeholder.
    pub fn bind<V>(mut self, value: V) -> Self
    where
        V: Param + 'q,
        V::St: Send,
        Pg: HasSqlType<V::St>,
    {
        self.binds.push(Box::new(Bound(value, PhantomData)));
        self
    }

    /// Appends text, for statements that are put together from fixed parts (filters, sort orders).
    pub fn push(mut self, text: &str) -> Self {
        self.text.to_mut().push_str(text);
        self
    }

    /// Puts text before and after, as around a subquery.
    pub fn wrap(mut self, before: &str, after: &str) -> Self {
        self.text = Cow::Owned(format!("{before}{}{after}", self.text));
        self
    }

    /// Binds a value and returns the number of its placeholder, for statements put together from parts.
    pub fn bind_next<V>(&mut self, value: V) -> usize
    where
        V: Param + 'q,
        V::St: Send,
        Pg: HasSqlType<V::St>,
    {
        self.binds.push(Box::new(Bound(value, PhantomData)));
        self.binds.len()
    }

    /// Appends text in place; see [`Sql::push`].
    pub fn push_mut(&mut self, text: &str) {
        self.text.to_mut().push_str(text);
    }

    /// Says that the text is one of very many (a client's own combination of filters): it is prepared for this once and
    /// not kept, so that nobody can fill the connections' memory with texts.
    pub fn one_off(&mut self) {
        self.one_off = true;
    }

    /// The statement's text, for logs.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl QueryFragment<Pg> for Sql<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if self.one_off {
            out.unsafe_to_cache_prepared();
        }
        out.push_sql(&self.text);
        for bind in &self.binds {
            bind.walk_ast(out.reborrow())?;
        }
        Ok(())
    }
}

// No static id: diesel then keys its cache by the text and the types of the binds.
impl QueryId for Sql<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Sql<'_> {
    type SqlType = Untyped;
}

/// Stores an enum as text: its variants with the words that the `CHECK` constraint lists.
#[macro_export]
macro_rules! text_enum {
    ($name:ident { $($variant:ident => $text:literal),* $(,)? }) => {
        impl $name {
            /// The word in the database.
            pub fn as_str(self) -> &'static str { match self { $(Self::$variant => $text),* } }
            /// All variants, in the order of the type.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text { $($text => Ok(Self::$variant),)* other => Err(format!("{other:?} is no {}", stringify!($name))) }
            }
        }
        impl $crate::framework::db::Typed for $name { type St = diesel::sql_types::Text; }
        impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>) -> diesel::serialize::Result {
                std::io::Write::write_all(out, self.as_str().as_bytes())?;
                Ok(diesel::serialize::IsNull::No)
            }
        }
        impl diesel::deserialize::FromSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                let text = std::str::from_utf8(bytes.as_bytes())?;
                text.parse().map_err(|e: String| e.into())
            }
        }
    };
}
