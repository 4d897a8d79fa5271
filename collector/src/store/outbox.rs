use std::time::Duration;

use jiff::Timestamp;
use umbra_policy::Verdict;
use umbra_report::Evidence;

use super::both::Wording;
use super::{Store, StoreError, evidence, length, millis, on, time};
use crate::findings::FindingKind;

/// For how long an alert is a collector's that is sending it. An attempt takes 10 s at most; the rest is room for
/// clocks of collectors that differ.
const LEASE: Duration = Duration::from_mins(1);

macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE outbox SET lease = $2 WHERE id = (
                 SELECT id FROM outbox WHERE state = 'pending' AND due <= $1 AND coalesce(lease, 0) <= $1
                 ORDER BY due, id LIMIT 1 ",
            $lock,
            ") RETURNING id"
        )
    };
}

/// SQLite has one writer.
const CLAIM: Wording = Wording {
    sqlite: claim!(""),
    postgres: claim!("FOR UPDATE SKIP LOCKED"),
};

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
    /// Version of the policy under which it was raised; `None`: it was raised before there were any.
    pub policy: Option<i64>,
    /// The sanction that counted, if any did.
    pub sanction: Option<String>,
    evidence: i64,
    first_seen: i64,
    created: i64,
}

impl Alert {
    /// How the name is known; `None` when a later version wrote it.
    pub fn evidence(&self) -> Option<Evidence> {
        evidence::of_rank(self.evidence)
    }

    /// The verdict that the finding was raised under.
    pub fn verdict(&self) -> Verdict {
        FindingKind::of(&self.kind).map_or(Verdict::Unreviewed, FindingKind::verdict)
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
    /// The alert that is to be sent next, if one is due at `now`. Nobody else gets it for a minute, unless it is
    /// settled or released before.
    pub async fn claim_alert(&self, now: Timestamp) -> Result<Option<Alert>, StoreError> {
        let statement = self.writer().word(CLAIM);
        let claimed: Option<i64> = on!(self.writer(), |db| sqlx::query_scalar(statement)
            .bind(millis(now))
            .bind(millis(now).saturating_add(length(LEASE)))
            .fetch_optional(db)
            .await)?;
        let Some(claimed) = claimed else {
            return Ok(None);
        };
        Ok(on!(self.writer(), |db| {
            sqlx::query_as(
            "SELECT o.id, o.delivery, o.attempts, f.id AS finding, f.kind, f.vendor, d.service,
                    d.kind AS service_kind, d.name, p.name AS program, c.exe, c.script, c.image, c.unit, c.uid,
                    c.user_name, a.host, f.policy, f.sanction, f.evidence, f.first_seen, f.created
             FROM outbox o
             JOIN findings f ON f.id = o.finding
             JOIN destinations d ON d.id = f.destination
             JOIN callers c ON c.id = f.caller
             JOIN programs p ON p.id = f.program
             JOIN agents a ON a.id = c.agent
             WHERE o.id = $1",
        )
        .bind(claimed)
        .fetch_optional(db)
        .await
        })?)
    }

    /// Lets others have an alert that was claimed and not settled.
    pub async fn release_alert(&self, alert: i64) -> Result<(), StoreError> {
        on!(self.writer(), |db| sqlx::query(
            "UPDATE outbox SET lease = NULL WHERE id = $1"
        )
        .bind(alert)
        .execute(db)
        .await
        .map(drop))?;
        Ok(())
    }

    /// The same for all alerts.
    pub(super) async fn release_alerts(&self) -> Result<(), StoreError> {
        on!(self.writer(), |db| sqlx::query(
            "UPDATE outbox SET lease = NULL WHERE lease IS NOT NULL"
        )
        .execute(db)
        .await
        .map(drop))?;
        Ok(())
    }

    /// How long from `now` until an alert is due; `None` when none waits.
    pub async fn next_alert(&self, now: Timestamp) -> Result<Option<Duration>, StoreError> {
        let due: Option<i64> = on!(self.readers(), |db| {
            sqlx::query_scalar(
            "SELECT min(CASE WHEN lease > due THEN lease ELSE due END) FROM outbox WHERE state = 'pending'"
        )
        .fetch_one(db)
        .await
        })?;
        Ok(due.map(|due| Duration::from_millis(u64::try_from(due - millis(now)).unwrap_or_default())))
    }

    /// Puts alerts that were refused for good back into the queue; gives how many.
    pub async fn offer_again(&self, now: Timestamp) -> Result<u64, StoreError> {
        let offered = on!(self.writer(), |db| {
            sqlx::query(
            "UPDATE outbox SET state = 'pending', due = $1, error = NULL, finished = NULL WHERE state = 'refused'",
        )
        .bind(millis(now))
        .execute(db)
        .await
        .map(|done| done.rows_affected())
        })?;
        Ok(offered)
    }

    /// Writes down how an attempt that ended at `now` went.
    pub async fn settle_alert(
        &self,
        alert: i64,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let now = millis(now);
        // What it means for the others comes first: whoever fails between the two settles the alert once more.
        match outcome {
            Outcome::Delivered => {
                // The route works again: what still waits for it need not wait longer.
                self.shift(
                    "UPDATE outbox SET due = $1 WHERE state = 'pending' AND due > $1",
                    now,
                )
                .await?;
                self.settle(alert, "delivered", now, None, Some(now)).await
            }
            Outcome::Refused { error } => self.settle(alert, "refused", now, Some(error), Some(now)).await,
            Outcome::Retry { error, after, all } => {
                let due = now.saturating_add(length(*after));
                if *all {
                    self.shift(
                        "UPDATE outbox SET due = $1 WHERE state = 'pending' AND due < $1",
                        due,
                    )
                    .await?;
                }
                self.settle(alert, "pending", due, Some(error), None).await
            }
        }
    }

    async fn shift(&self, statement: &'static str, due: i64) -> Result<(), StoreError> {
        on!(self.writer(), |db| sqlx::query(statement)
            .bind(due)
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    async fn settle(
        &self,
        alert: i64,
        state: &str,
        due: i64,
        error: Option<&str>,
        finished: Option<i64>,
    ) -> Result<(), StoreError> {
        on!(self.writer(), |db| {
            sqlx::query(
            "UPDATE outbox SET state = $1, attempts = attempts + 1, due = $2, error = $3, finished = $4, lease = NULL
             WHERE id = $5 AND state = 'pending'",
        )
        .bind(state)
        .bind(due)
        .bind(error)
        .bind(finished)
        .bind(alert)
        .execute(db)
        .await
        .map(drop)
        })?;
        Ok(())
    }
}
