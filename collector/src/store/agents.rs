use std::collections::HashMap;

use serde::Serialize;
use umbra_report::Report;
use uuid::Uuid;

use super::batch::{execute, json, numbered};
use super::both::{Wording, with_rows};
use super::group::Item;
use super::{StoreError, Transaction, count, millis, on, stored};

/// Runs of one agent whose losses are kept apart; older ones are added together.
const RUNS: i64 = 16;

/// The pause of agents that do not say theirs, in seconds.
const HEARTBEAT: u32 = 60;

/// The agent's start as the store keeps it. 0 stands for old runs; a clock that is not set gives 1970, too.
fn run(report: &Report) -> i64 {
    millis(report.status.started).max(1)
}

/// An agent as the statement takes it.
#[derive(Serialize)]
struct Row<'a> {
    agent: Uuid,
    host: &'a str,
    machine_id: Option<&'a str>,
    version: &'a str,
    kernel: &'a str,
    started: i64,
    now: i64,
    configuration: Option<i64>,
    refused: Option<&'a str>,
    heartbeat: u32,
    condition: Option<String>,
}

impl<'a> Row<'a> {
    fn of(item: &'a Item) -> Result<Self, StoreError> {
        let report = &item.arrival.report;
        let running = report.status.configuration.as_ref();
        let condition = report.status.condition.as_ref();
        Ok(Self {
            agent: report.agent.id,
            host: &report.agent.host,
            machine_id: report.agent.machine_id.as_deref(),
            version: &report.agent.version,
            kernel: &report.agent.kernel,
            started: run(report),
            now: millis(item.arrival.received),
            configuration: running.map(|running| stored(running.revision)),
            refused: running.and_then(|running| running.refused.as_deref()),
            heartbeat: condition.map_or(HEARTBEAT, |condition| condition.heartbeat_seconds),
            condition: condition.map(serde_json::to_string).transpose()?,
        })
    }
}

const SAY: Wording = with_rows!(
    "INSERT INTO agents (agent, host, machine_id, version, kernel, started, first_report, last_report, configuration,
         configuration_refused, heard, heartbeat, condition)
     SELECT value ->> 'agent', value ->> 'host', value ->> 'machine_id', value ->> 'version', value ->> 'kernel',
            CAST(value ->> 'started' AS BIGINT), CAST(value ->> 'now' AS BIGINT), CAST(value ->> 'now' AS BIGINT),
            CAST(value ->> 'configuration' AS BIGINT), value ->> 'refused', (SELECT lived FROM life),
            CAST(value ->> 'heartbeat' AS BIGINT), value ->> 'condition'
     FROM",
    "WHERE true
     ON CONFLICT (agent) DO UPDATE SET
         host = excluded.host, machine_id = excluded.machine_id, version = excluded.version,
         kernel = excluded.kernel, started = excluded.started, last_report = excluded.last_report,
         configuration = excluded.configuration, configuration_refused = excluded.configuration_refused,
         heard = excluded.heard, heartbeat = excluded.heartbeat, condition = excluded.condition
     RETURNING agent, id"
);

/// Items are agent, start, cause, count and the time.
const LOSE: Wording = with_rows!(
    "INSERT INTO losses (agent, started, cause, count, last_rise)
     SELECT CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS BIGINT), value ->> 2, CAST(value ->> 3 AS BIGINT),
            CAST(value ->> 4 AS BIGINT)
     FROM",
    "WHERE true
     ON CONFLICT (agent, started, cause) DO UPDATE SET count = excluded.count, last_rise = excluded.last_rise
     WHERE excluded.count > losses.count"
);

/// Agents, of these, of which more runs are kept than ought to be. Items are agents.
const MANY_RUNS: Wording = with_rows!(
    "SELECT DISTINCT CAST(value ->> 0 AS BIGINT) FROM",
    "WHERE (SELECT count(DISTINCT l.started) FROM losses l
            WHERE l.agent = CAST(value ->> 0 AS BIGINT) AND l.started > 0) > $2"
);

/// Items are a report's place, its agent and epoch.
const LAST: Wording = with_rows!(
    "SELECT CAST(value ->> 0 AS BIGINT),
            (SELECT s.sequence FROM streams s WHERE s.agent = CAST(value ->> 1 AS BIGINT) AND s.epoch = value ->> 2)
     FROM",
    ""
);

/// What the store knew of a report's agent.
#[derive(Clone, Copy)]
pub(super) struct Known {
    /// Its row.
    pub(super) agent: i64,
    /// Number of its epoch's last record; 0 before the first.
    pub(super) sequence: u64,
}

