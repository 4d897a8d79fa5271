//! Which agents are heard. Silence is measured by a clock that runs only while a collector of this database lives, so
//! that neither a restart nor an outage of collectors, nor one of the database, makes an agent late.

use std::time::Duration;

use jiff::Timestamp;
use umbra_report::Condition;

use super::both::Wording;
use super::configurations::parsed;
use super::seen::{of_seen, pairs};
use super::{Store, StoreError, count, length, millis, on, time};
use crate::access::Scope;
use crate::labels::Labels;
use crate::presence::State;

/// Without a sign of life for so long, no collector lived.
const AWAY: Duration = Duration::from_secs(30);
/// How long the clock stands after that: agents wait up to five minutes between two attempts, and one of their pauses.
const GRACE: Duration = Duration::from_mins(6);

/// How many agents are in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// Heard in time.
    pub online: u64,
    /// Not heard for five of their pauses.
    pub late: u64,
    /// Not heard for so long that they are taken for gone.
    pub missing: u64,
    /// Said to be gone, or shut out.
    pub retired: u64,
}

/// An agent that ever reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roll {
    /// Its row: rolls are ordered by it.
    pub row: i64,
    /// Its id.
    pub agent: String,
    /// Its host.
    pub host: String,
    /// Whether it is heard.
    pub state: State,
    /// Version of the agent.
    pub version: String,
    /// Kernel release.
    pub kernel: String,
    /// When it started.
    pub started: Timestamp,
    /// When it first reported.
    pub first_report: Timestamp,
    /// When it last reported.
    pub last_report: Timestamp,
    /// What it last said of its work.
    pub condition: Option<Condition>,
    /// Its host's labels.
    pub labels: Labels,
}

/// The state by number ([`State::of_number`]): $1 is after how many milliseconds an agent is missing.
///
/// At least 15 s: that is how exact the clock is, three times.
macro_rules! state {
    () => {
        "CASE WHEN e.retired IS NOT NULL OR e.revoked IS NOT NULL THEN 3
              WHEN l.lived - a.heard >= $1 THEN 2
              WHEN l.lived - a.heard > 15000 AND l.lived - a.heard > 5000 * a.heartbeat THEN 1 ELSE 0 END"
    };
}
pub(super) use state;

impl Presence {
    /// Of states by their numbers, and how many agents are in each.
    pub(super) fn of(states: Vec<(i64, i64)>) -> Self {
        let mut presence = Self::default();
        for (number, agents) in states {
            let agents = count(agents);
            match State::of_number(number) {
                State::Online => presence.online = agents,
                State::Late => presence.late = agents,
                State::Missing => presence.missing = agents,
                State::Retired => presence.retired = agents,
            }
        }
        presence
    }
}

/// A row of the roll.
type Row = (
    i64,
    String,
    String,
    i64,
    String,
    String,
    i64,
    i64,
    i64,
    Option<String>,
    Option<String>,
);

/// What is read of an agent: `$1` is after how many milliseconds one is missing.
macro_rules! roll {
    () => {
        concat!(
            "SELECT a.id, a.agent, a.host, CAST(",
            state!(),
            " AS BIGINT), a.version, a.kernel, a.started, a.first_report, a.last_report, a.condition, e.labels
             FROM agents a CROSS JOIN life l LEFT JOIN enrolments e ON e.agent = a.agent "
        )
    };
}

/// The same of hosts that are seen.
const ROLL_SEEN: Wording = of_seen!(
    "$4",
    concat!(
        " ",
        roll!(),
        "WHERE a.id > $2 AND a.id IN (SELECT agent FROM seen) ORDER BY a.id LIMIT $3"
    )
);

impl Store {
    /// A collector lives at `now`. To be told every few seconds.
    pub async fn live(&self, now: Timestamp) -> Result<(), StoreError> {
        // Collectors' clocks differ: the one ahead drives. A clock that is behind by more than that was turned back.
        on!(self.writer(), |db| sqlx::query(
            "UPDATE life SET
                 lived = lived + CASE WHEN $1 > seen AND $1 - seen <= $2 THEN $1 - seen ELSE 0 END,
                 seen = CASE WHEN seen = 0 OR seen - $1 > $2 + $3 THEN $1
                             WHEN $1 - seen > $2 THEN $1 + $3
                             WHEN $1 > seen THEN $1 ELSE seen END",
        )
        .bind(millis(now))
        .bind(length(AWAY))
        .bind(length(GRACE))
        .execute(db)
        .await
        .map(drop))?;
        Ok(())
    }

    /// How many agents are in each state; they are missing after `missing`.
    pub async fn presence(&self, missing: Duration) -> Result<Presence, StoreError> {
        let rows: Vec<(i64, i64)> = on!(self.readers(), |db| {
            sqlx::query_as(concat!(
                "SELECT CAST(state AS BIGINT), count(*) FROM (SELECT ",
                state!(),
                " AS state FROM agents a CROSS JOIN life l LEFT JOIN enrolments e ON e.agent = a.agent) AS states
             GROUP BY state"
            ))
            .bind(length(missing))
            .fetch_all(db)
            .await
        })?;
        Ok(Presence::of(rows))
    }

    /// Agents that somebody with this scope sees, in the order of their first reports: up to `rows` of them after the
    /// row `after`.
    pub async fn roll(
        &self,
        scope: &Scope,
        missing: Duration,
        after: i64,
        rows: u16,
    ) -> Result<Vec<Roll>, StoreError> {
        let rows: Vec<Row> = if scope.is_all() {
            on!(self.readers(), |db| {
                sqlx::query_as(concat!(roll!(), "WHERE a.id > $2 ORDER BY a.id LIMIT $3"))
                    .bind(length(missing))
                    .bind(after)
                    .bind(i64::from(rows))
                    .fetch_all(db)
                    .await
            })?
        } else {
            let (statement, scope) = (self.readers().word(ROLL_SEEN), pairs(scope)?);
            on!(self.readers(), |db| {
                sqlx::query_as(statement)
                    .bind(length(missing))
                    .bind(after)
                    .bind(i64::from(rows))
                    .bind(&scope)
                    .fetch_all(db)
                    .await
            })?
        };
        let roll = |row: Row| Roll {
            row: row.0,
            agent: row.1,
            host: row.2,
            state: State::of_number(row.3),
            version: row.4,
            kernel: row.5,
            started: time(row.6),
            first_report: time(row.7),
            last_report: time(row.8),
            // What another version wrote may not be readable here.
            condition: row.9.and_then(|text| serde_json::from_str(&text).ok()),
            labels: parsed(row.10.as_deref()),
        };
        Ok(rows.into_iter().map(roll).collect())
    }
}
