use std::io;

use rusqlite::ErrorCode;

/// Why the spool's file cannot serve.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// Its content makes no sense: it will not heal.
    #[error("damaged: {0}")]
    Damaged(String),
    /// The disk is full, away or refuses: it may heal.
    #[error(transparent)]
    Unusable(rusqlite::Error),
    /// The same, of the files beside the database.
    #[error(transparent)]
    File(#[from] io::Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            // `Unknown` is SQLITE_ERROR: a statement does not fit the schema, so the schema is not ours.
            // Without a code, it is a value that does not fit its column.
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown) | None => {
                Self::Damaged(error.to_string())
            }
            Some(_) => Self::Unusable(error),
        }
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Damaged(format!("a record is no record: {error}"))
    }
}
