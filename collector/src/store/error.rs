use std::io::ErrorKind;
use std::path::PathBuf;

use sqlx::migrate::MigrateError;
use sqlx::postgres::PgDatabaseError;

use super::postgres::CONNECTIONS;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data directory cannot be made or written.
    #[error("cannot write in the data directory {}: {source}; {}", dir.display(), remedy(source))]
    Directory {
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another collector holds the data directory.
    #[error("another umbra-collector{} already uses {}; stop it, or give --data another directory", holder.as_ref().map(|pid| format!(" (pid {pid})")).unwrap_or_default(), dir.display())]
    Locked {
        /// The directory.
        dir: PathBuf,
        /// The other's process id, when it is known.
        holder: Option<String>,
    },
    /// What is to be restored is a data directory: what is in its log would be lost.
    #[error(
        "{} says that this is no backup but a data directory that was in use: run `umbra-collector backup` on it, and restore that", _0.display()
    )]
    NoBackup(PathBuf),
    /// The database is not one, or is damaged.
    #[error(
        "the database is damaged ({0}); stop the collector, put umbra.db back from a backup or move umbra.db, umbra.db-wal and umbra.db-shm out of the data directory to begin a new one"
    )]
    Damaged(#[source] sqlx::Error),
    /// The disk is full.
    #[error(
        "the disk that holds the database is full; free some space: agents keep their records and send them again"
    )]
    Full(#[source] sqlx::Error),
    /// The database is held by another for too long.
    #[error("the database is busy ({0}); try again")]
    Busy(#[source] sqlx::Error),
    /// The database cannot be opened or written.
    #[error(
        "the database cannot be used ({0}); see that its file system is mounted writable and that this user owns umbra.db in the data directory"
    )]
    Unusable(#[source] sqlx::Error),
    /// There was no connection to be had.
    #[error(
        "the database gave no connection within 10 s: it is away, or busy; see that it runs, and max_connections of PostgreSQL: agents keep their records and send them again"
    )]
    Waiting,
    /// PostgreSQL is away.
    #[error(
        "PostgreSQL does not answer ({0}); see that it runs and that this host reaches it: agents keep their records and send them again"
    )]
    Away(#[source] sqlx::Error),
    /// PostgreSQL has no connection to spare.
    #[error(
        "PostgreSQL has no connection left ({0}); raise its max_connections: a collector takes up to {CONNECTIONS}"
    )]
    Crowded(#[source] sqlx::Error),
    /// A pooler lost a prepared statement, or gave it to another.
    #[error(
        "a pooler before PostgreSQL mixes up prepared statements ({0}); set its max_prepared_statements (PgBouncer 1.21 or later) or pool_mode = session, and start the collector again"
    )]
    Pooler(#[source] sqlx::Error),
    /// PostgreSQL does not let this user in.
    #[error(
        "PostgreSQL refuses the login ({0}); see user, password and database in --database or PGPASSFILE, sslmode, and the server's pg_hba.conf"
    )]
    Login(#[source] sqlx::Error),
    /// PostgreSQL takes no writes.
    #[error(
        "PostgreSQL takes no writes ({0}): it is a standby, or was set read-only; give --database the primary"
    )]
    ReadOnly(#[source] sqlx::Error),
    /// What others did at the same time was in the way.
    #[error("the database was busy with the same rows ({0}); try again")]
    Conflict(#[source] sqlx::Error),
    /// A row that was there is gone: others removed it at the same time.
    #[error("a row went while it was used; try again")]
    Gone,
    /// A later version wrote the database.
    #[error(
        "the database was written by a later version of umbra-collector (it takes collectors with migration {oldest} or later; this one has {own}); run that version, or use another database"
    )]
    Later {
        /// The number of the migration that a collector must have.
        oldest: i64,
        /// This one's last.
        own: i64,
    },
    /// The policy is another one than the change was planned against.
    #[error(
        "the policy is at version {version} by now, and this was planned against version {planned}: plan again"
    )]
    PolicyMoved {
        /// The version that it was planned against.
        planned: u64,
        /// The last one.
        version: u64,
    },
    /// Another one has what this one was doing.
    #[error("this was away for so long that another one has begun meanwhile; wait for its end")]
    Overtaken,
    /// There is a backup to make or to put back, and it cannot be.
    #[error("cannot {what} {}: {source}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file that would be overwritten.
    #[error("{} is there already; move it away, or name another directory", .0.display())]
    Exists(PathBuf),
    /// What PostgreSQL has tools for.
    #[error(
        "a PostgreSQL database is backed up by `pg_dump --format=custom` and restored by `pg_restore`: docs/OPERATIONS.md"
    )]
    Tools,
    /// The tables could not be brought to this version's form.
    #[error("the tables of the database could not be brought to this version's form: {0}")]
    Migrate(#[source] MigrateError),
    /// The records could not be handed to the database.
    #[error("the records could not be handed to the database: {0}")]
    Encode(#[from] serde_json::Error),
    /// The database refused a statement.
    #[error("the database refused a statement: {0}")]
    Statement(#[source] sqlx::Error),
}

fn remedy(source: &std::io::Error) -> &'static str {
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free some space there, or give --data a directory on another disk"
        }
        _ => "give --data a directory that this user may write to",
    }
}

