use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use umbra_fail_point::fail_point;
use umbra_report::{Gap, Record, RecordBody};
use uuid::Uuid;

use super::fault::Fault;

/// Marks the file as ours (`PRAGMA application_id`): "Umbr".
const APPLICATION: i32 = 0x556d_6272;

/// The form at the head of `spool.rs` (`PRAGMA user_version`).
const VERSION: i32 = 1;

const SCHEMA: &str = "
    CREATE TABLE spool (epoch TEXT NOT NULL, next INTEGER NOT NULL) STRICT;
    CREATE TABLE record (sequence INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
";

/// Bytes that a row costs beside its body: header, sequence, its share of the page.
const ROW: u64 = 16;

/// More than the largest gap record takes.
const GAP: u64 = 256;

/// Free pages (of 4 KiB) that stay in the file.
const SPARE_PAGES: i64 = 256;

/// The open file. After an error nothing has changed.
pub(crate) struct Database {
    connection: Connection,
    held: Held,
}

/// What is in the file, kept in memory because it is asked for all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) epoch: Uuid,
    /// Number of the record that comes next.
    pub(crate) next: u64,
    pub(crate) records: u64,
    /// Bytes of the records with [`ROW`] for each.
    pub(crate) bytes: u64,
}

impl Database {
    /// Opens or makes the file at `path`.
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        let mut connection = Connection::open(path)?;
        // Before anything is read: without shared memory there is no third file that a full disk could refuse.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // FULL: a commit that a power cut took back would let numbers be used twice, and the collector would take
        // the second record for a repeat of the first. There is at most about one commit a second.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "cache_size", -512)?;
        let held = match version(&connection)? {
            (APPLICATION, VERSION) => load(&connection)?,
            (0, 0) => create(&mut connection)?,
            other => {
                return Err(Fault::Damaged(format!(
                    "application and version {other:x?} are unknown"
                )));
            }
        };
        Ok(Self { connection, held })
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
        let mut insert = transaction.prepare_cached("INSERT INTO record VALUES (?1, ?2)")?;
        for body in bodies {
            insert.execute(params![held.next.cast_signed(), body])?;
            held.next += 1;
            held.records += 1;
            held.bytes += cost(body);
        }
        drop(insert);
        transaction.execute("UPDATE spool SET next = ?1", [held.next.cast_signed()])?;
        let mut dropped = 0;
        if held.bytes > cap {
            let excess = held.bytes + GAP - cap;
            dropped = collapse(&transaction, &mut held, |_, bytes| bytes < excess)?;
        }
        fail_point("spool_appended");
        transaction.commit()?;
        fail_point("spool_committed");
        self.held = held;
        Ok(dropped)
    }

    /// The oldest records: at least one if there is any, at most `records`, and together at most `bytes` of JSON.
    pub(crate) fn oldest(&self, records: usize, bytes: usize) -> Result<Vec<Record>, Fault> {
        let mut select = self
            .connection
            .prepare_cached("SELECT sequence, body FROM record ORDER BY sequence")?;
        let mut rows = select.query([])?;
        let mut oldest = Vec::new();
        let mut size = 0;
        while oldest.len() < records
            && let Some(row) = rows.next()?
        {
            let body = text(row)?;
            size += body.len();
            if size > bytes && !oldest.is_empty() {
                break;
            }
            oldest.push(Record {
                sequence: row.get::<_, i64>(0)?.cast_unsigned(),
                body: serde_json::from_str(body)?,
            });
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
        fail_point("spool_deleting");
        transaction.commit()?;
        fail_point("spool_deleted");
        held.records -= records;
        held.bytes -= bytes + records * ROW;
        self.held = held;
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
        self.held = held;
        if dropped == 0 {
            // What was refused is a gap by itself: without this it would be refused for ever.
            self.delete(sequence)?;
        }
        Ok(dropped)
    }

    /// Gives the records numbers from 1 under a new epoch.
    pub(crate) fn renumber(&mut self) -> Result<(), Fault> {
        let transaction = self.connection.transaction()?;
        // A gap begins at its `from`; an observation has none.
        let first = transaction
            .query_row(
                "SELECT coalesce(body ->> 'from', sequence) FROM record ORDER BY sequence LIMIT 1",
                [],
                |row| row.get::<_, i64>(0),
            )
            .optional()?
            .unwrap_or(self.held.next.cast_signed());
        let shift = first - 1;
        transaction.execute(
            "UPDATE record SET body = json_set(body, '$.from', body -> 'from' - ?1) WHERE body ->> 'from' IS NOT NULL",
            [shift],
        )?;
        transaction.execute("UPDATE record SET sequence = sequence - ?1", [shift])?;
        let epoch = Uuid::new_v4().to_string();
        transaction.execute(
            "UPDATE spool SET epoch = ?1, next = next - ?2",
            params![epoch, shift],
        )?;
        transaction.commit()?;
        self.held = load(&self.connection)?;
        Ok(())
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

/// Application and version; both 0 in a new file.
fn version(connection: &Connection) -> Result<(i32, i32), Fault> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((pragma("application_id")?, pragma("user_version")?))
}

fn create(connection: &mut Connection) -> Result<Held, Fault> {
    let held = Held {
        epoch: Uuid::new_v4(),
        next: 1,
        records: 0,
        bytes: 0,
    };
    let transaction = connection.transaction()?;
    transaction.execute_batch(SCHEMA)?;
    transaction.execute("INSERT INTO spool VALUES (?1, 1)", [held.epoch.to_string()])?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(held)
}

fn load(connection: &Connection) -> Result<Held, Fault> {
    let (epoch, next): (String, i64) = connection.query_row("SELECT epoch, next FROM spool", [], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    let (records, bytes): (i64, i64) = connection.query_row(
        "SELECT count(*), coalesce(sum(octet_length(body)), 0) FROM record",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let records = records.cast_unsigned();
    Ok(Held {
        epoch: epoch
            .parse()
            .map_err(|error: uuid::Error| Fault::Damaged(error.to_string()))?,
        next: next.cast_unsigned(),
        records,
        bytes: bytes.cast_unsigned() + records * ROW,
    })
}

/// Replaces the oldest records by one gap, as long as `goes` (number, bytes gone before it) says so.
///
/// Gives the number of observations that went; when those are none, nothing changes.
fn collapse(
    transaction: &Transaction<'_>,
    held: &mut Held,
    goes: impl Fn(u64, u64) -> bool,
) -> Result<u64, Fault> {
    let mut gap: Option<Gap> = None;
    let (mut last, mut records, mut bytes, mut observations) = (0, 0, 0, 0);
    let mut select = transaction.prepare_cached("SELECT sequence, body FROM record ORDER BY sequence")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let sequence = row.get::<_, i64>(0)?.cast_unsigned();
        if !goes(sequence, bytes) {
            break;
        }
        let body = text(row)?;
        let piece = match serde_json::from_str(body)? {
            RecordBody::Gap(gap) => gap,
            RecordBody::Observation(seen) => {
                observations += 1;
                Gap {
                    from: sequence,
                    records: 1,
                    first_seen: seen.first_seen,
                    last_seen: seen.last_seen,
                }
            }
        };
        gap = Some(gap.map_or(piece.clone(), |gap| Gap {
            from: gap.from,
            records: gap.records + piece.records,
            first_seen: gap.first_seen.min(piece.first_seen),
            last_seen: gap.last_seen.max(piece.last_seen),
        }));
        last = sequence;
        records += 1;
        bytes += cost(body);
    }
    let Some(gap) = gap.filter(|_| observations > 0) else {
        return Ok(0);
    };
    let body = serde_json::to_string(&RecordBody::Gap(gap))?;
    transaction.execute("DELETE FROM record WHERE sequence <= ?1", [last.cast_signed()])?;
    transaction.execute(
        "INSERT INTO record VALUES (?1, ?2)",
        params![last.cast_signed(), body],
    )?;
    held.records = held.records + 1 - records;
    held.bytes = held.bytes + cost(&body) - bytes;
    Ok(observations)
}

fn cost(body: &str) -> u64 {
    body.len() as u64 + ROW
}

fn text<'row>(row: &'row Row<'_>) -> Result<&'row str, Fault> {
    row.get_ref(1)?
        .as_str()
        .map_err(|error| Fault::Damaged(error.to_string()))
}
