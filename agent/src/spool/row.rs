use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::Deserialize;
use umbra_report::{Gap, RecordBody};
use uuid::Uuid;

use super::fault::Fault;
use super::sum;

/// Numbers that are passed over when it is not sure which was given out last: more than any epoch gives out. So the
/// records that a run of numbers stands for are counted without the leaps in it.
pub(super) const LEAP: u64 = 1 << 30;

/// What a record says of its place among the others.
#[derive(Debug, Deserialize)]
pub(super) struct Place {
    /// Of gaps alone.
    from: Option<u64>,
    pub(super) first_seen: Timestamp,
    pub(super) last_seen: Timestamp,
}

impl Place {
    pub(super) fn of(body: &str) -> Result<Self, Fault> {
        Ok(serde_json::from_str(body)?)
    }

    /// The lowest number that the record stands for.
    pub(super) fn begin(&self, sequence: u64) -> u64 {
        self.from.unwrap_or(sequence)
    }
}

/// How the JSON of a gap begins: its tag comes first.
const GAP: &str = "{\"type\":\"gap\"";

/// The lowest number that a record stands for. An observation is not parsed for that: a spool has half a million.
pub(super) fn begin_of(sequence: u64, body: &str) -> Result<u64, Fault> {
    if body.starts_with(GAP) {
        Ok(Place::of(body)?.begin(sequence))
    } else {
        Ok(sequence)
    }
}

/// The same.
pub(super) fn begin(sequence: u64, body: &RecordBody) -> u64 {
    match body {
        RecordBody::Gap(gap) => gap.from,
        RecordBody::Observation(_) => sequence,
    }
}

/// Number and body of a row of `sequence, body, sum`; damaged when the sum is another's.
pub(super) fn read<'row>(row: &'row Row<'_>, epoch: Uuid) -> Result<(u64, &'row str), Fault> {
    let sequence = row.get::<_, i64>(0)?.cast_unsigned();
    let body = row
        .get_ref(1)?
        .as_str()
        .map_err(|error| Fault::Damaged(error.to_string()))?;
    if sum::of_record(epoch, sequence, body.as_bytes()) != row.get::<_, i64>(2)? {
        return Err(Fault::Damaged(format!(
            "record {sequence} is not what was written"
        )));
    }
    Ok((sequence, body))
}

/// Writes a record; gives whether it was not there.
pub(super) fn write(connection: &Connection, epoch: Uuid, sequence: u64, body: &str) -> Result<bool, Fault> {
    let sum = sum::of_record(epoch, sequence, body.as_bytes());
    let written = connection
        .prepare_cached("INSERT OR IGNORE INTO record (sequence, body, sum) VALUES (?1, ?2, ?3)")?
        .execute(params![sequence.cast_signed(), body, sum])?;
    Ok(written == 1)
}

/// The body of the gap that stands for the numbers from `from` to before `end`, of about that time.
pub(super) fn gap(from: u64, end: u64, first_seen: Timestamp, last_seen: Timestamp) -> Result<String, Fault> {
    Ok(serde_json::to_string(&RecordBody::Gap(Gap {
        from,
        records: (end - from) % LEAP,
        first_seen,
        last_seen: last_seen.max(first_seen),
    }))?)
}

/// Checks that records follow one another without a hole.
pub(super) struct Run(pub(super) u64);

impl Run {
    /// Takes the record that stands for the numbers from `begin` to `sequence`.
    pub(super) fn take(&mut self, begin: u64, sequence: u64) -> Result<(), Fault> {
        self.reach(begin)?;
        self.0 = sequence + 1;
        Ok(())
    }

    /// The next number is `next`.
    pub(super) fn reach(&self, next: u64) -> Result<(), Fault> {
        if self.0 == next {
            Ok(())
        } else {
            Err(Fault::Damaged(format!(
                "record {next} comes in the place of {}",
                self.0
            )))
        }
    }
}
