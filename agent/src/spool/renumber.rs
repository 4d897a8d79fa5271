use rusqlite::{Transaction, params};
use umbra_report::RecordBody;

use super::fault::Fault;
use super::head::Head;
use super::{row, sum};

/// Gives the records numbers from 1 under a new epoch, lowest first, so that none meets another.
pub(super) fn renumber(transaction: &Transaction<'_>, old: Head) -> Result<(), Fault> {
    let shift = old.first - 1;
    let new = Head {
        next: old.next - shift,
        ..Head::fresh()
    };
    let mut after = 0;
    loop {
        let mut select = transaction.prepare_cached(
            "SELECT sequence, body, sum FROM record WHERE sequence > ?1 ORDER BY sequence LIMIT 1",
        )?;
        let mut rows = select.query([after])?;
        let Some(found) = rows.next()? else { break };
        let (sequence, body) = row::read(found, old.epoch)?;
        let body = match serde_json::from_str(body)? {
            RecordBody::Gap(mut gap) => {
                gap.from -= shift;
                serde_json::to_string(&RecordBody::Gap(gap))?
            }
            RecordBody::Observation(_) => body.to_owned(),
        };
        let number = sequence - shift;
        let sum = sum::of_record(new.epoch, number, body.as_bytes());
        transaction
            .prepare_cached("UPDATE record SET sequence = ?2, body = ?3, sum = ?4 WHERE sequence = ?1")?
            .execute(params![sequence.cast_signed(), number.cast_signed(), body, sum])?;
        after = sequence.cast_signed();
    }
    new.write(transaction)
}
