//! Removes what is over, in bites: no statement holds up reports for long.
//!
//! What a use sums up counts from its `first_seen` on, whatever became of the hours, so sums and dates on the page
//! stay right for as long as the use is there. It goes as a whole once nobody has seen it for as long as the inventory
//! is kept; findings that are settled go when nobody has seen what they are about for as long as they are kept, and open ones with
//! their last use, so that what comes back later is new again. Neither the audit log nor versions of the policy go.

use std::time::Duration;

use super::batch::json;
use super::both::{Wording, with_rows};
use super::{Both, Month, Store, StoreError, months, on};

/// Rows that are removed, or looked through, in one statement.
const BITE: i64 = 2000;
/// Between two statements, for reports.
const REST: Duration = Duration::from_millis(20);

/// What is kept of each class: all since the begin of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Hours.
    pub observations: Month,
    /// Uses with their callers, programs and hosts, by when they were last seen. Not after `observations`.
    pub inventory: Month,
    /// Findings that are settled, by when that was and when their matter was last seen; and spikes of the past.
    pub findings: Month,
    /// Requests that are decided, by when.
    pub requests: Month,
    /// Alerts that were delivered or refused, by when.
    pub alerts: Month,
    /// Losses and gaps, by when they were last heard of.
    pub losses: Month,
}

/// How many rows went, by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Of [`Bounds::observations`]; on PostgreSQL about.
    pub observations: u64,
    /// Of [`Bounds::inventory`].
    pub inventory: u64,
    /// Of [`Bounds::findings`].
    pub findings: u64,
    /// Of [`Bounds::requests`].
    pub requests: u64,
    /// Of [`Bounds::alerts`].
    pub alerts: u64,
    /// Of [`Bounds::losses`].
    pub losses: u64,
}

const HOURS: &str = "DELETE FROM observations WHERE (caller, destination, hour) IN
    (SELECT caller, destination, hour FROM observations WHERE hour < $1 LIMIT $2)";
const ALERTS: &str = "DELETE FROM deliveries WHERE id IN
    (SELECT id FROM deliveries WHERE state <> 'pending' AND finished < $1 LIMIT $2)";
const LOSSES: &str = "DELETE FROM losses WHERE last_rise < $1 AND (agent, started, cause) IN
    (SELECT agent, started, cause FROM losses WHERE last_rise < $1 LIMIT $2)";
const GAPS: &str = "DELETE FROM gaps WHERE id IN (SELECT id FROM gaps WHERE received < $1 LIMIT $2)";
const SPIKES: &str = "DELETE FROM spikes WHERE (vendor, day, program) IN
    (SELECT vendor, day, program FROM spikes WHERE day < $1 LIMIT $2)";
const CERTIFICATES: &str = "DELETE FROM certificates WHERE fingerprint IN
    (SELECT fingerprint FROM certificates WHERE not_after < $1 LIMIT $2)";

/// A table that is gone through by its numbers.
struct Walk {
    /// The number at which the bite after `$1` ends.
    end: &'static str,
    /// Removes what is over from after `$1` up to `$2`.
    remove: &'static str,
    /// Whether `remove` takes the month's begin, as `$3`.
    by_time: bool,
}

const USES: Walk = Walk {
    end: "SELECT id FROM uses WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2",
    remove: "DELETE FROM uses WHERE id > $1 AND id <= $2 AND last_seen < $3",
    by_time: true,
};
const CALLERS: Walk = Walk {
    end: "SELECT id FROM callers WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2",
    remove: "DELETE FROM callers WHERE id > $1 AND id <= $2
             AND NOT EXISTS (SELECT 1 FROM uses WHERE uses.caller = callers.id)
             AND NOT EXISTS (SELECT 1 FROM findings WHERE findings.caller = callers.id)
             AND NOT EXISTS (SELECT 1 FROM spikes WHERE spikes.caller = callers.id)",
    by_time: false,
};
const PROGRAMS: Walk = Walk {
    end: "SELECT id FROM programs WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2",
    remove: "DELETE FROM programs WHERE id > $1 AND id <= $2
             AND NOT EXISTS (SELECT 1 FROM callers WHERE callers.program = programs.id)
             AND NOT EXISTS (SELECT 1 FROM findings WHERE findings.program = programs.id)
             AND NOT EXISTS (SELECT 1 FROM spikes WHERE spikes.program = programs.id)",
    by_time: false,
};
/// What people search by, once no use has it.
const TERMS: Walk = Walk {
    end: "SELECT id FROM terms WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2",
    remove: "DELETE FROM terms WHERE id > $1 AND id <= $2
             AND NOT EXISTS (SELECT 1 FROM postings WHERE postings.term = terms.id)",
    by_time: false,
};

/// Findings that are settled and whose matter nobody has seen since; of those that are not, which no use stands for any
/// more. What goes while its matter is seen would be raised anew.
const SETTLED: &str = "SELECT f.id FROM findings f
    WHERE f.created < $1 AND coalesce(f.decided, f.created) < $1 AND NOT EXISTS (
        SELECT 1 FROM callers c JOIN uses u ON u.caller = c.id JOIN destinations d ON d.id = u.destination
        WHERE c.program = f.program AND d.vendor = f.vendor
          AND (u.last_seen >= $1 OR f.state NOT IN ('resolved', 'false_alarm')))
    LIMIT $2";
