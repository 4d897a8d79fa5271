//! The forms of the file: which one it has, a new one, and the way from form 1.

use rusqlite::{Connection, params};

use super::fault::Fault;
use super::head::Head;
use super::{row, sum};

/// Marks the file as ours (`PRAGMA application_id`): "Umbr".
const APPLICATION: i32 = 0x556d_6272;

/// What the head of `spool.rs` tells (`PRAGMA user_version`).
const VERSION: i32 = 2;

/// The form of agents 0.1.0, without sums and `first`.
const VERSION_WITHOUT_SUMS: i32 = 1;

const SCHEMA: &str = "
    CREATE TABLE spool (epoch TEXT NOT NULL, first INTEGER NOT NULL, next INTEGER NOT NULL, sum INTEGER NOT NULL)
        STRICT;
    CREATE TABLE record (sequence INTEGER PRIMARY KEY, body TEXT NOT NULL, sum INTEGER NOT NULL) STRICT;
";

/// What a file is.
pub(super) enum Form {
    /// Nothing was written to it.
    Empty,
    WithoutSums,
    Now,
}

impl Form {
    pub(super) fn of(connection: &Connection) -> Result<Self, Fault> {
        let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        match (pragma("application_id")?, pragma("user_version")?) {
            (0, 0) => Ok(Self::Empty),
            (APPLICATION, VERSION_WITHOUT_SUMS) => Ok(Self::WithoutSums),
            (APPLICATION, VERSION) => Ok(Self::Now),
            other => Err(Fault::Damaged(format!(
                "application and version {other:x?} are unknown"
            ))),
        }
    }
}

/// Gives an empty file its form; within a transaction of the caller's.
pub(super) fn create(connection: &Connection, head: Head) -> Result<(), Fault> {
    connection.execute_batch(SCHEMA)?;
    head.write(connection)?;
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    Ok(())
}

/// Brings a file of form 1 into this form, with all that it holds.
pub(super) fn upgrade(connection: &mut Connection) -> Result<(), Fault> {
    let transaction = connection.transaction()?;
    let (epoch, next): (String, i64) = transaction.query_row("SELECT epoch, next FROM spool", [], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    let epoch = epoch
        .parse()
        .map_err(|error: uuid::Error| Fault::Damaged(error.to_string()))?;
    let mut head = Head {
        epoch,
        first: next.cast_unsigned(),
        next: next.cast_unsigned(),
    };
    transaction.execute_batch(
        "ALTER TABLE record ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;
         DROP TABLE spool;
         CREATE TABLE spool (epoch TEXT NOT NULL, first INTEGER NOT NULL, next INTEGER NOT NULL, sum INTEGER NOT NULL)
            STRICT;",
    )?;
    let mut after = i64::MIN;
    loop {
        let mut select = transaction.prepare_cached(
            "SELECT sequence, body FROM record WHERE sequence > ?1 ORDER BY sequence LIMIT 1",
        )?;
        let mut rows = select.query([after])?;
        let Some(row) = rows.next()? else { break };
        let sequence: i64 = row.get(0)?;
        let body: String = row.get(1)?;
        if after == i64::MIN {
            head.first = row::begin_of(sequence.cast_unsigned(), &body)?;
        }
        transaction
            .prepare_cached("UPDATE record SET sum = ?2 WHERE sequence = ?1")?
            .execute(params![
                sequence,
                sum::of_record(epoch, sequence.cast_unsigned(), body.as_bytes())
            ])?;
        after = sequence;
    }
    head.write(&transaction)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(())
}
