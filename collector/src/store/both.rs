//! What differs by the database, side by side: each value of [`Both`] is SQLite's or PostgreSQL's, and [`on!`] runs
//! one text on either, which is compiled for each. So a query stands here once, in the SQL that both know: `$1` for values, `CAST`, `CASE`,
//! `ON CONFLICT`, `RETURNING`; times and counts are 64-bit integers.

use sqlx::{Postgres, Sqlite, SqlitePool};

use super::StoreError;
use super::sessions::Sessions;

/// A thing of SQLite's, or the same of PostgreSQL's.
#[derive(Debug)]
pub(super) enum Both<S, P> {
    Sqlite(S),
    Postgres(P),
}

/// Where single statements run.
pub(super) type Pool<'a> = Both<&'a SqlitePool, &'a Sessions>;

/// Statements that hold together; dropped, they are rolled back.
pub(super) type Transaction = Both<sqlx::Transaction<'static, Sqlite>, sqlx::Transaction<'static, Postgres>>;

/// Runs `$body` with `$db` being whichever it is.
macro_rules! on {
    ($which:expr, |$db:ident| $body:expr) => {
        match $which {
            $crate::store::both::Both::Sqlite($db) => $body,
            $crate::store::both::Both::Postgres($db) => $body,
        }
    };
}

/// A statement in two wordings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wording {
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
}

/// A statement that takes rows as one value, `$1`: a JSON array, which the two databases unpack by functions of
/// different names. Each of its items is `value`.
///
/// `json_each` of SQLite would write an item out as text wherever it is named, for `->>` to read again.
///
/// What is to be looked up by an item stands in a scalar subquery: for a join PostgreSQL would read a whole table that
/// it thinks is small.
macro_rules! with_rows {
    ($before:expr, $after:expr) => {
        $crate::store::both::Wording {
            sqlite: concat!($before, " jsonb_each($1) ", $after),
            postgres: concat!($before, " jsonb_array_elements(CAST($1 AS jsonb)) ", $after),
        }
    };
}

pub(super) use {on, with_rows};

impl<S, P> Both<S, P> {
    /// The wording for this database.
    pub(super) fn word(&self, wording: Wording) -> &'static str {
        match self {
            Self::Sqlite(_) => wording.sqlite,
            Self::Postgres(_) => wording.postgres,
        }
    }
}

impl Transaction {
    /// Makes it last.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        on!(self, |transaction| transaction.commit().await).map_err(StoreError::from)
    }
}
