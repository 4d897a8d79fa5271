use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction};
use umbra_fail_point::fail_point;
use umbra_report::{Record, RecordBody};

use super::collapse::collapse;
use super::fault::Fault;
use super::head::Head;
use super::mark::Mark;
use super::row::{self, LEAP, Run};
use super::{opening, renumber};

/// Bytes that a row costs beside its body: header, sequence, sum, its share of the page.
const ROW: u64 = 16;

/// More than the largest gap record takes.
const GAP: u64 = 256;

/// Free pages (of 4 KiB) that stay in the file.
const SPARE_PAGES: i64 = 256;

/// Beyond it an epoch leaps no more: the collector takes no number above 2^48.
const LAST_LEAP: u64 = 1 << 47;

/// The open file. After an error nothing has changed.
pub(crate) struct Database {
    pub(super) connection: Connection,
    pub(super) mark: Mark,
    pub(super) held: Held,
}

/// What is in the file, kept in memory because it is asked for all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) head: Head,
    pub(crate) records: u64,
    /// Bytes of the records with [`ROW`] for each.
    pub(crate) bytes: u64,
}

impl Database {
    /// Closes the file in good order.
    pub(crate) fn close(self) {
        let Self {
            connection,
            mut mark,
            held,
        } = self;
        let checkpoints = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false);
        if checkpoints.is_ok() && connection.close().is_ok() {
            mark.close(held.head);
        }
    }

    pub(crate) fn held(&self) -> Held {
        self.held
    }

    /// Writes records under the next numbers, then drops the oldest while there are more than `cap` bytes.
    ///
    /// Gives the number of observations dropped.
    pub(crate) fn append(&mut self, bodies: &[String], cap: u64) -> Result<u64, Fault> {
        let mut held = self.held;
        let transaction = self.connection.transaction()?;
        for body in bodies {
            held.add(&transaction, held.head.next, body)?;
        }
        let mut dropped = 0;
        if held.bytes > cap {
            let excess = held.bytes + GAP - cap;
            dropped = collapse(&transaction, &mut held, |_, bytes| bytes < excess)?;
        }
        held.head.write(&transaction)?;
        fail_point("spool_appended");
        transaction.commit()?;
        fail_point("spool_committed");
        self.keep(held);
        Ok(dropped)
    }

    /// The oldest records: at least one if there is any, at most `records`, and together at most `bytes` of JSON.
    pub(crate) fn oldest(&self, records: usize, bytes: usize) -> Result<Vec<Record>, Fault> {
        let head = self.held.head;
        let mut select = self
            .connection
            .prepare_cached("SELECT sequence, body, sum FROM record ORDER BY sequence")?;
        let mut rows = select.query([])?;
        let mut run = Run(head.first);
        let mut oldest = Vec::new();
        let mut size = 0;
        while oldest.len() < records {
            let Some(row) = rows.next()? else {
                run.reach(head.next)?;
                break;
            };
            let (sequence, body) = row::read(row, head.epoch)?;
            size += body.len();
            if size > bytes && !oldest.is_empty() {
                break;
            }
            let body: RecordBody = serde_json::from_str(body)?;
            run.take(row::begin(sequence, &body), sequence)?;
            oldest.push(Record { sequence, body });
        }
        Ok(oldest)
    }

    /// Deletes the records up to number `sequence`, because the collector has them.
    pub(crate) fn delete(&mut self, sequence: u64) -> Result<(), Fault> {
        let mut held = self.held;
        let transaction = self.connection.transaction()?;
        let (records, bytes) = transaction.query_row(
            "SELECT count(*), coalesce(sum(octet_length(body)), 0) FROM record WHERE sequence <= ?1",
            [sequence.cast_signed()],
            |row| {
                Ok((
                    row.get::<_, i64>(0)?.cast_unsigned(),
                    row.get::<_, i64>(1)?.cast_unsigned(),
                ))
            },
        )?;
        transaction.execute(
            "DELETE FROM record WHERE sequence <= ?1",
            [sequence.cast_signed()],
        )?;
        held.records -= records;
        held.bytes -= bytes + records * ROW;
        held.head.first = first(&transaction, held.head)?;
        held.head.write(&transaction)?;
        fail_point("spool_deleting");
        transaction.commit()?;
        fail_point("spool_deleted");
        self.keep(held);
        // Space that is not given back now is given back another time.
        let _ = self.shrink();
        Ok(())
    }

    /// Puts a gap in the place of the records up to number `sequence`; gives how many observations those were.
    pub(crate) fn drop_through(&mut self, sequence: u64) -> Result<u64, Fault> {
        let mut held = self.held;
        let transaction = self.connection.transaction()?;
        let dropped = collapse(&transaction, &mut held, |number, _| number <= sequence)?;
        transaction.commit()?;
        self.keep(held);
        if dropped == 0 {
            // What was refused is a gap by itself: without this it would be refused for ever.
            self.delete(sequence)?;
        }
        Ok(dropped)
    }

    /// Gives the records numbers from 1 under a new epoch.
    pub(crate) fn renumber(&mut self) -> Result<(), Fault> {
        let transaction = self.connection.transaction()?;
        renumber::renumber(&transaction, self.held.head)?;
        transaction.commit()?;
        let held = opening::load(&self.connection)?;
        // So that no damage to the log brings the old epoch back.
        let _ = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        self.keep(held);
        Ok(())
    }

    /// Passes over numbers that may have been given out; a gap without records stands for them.
    pub(super) fn leap(&mut self) -> Result<(), Fault> {
        let Head { next, .. } = self.held.head;
        if next > LAST_LEAP {
            return self.renumber();
        }
        let now = Timestamp::now();
        let end = next + LEAP;
        let mut held = self.held;
        let transaction = self.connection.transaction()?;
        held.add(&transaction, end - 1, &row::gap(next, end, now, now)?)?;
        held.head.write(&transaction)?;
        transaction.commit()?;
        self.keep(held);
        Ok(())
    }

    /// Remembers what is committed.
    fn keep(&mut self, held: Held) {
        self.held = held;
        self.mark.note(held.head);
    }

    #[cfg(test)]
    pub(super) fn execute(&self, statement: &str) -> Result<(), Fault> {
        Ok(self.connection.execute_batch(statement)?)
    }

    /// Gives pages back to the file system, but keeps some: on a full disk they are room to go on with.
    fn shrink(&self) -> Result<(), Fault> {
        let free: i64 = self
            .connection
            .query_row("PRAGMA freelist_count", [], |row| row.get(0))?;
        let surplus = free - SPARE_PAGES;
        if surplus > SPARE_PAGES {
            // One step frees one page.
            let mut vacuum = self
                .connection
                .prepare(&format!("PRAGMA incremental_vacuum({surplus})"))?;
            let mut steps = vacuum.query([])?;
            while steps.next()?.is_some() {}
        }
        Ok(())
    }
}

impl Held {
    /// Writes a record that comes after all others.
    fn add(&mut self, transaction: &Transaction<'_>, sequence: u64, body: &str) -> Result<(), Fault> {
        if !row::write(transaction, self.head.epoch, sequence, body)? {
            return Err(Fault::Damaged(format!("it has a record {sequence} already")));
        }
        self.head.next = sequence + 1;
        self.records += 1;
        self.bytes += cost(body);
        Ok(())
    }
}

/// The lowest number that the oldest record stands for, or the next one.
fn first(transaction: &Transaction<'_>, head: Head) -> Result<u64, Fault> {
    let mut select =
        transaction.prepare_cached("SELECT sequence, body, sum FROM record ORDER BY sequence LIMIT 1")?;
    let mut rows = select.query([])?;
    let Some(row) = rows.next()? else {
        return Ok(head.next);
    };
    let (sequence, body) = row::read(row, head.epoch)?;
    row::begin_of(sequence, body)
}

pub(super) fn cost(body: &str) -> u64 {
    body.len() as u64 + ROW
}
