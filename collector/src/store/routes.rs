//! The routes as people see them: what collectors were configured with, and how each goes.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::alert::{Alert, alerts};
use super::audit::{Action, By, record};
use super::{Store, StoreError, count, length, millis, on, stored, time};
use crate::alerts::{Route, RouteSettings};

/// How long what waits for a route that nobody has any more is kept: by then it is no slip of a configuration.
const REMOVED: Duration = Duration::from_hours(7 * 24);
/// Deliveries that wait for one route. Older ones are dropped, counted, and the count is told.
pub const MOST_WAITING: i64 = 10_000;

/// A route, and how it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteState {
    /// Its name.
    pub name: String,
    /// What it was configured with.
    pub settings: RouteSettings,
    /// Since when no collector has it.
    pub removed: Option<Timestamp>,
    /// Deliveries that wait.
    pub pending: u64,
    /// Since when the first of them waits.
    pub waits_since: Option<Timestamp>,
    /// Deliveries that the receiver took, as long as alerts are kept.
    pub delivered: u64,
    /// Deliveries that the receiver refused for good.
    pub refused: u64,
    /// When the receiver last took something.
    pub last_sent: Option<Timestamp>,
    /// Since when it has taken nothing, while it fails.
    pub failing_since: Option<Timestamp>,
    /// What went wrong last, with the remedy; gone with the next success.
    pub error: Option<String>,
    /// Alerts that waited for too long and were dropped, and of which the receiver has not been told yet.
    pub omitted: u64,
}

#[derive(sqlx::FromRow)]
struct Row {
    name: String,
    settings: Option<String>,
    removed: Option<i64>,
    last_sent: Option<i64>,
    failing_since: Option<i64>,
    error: Option<String>,
    omitted: i64,
    pending: i64,
    waits_since: Option<i64>,
    delivered: i64,
    refused: i64,
}

impl From<Row> for RouteState {
    fn from(row: Row) -> Self {
        let removed = row.removed.map(time);
        Self {
            name: row.name,
            // What was queued before routes had names of their own has none.
            removed: removed.or_else(|| row.settings.is_none().then_some(Timestamp::UNIX_EPOCH)),
            settings: row
                .settings
                .and_then(|settings| serde_json::from_str(&settings).ok())
                .unwrap_or_default(),
            pending: count(row.pending),
            waits_since: row.waits_since.map(time),
            delivered: count(row.delivered),
            refused: count(row.refused),
            last_sent: row.last_sent.map(time),
            failing_since: row.failing_since.map(time),
            error: row.error,
            omitted: count(row.omitted),
        }
    }
}

