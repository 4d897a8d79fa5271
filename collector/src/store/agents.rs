use sqlx::SqliteConnection;
use umbra_report::Report;

use super::{StoreError, millis, stored};

/// Runs of one agent whose losses are kept apart; older ones are added together.
const RUNS: i64 = 16;

/// The agent's start as the store keeps it. 0 stands for old runs; a clock that is not set gives 1970, too.
fn run(report: &Report) -> i64 {
    millis(report.status.started).max(1)
}

/// Writes down the agent, its host and its losses; gives its row.
pub(super) async fn remember(
    connection: &mut SqliteConnection,
    report: &Report,
    now: i64,
) -> Result<i64, StoreError> {
    let agent: i64 = sqlx::query_scalar(
        "INSERT INTO agents (agent, host, machine_id, version, kernel, started, first_report, last_report)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
         ON CONFLICT (agent) DO UPDATE SET
             host = excluded.host, machine_id = excluded.machine_id, version = excluded.version,
             kernel = excluded.kernel, started = excluded.started, last_report = excluded.last_report
         RETURNING id",
    )
    .bind(report.agent.id.to_string())
    .bind(&report.agent.host)
    .bind(&report.agent.machine_id)
    .bind(&report.agent.version)
    .bind(&report.agent.kernel)
    .bind(run(report))
    .bind(now)
    .fetch_one(&mut *connection)
    .await?;
    if report.status.losses.values().any(|count| *count > 0) {
        losses(connection, agent, report, now).await?;
    }
    Ok(agent)
}

/// Keeps the greatest count of each cause for each run: a report that comes late or twice changes nothing, and a
/// restart, also one after the clock was set back, begins a sum of its own.
async fn losses(
    connection: &mut SqliteConnection,
    agent: i64,
    report: &Report,
    now: i64,
) -> Result<(), StoreError> {
    for (cause, count) in report.status.losses.iter().filter(|(_, count)| **count > 0) {
        sqlx::query(
            "INSERT INTO losses (agent, started, cause, count, last_rise) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT (agent, started, cause) DO UPDATE
             SET count = excluded.count, last_rise = excluded.last_rise
             WHERE excluded.count > losses.count",
        )
        .bind(agent)
        .bind(run(report))
        .bind(cause)
        .bind(stored(*count))
        .bind(now)
        .execute(&mut *connection)
        .await?;
    }
    // An agent that restarts for ever must not grow the table for ever.
    let oldest_kept: Option<i64> = sqlx::query_scalar(
        "SELECT DISTINCT started FROM losses WHERE agent = ? AND started > 0
         ORDER BY started DESC LIMIT 1 OFFSET ?",
    )
    .bind(agent)
    .bind(RUNS - 1)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(oldest_kept) = oldest_kept else {
        return Ok(());
    };
    sqlx::query(
        "INSERT INTO losses (agent, started, cause, count, last_rise)
         SELECT agent, 0, cause, sum(count), max(last_rise) FROM losses
         WHERE agent = ?1 AND started > 0 AND started < ?2 GROUP BY agent, cause
         ON CONFLICT (agent, started, cause) DO UPDATE
         SET count = min(losses.count, 9223372036854775807 - excluded.count) + excluded.count,
             last_rise = max(losses.last_rise, excluded.last_rise)",
    )
    .bind(agent)
    .bind(oldest_kept)
    .execute(&mut *connection)
    .await?;
    sqlx::query("DELETE FROM losses WHERE agent = ? AND started > 0 AND started < ?")
        .bind(agent)
        .bind(oldest_kept)
        .execute(connection)
        .await?;
    Ok(())
}
