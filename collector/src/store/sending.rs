//! One message of a route is sent at a time, whichever collector does it: the route's row holds its name and until when,
//! and with it the pace, the pause after a failure and what was dropped.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::alert::{Alert, alerts};
use super::{Store, StoreError, Transaction, count, length, millis, on, stored, time};

/// For how long a route is a collector's that is sending; it renews that while it does. Long enough for clocks of
/// collectors that differ.
const LEASE: Duration = Duration::from_mins(1);
/// Alerts in a message.
const TOGETHER: i64 = 100;

/// A message that is to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// Its id: stable over attempts and restarts, by which the receiver drops a repeat.
    pub id: String,
    /// Attempts so far.
    pub attempts: i64,
    /// How often in a row the route has failed.
    pub failures: i64,
    /// What it tells, in order.
    pub alerts: Vec<Alert>,
    /// Alerts that waited for too long and were dropped, which is told by this one.
    pub omitted: u64,
    /// When the first of those was raised.
    pub omitted_since: Option<Timestamp>,
}

/// What there is to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// This.
    Message(Box<Outgoing>),
    /// Nothing until then; `None`: until something happens.
    Nothing(Option<Duration>),
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver took it.
    Delivered {
        /// What it said.
        answer: String,
    },
    /// It is tried again.
    Retry {
        /// What went wrong, with the remedy.
        error: String,
        /// When the receiver asks to be asked again.
        asked: Option<Duration>,
    },
    /// The receiver refused it for good.
    Refused {
        /// What the receiver said, with the remedy.
        error: String,
    },
}

/// From when on things go on after an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pauses {
    /// Of the route.
    pub route: Duration,
    /// Of the message, when it is tried again.
    pub message: Duration,
}

#[derive(sqlx::FromRow)]
struct Held {
    resumes: i64,
    failures: i64,
    omitted: i64,
    omitted_since: Option<i64>,
    settings: String,
}

#[derive(sqlx::FromRow)]
struct Next {
    id: i64,
    delivery: String,
    message: Option<String>,
    attempts: i64,
}

impl Store {
    /// The message that a route is to send next, if one is due at `now`. For a minute nobody else sends along the
    /// route, unless the message is settled or the route released before.
    pub async fn claim(&self, route: &str, holder: Uuid, now: Timestamp) -> Result<Claim, StoreError> {
        let due = self.next_due(route, now).await?;
        if due.is_none_or(|due| due > millis(now)) {
            return Ok(Claim::Nothing(due.map(|due| until(due, now))));
        }
        let mut transaction = self.begin().await?;
        let Some(held) = hold(&mut transaction, route, holder, now).await? else {
            // Another one is sending, or nobody has the route any more.
            return Ok(Claim::Nothing(Some(Duration::from_secs(1))));
        };
        if held.resumes > millis(now) {
            return Ok(Claim::Nothing(Some(until(held.resumes, now))));
        }
        let Some(next) = next(&mut transaction, route, now).await? else {
            return Ok(Claim::Nothing(None));
        };
        let id = if let Some(message) = next.message {
            message
        } else {
            let settings: crate::alerts::RouteSettings =
                serde_json::from_str(&held.settings).unwrap_or_default();
            let together = if settings.digest_seconds > 0 { TOGETHER } else { 1 };
            put_together(&mut transaction, route, &next.delivery, next.id, together).await?;
            next.delivery
        };
        let alerts: Vec<Alert> = on!(&mut transaction, |db| {
            sqlx::query_as(alerts!(
                "WHERE o.message = $2 AND o.route = $3 AND o.state = 'pending' ORDER BY o.id"
            ))
            .bind(millis(now))
            .bind(&id)
            .bind(route)
            .fetch_all(&mut **db)
            .await
        })?;
        transaction.commit().await?;
        let alerts = alerts.into_iter().map(|alert| self.people.alert(alert)).collect();
        Ok(Claim::Message(Box::new(Outgoing {
            id,
            attempts: next.attempts,
            failures: held.failures,
            alerts,
            omitted: count(held.omitted),
            omitted_since: held.omitted_since.map(time),
        })))
    }

    /// When something is due, or the route may go on, if anything waits.
    async fn next_due(&self, route: &str, now: Timestamp) -> Result<Option<i64>, StoreError> {
        let row: Option<(i64, i64, i64)> = on!(self.readers(), |db| {
            sqlx::query_as(
                "SELECT r.resumes, r.lease, o.due FROM routes r JOIN deliveries o ON o.route = r.name
                 WHERE r.name = $1 AND r.removed IS NULL AND o.state = 'pending' ORDER BY o.due, o.id LIMIT 1",
            )
            .bind(route)
            .fetch_optional(db)
            .await
        })?;
        Ok(row.map(|(resumes, lease, due)| {
            // Who sends ends sooner than its lease, as a rule: look again in a second.
            let lease = lease.min(millis(now).saturating_add(1_000));
            resumes.max(lease).max(due)
        }))
    }

    /// Keeps the route while a message is being sent for long.
    pub async fn keep_route(&self, route: &str, holder: Uuid, now: Timestamp) -> Result<(), StoreError> {
        on!(self.writer(), |db| {
            sqlx::query("UPDATE routes SET lease = $3 WHERE name = $1 AND holder = $2 AND lease > 0")
                .bind(route)
                .bind(holder.to_string())
                .bind(millis(now).saturating_add(length(LEASE)))
                .execute(db)
                .await
                .map(drop)
        })?;
        Ok(())
    }

    /// Lets others have a route that was held and whose message was not settled.
    pub async fn release_route(&self, route: &str, holder: Uuid) -> Result<(), StoreError> {
        on!(self.writer(), |db| {
            sqlx::query("UPDATE routes SET lease = 0 WHERE name = $1 AND holder = $2")
                .bind(route)
                .bind(holder.to_string())
                .execute(db)
                .await
                .map(drop)
        })?;
        Ok(())
    }