/// What was approved and is in force stays: a file must not end it unawares.
const REQUESTS: &str = "DELETE FROM requests WHERE id IN
    (SELECT r.id FROM requests r WHERE r.state <> 'pending' AND r.settled < $1 AND NOT EXISTS (
         SELECT 1 FROM sanctions s WHERE s.began = r.policy AND s.name = r.name AND s.ended IS NULL)
     LIMIT $2)";
/// In this order: an alert is about a finding. Those of `deliveries` go with it.
const FORGET: [Wording; 2] = [
    with_rows!(
        "DELETE FROM outbox WHERE finding IN (SELECT CAST(value ->> 0 AS BIGINT) FROM",
        ")"
    ),
    with_rows!(
        "DELETE FROM findings WHERE id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM",
        ")"
    ),
];

/// Hosts that have been silent, and of which nothing is left.
const SILENT: &str = "SELECT a.id FROM agents a WHERE a.last_report < $1
        AND NOT EXISTS (SELECT 1 FROM callers WHERE callers.agent = a.id)
        AND NOT EXISTS (SELECT 1 FROM losses WHERE losses.agent = a.id)
        AND NOT EXISTS (SELECT 1 FROM gaps WHERE gaps.agent = a.id)
    LIMIT $2";
const RETIRE: [Wording; 2] = [
    with_rows!(
        "DELETE FROM streams WHERE agent IN (SELECT CAST(value ->> 0 AS BIGINT) FROM",
        ")"
    ),
    with_rows!(
        "DELETE FROM agents WHERE id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM",
        ")"
    ),
];

impl Store {
    /// Removes all that is over. It may be stopped at any time, and run by several collectors at once.
    pub async fn remove(&self, bounds: &Bounds) -> Result<Removed, StoreError> {
        let observations = match &*self.database {
            Both::Sqlite(_) => self.bites(HOURS, bounds.observations).await?,
            Both::Postgres(postgres) => {
                let rows = months::drop_before(&postgres.sessions, bounds.observations).await?;
                self.forget_months();
                rows
            }
        };
        let alerts = self.bites(ALERTS, bounds.alerts).await?;
        let losses = self.bites(LOSSES, bounds.losses).await? + self.bites(GAPS, bounds.losses).await?;
        // Hours refer to callers, so they must be gone before these.
        let month = bounds.inventory.min(bounds.observations);
        let used = self.walk(&USES, month).await?;
        let findings = self.bites(SPIKES, bounds.findings).await?
            + self.together(SETTLED, &FORGET, bounds.findings).await?;
        let requests = self.bites(REQUESTS, bounds.requests).await?;
        let inventory = used
            + self.walk(&CALLERS, month).await?
            + self.walk(&PROGRAMS, month).await?
            + self.together(SILENT, &RETIRE, month).await?
            + self.bites(CERTIFICATES, month).await?;
        // Nothing that anybody counts.
        self.walk(&TERMS, month).await?;
        Ok(Removed {
            observations,
            inventory,
            findings,
            requests,
            alerts,
            losses,
        })
    }

    /// Runs a statement that removes what is before `month`, until it finds nothing more.
    async fn bites(&self, statement: &'static str, month: Month) -> Result<u64, StoreError> {
        let mut removed = 0;
        loop {
            let bite = on!(self.writer(), |db| {
                sqlx::query(statement)
                    .bind(month.begin())
                    .bind(BITE)
                    .execute(db)
                    .await
                    .map(|done| done.rows_affected())
            })?;
            removed += bite;
            if bite == 0 {
                return Ok(removed);
            }
            tokio::time::sleep(REST).await;
        }
    }

    /// Goes through a whole table.
    async fn walk(&self, walk: &Walk, month: Month) -> Result<u64, StoreError> {
        let (mut removed, mut after) = (0, 0);
        loop {
            let end: Option<i64> = on!(self.readers(), |db| {
                sqlx::query_scalar(walk.end)
                    .bind(after)
                    .bind(BITE - 1)
                    .fetch_optional(db)
                    .await
            })?;
            removed += on!(self.writer(), |db| {
                let query = sqlx::query(walk.remove).bind(after).bind(end.unwrap_or(i64::MAX));
                let query = if walk.by_time {
                    query.bind(month.begin())
                } else {
                    query
                };
                query.execute(db).await.map(|done| done.rows_affected())
            })?;
            match end {
                Some(end) => after = end,
                None => return Ok(removed),
            }
            tokio::time::sleep(REST).await;
        }
    }

    /// Removes the rows whose numbers `over` gives, and what refers to them, in one transaction.
    async fn together(
        &self,
        over: &'static str,
        remove: &[Wording],
        month: Month,
    ) -> Result<u64, StoreError> {
        let mut removed = 0;
        loop {
            let mut transaction = self.begin().await?;
            let rows: Vec<(i64,)> = on!(&mut transaction, |db| {
                sqlx::query_as(over)
                    .bind(month.begin())
                    .bind(BITE)
                    .fetch_all(&mut **db)
                    .await
            })?;
            if rows.is_empty() {
                return Ok(removed);
            }
            removed += u64::try_from(rows.len()).unwrap_or(u64::MAX);
            let rows = json(rows)?;
            for wording in remove {
                let statement = transaction.word(*wording);
                on!(&mut transaction, |db| {
                    sqlx::query(statement)
                        .bind(&rows)
                        .execute(&mut **db)
                        .await
                        .map(drop)
                })?;
            }
            transaction.commit().await?;
            tokio::time::sleep(REST).await;
        }
    }
}
