use jiff::Timestamp;

use super::routes::RouteState;
use super::{Store, StoreError, count, millis, on, time};

/// How long a clone is shown after it was last heard of, in milliseconds: a day.
const CLONE_SHOWN: i64 = 24 * 3600 * 1000;
/// Causes of loss that are told apart; the rest is added together.
const CAUSES: usize = 32;

/// How the fleet and the collector are.
#[derive(Clone, Debug, Default)]
pub struct Health {
    /// Findings that are open: nobody has decided about them, or a snooze is over.
    pub findings: u64,
    /// Hosts whose agents ever reported, but for those that are retired.
    pub hosts: u64,
    /// Agents whose identity another host was found to use within a day.
    pub clones: u64,
    /// When the last report came.
    pub last_report: Option<Timestamp>,
    /// What agents lost, by cause, over all their runs.
    pub losses: Vec<Loss>,
    /// Records that agents dropped from full spools.
    pub dropped_records: u64,
    /// Records whose numbers were passed over without a word.
    pub missing_records: u64,
    /// When the last of either was told.
    pub last_gap: Option<Timestamp>,
    /// Every route for alerts, and how it goes.
    pub routes: Vec<RouteState>,
}

/// What was lost for one cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The agent's word for it; `other` stands for those beyond the first causes.
    pub cause: String,
    /// How much, over the fleet.
    pub count: u64,
    /// When a count of it last rose.
    pub last_rise: Timestamp,
}

/// What all routes have to send, added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbox {
    /// Alerts that wait.
    pub pending: u64,
    /// Since when the first of them waits.
    pub waits_since: Option<Timestamp>,
    /// Alerts that receivers took.
    pub delivered: u64,
    /// Alerts that receivers refused for good.
    pub refused: u64,
    /// Which route fails and why: the one that has failed for longest.
    pub error: Option<String>,
}

impl Health {
    /// What all routes have to send.
    pub fn outbox(&self) -> Outbox {
        let sum = |part: fn(&RouteState) -> u64| self.routes.iter().map(part).fold(0, u64::saturating_add);
        let failing = self.routes.iter().filter(|route| route.error.is_some());
        let worst = failing.min_by_key(|route| route.failing_since);
        Outbox {
            pending: sum(|route| route.pending),
            waits_since: self.routes.iter().filter_map(|route| route.waits_since).min(),
            delivered: sum(|route| route.delivered),
            refused: sum(|route| route.refused),
            error: worst.and_then(|route| Some(format!("{}: {}", route.name, route.error.as_deref()?))),
        }
    }
}

impl Store {
    /// Whether the store answers.
    pub async fn answers(&self) -> Result<(), StoreError> {
        on!(self.readers(), |db| sqlx::query_scalar::<_, i64>(
            "SELECT lived FROM life"
        )
        .fetch_one(db)
        .await)?;
        Ok(())
    }

    /// How the fleet and the collector are at `now`.
    pub async fn health(&self, now: Timestamp) -> Result<Health, StoreError> {
        let (hosts, last_report): (i64, Option<i64>) = on!(self.readers(), |db| sqlx::query_as(
            "SELECT count(*), max(last_report) FROM agents
             WHERE agent NOT IN (SELECT agent FROM enrolments WHERE retired IS NOT NULL)",
        )
        .fetch_one(db)
        .await)?;
        let clones: i64 = on!(self.readers(), |db| sqlx::query_scalar(
            "SELECT count(*) FROM enrolments WHERE clone > $1"
        )
        .bind(millis(now).saturating_sub(CLONE_SHOWN))
        .fetch_one(db)
        .await)?;
        let (dropped, missing, last_gap): (i64, i64, Option<i64>) = on!(self.readers(), |db| {
            sqlx::query_as(
            "SELECT CAST(coalesce(sum(records) FILTER (WHERE explained = 1), 0) AS BIGINT),
                    CAST(coalesce(sum(records) FILTER (WHERE explained = 0), 0) AS BIGINT), max(received) FROM gaps",
        )
        .fetch_one(db)
        .await
        })?;
        let findings = self.open_findings(now).await?;
        Ok(Health {
            findings: count(findings),
            hosts: count(hosts),
            clones: count(clones),
            last_report: last_report.map(time),
            losses: self.losses().await?,
            dropped_records: count(dropped),
            missing_records: count(missing),
            last_gap: last_gap.map(time),
            routes: self.routes().await?,
        })
    }

    async fn losses(&self) -> Result<Vec<Loss>, StoreError> {
        let rows: Vec<(String, i64, i64)> = on!(self.readers(), |db| {
            sqlx::query_as(
            "SELECT cause, CAST(sum(count) AS BIGINT), max(last_rise) FROM losses GROUP BY cause ORDER BY sum(count) DESC, cause",
        )
        .fetch_all(db)
        .await
        })?;
        let mut losses: Vec<Loss> = rows
            .into_iter()
            .map(|(cause, lost, rise)| Loss {
                cause,
                count: count(lost),
                last_rise: time(rise),
            })
            .collect();
        if let Some((first, rest)) = losses
            .split_at_checked(CAUSES)
            .and_then(|(_, rest)| rest.split_first())
        {
            let other = rest.iter().fold(first.clone(), |sum, loss| Loss {
                cause: sum.cause,
                count: sum.count.saturating_add(loss.count),
                last_rise: sum.last_rise.max(loss.last_rise),
            });
            losses.truncate(CAUSES);
            losses.push(Loss {
                cause: "other".to_owned(),
                ..other
            });
        }
        Ok(losses)
    }
}