    /// The same for all routes.
    pub(super) async fn release_routes(&self) -> Result<(), StoreError> {
        on!(self.writer(), |db| {
            sqlx::query("UPDATE routes SET lease = 0 WHERE lease > 0")
                .execute(db)
                .await
                .map(drop)
        })?;
        Ok(())
    }

    /// Writes down how an attempt that ended at `now` went, and lets the route go.
    pub async fn settle(
        &self,
        route: &str,
        holder: Uuid,
        sent: &Outgoing,
        outcome: &Outcome,
        pauses: Pauses,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let at = millis(now);
        let (state, due, error, finished) = match outcome {
            Outcome::Delivered { .. } => ("delivered", at, None, Some(at)),
            Outcome::Refused { error } => ("refused", at, Some(error), Some(at)),
            Outcome::Retry { error, .. } => (
                "pending",
                at.saturating_add(length(pauses.message)),
                Some(error),
                None,
            ),
        };
        let delivered = matches!(outcome, Outcome::Delivered { .. });
        let mut transaction = self.begin().await?;
        on!(&mut transaction, |db| {
            // Before the deliveries, as `claim` does it.
            sqlx::query(
                "UPDATE routes SET lease = CASE WHEN holder = $2 THEN 0 ELSE lease END, resumes = $3,
                        failures = CASE WHEN $4 = 'pending' THEN failures + 1 ELSE 0 END,
                        failing_since = CASE WHEN $4 = 'delivered' THEN NULL ELSE coalesce(failing_since, $5) END,
                        error = $6, last_sent = CASE WHEN $4 = 'delivered' THEN $5 ELSE last_sent END,
                        omitted = CASE WHEN $4 <> 'delivered' THEN omitted
                                       WHEN omitted > $7 THEN omitted - $7 ELSE 0 END,
                        omitted_since = CASE WHEN $4 <> 'delivered' OR omitted > $7 THEN omitted_since END
                 WHERE name = $1",
            )
            .bind(route)
            .bind(holder.to_string())
            .bind(at.saturating_add(length(pauses.route)))
            .bind(state)
            .bind(at)
            .bind(error)
            .bind(stored(sent.omitted))
            .execute(&mut **db)
            .await?;
            sqlx::query(
                "UPDATE deliveries SET state = $1, attempts = attempts + 1, due = $2, error = $3, finished = $4
                 WHERE message = $5 AND route = $6 AND state = 'pending'",
            )
            .bind(state)
            .bind(due)
            .bind(error)
            .bind(finished)
            .bind(&sent.id)
            .bind(route)
            .execute(&mut **db)
            .await.map(drop)
        })?;
        if delivered {
            // The route works again: what has failed before need not wait longer.
            on!(&mut transaction, |db| {
                sqlx::query(
                    "UPDATE deliveries SET due = $1
                     WHERE route = $2 AND state = 'pending' AND due > $1 AND attempts > 0",
                )
                .bind(at)
                .bind(route)
                .execute(&mut **db)
                .await
                .map(drop)
            })?;
        }
        transaction.commit().await
    }
}

fn until(due: i64, now: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(due - millis(now)).unwrap_or_default())
}

/// Takes hold of the route, unless another collector sends along it.
async fn hold(
    transaction: &mut Transaction,
    route: &str,
    holder: Uuid,
    now: Timestamp,
) -> Result<Option<Held>, StoreError> {
    Ok(on!(transaction, |db| {
        sqlx::query_as(
            "UPDATE routes SET holder = $2, lease = $3 WHERE name = $1 AND removed IS NULL AND lease <= $4
             RETURNING resumes, failures, omitted, omitted_since, settings",
        )
        .bind(route)
        .bind(holder.to_string())
        .bind(millis(now).saturating_add(length(LEASE)))
        .bind(millis(now))
        .fetch_optional(&mut **db)
        .await
    })?)
}

/// The first delivery that is due. That a finding ended is not told before it was told that it was raised.
async fn next(
    transaction: &mut Transaction,
    route: &str,
    now: Timestamp,
) -> Result<Option<Next>, StoreError> {
    Ok(on!(transaction, |db| {
        sqlx::query_as(
            "SELECT o.id, o.delivery, o.message, o.attempts FROM deliveries o
             WHERE o.route = $1 AND o.state = 'pending' AND o.due <= $2
               AND (o.event = 'raised' OR NOT EXISTS (
                   SELECT 1 FROM deliveries b WHERE b.route = $1 AND b.finding = o.finding
                   AND b.event = 'raised' AND b.state = 'pending' AND b.message IS NOT NULL AND b.id < o.id))
             ORDER BY o.due, o.id LIMIT 1",
        )
        .bind(route)
        .bind(millis(now))
        .fetch_optional(&mut **db)
        .await
    })?)
}

/// Makes a message of the oldest deliveries that are in none yet; the one that is due is among them.
async fn put_together(
    transaction: &mut Transaction,
    route: &str,
    message: &str,
    due: i64,
    together: i64,
) -> Result<(), StoreError> {
    on!(transaction, |db| {
        sqlx::query(
            "UPDATE deliveries SET message = $1 WHERE id = $4 OR ($3 > 1 AND id IN (
                 SELECT id FROM deliveries WHERE route = $2 AND state = 'pending' AND message IS NULL AND id <> $4
                 ORDER BY id LIMIT $3 - 1))",
        )
        .bind(message)
        .bind(route)
        .bind(together)
        .bind(due)
        .execute(&mut **db)
        .await
        .map(drop)
    })?;
    Ok(())
}
