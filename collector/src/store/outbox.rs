use std::time::Duration;

use jiff::Timestamp;
use umbra_report::Evidence;

use super::{Store, StoreError, evidence, millis, time};

/// A finding on its way to the webhook.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Alert {
    /// The queue's number.
    pub id: i64,
    /// Stable over attempts and restarts: by it the receiver drops a repeat.
    pub delivery: String,
    /// Attempts so far.
    pub attempts: i64,
    /// The finding.
    pub finding: i64,
    /// Kind of finding.
    pub kind: String,
    /// Vendor's name in the catalogue.
    pub vendor: String,
    /// Service of the vendor.
    pub service: String,
    /// Kind of the service.
    pub service_kind: String,
    /// Host name asked for.
    pub name: String,
    /// Fleet-wide name of the program.
    pub program: String,
    /// Path of the executable.
    pub exe: Option<String>,
    /// Script or module behind the interpreter.
    pub script: Option<String>,
    /// Image of the container.
    pub image: Option<String>,
    /// Systemd unit.
    pub unit: Option<String>,
    /// User id on the host.
    pub uid: i64,
    /// The user's name.
    pub user_name: Option<String>,
    /// Host on which it was first seen.
    pub host: String,
    evidence: i64,
    first_seen: i64,
    created: i64,
}

impl Alert {
    /// How the name is known; `None` when a later version wrote it.
    pub fn evidence(&self) -> Option<Evidence> {
        evidence::of_rank(self.evidence)
    }

    /// When the caller was first seen.
    pub fn first_seen(&self) -> Timestamp {
        time(self.first_seen)
    }

    /// When the finding was made.
    pub fn created(&self) -> Timestamp {
        time(self.created)
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver took it.
    Delivered,
    /// It is tried again.
    Retry {
        /// What went wrong.
        error: String,
        /// When this alert is tried again.
        after: Duration,
        /// The receiver asked for quiet: nothing at all is sent until then.
        all: bool,
    },
    /// The receiver refused it for good.
    Refused {
        /// What the receiver said.
        error: String,
    },
}

impl Store {
    /// The alert that is to be sent next, if one is due at `now`.
    pub async fn due_alert(&self, now: Timestamp) -> Result<Option<Alert>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT o.id, o.delivery, o.attempts, f.id AS finding, f.kind, f.vendor, d.service,
                    d.kind AS service_kind, d.name, p.name AS program, c.exe, c.script, c.image, c.unit, c.uid,
                    c.user_name, a.host, f.evidence, f.first_seen, f.created
             FROM outbox o
             JOIN findings f ON f.id = o.finding
             JOIN destinations d ON d.id = f.destination
             JOIN callers c ON c.id = f.caller
             JOIN programs p ON p.id = f.program
             JOIN agents a ON a.id = c.agent
             WHERE o.state = 'pending' AND o.due <= ? ORDER BY o.due, o.id LIMIT 1",
        )
        .bind(millis(now))
        .fetch_optional(&self.readers)
        .await?)
    }

    /// How long from `now` until an alert is due; `None` when none waits.
    pub async fn next_alert(&self, now: Timestamp) -> Result<Option<Duration>, StoreError> {
        let due: Option<i64> = sqlx::query_scalar("SELECT min(due) FROM outbox WHERE state = 'pending'")
            .fetch_one(&self.readers)
            .await?;
        Ok(due.map(|due| Duration::from_millis(u64::try_from(due - millis(now)).unwrap_or_default())))
    }

    /// Puts alerts that were refused for good back into the queue; gives how many.
    pub async fn offer_again(&self, now: Timestamp) -> Result<u64, StoreError> {
        let offered = sqlx::query(
            "UPDATE outbox SET state = 'pending', due = ?, error = NULL, finished = NULL WHERE state = 'refused'",
        )
        .bind(millis(now))
        .execute(&self.writer)
        .await?;
        Ok(offered.rows_affected())
    }

    /// Writes down how an attempt that ended at `now` went.
    pub async fn settle_alert(
        &self,
        alert: i64,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let now = millis(now);
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        match outcome {
            Outcome::Delivered => {
                finish(&mut transaction, alert, "delivered", None, now).await?;
                // The route works again: what still waits for it need not wait longer.
                sqlx::query("UPDATE outbox SET due = ?1 WHERE state = 'pending' AND due > ?1")
                    .bind(now)
                    .execute(&mut *transaction)
                    .await?;
            }
            Outcome::Refused { error } => {
                finish(&mut transaction, alert, "refused", Some(error), now).await?;
            }
            Outcome::Retry { error, after, all } => {
                let due = now.saturating_add(i64::try_from(after.as_millis()).unwrap_or(i64::MAX));
                sqlx::query("UPDATE outbox SET attempts = attempts + 1, due = ?, error = ? WHERE id = ?")
                    .bind(due)
                    .bind(error)
                    .bind(alert)
                    .execute(&mut *transaction)
                    .await?;
                if *all {
                    sqlx::query("UPDATE outbox SET due = ?1 WHERE state = 'pending' AND due < ?1")
                        .bind(due)
                        .execute(&mut *transaction)
                        .await?;
                }
            }
        }
        transaction.commit().await?;
        Ok(())
    }
}

async fn finish(
    connection: &mut sqlx::SqliteConnection,
    alert: i64,
    state: &str,
    error: Option<&str>,
    now: i64,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE outbox SET state = ?, attempts = attempts + 1, error = ?, finished = ? WHERE id = ?")
        .bind(state)
        .bind(error)
        .bind(now)
        .bind(alert)
        .execute(connection)
        .await?;
    Ok(())
}
