//! SQLite in the data directory.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqliteConnection, SqlitePool};

use super::{PATIENCE, StoreError, directory, migrations};

/// How many connections read at the same time.
const READERS: u32 = 4;
/// Memory for pages that are written, in KiB, negative (<https://sqlite.org/pragma.html#pragma_cache_size>): the hours and
/// uses of a fleet's callers lie all over the tables, and each report meets its own.
const WRITER_CACHE: &str = "-65536";
/// The same for each that reads: a search goes through all terms, 6 MB of 50,000 hosts.
const READER_CACHE: &str = "-16384";
/// Pages of 4 KiB in the log before they are written to the database (<https://sqlite.org/wal.html>, section 3.2): what
/// changes again until then is written once.
const CHECKPOINT: &str = "8000";
/// The database in the data directory.
pub(super) const FILE_NAME: &str = "umbra.db";

/// One connection writes, so that transactions never wait for each other inside SQLite; a few others read.
#[derive(Debug)]
pub(super) struct Pools {
    pub(super) writer: SqlitePool,
    pub(super) readers: SqlitePool,
    /// Held for as long as the store is open; `None` beside a collector that holds it.
    lock: Option<File>,
}

impl Pools {
    /// Opens the database in `dir`, making what is missing. With `beside`, also while a collector has it.
    pub(super) async fn open(dir: &Path, beside: bool) -> Result<Self, StoreError> {
        let lock = match directory::take(dir, FILE_NAME) {
            Err(StoreError::Locked { .. }) if beside => None,
            taken => Some(taken?),
        };
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
            // There is no server that could have gone meanwhile.
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .after_release(|connection, _| Box::pin(is_sound(connection)))
            .connect_with(
                options
                    .clone()
                    .pragma("cache_size", WRITER_CACHE)
                    .pragma("wal_autocheckpoint", CHECKPOINT),
            )
            .await?;
        // Beside a collector of the same version this changes nothing, and one of another version it does not harm:
        // a later form of the tables is refused, and a new one waits for the collector that brings it.
        if lock.is_some() {
            migrations::sqlite().run(&writer).await?;
        }
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(PATIENCE)
            .test_before_acquire(false)
            .connect_with(options.read_only(true).pragma("cache_size", READER_CACHE))
            .await?;
        Ok(Self {
            writer,
            readers,
            lock,
        })
    }

    /// Whether no collector but this one uses the database.
    pub(super) fn are_alone(&self) -> bool {
        self.lock.is_some()
    }

    /// Waits for what runs, then closes: SQLite folds its log into the database.
    pub(super) async fn close(&self) {
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