/// Writes down the agents, their hosts and losses; gives what was known of each.
///
/// Their rows are locked until the transaction ends: of two reports of one agent, one waits for the other. They are
/// written in one order, so that of two groups one at most waits for the other.
pub(super) async fn remember(
    transaction: &mut Transaction,
    group: &[Item],
) -> Result<Vec<Known>, StoreError> {
    let mut rows = group.iter().map(Row::of).collect::<Result<Vec<_>, _>>()?;
    rows.sort_unstable_by_key(|row| row.agent);
    let rows = json(rows)?;
    let statement = transaction.word(SAY);
    let numbers: Vec<(String, i64)> = on!(&mut *transaction, |db| sqlx::query_as(statement)
        .bind(&rows)
        .fetch_all(&mut **db)
        .await)?;
    let numbers: HashMap<String, i64> = numbers.into_iter().collect();
    let agents = group
        .iter()
        .map(|item| numbers.get(&item.arrival.report.agent.id.to_string()).copied())
        .collect::<Option<Vec<i64>>>()
        .ok_or(StoreError::Gone)?;
    losses(transaction, group, &agents).await?;
    let epochs = group.iter().zip(&agents).enumerate();
    let epochs = json(epochs.map(|(place, (item, agent))| (place, agent, item.arrival.report.epoch)))?;
    let last = numbered(transaction, LAST, &epochs).await?;
    let known = agents.into_iter().zip(0..).map(|(agent, place)| Known {
        agent,
        sequence: last.get(&place).copied().map_or(0, count),
    });
    Ok(known.collect())
}

/// Keeps the greatest count of each cause for each run: a report that comes late or twice changes nothing, and a
/// restart, also one after the clock was set back, begins a sum of its own.
async fn losses(transaction: &mut Transaction, group: &[Item], agents: &[i64]) -> Result<(), StoreError> {
    let lost: Vec<_> = group
        .iter()
        .zip(agents)
        .flat_map(|(item, agent)| {
            let losses = item
                .arrival
                .report
                .status
                .losses
                .iter()
                .filter(|(_, count)| **count > 0);
            losses.map(move |(cause, count)| {
                (
                    *agent,
                    run(&item.arrival.report),
                    cause,
                    stored(*count),
                    millis(item.arrival.received),
                )
            })
        })
        .collect();
    if lost.is_empty() {
        return Ok(());
    }
    let losers = json(lost.iter().map(|(agent, ..)| (agent,)))?;
    execute(transaction, LOSE, lost).await?;
    let statement = transaction.word(MANY_RUNS);
    let many: Vec<i64> = on!(&mut *transaction, |db| sqlx::query_scalar(statement)
        .bind(&losers)
        .bind(RUNS)
        .fetch_all(&mut **db)
        .await)?;
    for agent in many {
        add_old_runs(transaction, agent).await?;
    }
    Ok(())
}

/// An agent that restarts for ever must not grow the table for ever.
async fn add_old_runs(transaction: &mut Transaction, agent: i64) -> Result<(), StoreError> {
    let oldest_kept: Option<i64> = on!(&mut *transaction, |db| sqlx::query_scalar(
        "SELECT DISTINCT started FROM losses WHERE agent = $1 AND started > 0
         ORDER BY started DESC LIMIT 1 OFFSET $2",
    )
    .bind(agent)
    .bind(RUNS - 1)
    .fetch_optional(&mut **db)
    .await)?;
    let Some(oldest_kept) = oldest_kept else {
        return Ok(());
    };
    on!(&mut *transaction, |db| sqlx::query(
        "INSERT INTO losses (agent, started, cause, count, last_rise)
         SELECT agent, 0, cause, CAST(sum(count) AS BIGINT), max(last_rise) FROM losses
         WHERE agent = $1 AND started > 0 AND started < $2 GROUP BY agent, cause
         ON CONFLICT (agent, started, cause) DO UPDATE
         SET count = CASE WHEN losses.count > 9223372036854775807 - excluded.count
                 THEN 9223372036854775807 ELSE losses.count + excluded.count END,
             last_rise = CASE WHEN excluded.last_rise > losses.last_rise
                 THEN excluded.last_rise ELSE losses.last_rise END",
    )
    .bind(agent)
    .bind(oldest_kept)
    .execute(&mut **db)
    .await
    .map(drop))?;
    on!(transaction, |db| sqlx::query(
        "DELETE FROM losses WHERE agent = $1 AND started > 0 AND started < $2"
    )
    .bind(agent)
    .bind(oldest_kept)
    .execute(&mut **db)
    .await
    .map(drop))?;
    Ok(())
}
