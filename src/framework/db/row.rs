//! Rows: from a result to a struct, by column name, without a derive.

use diesel::deserialize::{self, FromSql};
use diesel::pg::Pg;
use diesel::row::{Field, Row as _};

use super::sql::Typed;

/// The row type of diesel's asynchronous PostgreSQL connection.
pub type PgRow =
    <diesel_async::AsyncPgConnection as diesel_async::AsyncConnectionCore>::Row<'static, 'static>;

/// A type that can be read from one row.
pub trait FromRow: Sized {
    /// Reads the columns that this type names.
    fn from_row(row: &PgRow) -> deserialize::Result<Self>;
}

/// Reads column `name`, expected at `index`; another position is found by its name.
pub fn column<T>(row: &PgRow, index: usize, name: &str) -> deserialize::Result<T>
where
    T: Typed + FromSql<T::St, Pg>,
{
    if let Some(field) = row.get(index)
        && field.field_name() == Some(name)
    {
        return T::from_nullable_sql(field.value()).map_err(|e| format!("column {name}: {e}").into());
    }
    let field = row.get(name).ok_or_else(|| format!("the statement returns no column {name}"))?;
    T::from_nullable_sql(field.value()).map_err(|e| format!("column {name}: {e}").into())
}

fn positional<T>(row: &PgRow, index: usize) -> deserialize::Result<T>
where
    T: Typed + FromSql<T::St, Pg>,
{
    let field = row.get(index).ok_or_else(|| format!("the statement returns no column {index}"))?;
    T::from_nullable_sql(field.value())
}

macro_rules! tuple_rows {
    ($($($name:ident $index:tt),+;)+) => { $(
        impl<$($name),+> FromRow for ($($name,)+) where $($name: Typed + FromSql<<$name as Typed>::St, Pg>),+ {
            fn from_row(row: &PgRow) -> deserialize::Result<Self> { Ok(($(positional::<$name>(row, $index)?,)+)) }
        }
    )+ };
}
tuple_rows! {
    A 0;
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
    A 0, B 1, C 2, D 3, E 4;
    A 0, B 1, C 2, D 3, E 4, F 5;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
}

/// Declares a struct that is read from a row: each field is the column of its name.
#[macro_export]
macro_rules! row {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$fmeta:meta])* $fvis:vis $field:ident : $ty:ty),* $(,)? }) => {
        $(#[$meta])* #[derive(Debug, Clone)] $vis struct $name { $($(#[$fmeta])* $fvis $field: $ty),* }
        impl $crate::framework::db::FromRow for $name {
            fn from_row(row: &$crate::framework::db::PgRow) -> diesel::deserialize::Result<Self> {
                let mut index = 0usize;
                $(let $field = $crate::framework::db::column::<$ty>(row, index, stringify!($field))?; index += 1;)*
                let _ = index;
                Ok(Self { $($field),* })
            }
        }
    };
}
