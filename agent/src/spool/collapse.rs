use rusqlite::Transaction;
use umbra_report::{Gap, RecordBody};

use super::database::{Held, cost};
use super::fault::Fault;
use super::row;

/// Replaces the oldest records by one gap, as long as `goes` (number, bytes gone before it) says so.
///
/// Gives the number of observations that went; when that would leave one gap in the place of one, nothing changes.
pub(super) fn collapse(
    transaction: &Transaction<'_>,
    held: &mut Held,
    goes: impl Fn(u64, u64) -> bool,
) -> Result<u64, Fault> {
    let mut gap: Option<Gap> = None;
    let (mut last, mut records, mut bytes, mut observations) = (0, 0, 0, 0);
    let mut select =
        transaction.prepare_cached("SELECT sequence, body, sum FROM record ORDER BY sequence")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (sequence, body) = row::read(row, held.head.epoch)?;
        if !goes(sequence, bytes) {
            break;
        }
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
    let Some(gap) = gap.filter(|_| observations > 0 || records > 1) else {
        return Ok(0);
    };
    let body = serde_json::to_string(&RecordBody::Gap(gap))?;
    transaction.execute("DELETE FROM record WHERE sequence <= ?1", [last.cast_signed()])?;
    row::write(transaction, held.head.epoch, last, &body)?;
    held.records = held.records + 1 - records;
    held.bytes = held.bytes + cost(&body) - bytes;
    Ok(observations)
}
