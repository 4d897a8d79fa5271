//! Where a collector keeps its inventory.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use rusqlite::OpenFlags;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};

/// The collector's file in its data directory.
const FILE: &str = "umbra.db";

/// Which kind of database is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Embedded, in a folder of its own.
    Sqlite,
    /// A private server with PostgreSQL's default durability.
    Postgres,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// One database.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// SQLite in this data directory.
    Directory(PathBuf),
    /// PostgreSQL at this address.
    Postgres(String),
}

impl Place {
    /// What a query that runs on both gives. All its columns are text.
    pub(crate) async fn rows(&self, sql: &str) -> Result<Vec<Vec<String>>> {
        match self {
            Self::Directory(directory) => {
                let file = directory.join(FILE);
                let database = rusqlite::Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY)
                    .with_context(|| format!("cannot open {}", file.display()))?;
                let mut statement = database.prepare(sql)?;
                let columns = statement.column_count();
                let rows =
                    statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect())?;
                rows.collect::<Result<_, _>>()
                    .context("cannot read the inventory")
            }
            Self::Postgres(url) => {
                let mut database = PgConnection::connect(url)
                    .await
                    .context("cannot reach PostgreSQL")?;
                let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut database).await?;
                database.close().await?;
                let text =
                    |row: &sqlx::postgres::PgRow| (0..row.len()).map(|column| row.try_get(column)).collect();
                rows.iter()
                    .map(text)
                    .collect::<Result<_, _>>()
                    .context("cannot read the inventory")
            }
        }
    }

    /// Transactions so far that wrote, whoever's.
    pub(crate) async fn commits(&self) -> Result<u64> {
        match self {
            // `iChange` of the WAL's index, in this machine's byte order: it rises with each transaction
            // (<https://sqlite.org/walformat.html#the_wal_index_header>).
            Self::Directory(directory) => {
                let index =
                    std::fs::read(directory.join(format!("{FILE}-shm"))).context("no index of the WAL")?;
                let change = index.get(8..12).and_then(|bytes| bytes.try_into().ok());
                Ok(u32::from_ne_bytes(change.context("the index of the WAL is cut")?).into())
            }
            // Only a transaction that writes gets a number.
            Self::Postgres(_) => {
                let rows = self
                    .rows("SELECT CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT)")
                    .await?;
                let number = rows.first().and_then(|row| row.first()?.parse().ok());
                number.context("PostgreSQL tells no transaction's number")
            }
        }
    }
}
