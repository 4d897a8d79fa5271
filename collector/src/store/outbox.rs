//! What happens to findings goes into the outbox in the transaction that makes it happen: one row for each route that
//! takes it, so that a route that fails holds up no other. Whoever raises findings calls [`queue`].

use std::collections::HashMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::alert::Event;
use super::batch::{execute, json};
use super::both::{Wording, with_rows};
use super::{Store, StoreError, Transaction, configurations, millis, on, stored};
use crate::alerts::RouteSettings;

/// Old alerts that are taken over at once.
const BITE: i64 = 1_000;

/// Items are findings. Labels are those of the host on which each was first seen.
const FINDINGS: Wording = with_rows!(
    "SELECT f.id, f.kind, (SELECT e.labels FROM callers c JOIN agents a ON a.id = c.agent
                           JOIN enrolments e ON e.agent = a.agent WHERE c.id = f.caller)
     FROM findings f WHERE f.id IN (SELECT CAST(value ->> 0 AS BIGINT) FROM",
    ")"
);

/// Items are findings. The routes that heard of each, and whether the last thing was that it ended.
const TOLD: Wording = with_rows!(
    "SELECT o.finding, o.route,
            CAST(CASE WHEN coalesce(max(CASE WHEN o.event = 'ended' THEN o.id END), 0)
                    > coalesce(max(CASE WHEN o.event = 'raised' THEN o.id END), 0) THEN 1 ELSE 0 END AS BIGINT)
     FROM deliveries o WHERE o.finding IN (SELECT CAST(value ->> 0 AS BIGINT) FROM",
    ") GROUP BY o.finding, o.route"
);

/// Items are delivery, route, finding, event, when it is due and the time. One that waits already tells the same.
const QUEUE: Wording = with_rows!(
    "INSERT INTO deliveries (delivery, route, finding, event, state, attempts, due, created)
     SELECT value ->> 0, value ->> 1, CAST(value ->> 2 AS BIGINT), value ->> 3, 'pending', 0,
            CAST(value ->> 4 AS BIGINT), CAST(value ->> 5 AS BIGINT)
     FROM",
    "WHERE true ON CONFLICT (route, finding, event) WHERE state = 'pending' DO NOTHING"
);

/// What happens to findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    /// They are raised, for the first time or again: every route that takes them as of now hears of it.
    Raised,
    /// They end: of the routes that heard of them those hear of it that asked for this.
    Ended,
    /// They are opened again: those hear of it that heard that they ended.
    Reopened,
}

/// Puts what happens to findings, each at its time, into the outbox.
pub(super) async fn queue(
    transaction: &mut Transaction,
    happening: Happening,
    findings: &[(i64, Timestamp)],
) -> Result<(), StoreError> {
    if findings.is_empty() {
        return Ok(());
    }
    let routes = configured(transaction).await?;
    if routes.is_empty() {
        return Ok(());
    }
    let times: HashMap<i64, i64> = findings.iter().map(|(id, time)| (*id, millis(*time))).collect();
    let ids = json(findings.iter().map(|(id, _)| [id]))?;
    let mut takers: Vec<(i64, &Configured)> = Vec::new();
    let event = if happening == Happening::Raised {
        let statement = transaction.word(FINDINGS);
        let rows: Vec<(i64, String, Option<String>)> = on!(&mut *transaction, |db| {
            sqlx::query_as(statement).bind(&ids).fetch_all(&mut **db).await
        })?;
        for (finding, kind, labels) in &rows {
            let labels = configurations::parsed(labels.as_deref());
            let these = routes
                .iter()
                .filter(|(_, route)| route.filter.takes(kind, &labels));
            takers.extend(these.map(|route| (*finding, route)));
        }
        Event::Raised
    } else {
        let ends = happening == Happening::Ended;
        let statement = transaction.word(TOLD);
        let told: Vec<(i64, String, i64)> = on!(&mut *transaction, |db| {
            sqlx::query_as(statement).bind(&ids).fetch_all(&mut **db).await
        })?;
        for (finding, told, ended) in &told {
            let news = ends == (*ended == 0);
            let these = routes
                .iter()
                .filter(|(name, route)| news && name == told && route.send_resolved);
            takers.extend(these.map(|route| (*finding, route)));
        }
        if ends { Event::Ended } else { Event::Raised }
    };
    let rows = takers.into_iter().map(|(finding, (route, settings))| {
        let now = times.get(&finding).copied().unwrap_or_default();
        let collected = stored(settings.digest_seconds).saturating_mul(1_000);
        let due = now.saturating_add(collected);
        (Uuid::new_v4(), route, finding, event.as_str(), due, now)
    });
    execute(transaction, QUEUE, rows.collect()).await
}

/// A route's name and settings.
type Configured = (String, RouteSettings);

/// The routes that collectors have.
async fn configured(transaction: &mut Transaction) -> Result<Vec<Configured>, StoreError> {
    let rows: Vec<(String, String)> = on!(&mut *transaction, |db| {
        sqlx::query_as("SELECT name, settings FROM routes WHERE removed IS NULL")
            .fetch_all(&mut **db)
            .await
    })?;
    // What a later version wrote and this one cannot read takes everything: better one alert too many than none.
    let read = |text: &str| serde_json::from_str(text).unwrap_or_default();
    Ok(rows.into_iter().map(|(name, text)| (name, read(&text))).collect())
}

impl Store {
    /// Takes over alerts that collectors of the version before have queued and are not sending.
    pub async fn adopt_alerts(&self, now: Timestamp) -> Result<(), StoreError> {
        let waiting: Option<i64> = on!(self.readers(), |db| {
            sqlx::query_scalar("SELECT id FROM outbox LIMIT 1")
                .fetch_optional(db)
                .await
        })?;
        if waiting.is_none() {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        on!(&mut transaction, |db| {
            sqlx::query(
                "INSERT INTO deliveries
                     (delivery, route, finding, event, message, state, attempts, due, error, created, finished)
                 SELECT delivery, 'webhook', finding, 'raised', delivery, state, attempts, due, error, created, finished
                 FROM outbox WHERE coalesce(lease, 0) <= $1 ORDER BY id LIMIT $2
                 ON CONFLICT DO NOTHING",
            )
            .bind(millis(now))
            .bind(BITE)
            .execute(&mut **db)
            .await?;
            // What is told by a newer one that waits goes as well.
            sqlx::query(
                "DELETE FROM outbox WHERE delivery IN (SELECT delivery FROM deliveries)
                 OR finding IN (SELECT finding FROM deliveries WHERE route = 'webhook' AND state = 'pending')",
            )
            .execute(&mut **db)
            .await.map(drop)
        })?;
        transaction.commit().await
    }
}
