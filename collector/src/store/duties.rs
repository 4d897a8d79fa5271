//! Work that one collector does for all that share the database.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Store, StoreError, length, millis, on};

/// A piece of work, and who does it: a collector, by a number that it made at its start.
#[derive(Clone, Copy, Debug)]
pub struct Duty {
    /// Its name in the store.
    pub name: &'static str,
    /// Who would do it.
    pub holder: Uuid,
}

impl Store {
    /// Takes a duty for a while, or keeps it, unless another collector has it; gives how far it has come.
    pub async fn take_duty(
        &self,
        duty: Duty,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Option<i64>, StoreError> {
        Ok(on!(self.writer(), |db| sqlx::query_scalar(
            "INSERT INTO duties (name, holder, until, done) VALUES ($1, $2, $3, 0)
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
             WHERE duties.until <= $4 OR duties.holder = excluded.holder
             RETURNING done"
        )
        .bind(duty.name)
        .bind(duty.holder.to_string())
        .bind(millis(now).saturating_add(length(lease)))
        .bind(millis(now))
        .fetch_optional(db)
        .await)?)
    }

    /// Writes down how far a duty has come; gives whether it was still this collector's.
    pub async fn advance_duty(&self, duty: Duty, done: i64) -> Result<bool, StoreError> {
        let advanced = on!(self.writer(), |db| sqlx::query(
            "UPDATE duties SET done = $1 WHERE name = $2 AND holder = $3"
        )
        .bind(done)
        .bind(duty.name)
        .bind(duty.holder.to_string())
        .execute(db)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(advanced > 0)
    }

    /// Lets others have it at once.
    pub async fn leave_duty(&self, duty: Duty) -> Result<(), StoreError> {
        on!(self.writer(), |db| sqlx::query(
            "UPDATE duties SET until = 0 WHERE name = $1 AND holder = $2"
        )
        .bind(duty.name)
        .bind(duty.holder.to_string())
        .execute(db)
        .await
        .map(drop))?;
        Ok(())
    }
}