impl Store {
    /// Has these routes and no others from now on, and writes every change into the audit log. What the receivers refused
    /// is offered once more: by then somebody may have mended them. Gives how many that are.
    pub async fn configure_routes(&self, routes: &[Route], by: &By<'_>) -> Result<u64, StoreError> {
        let now = millis(by.time);
        let mut transaction = self.begin().await?;
        let before: Vec<(String, String)> = on!(&mut transaction, |db| {
            sqlx::query_as("SELECT name, settings FROM routes WHERE removed IS NULL")
                .fetch_all(&mut **db)
                .await
        })?;
        let before: BTreeMap<String, String> = before.into_iter().collect();
        let mut offered = 0;
        // By name, so that collectors that start at once lock them in the same order.
        let mut routes: Vec<&Route> = routes.iter().collect();
        routes.sort_by_key(|route| &route.name);
        for route in &routes {
            let settings = RouteSettings::from(*route);
            let text = serde_json::to_string(&settings)?;
            if before.get(&route.name) != Some(&text) {
                on!(&mut transaction, |db| {
                    sqlx::query(
                        "INSERT INTO routes (name, settings) VALUES ($1, $2)
                         ON CONFLICT (name) DO UPDATE SET settings = excluded.settings, removed = NULL",
                    )
                    .bind(&route.name)
                    .bind(&text)
                    .execute(&mut **db)
                    .await
                    .map(drop)
                })?;
                let detail = json!(settings);
                record(
                    &mut transaction,
                    by,
                    Action::RouteConfigured,
                    &route.name,
                    &detail,
                )
                .await?;
            }
            // A receiver that forgets may have done so.
            on!(&mut transaction, |db| {
                sqlx::query("UPDATE routes SET refreshed = 0 WHERE name = $1")
                    .bind(&route.name)
                    .execute(&mut **db)
                    .await
                    .map(drop)
            })?;
            offered += on!(&mut transaction, |db| {
                sqlx::query(
                    "UPDATE deliveries SET state = 'pending', due = $1, error = NULL, finished = NULL
                     WHERE route = $2 AND state = 'refused' AND NOT EXISTS (
                         SELECT 1 FROM deliveries w WHERE w.route = deliveries.route AND w.state = 'pending'
                         AND w.finding = deliveries.finding AND w.event = deliveries.event)",
                )
                .bind(now)
                .bind(&route.name)
                .execute(&mut **db)
                .await
                .map(|done| done.rows_affected())
            })?;
        }
        let gone = before
            .keys()
            .filter(|name| !routes.iter().any(|route| route.name == **name));
        for name in gone {
            on!(&mut transaction, |db| {
                sqlx::query("UPDATE routes SET removed = $2, lease = 0 WHERE name = $1")
                    .bind(name)
                    .bind(now)
                    .execute(&mut **db)
                    .await
                    .map(drop)
            })?;
            record(&mut transaction, by, Action::RouteRemoved, name, &json!({})).await?;
        }
        transaction.commit().await?;
        Ok(offered)
    }

    /// Every route, and how it goes; also those that nobody has any more while something waits for them.
    pub async fn routes(&self) -> Result<Vec<RouteState>, StoreError> {
        let rows: Vec<Row> = on!(self.readers(), |db| {
            // One statement, so that the counts are of the moment of which the error is.
            sqlx::query_as(
                "SELECT coalesce(r.name, d.route) AS name, settings, removed, last_sent, failing_since, error,
                        coalesce(omitted, 0) AS omitted, coalesce(pending, 0) AS pending, waits_since,
                        coalesce(delivered, 0) AS delivered, coalesce(refused, 0) AS refused
                 FROM routes r FULL JOIN (
                     SELECT route, count(*) FILTER (WHERE state = 'pending') AS pending,
                            min(created) FILTER (WHERE state = 'pending') AS waits_since,
                            count(*) FILTER (WHERE state = 'delivered') AS delivered,
                            count(*) FILTER (WHERE state = 'refused') AS refused
                     FROM deliveries GROUP BY route) d ON d.route = r.name
                 ORDER BY 1",
            )
            .fetch_all(db)
            .await
        })?;
        let states = rows.into_iter().map(RouteState::from);
        Ok(states
            .filter(|state| state.removed.is_none() || state.pending > 0)
            .collect())
    }

    /// Whether what goes on is to be told again to a route that was last told so `pause` ago or longer; of several
    /// collectors one hears that it is.
    pub async fn refresh_route(
        &self,
        route: &str,
        pause: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let done = on!(self.writer(), |db| {
            sqlx::query(
                "UPDATE routes SET refreshed = $2
                 WHERE name = $1 AND refreshed <= $3 AND removed IS NULL AND resumes <= $2",
            )
            .bind(route)
            .bind(millis(now))
            .bind(millis(now).saturating_sub(length(pause)))
            .execute(db)
            .await
            .map(|done| done.rows_affected())
        })?;
        Ok(done > 0)
    }

