use std::fs::OpenOptions;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::database::{Database, Held, cost};
use super::fault::Fault;
use super::form::{self, Form};
use super::head::Head;
use super::mark::Mark;
use super::mend;
use super::row::{self, Run};

impl Database {
    /// Opens or makes the file at `path`; damaged when anything in it is not what was written last.
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        mend::finish(path)?;
        let (mark, noted) = Mark::of(path);
        let mut connection = Connection::open(path)?;
        // Until it is closed in good order: a damaged file stays as it was found, with its log.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        // Before anything is read: without shared memory there is no third file that a full disk could refuse.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // FULL: a commit that a power cut took back would let numbers be used twice, and the collector would take
        // the second record for a repeat of the first. There is at most about one commit a second.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "cache_size", -512)?;
        let form = Form::of(&connection)?;
        let is_new = matches!(form, Form::Empty) && noted.is_none();
        match form {
            Form::Empty if is_new => {
                let transaction = connection.transaction()?;
                form::create(&transaction, Head::fresh())?;
                transaction.commit()?;
            }
            Form::Empty => return Err(Fault::Damaged("it is empty, and it was not".to_owned())),
            Form::WithoutSums => form::upgrade(&mut connection)?,
            Form::Now => {}
        }
        let held = load(&connection)?;
        may_write(&connection, path)?;
        let mut database = Self {
            connection,
            mark,
            held,
        };
        if noted.is_some_and(|noted| noted.is_ahead_of(held.head)) {
            return Err(Fault::Damaged("what was written last is missing".to_owned()));
        }
        if !is_new && !noted.is_some_and(|noted| noted.proves(held.head)) {
            database.leap()?;
        }
        database.mark.renew(database.held.head);
        Ok(database)
    }
}

/// Damaged when a file that may be written says that it may not: a bit of its head does (file format, 1.3.3).
fn may_write(connection: &Connection, path: &Path) -> Result<(), Fault> {
    if connection.is_readonly("main")? && OpenOptions::new().write(true).open(path).is_ok() {
        return Err(Fault::Damaged("it says that it may only be read".to_owned()));
    }
    Ok(())
}

/// Looks at all that the file holds.
pub(super) fn load(connection: &Connection) -> Result<Held, Fault> {
    let sound: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        return Err(Fault::Damaged(sound));
    }
    let mut held = Held {
        head: Head::read(connection)?,
        records: 0,
        bytes: 0,
    };
    let mut run = Run(held.head.first);
    let mut select = connection.prepare("SELECT sequence, body, sum FROM record ORDER BY sequence")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (sequence, body) = row::read(row, held.head.epoch)?;
        run.take(row::begin_of(sequence, body)?, sequence)?;
        held.records += 1;
        held.bytes += cost(body);
    }
    run.reach(held.head.next)?;
    Ok(held)
}
