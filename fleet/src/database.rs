//! Where a collector keeps its inventory.

use std::fmt;
use std::path::PathBuf;

/// Which kind of database is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
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