    /// Findings that a route was told of and that go on, each once, by the number of the delivery: `most` of those after
    /// `after`.
    pub async fn standing(
        &self,
        route: &str,
        after: i64,
        most: i64,
        now: Timestamp,
    ) -> Result<Vec<Alert>, StoreError> {
        let alerts: Vec<Alert> = on!(self.readers(), |db| {
            sqlx::query_as(alerts!(
                "WHERE o.route = $2 AND o.state = 'delivered' AND o.event = 'raised' AND o.id > $3
                   AND (f.state IN ('open', 'acknowledged') OR (f.state = 'snoozed' AND f.snoozed_until <= $1))
                   AND NOT EXISTS (SELECT 1 FROM deliveries l WHERE l.finding = o.finding AND l.route = o.route
                                   AND l.event = 'raised' AND l.state = 'delivered' AND l.id > o.id)
                 ORDER BY o.id LIMIT $4"
            ))
            .bind(millis(now))
            .bind(route)
            .bind(after)
            .bind(most)
            .fetch_all(db)
            .await
        })?;
        Ok(alerts.into_iter().map(|alert| self.people.alert(alert)).collect())
    }

    /// Drops the oldest deliveries of a route beyond so many, and counts them; gives how many went.
    pub async fn trim_route(&self, route: &str, most: i64) -> Result<u64, StoreError> {
        // The first one that stays, by number.
        let first: Option<i64> = on!(self.readers(), |db| {
            sqlx::query_scalar(
                "SELECT id FROM deliveries WHERE route = $1 AND state = 'pending' ORDER BY id DESC LIMIT 1 OFFSET $2",
            )
            .bind(route)
            .bind(most)
            .fetch_optional(db)
            .await
        })?;
        let Some(last) = first else { return Ok(0) };
        let mut transaction = self.begin().await?;
        // Whoever sends along the route settles, and others trim, under the same lock.
        on!(&mut transaction, |db| {
            sqlx::query("UPDATE routes SET omitted = omitted WHERE name = $1")
                .bind(route)
                .execute(&mut **db)
                .await
                .map(drop)
        })?;
        let dropped: Vec<i64> = on!(&mut transaction, |db| {
            sqlx::query_scalar(
                "DELETE FROM deliveries WHERE route = $1 AND state = 'pending' AND id <= $2 RETURNING created",
            )
            .bind(route)
            .bind(last)
            .fetch_all(&mut **db)
            .await
        })?;
        let number = stored(u64::try_from(dropped.len()).unwrap_or(u64::MAX));
        on!(&mut transaction, |db| {
            sqlx::query(
                "UPDATE routes SET omitted = omitted + $2, omitted_since = coalesce(omitted_since, $3) WHERE name = $1",
            )
            .bind(route)
            .bind(number)
            .bind(dropped.iter().min())
            .execute(&mut **db)
            .await.map(drop)
        })?;
        transaction.commit().await?;
        Ok(count(number))
    }

    /// Forgets what waits for routes that no collector has had for a week; gives how many deliveries went.
    pub async fn forget_routes(&self, now: Timestamp) -> Result<u64, StoreError> {
        let over = millis(now).saturating_sub(length(REMOVED));
        let mut transaction = self.begin().await?;
        let gone = on!(&mut transaction, |db| {
            // Those that never had a row: their week begins.
            sqlx::query(
                "INSERT INTO routes (name, settings, removed)
                 SELECT DISTINCT o.route, '{}', CAST($1 AS BIGINT) FROM deliveries o
                 WHERE o.state = 'pending' AND NOT EXISTS (SELECT 1 FROM routes r WHERE r.name = o.route)
                 ON CONFLICT DO NOTHING",
            )
            .bind(millis(now))
            .execute(&mut **db)
            .await?;
            let gone = sqlx::query(
                "DELETE FROM deliveries WHERE state = 'pending'
                 AND route IN (SELECT name FROM routes WHERE removed < $1)",
            )
            .bind(over)
            .execute(&mut **db)
            .await?
            .rows_affected();
            sqlx::query("DELETE FROM routes WHERE removed < $1")
                .bind(over)
                .execute(&mut **db)
                .await
                .map(|_| gone)
        })?;
        transaction.commit().await?;
        Ok(gone)
    }
}
