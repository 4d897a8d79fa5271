//! Rows of whole numbers, which are most of what a report writes.
//!
//! SQLite takes them as values that are bound, many rows a statement: to unpack JSON costs it as much as to write the
//! row. PostgreSQL takes them as all other rows, because each statement is a way to the server and back.

use std::sync::{Arc, OnceLock};

use sqlx::AssertSqlSafe;

use super::batch::json;
use super::both::Both;
use super::{StoreError, Transaction};

/// Rows of a statement for SQLite, each of which is prepared once: as often the first as it fits, then the next.
/// SQLite takes 32,766 values (<https://sqlite.org/limits.html>, 9).
const SIZES: [usize; 4] = [256, 32, 4, 1];

/// A statement that writes rows of `N` numbers.
#[derive(Debug)]
pub(super) struct Numbers<const N: usize> {
    before: &'static str,
    after: &'static str,
    postgres: &'static str,
    sqlite: [OnceLock<Arc<str>>; SIZES.len()],
}

impl<const N: usize> Numbers<N> {
    /// `before` and `after` the rows for SQLite, and the whole for PostgreSQL.
    pub(super) const fn new(before: &'static str, after: &'static str, postgres: &'static str) -> Self {
        Self {
            before,
            after,
            postgres,
            sqlite: [const { OnceLock::new() }; SIZES.len()],
        }
    }

    /// Writes the rows, if there are any.
    pub(super) async fn write(
        &self,
        transaction: &mut Transaction,
        rows: &[[i64; N]],
    ) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        match transaction {
            Both::Postgres(db) => {
                let rows = json(rows.iter().map(<[i64; N]>::as_slice))?;
                sqlx::query(self.postgres).bind(&rows).execute(&mut **db).await?;
            }
            Both::Sqlite(db) => {
                let mut left = rows;
                for (size, statement) in SIZES.into_iter().zip(&self.sqlite) {
                    while let Some((rows, more)) = left.split_at_checked(size) {
                        let statement = statement.get_or_init(|| self.sqlite(size).into());
                        let mut query = sqlx::query(AssertSqlSafe(Arc::clone(statement)));
                        for number in rows.as_flattened() {
                            query = query.bind(*number);
                        }
                        query.execute(&mut **db).await?;
                        left = more;
                    }
                }
            }
        }
        Ok(())
    }

    fn sqlite(&self, rows: usize) -> String {
        let row = format!("({})", ["?"; N].join(", "));
        let values = vec![row; rows].join(", ");
        format!("{} VALUES {values} {}", self.before, self.after)
    }
}

/// A statement of [`Numbers`]: what comes before the rows, their columns, and what comes after.
macro_rules! numbers {
    (@columns $first:literal $(, $column:literal)*) => {
        concat!("CAST(value ->> ", $first, " AS BIGINT)" $(, ", CAST(value ->> ", $column, " AS BIGINT)")*)
    };
    ($before:expr, [$($column:literal),+], $after:expr) => {
        $crate::store::numbers::Numbers::new(
            $before,
            $after,
            concat!(
                $before,
                " SELECT ",
                $crate::store::numbers::numbers!(@columns $($column),+),
                " FROM jsonb_array_elements(CAST($1 AS jsonb)) ",
                $after
            ),
        )
    };
}

pub(super) use numbers;
