//! A backup is a data directory: the database, whole as of one moment, and the authority's files.
//!
//! Both ways are in the audit log: everything that is kept leaves by the one, and by the other the log goes back to what it
//! was. The database is not opened as a store for that, which would bring its tables to this version's form.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{Connection as _, SqlitePool};

use super::audit::{Action, By, record};
use super::sqlite::FILE_NAME;
use super::{Both, Location, StoreError, count, directory, time};

/// What lies beside the database and belongs to it.
const BESIDE: [&str; 2] = ["authority.pem", "authority.key"];

/// Writes a backup of the store into `to`, a directory that is made; a collector may run meanwhile. The audit log has it
/// before the copy is made, so that the copy has it, too; what cannot be written there is not backed up.
pub async fn back_up(location: &Location, to: &Path, by: &By<'_>) -> Result<(), StoreError> {
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
    if let Err(error) = write(&from.join(FILE_NAME), &copy, by).await {
        // Half a backup is none.
        let _ = fs::remove_file(&copy);
        return Err(error);
    }
    durable(&copy).map_err(|source| failed("write", &copy, source))?;
    beside(from, to)
}

async fn write(database: &Path, copy: &Path, by: &By<'_>) -> Result<(), StoreError> {
    let pool = alone(SqliteConnectOptions::new().filename(database)).await?;
    let written = async {
        note(&pool, by, Action::Backup, &json!({ "to": whole(copy.parent()) })).await?;
        sqlx::query("VACUUM INTO $1")
            .bind(copy.to_string_lossy().into_owned())
            .execute(&pool)
            .await?;
        Ok(())
    };
    let written = written.await;
    pool.close().await;
    written
}

/// Puts a backup into the data directory of `location`, where no database may be. Its audit log goes on with that.
pub async fn restore(location: &Location, from: &Path, by: &By<'_>) -> Result<(), StoreError> {
    let Location::Directory(to) = location else {
        return Err(StoreError::Tools);
    };
    let database = from.join(FILE_NAME);
    let log = from.join(format!("{FILE_NAME}-wal"));
    if log.metadata().is_ok_and(|file| file.len() > 0) {
        return Err(StoreError::NoBackup(log));
    }
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
    let new = copied(&database, &target)?;
    if let Err(error) = note_restored(&new, from, by).await {
        // One whose log does not tell of it is not taken up.
        let _ = fs::remove_file(&new);
        return Err(error);
    }
    put(&new, &target)
}

async fn note_restored(database: &Path, from: &Path, by: &By<'_>) -> Result<(), StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(database)
        // A copy that is not written to its end is made anew: it leaves no journal that would be taken for that of the next.
        .journal_mode(SqliteJournalMode::Memory);
    let pool = alone(options).await?;
    let noted = async {
        // What `backup` wrote has its entry; of another copy it is the last backup that was made before.
        let backup: Option<(i64, i64)> =
            sqlx::query_as("SELECT number, time FROM audit WHERE action = $1 ORDER BY number DESC LIMIT 1")
                .bind(Action::Backup.as_str())
                .fetch_optional(&pool)
                .await?;
        let detail = json!({
            "from": whole(Some(from)),
            "last_backup": backup.map(|(_, at)| time(at)),
            "entry_of_it": backup.map(|(number, _)| count(number)),
        });
        note(&pool, by, Action::Restored, &detail).await
    };
    let noted = noted.await;
    pool.close().await;
    noted
}

/// The database in a file, as it is: by one connection.
async fn alone(options: SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
    let pool = SqlitePoolOptions::new().max_connections(1);
    Ok(pool.connect_with(options.create_if_missing(false)).await?)
}

/// Adds an entry to the audit log of that database.
async fn note(pool: &SqlitePool, by: &By<'_>, action: Action, detail: &Value) -> Result<(), StoreError> {
    let mut transaction = Both::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?);
    record(&mut transaction, by, action, FILE_NAME, detail).await?;
    transaction.commit().await
}

/// A directory from the root on: where the command ran is not known a year later.
fn whole(dir: Option<&Path>) -> String {
    let dir = dir.unwrap_or(Path::new("."));
    let whole = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    whole.to_string_lossy().into_owned()
}

fn beside(from: &Path, to: &Path) -> Result<(), StoreError> {
    for name in BESIDE {
        if from.join(name).exists() {
            let to = to.join(name);
            put(&copied(&from.join(name), &to)?, &to)?;
        }
    }
    Ok(())
}

/// Copies a file for this user alone, beside where it is to be; gives the copy's name.
fn copied(from: &Path, to: &Path) -> Result<PathBuf, StoreError> {
    let new = to.with_extension("new");
    let mut source = File::open(from).map_err(|source| failed("read", from, source))?;
    private(&new)
        .and_then(|mut file| io::copy(&mut source, &mut file))
        .map_err(|source| failed("write", &new, source))?;
    Ok(new)
}

/// Puts the copy where it is to be, whole or not at all.
fn put(new: &Path, to: &Path) -> Result<(), StoreError> {
    durable(new)
        .and_then(|()| fs::rename(new, to))
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
