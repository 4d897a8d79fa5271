//! The store: SQLite in the data directory. All SQL of the collector is in this module's files.
//!
//! One connection writes, so that transactions never wait for each other inside SQLite; a few others read.

mod admission;
mod agents;
mod apply;
mod batch;
mod directory;
mod enrolments;
mod error;
mod evidence;
mod health;
mod outbox;
mod tokens;
mod uses;

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection, SqlitePool};

pub use apply::Applied;
pub use enrolments::{Decision, Enrolment};
pub use error::StoreError;
pub(crate) use evidence::rank as evidence_rank;
pub use health::{Health, Loss, Outbox};
pub use outbox::{Alert, Outcome};
pub use tokens::{NewToken, Token};
pub use uses::{NoPosition, Page, Position, Selection, Use};

/// How many connections read at the same time.
const READERS: u32 = 4;
/// How long a request waits for a connection before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);
const FILE_NAME: &str = "umbra.db";

/// The fleet's inventory on disk.
#[derive(Debug)]
pub struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
    /// Held for as long as the store is open; `None` beside a collector that holds it.
    _lock: Option<File>,
}

impl Store {
    /// Opens the store in `dir`, making what is missing.
    pub async fn open(dir: &Path) -> Result<Self, StoreError> {
        let lock = directory::take(dir, FILE_NAME)?;
        Self::connect(dir, Some(lock)).await
    }

    /// Opens the store for a command: also beside a collector that runs, whose tables are then of its form.
    pub async fn open_beside(dir: &Path) -> Result<Self, StoreError> {
        match directory::take(dir, FILE_NAME) {
            Ok(lock) => Self::connect(dir, Some(lock)).await,
            Err(StoreError::Locked { .. }) => Self::connect(dir, None).await,
            Err(error) => Err(error),
        }
    }

    async fn connect(dir: &Path, lock: Option<File>) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(dir.join(FILE_NAME))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // An acknowledged record must outlive a power cut: in WAL mode only FULL syncs at each commit.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5))
            .foreign_keys(true)
            .pragma("temp_store", "memory");
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(PATIENCE)
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(|connection, _| Box::pin(batch::prepare(connection)))
            .after_release(|connection, _| Box::pin(is_sound(connection)))
            .connect_with(options.clone())
            .await?;
        // Beside a collector of the same version this changes nothing, and one of another version it does not harm:
        // a later form of the tables is refused, and a new one waits for the collector that brings it.
        if lock.is_some() {
            sqlx::migrate!().run(&writer).await?;
        }
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(PATIENCE)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self {
            writer,
            readers,
            _lock: lock,
        })
    }

    /// Waits for what runs, then closes: SQLite folds its log into the database.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Whether a connection may be used again. SQLite ends a transaction by itself when the disk is full or fails
/// (<https://sqlite.org/lang_transaction.html>, 2.4); sqlx still counts it, cannot roll it back, and would refuse
/// every later one on this connection.
async fn is_sound(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // Waits for the rollback that a dropped transaction asked for.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// Milliseconds since 1970-01-01 UTC, as the store keeps times.
fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// A time of the store. What lies outside the calendar is not something this store wrote; it reads as 1970.
fn time(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or_default()
}

/// A count of the store.
fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

/// A count for the store; what does not fit stays at its greatest number.
fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