impl StoreError {
    /// Whether the same may succeed at once: what was in the way is over.
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_) | Self::Gone)
    }

    /// Whether the rows may be at fault: others may do better.
    pub(super) fn is_of_rows(&self) -> bool {
        matches!(
            self,
            Self::Conflict(_) | Self::Gone | Self::Encode(_) | Self::Statement(_)
        )
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => {
                let kind = database.try_downcast_ref().map_or_else(
                    || of_sqlite(database.code().and_then(|code| code.parse().ok())),
                    of_postgres,
                );
                kind(error)
            }
            sqlx::Error::PoolTimedOut => Self::Waiting,
            // SQLite has no connection that could break.
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolClosed => {
                Self::Away(error)
            }
            _ => Self::Statement(error),
        }
    }
}

/// By SQLite's result code (<https://sqlite.org/rescode.html>).
fn of_sqlite(code: Option<u32>) -> fn(sqlx::Error) -> StoreError {
    // SQLITE_IOERR_SHMSIZE: there was no room for the index of the log.
    if code == Some(4874) {
        return StoreError::Full;
    }
    // Primary result codes are the low byte of the extended ones.
    match code.map(|code| code & 0xff) {
        Some(5 | 6) => StoreError::Busy,
        Some(11 | 26) => StoreError::Damaged,
        Some(13) => StoreError::Full,
        Some(8 | 10 | 14) => StoreError::Unusable,
        _ => StoreError::Statement,
    }
}

/// By PostgreSQL's SQLSTATE (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn of_postgres(error: &PgDatabaseError) -> fn(sqlx::Error) -> StoreError {
    match error.code() {
        // A row that others removed, or a month's partition.
        "23503" | "40001" | "40P01" | "55P03" => StoreError::Conflict,
        "23514" if error.constraint().is_none() => StoreError::Conflict,
        // The text of a use, which retention removed after a trigger had found it there (`migrations/0012`, `0015`).
        "23502" if error.table() == Some("postings") => StoreError::Conflict,
        "25006" => StoreError::ReadOnly,
        "53100" => StoreError::Full,
        "53300" => StoreError::Crowded,
        "26000" | "42P05" => StoreError::Pooler,
        "3D000" => StoreError::Login,
        "57014" => StoreError::Busy,
        code if code.starts_with("28") => StoreError::Login,
        // Shut down, crashed, starting; a connection that was ended; no memory.
        code if code.starts_with("57P") || code.starts_with("08") || code.starts_with("53") => {
            StoreError::Away
        }
        "25P03" => StoreError::Away,
        _ => StoreError::Statement,
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => source.into(),
            other => Self::Migrate(other),
        }
    }
}
