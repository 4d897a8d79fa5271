use std::fmt;
use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// Parameters that may stand behind the `?`. Others are refused: sqlx would pass over them, and log their values.
const PARAMETERS: [&str; 11] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// A PostgreSQL database and how it is reached. What it shows of itself holds no password.
#[derive(Clone)]
pub struct Database(Box<PgConnectOptions>);

/// What is no address of a PostgreSQL database. It repeats nothing of it, as a password may stand anywhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// Another kind of database.
    #[error(
        "--database takes postgres://USER@HOST/DATABASE; leave it out for SQLite in the --data directory"
    )]
    Kind,
    /// Not a URL.
    #[error(
        "--database is not right: write postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full, with %XX for special characters in the password"
    )]
    Url,
    /// An unknown parameter.
    #[error("--database has a parameter behind the `?` that is not known; known are {}", PARAMETERS.join(", "))]
    Parameter,
}

impl Database {
    pub(super) fn options(&self) -> &PgConnectOptions {
        &self.0
    }
}

impl FromStr for Database {
    type Err = DatabaseError;

    fn from_str(text: &str) -> Result<Self, DatabaseError> {
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(DatabaseError::Kind);
        }
        let url = reqwest::Url::parse(text).map_err(|_| DatabaseError::Url)?;
        if url.query_pairs().any(|(key, _)| !PARAMETERS.contains(&&*key)) {
            return Err(DatabaseError::Parameter);
        }
        let options: PgConnectOptions = text.parse().map_err(|_| DatabaseError::Url)?;
        // Nothing here has a fraction, and a pooler may refuse to hear of it.
        let options = options.extra_float_digits(None);
        let named = options.get_application_name().is_some();
        let options = if named {
            options
        } else {
            options.application_name("umbra-collector")
        };
        Ok(Self(Box::new(options)))
    }
}

impl fmt::Display for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(options) = self;
        write!(formatter, "PostgreSQL, ")?;
        if let Some(database) = options.get_database() {
            write!(formatter, "{database} ")?;
        }
        match options.get_socket() {
            Some(socket) => write!(formatter, "at {}", socket.display())?,
            None => write!(formatter, "at {}:{}", options.get_host(), options.get_port())?,
        }
        let tls = match options.get_ssl_mode() {
            PgSslMode::Disable => "disable",
            PgSslMode::Allow => "allow",
            PgSslMode::Prefer => "prefer",
            PgSslMode::Require => "require",
            PgSslMode::VerifyCa => "verify-ca",
            PgSslMode::VerifyFull => "verify-full",
        };
        write!(formatter, " as {}, sslmode {tls}", options.get_username())
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}
