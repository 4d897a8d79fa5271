use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fault::Fault;
use super::sum;

/// Numbers that were given out and are not done with: those from `first` to before `next`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) epoch: Uuid,
    /// The lowest number that the oldest record stands for; `next` when there is no record.
    pub(crate) first: u64,
    /// Number of the record that comes next.
    pub(crate) next: u64,
}

impl Head {
    /// A new epoch.
    pub(super) fn fresh() -> Self {
        Self {
            epoch: Uuid::new_v4(),
            first: 1,
            next: 1,
        }
    }

    /// What the file's one row says; damaged when its sum is another.
    pub(super) fn read(connection: &Connection) -> Result<Self, Fault> {
        let (epoch, first, next, sum): (String, i64, i64, i64) =
            connection.query_row("SELECT epoch, first, next, sum FROM spool", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?;
        let head = epoch.parse().ok().map(|epoch| Self {
            epoch,
            first: first.cast_unsigned(),
            next: next.cast_unsigned(),
        });
        head.filter(|head| head.sum() == sum && head.first <= head.next)
            .ok_or_else(|| Fault::Damaged("its epoch or numbers are not what was written".to_owned()))
    }

    pub(super) fn write(&self, connection: &Connection) -> Result<(), Fault> {
        connection.prepare_cached("DELETE FROM spool")?.execute([])?;
        connection
            .prepare_cached("INSERT INTO spool (epoch, first, next, sum) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![
                self.epoch.to_string(),
                self.first.cast_signed(),
                self.next.cast_signed(),
                self.sum()
            ])?;
        Ok(())
    }

    fn sum(&self) -> i64 {
        sum::of_head(self.epoch, self.first, self.next)
    }
}
