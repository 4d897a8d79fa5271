//! A host with its agent, as one page shows it.

use std::time::Duration;

use jiff::Timestamp;

use super::{Loss, Roll, Store, StoreError, configurations, count, on, time};
use crate::access::Scope;
use crate::labels::Labels;

/// A host.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    /// What its agent last said of itself.
    pub(crate) roll: Roll,
    /// `/etc/machine-id`, when the agent told.
    pub(crate) machine_id: Option<String>,
    /// Its labels.
    pub(crate) labels: Labels,
    /// When it enrolled; `None`: it reports over loopback without a certificate.
    pub(crate) enrolled: Option<Timestamp>,
    /// When two hosts were last seen to report as this agent.
    pub(crate) clone: Option<Timestamp>,
    /// Revision of the configuration that the agent runs.
    pub(crate) configuration: Option<u64>,
    /// Why it does not run the last one that it was given.
    pub(crate) refused: Option<String>,
    /// What it lost, of all its runs, the last first.
    pub(crate) losses: Vec<Loss>,
    /// Records that never came.
    pub(crate) gaps: Gaps,
}

/// Records that never came.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gaps {
    /// Those that the agent told of.
    pub(crate) told: u64,
    /// Those that nothing stands for.
    pub(crate) untold: u64,
}

/// Machine id, labels, enrolment, clone, configuration, and why that was refused.
type Facts = (
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<String>,
);

impl Store {
    /// The host of an agent, by the agent's id; `None`: it never reported, or somebody with this scope does not see it.
    pub(crate) async fn host(
        &self,
        scope: &Scope,
        missing: Duration,
        agent: &str,
    ) -> Result<Option<Host>, StoreError> {
        let row: Option<i64> = on!(self.readers(), |db| sqlx::query_scalar(
            "SELECT id FROM agents WHERE agent = $1"
        )
        .bind(agent)
        .fetch_optional(db)
        .await)?;
        let Some(row) = row else { return Ok(None) };
        let roll = self.roll(scope, missing, row - 1, 1).await?;
        let Some(roll) = roll.into_iter().next().filter(|roll| roll.row == row) else {
            return Ok(None);
        };
        let (machine_id, labels, enrolled, clone, configuration, refused): Facts =
            on!(self.readers(), |db| sqlx::query_as(
                "SELECT a.machine_id, e.labels, e.enrolled, e.clone, a.configuration, a.configuration_refused
                 FROM agents a LEFT JOIN enrolments e ON e.agent = a.agent WHERE a.id = $1"
            )
            .bind(row)
            .fetch_one(db)
            .await)?;
        let losses: Vec<(String, i64, i64)> = on!(self.readers(), |db| sqlx::query_as(
            "SELECT cause, CAST(sum(count) AS BIGINT), max(last_rise) FROM losses WHERE agent = $1
             GROUP BY cause ORDER BY 3 DESC, 1"
        )
        .bind(row)
        .fetch_all(db)
        .await)?;
        let (told, untold): (i64, i64) = on!(self.readers(), |db| sqlx::query_as(
            "SELECT CAST(coalesce(sum(CASE explained WHEN 0 THEN 0 ELSE records END), 0) AS BIGINT),
                    CAST(coalesce(sum(CASE explained WHEN 0 THEN records ELSE 0 END), 0) AS BIGINT)
             FROM gaps WHERE agent = $1"
        )
        .bind(row)
        .fetch_one(db)
        .await)?;
        let loss = |(cause, lost, last_rise)| Loss {
            cause,
            count: count(lost),
            last_rise: time(last_rise),
        };
        Ok(Some(Host {
            roll,
            machine_id,
            labels: configurations::parsed(labels.as_deref()),
            enrolled: enrolled.map(time),
            clone: clone.map(time),
            configuration: configuration.map(count),
            refused,
            losses: losses.into_iter().map(loss).collect(),
            gaps: Gaps {
                told: count(told),
                untold: count(untold),
            },
        }))
    }
}
