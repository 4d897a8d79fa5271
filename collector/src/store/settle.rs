//! What the collector itself does to the states of findings. Each change is an entry of the audit log.

use jiff::Timestamp;
use serde_json::json;

use super::audit::{Action, By, record};
use super::findings::facts;
use super::outbox::{self, Happening};
use super::{Store, StoreError, millis, on};
use crate::findings::{COLLECTOR, Facts, FindingKind, FindingState};

/// A finding that nobody has settled.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Unsettled {
    /// Its number.
    pub id: i64,
    /// A word of [`FindingKind`], or of a later version.
    pub kind: String,
    facts: Option<String>,
}

impl Unsettled {
    /// What it was raised for.
    pub fn facts(&self) -> Facts {
        facts(self.facts.as_deref())
    }
}

impl Store {
    /// Findings of these kinds that are open, acknowledged or snoozed, in the order of their numbers: `most` at most, after
    /// the number `after`.
    pub async fn unsettled(
        &self,
        kinds: &[FindingKind],
        after: i64,
        most: u16,
    ) -> Result<Vec<Unsettled>, StoreError> {
        // The words are this program's own.
        let words: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
        let words = format!(" {} ", words.join(" "));
        Ok(on!(self.readers(), |db| sqlx::query_as(
            "SELECT id, kind, facts FROM findings
             WHERE id > $1 AND state IN ('open', 'acknowledged', 'snoozed') AND $2 LIKE '% ' || kind || ' %'
             ORDER BY id LIMIT $3"
        )
        .bind(after)
        .bind(&words)
        .bind(i64::from(most))
        .fetch_all(db)
        .await)?)
    }

    /// Resolves a finding that nobody has settled; gives whether there was such a one.
    pub async fn close_finding(
        &self,
        finding: i64,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = on!(&mut transaction, |db| {
            sqlx::query(
            "UPDATE findings SET state = 'resolved', by_collector = 1, snoozed_until = NULL, decided = $1,
                    decided_by = $2, decided_reason = $3
             WHERE id = $4 AND state IN ('open', 'acknowledged', 'snoozed')"
        )
        .bind(millis(now))
        .bind(COLLECTOR)
        .bind(reason)
        .bind(finding)
        .execute(&mut **db)
        .await
        .map(|done| done.rows_affected())
        })?;
        if done == 0 {
            return Ok(false);
        }
        let by = By {
            actor: COLLECTOR,
            time: now,
        };
        let detail = json!({ "state": FindingState::Resolved.as_str(), "reason": reason });
        record(&mut transaction, &by, Action::FindingDecided, finding, &detail).await?;
        outbox::queue(&mut transaction, Happening::Ended, &[(finding, now)]).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Opens findings whose snooze is over, `most` of them, and tells of them; gives how many there were.
    pub async fn wake_findings(&self, now: Timestamp, most: u16) -> Result<usize, StoreError> {
        let due: Vec<i64> = on!(self.readers(), |db| {
            sqlx::query_scalar(
            "SELECT id FROM findings WHERE state = 'snoozed' AND snoozed_until <= $1 ORDER BY snoozed_until LIMIT $2"
        )
        .bind(millis(now))
        .bind(i64::from(most))
        .fetch_all(db)
        .await
        })?;
        let mut woken = 0;
        for finding in due {
            let mut transaction = self.begin().await?;
            let done = on!(&mut transaction, |db| sqlx::query(
                "UPDATE findings SET state = 'open', snoozed_until = NULL
                 WHERE id = $1 AND state = 'snoozed' AND snoozed_until <= $2"
            )
            .bind(finding)
            .bind(millis(now))
            .execute(&mut **db)
            .await
            .map(|done| done.rows_affected()))?;
            if done == 0 {
                continue;
            }
            let by = By {
                actor: COLLECTOR,
                time: now,
            };
            let detail = json!({ "state": FindingState::Open.as_str(), "reason": "the snooze is over" });
            record(&mut transaction, &by, Action::FindingDecided, finding, &detail).await?;
            outbox::queue(&mut transaction, Happening::Raised, &[(finding, now)]).await?;
            transaction.commit().await?;
            woken += 1;
        }
        Ok(woken)
    }
}
