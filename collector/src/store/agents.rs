use umbra_report::Report;

use super::batch::json;
use super::both::{Wording, with_rows};
use super::{StoreError, Transaction, millis, on, stored};

/// Runs of one agent whose losses are kept apart; older ones are added together.
const RUNS: i64 = 16;

/// The pause of agents that do not say theirs, in seconds.
const HEARTBEAT: i64 = 60;

/// The agent's start as the store keeps it. 0 stands for old runs; a clock that is not set gives 1970, too.
fn run(report: &Report) -> i64 {
    millis(report.status.started).max(1)
}

/// Items are cause and count.
const LOSE: Wording = with_rows!(
    "INSERT INTO losses (agent, started, cause, count, last_rise)
     SELECT $2, $3, value ->> 0, CAST(value ->> 1 AS BIGINT), $4 FROM",
    "WHERE true
     ON CONFLICT (agent, started, cause) DO UPDATE SET count = excluded.count, last_rise = excluded.last_rise
     WHERE excluded.count > losses.count"
);

/// Writes down the agent, its host and its losses; gives its row, which is locked until the transaction ends: of two
/// reports of one agent, one waits for the other.
pub(super) async fn remember(
    transaction: &mut Transaction,
    report: &Report,
    now: i64,
) -> Result<i64, StoreError> {
    let running = report.status.configuration.as_ref();
    let condition = report.status.condition.as_ref();
    let said = condition
        .map(serde_json::to_string)
        .transpose()
        .map_err(|error| sqlx::Error::Encode(error.into()))?;
    let heartbeat = condition.map_or(HEARTBEAT, |condition| i64::from(condition.heartbeat_seconds));
    let agent: i64 = on!(transaction, |db| {
        sqlx::query_scalar(
        "INSERT INTO agents (agent, host, machine_id, version, kernel, started, first_report, last_report, configuration,
             configuration_refused, heard, heartbeat, condition)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, (SELECT lived FROM life), $10, $11)
         ON CONFLICT (agent) DO UPDATE SET
             host = excluded.host, machine_id = excluded.machine_id, version = excluded.version,
             kernel = excluded.kernel, started = excluded.started, last_report = excluded.last_report,
             configuration = excluded.configuration, configuration_refused = excluded.configuration_refused,
             heard = excluded.heard, heartbeat = excluded.heartbeat, condition = excluded.condition
         RETURNING id",
    )
    .bind(report.agent.id.to_string())
    .bind(&report.agent.host)
    .bind(&report.agent.machine_id)
    .bind(&report.agent.version)
    .bind(&report.agent.kernel)
    .bind(run(report))
    .bind(now)
    .bind(running.map(|running| stored(running.revision)))
    .bind(running.and_then(|running| running.refused.as_deref()))
    .bind(heartbeat)
    .bind(said)
    .fetch_one(&mut **db)
    .await
    })?;
    if report.status.losses.values().any(|count| *count > 0) {
        losses(transaction, agent, report, now).await?;
    }
    Ok(agent)
}

/// Keeps the greatest count of each cause for each run: a report that comes late or twice changes nothing, and a
/// restart, also one after the clock was set back, begins a sum of its own.
async fn losses(
    transaction: &mut Transaction,
    agent: i64,
    report: &Report,
    now: i64,
) -> Result<(), StoreError> {
    let losses = report.status.losses.iter().filter(|(_, count)| **count > 0);
    let rows = json(losses.map(|(cause, count)| (cause, stored(*count))))?;
    let statement = transaction.word(LOSE);
    on!(transaction, |db| sqlx::query(statement)
        .bind(&rows)
        .bind(agent)
        .bind(run(report))
        .bind(now)
        .execute(&mut **db)
        .await
        .map(drop))?;
    // An agent that restarts for ever must not grow the table for ever.
    let oldest_kept: Option<i64> = on!(transaction, |db| sqlx::query_scalar(
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
    on!(transaction, |db| sqlx::query(
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
