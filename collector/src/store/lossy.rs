//! How much agents lose of what they see. Counts only rise, so what was lost in a time is the difference to a mark.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::watched::Watched;
use super::{Store, StoreError, count, millis, on, time};

/// Causes that are named.
const CAUSES: i64 = 8;

/// Causes by which no flow is lost to the collector: names that stay encrypted, lines for another reader, look-ups of
/// names and files, whole runs and files that are counted in pieces.
macro_rules! no_flows {
    () => {
        "('name_encrypted', 'output_queue_full', 'lookup_queue_full', 'process_unknown', 'agent_killed', 'spool_corrupt',
          'dead_letter_full')"
    };
}

/// An agent that ever lost something, with what is known of the time since its mark.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Losing {
    /// Which.
    #[sqlx(flatten)]
    pub agent: Watched,
    /// What it has lost in all.
    lost: i64,
    /// Since when its mark is there; `None`: it has none.
    since: Option<i64>,
    /// What it had lost then.
    mark: Option<i64>,
    /// The finding that says so, if it is not settled.
    pub finding: Option<i64>,
}

impl Losing {
    /// Since when is counted; `None`: nothing has been counted yet, or records of losses were removed since.
    pub fn since(&self) -> Option<Timestamp> {
        let mark = self.mark.filter(|mark| *mark <= self.lost);
        mark.and(self.since).map(time)
    }

    /// What was lost since then.
    pub fn lost(&self) -> u64 {
        count(self.lost.saturating_sub(self.mark.unwrap_or(self.lost)))
    }
}

impl Store {
    /// Agents that ever lost something, in the order of their rows: `most` at most, after the row `after`.
    pub async fn losing_agents(&self, after: i64, most: u16) -> Result<Vec<Losing>, StoreError> {
        Ok(on!(self.readers(), |db| sqlx::query_as(concat!(
            "SELECT a.id, a.agent, a.last_report, t.lost, m.since, m.lost AS mark,
                    (SELECT f.id FROM findings f WHERE f.agent = a.id AND f.kind = 'lossy_agent'
                     AND f.state IN ('open', 'acknowledged', 'snoozed')) AS finding
             FROM (SELECT l.agent, CAST(sum(l.count) AS BIGINT) AS lost FROM losses l
                   WHERE l.agent > $1 AND l.cause NOT IN ",
            no_flows!(),
            " GROUP BY l.agent ORDER BY l.agent LIMIT $2) t
             JOIN agents a ON a.id = t.agent
             LEFT JOIN loss_marks m ON m.agent = t.agent
             ORDER BY a.id"
        ))
        .bind(after)
        .bind(i64::from(most))
        .fetch_all(db)
        .await)?)
    }

    /// Counts on from now.
    pub async fn mark_losses(&self, losing: &Losing, now: Timestamp) -> Result<(), StoreError> {
        on!(self.writer(), |db| sqlx::query(
            "INSERT INTO loss_marks (agent, since, lost) VALUES ($1, $2, $3)
             ON CONFLICT (agent) DO UPDATE SET since = excluded.since, lost = excluded.lost"
        )
        .bind(losing.agent.id)
        .bind(millis(now))
        .bind(losing.lost)
        .execute(db)
        .await
        .map(drop))?;
        Ok(())
    }

    /// Flows that an agent told of the hours since a time.
    pub async fn flows_of(&self, agent: i64, since: Timestamp) -> Result<u64, StoreError> {
        const HOUR: i64 = 3_600_000;
        // By uses, so that of each only the last hours are read.
        let flows: i64 = on!(self.readers(), |db| {
            sqlx::query_scalar(
            "SELECT CAST(coalesce(sum(CASE WHEN o.flows > 1099511627776 THEN 1099511627776 ELSE o.flows END), 0) AS BIGINT)
             FROM callers c JOIN uses u ON u.caller = c.id
             JOIN observations o ON o.caller = u.caller AND o.destination = u.destination AND o.hour >= $2
             WHERE c.agent = $1"
        )
        .bind(agent)
        .bind(millis(since).div_euclid(HOUR) * HOUR)
        .fetch_one(db)
        .await
        })?;
        Ok(count(flows))
    }

    /// What an agent has lost in all, by the causes that rose since a time; the most first.
    pub async fn causes_of(&self, agent: i64, since: Timestamp) -> Result<BTreeMap<String, u64>, StoreError> {
        let rows: Vec<(String, i64)> = on!(self.readers(), |db| sqlx::query_as(concat!(
            "SELECT cause, CAST(sum(count) AS BIGINT) FROM losses
             WHERE agent = $1 AND last_rise >= $2 AND cause NOT IN ",
            no_flows!(),
            " GROUP BY cause ORDER BY sum(count) DESC, cause LIMIT $3"
        ))
        .bind(agent)
        .bind(millis(since))
        .bind(CAUSES)
        .fetch_all(db)
        .await)?;
        Ok(rows
            .into_iter()
            .map(|(cause, lost)| (cause, count(lost)))
            .collect())
    }
}
