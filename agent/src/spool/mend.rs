//! What a damaged file still holds goes into a new one, and gaps stand for what it does not.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction};

use super::fault::Fault;
use super::form;
use super::head::Head;
use super::mark::{Mark, Noted};
use super::row::{self, LEAP, Place};
use super::set_aside::set_aside;

/// No row takes fewer bytes: a damaged file that gives more rows goes round in circles.
const LEAST_ROW: u64 = 16;

/// What became of a damaged file.
pub(super) struct Mended {
    /// Where it is now.
    pub(super) aside: PathBuf,
    /// Records that went into the new file.
    pub(super) saved: u64,
    /// Records that gaps stand for; unknown when neither file nor mark told the numbers.
    pub(super) lost: Option<u64>,
}

/// Sets the damaged file at `path` aside, with a new one in its place.
///
/// The new one has the same epoch and numbers, as far as file or mark tell them. After an error nothing has changed.
pub(super) fn mend(path: &Path) -> Result<Mended, Fault> {
    let (mut mark, noted) = Mark::of(path);
    let old = look(path);
    let known = numbers(old.as_ref().and_then(|old| Head::read(old).ok()), noted);
    let mut head = known.unwrap_or_else(Head::fresh);
    let rows = (length(path) + length(&log(path))) / LEAST_ROW;
    let (mut saved, mut lost) = (0, 0);
    let new_file = mended(path);
    remove(&new_file)?;
    let built = build(&new_file, |new| {
        form::create(new, head)?;
        if let Some(old) = &old {
            (saved, head.next) = salvage(old, head, rows, new)?;
        }
        if known.is_some() && !noted.is_some_and(|noted| noted.proves(head)) {
            head.next += LEAP;
        }
        lost = fill(new, head)?;
        head.write(new)
    });
    drop(old);
    if let Err(fault) = built {
        remove(&new_file)?;
        return Err(fault);
    }
    let aside = set_aside(path)?;
    fs::rename(&new_file, path)?;
    mark.renew(head);
    Ok(Mended {
        aside,
        saved,
        lost: known.map(|_| lost),
    })
}

/// Ends what a kill left half done in [`mend`].
pub(super) fn finish(path: &Path) -> io::Result<()> {
    let new_file = mended(path);
    if !new_file.exists() {
        Ok(())
    } else if path.exists() {
        remove(&new_file)
    } else {
        fs::rename(&new_file, path)
    }
}

/// The furthest of what both say. Where they tell of different epochs, the mark is the older one.
fn numbers(file: Option<Head>, noted: Option<Noted>) -> Option<Head> {
    match (file, noted.map(|noted| noted.head)) {
        (Some(file), Some(mark)) if file.epoch == mark.epoch => Some(Head {
            epoch: file.epoch,
            first: file.first.max(mark.first),
            next: file.next.max(mark.next),
        }),
        (file, mark) => file.or(mark),
    }
}

/// Opens a damaged file without changing it.
fn look(path: &Path) -> Option<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).ok()?;
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .ok()?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE").ok()?;
    Some(connection)
}

/// Makes a file that is whole when this returns.
fn build(path: &Path, fill: impl FnOnce(&Transaction<'_>) -> Result<(), Fault>) -> Result<(), Fault> {
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    // Until it has its name nobody reads it.
    connection.pragma_update(None, "journal_mode", "OFF")?;
    let transaction = connection.transaction()?;
    fill(&transaction)?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error.into())
}

/// Takes over each record whose sum is right; gives how many, and the number after the last one.
fn salvage(old: &Connection, head: Head, most: u64, new: &Transaction<'_>) -> Result<(u64, u64), Fault> {
    let (mut saved, mut next) = (0, head.next);
    // From both ends: the first fault that SQLite meets is the last row that it reads.
    for order in ["ASC", "DESC"] {
        let select = format!("SELECT sequence, body, sum FROM record ORDER BY sequence {order}");
        let Ok(mut select) = old.prepare(&select) else {
            continue;
        };
        let Ok(mut rows) = select.query([]) else { continue };
        for _ in 0..most {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => return Ok((saved, next)),
                Err(_) => break,
            };
            let Ok((sequence, body)) = row::read(row, head.epoch) else {
                continue;
            };
            if sequence >= head.first && row::write(new, head.epoch, sequence, body)? {
                saved += 1;
                next = next.max(sequence + 1);
            }
        }
    }
    Ok((saved, next))
}

/// Puts gaps where records are missing; gives how many are.
fn fill(new: &Transaction<'_>, head: Head) -> Result<u64, Fault> {
    let now = Timestamp::now();
    let mut expected = head.first;
    let mut before = None;
    let mut lost = 0;
    let mut after = 0;
    loop {
        let mut select = new.prepare_cached(
            "SELECT sequence, body, sum FROM record WHERE sequence > ?1 ORDER BY sequence LIMIT 1",
        )?;
        let mut rows = select.query([after])?;
        let found = match rows.next()? {
            Some(row) => {
                let (sequence, body) = row::read(row, head.epoch)?;
                Some((sequence, Place::of(body)?))
            }
            None => None,
        };
        let begin = found
            .as_ref()
            .map_or(head.next, |(sequence, place)| place.begin(*sequence));
        if let Some((sequence, _)) = found.as_ref().filter(|_| begin < expected) {
            // Half of it is done with: it cannot be sent, and so it is lost with what is missing before the next.
            after = sequence.cast_signed();
            new.execute("DELETE FROM record WHERE sequence = ?1", [after])?;
            continue;
        }
        if begin > expected {
            let until = found.as_ref().map_or(now, |(_, place)| place.first_seen);
            let body = row::gap(expected, begin, before.unwrap_or(until), until)?;
            row::write(new, head.epoch, begin - 1, &body)?;
            lost += (begin - expected) % LEAP;
        }
        let Some((sequence, place)) = found else {
            return Ok(lost);
        };
        expected = sequence + 1;
        after = sequence.cast_signed();
        before = Some(place.last_seen);
    }
}

fn mended(path: &Path) -> PathBuf {
    path.with_extension("mended")
}

fn log(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |about| about.len())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
