use std::io::ErrorKind;
use std::path::PathBuf;

use sqlx::migrate::MigrateError;

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
    /// A later version wrote the database.
    #[error(
        "the database was written by a later version of umbra-collector ({0}); run that version, or give --data another directory"
    )]
    Later(#[source] MigrateError),
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

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = match &error {
            sqlx::Error::Database(database) => database.code().and_then(|code| code.parse::<u32>().ok()),
            sqlx::Error::PoolTimedOut => return Self::Busy(error),
            _ => None,
        };
        // SQLITE_IOERR_SHMSIZE: there was no room for the index of the log. https://sqlite.org/rescode.html
        if code == Some(4874) {
            return Self::Full(error);
        }
        // Primary result codes are the low byte of the extended ones.
        match code.map(|code| code & 0xff) {
            Some(5 | 6) => Self::Busy(error),
            Some(11 | 26) => Self::Damaged(error),
            Some(13) => Self::Full(error),
            Some(8 | 10 | 14) => Self::Unusable(error),
            _ => Self::Statement(error),
        }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => source.into(),
            MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => Self::Later(error),
            other => Self::Migrate(other),
        }
    }
}
