//! A backup is a data directory: the database, whole as of one moment, and the authority's files.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::sqlite::FILE_NAME;
use super::{Location, StoreError, directory};

/// What lies beside the database and belongs to it.
const BESIDE: [&str; 2] = ["authority.pem", "authority.key"];

/// Writes a backup of the store into `to`, a directory that is made; a collector may run meanwhile.
pub async fn back_up(location: &Location, to: &Path) -> Result<(), StoreError> {
    let Location::Directory(from) = location else {
        return Err(StoreError::Tools);
    };
    let copy = to.join(FILE_NAME);
    if copy.exists() {
        return Err(StoreError::Exists(copy));
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(to)
        .map_err(|source| failed("make", to, source))?;
    // SQLite writes into a file that is there when it is empty; this one is private.
    drop(private(&copy).map_err(|source| failed("write", &copy, source))?);
    let options = SqliteConnectOptions::new()
        .filename(from.join(FILE_NAME))
        .create_if_missing(false);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let written = sqlx::query("VACUUM INTO $1")
        .bind(copy.to_string_lossy().into_owned())
        .execute(&mut connection)
        .await;
    connection.close().await?;
    if let Err(error) = written {
        // Half a backup is none.
        let _ = fs::remove_file(&copy);
        return Err(error.into());
    }
    durable(&copy).map_err(|source| failed("write", &copy, source))?;
    beside(from, to)
}

/// Puts a backup into the data directory of `location`, where no database may be.
pub async fn restore(location: &Location, from: &Path) -> Result<(), StoreError> {
    let Location::Directory(to) = location else {
        return Err(StoreError::Tools);
    };
    let database = from.join(FILE_NAME);
    let options = SqliteConnectOptions::new()
        .filename(&database)
        .create_if_missing(false)
        .read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let fault: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    if fault != "ok" {
        return Err(failed("use", &database, io::Error::other(fault)));
    }
    let target = to.join(FILE_NAME);
    // The log of a database that was here would be taken for that of the new one.
    for there in [target.clone(), to.join(format!("{FILE_NAME}-wal"))] {
        if there.metadata().is_ok_and(|file| file.len() > 0) {
            return Err(StoreError::Exists(there));
        }
    }
    let _lock = directory::take(to, FILE_NAME)?;
    // The authority first: without it a collector would make another one.
    beside(from, to)?;
    copy(&database, &target)
}

fn beside(from: &Path, to: &Path) -> Result<(), StoreError> {
    for name in BESIDE {
        if from.join(name).exists() {
            copy(&from.join(name), &to.join(name))?;
        }
    }
    Ok(())
}

/// Copies a file for this user alone, whole or not at all.
fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let new: PathBuf = to.with_extension("new");
    let mut source = File::open(from).map_err(|source| failed("read", from, source))?;
    private(&new)
        .and_then(|mut file| io::copy(&mut source, &mut file))
        .and_then(|_| durable(&new))
        .and_then(|()| fs::rename(&new, to))
        .and_then(|()| durable(to.parent().unwrap_or(to)))
        .map_err(|source| failed("write", to, source))
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

fn durable(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn failed(what: &'static str, path: &Path, source: io::Error) -> StoreError {
    StoreError::File {
        what,
        path: path.to_owned(),
        source,
    }
}
