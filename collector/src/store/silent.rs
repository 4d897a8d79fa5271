//! Agents that are not heard, by the clock that runs while a collector lives ([`super::presence`]).

use std::time::Duration;

use super::watched::Watched;
use super::{Store, StoreError, count, length, on};

/// An agent that has not been heard for some time.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Silent {
    /// Which.
    #[sqlx(flatten)]
    pub agent: Watched,
    /// For how many milliseconds, of those in which a collector lived.
    pub silence: i64,
}

/// Why an agent is not silent any more.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Heard {
    /// The finding that says that it is.
    pub finding: i64,
    /// Whether it is said to be gone, or shut out.
    pub retired: bool,
    last_report: i64,
}

impl Heard {
    /// When it last reported.
    pub fn last_report(&self) -> jiff::Timestamp {
        super::time(self.last_report)
    }
}

impl Store {
    /// How many agents have enrolled, and have not reported since.
    pub(crate) async fn never_heard(&self) -> Result<u64, StoreError> {
        let agents: i64 = on!(self.readers(), |db| {
            sqlx::query_scalar(
                "SELECT count(*) FROM enrolments e WHERE e.retired IS NULL AND e.revoked IS NULL
                 AND NOT EXISTS (SELECT 1 FROM agents a WHERE a.agent = e.agent)",
            )
            .fetch_one(db)
            .await
        })?;
        Ok(count(agents))
    }

    /// Agents that have been silent for at least this long and are not missing yet, of which no finding says so: `most` at
    /// most. One that a person settled says so until the agent was heard again; a false alarm for good.
    pub async fn silent_agents(
        &self,
        silence: Duration,
        missing: Duration,
        most: u16,
    ) -> Result<Vec<Silent>, StoreError> {
        Ok(on!(self.readers(), |db| {
            sqlx::query_as(
            "SELECT a.id, a.agent, a.last_report, l.lived - a.heard AS silence
             FROM agents a CROSS JOIN life l LEFT JOIN enrolments e ON e.agent = a.agent
             WHERE l.lived - a.heard >= $1 AND l.lived - a.heard < $2 AND e.retired IS NULL AND e.revoked IS NULL
               AND NOT EXISTS (
                   SELECT 1 FROM findings f WHERE f.agent = a.id AND f.kind = 'silent_agent'
                   AND (f.state <> 'resolved' OR f.by_collector = 0 AND f.decided >= a.last_report))
             ORDER BY a.id LIMIT $3"
        )
        .bind(length(silence))
        .bind(length(missing))
        .bind(i64::from(most))
        .fetch_all(db)
        .await
        })?)
    }

    /// Findings that say that an agent is silent, of agents that were heard since or that nobody misses.
    pub async fn heard_again(&self, silence: Duration, most: u16) -> Result<Vec<Heard>, StoreError> {
        Ok(on!(self.readers(), |db| {
            sqlx::query_as(
            "SELECT f.id AS finding, (e.retired IS NOT NULL OR e.revoked IS NOT NULL) AS retired, a.last_report
             FROM findings f JOIN agents a ON a.id = f.agent CROSS JOIN life l
             LEFT JOIN enrolments e ON e.agent = a.agent
             WHERE f.kind = 'silent_agent' AND f.state IN ('open', 'acknowledged', 'snoozed')
               AND (l.lived - a.heard < $1 OR e.retired IS NOT NULL OR e.revoked IS NOT NULL)
             ORDER BY f.id LIMIT $2"
        )
        .bind(length(silence))
        .bind(i64::from(most))
        .fetch_all(db)
        .await
        })?)
    }
}
