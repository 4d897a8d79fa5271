use std::time::Duration;

use jiff::Timestamp;
use umbra_report::Agent;
use uuid::Uuid;

use super::{Store, StoreError, length, millis, on, time};
use crate::denied::Denied;

/// Starts of a host that are remembered after another one came.
const PAST_BOOTS: i64 = 8;

/// What the store says of a certificate and its agent.
struct Known {
    agent: Uuid,
    not_after: i64,
    revoked: bool,
    retired: bool,
    boot: Option<String>,
    rival: Option<String>,
    rival_since: i64,
    clone: i64,
    last_report: i64,
}

impl Known {
    /// Whether the host that reports was heard after the rival came: both live.
    fn is_proven(&self) -> bool {
        self.rival.is_some() && self.clone >= self.rival_since
    }
}

impl Store {
    /// Whether whoever shows the certificate may speak for `agent`.
    pub async fn identify(
        &self,
        fingerprint: &str,
        agent: Uuid,
        now: Timestamp,
    ) -> Result<Result<(), Denied>, StoreError> {
        Ok(self.known(fingerprint, Some(agent), now).await?.map(drop))
    }

    /// Which agent a certificate is of, that may ask with it.
    pub(super) async fn holder(
        &self,
        fingerprint: &str,
        now: Timestamp,
    ) -> Result<Result<Uuid, Denied>, StoreError> {
        Ok(self.known(fingerprint, None, now).await?.map(|known| known.agent))
    }

    /// [`Store::identify`], and whether it is the one host that may: two hosts with one identity number their records
    /// alike, and one's would be taken for repeats of the other's.
    ///
    /// A host that starts again has a new boot id, and so has a copy. The one that is new therefore waits until the
    /// other has been silent for `takeover`. If the other speaks again meanwhile, or after it was taken over from,
    /// there are two.
    pub async fn admit(
        &self,
        fingerprint: &str,
        agent: &Agent,
        takeover: Duration,
        now: Timestamp,
    ) -> Result<Result<(), Denied>, StoreError> {
        let known = match self.known(fingerprint, Some(agent.id), now).await? {
            Ok(known) => known,
            Err(denied) => return Ok(Err(denied)),
        };
        let id = agent.id.to_string();
        let Some(boot) = agent.boot_id.map(|boot| boot.to_string()) else {
            return Ok(Ok(()));
        };
        let now = millis(now);
        let takeover = length(takeover);
        if known.boot.as_ref() == Some(&boot) {
            if known.rival.is_some() && !known.is_proven() {
                self.found_clone(&id, now).await?;
            }
            return Ok(Ok(()));
        }
        let was_before: Option<i64> = on!(self.readers(), |db| sqlx::query_scalar(
            "SELECT CAST(1 AS BIGINT) FROM past_boots WHERE agent = $1 AND boot = $2"
        )
        .bind(&id)
        .bind(&boot)
        .fetch_optional(db)
        .await)?;
        if was_before.is_some() {
            self.found_clone(&id, now).await?;
            return Ok(Err(Denied::PossibleClone(agent.id)));
        }
        if known.is_proven() && known.rival.as_ref() == Some(&boot) {
            self.found_clone(&id, now).await?;
            return Ok(Err(Denied::PossibleClone(agent.id)));
        }
        let silent_for = now.saturating_sub(known.last_report);
        if known.boot.is_some() && silent_for < takeover {
            if known.rival.as_ref() != Some(&boot) {
                on!(self.writer(), |db| sqlx::query(
                    "UPDATE enrolments SET rival = $1, rival_since = $2 WHERE agent = $3"
                )
                .bind(&boot)
                .bind(now)
                .bind(&id)
                .execute(db)
                .await
                .map(drop))?;
            }
            let left = u64::try_from(takeover - silent_for).unwrap_or_default();
            return Ok(Err(Denied::Held(Duration::from_secs(left.div_ceil(1000)))));
        }
        if self.take_over(&id, known.boot.as_deref(), &boot, now).await? {
            Ok(Ok(()))
        } else {
            // Another start was first, at another collector.
            Ok(Err(Denied::Held(Duration::from_secs(1))))
        }
    }

    async fn known(
        &self,
        fingerprint: &str,
        named: Option<Uuid>,
        now: Timestamp,
    ) -> Result<Result<Known, Denied>, StoreError> {
        type Row = (
            String,
            i64,
            bool,
            bool,
            Option<String>,
            Option<String>,
            Option<i64>,
            Option<i64>,
            Option<i64>,
        );
        let row: Option<Row> = on!(self.readers(), |db| {
            sqlx::query_as(
            "SELECT c.agent, c.not_after, e.revoked IS NOT NULL, e.retired IS NOT NULL, e.boot, e.rival, e.rival_since,
                    e.clone, a.last_report
             FROM certificates c JOIN enrolments e ON e.agent = c.agent LEFT JOIN agents a ON a.agent = c.agent
             WHERE c.fingerprint = $1",
        )
        .bind(fingerprint)
        .fetch_optional(db)
        .await
        })?;
        let known = row.and_then(|row| {
            Some(Known {
                agent: row.0.parse().ok()?,
                not_after: row.1,
                revoked: row.2,
                retired: row.3,
                boot: row.4,
                rival: row.5,
                rival_since: row.6.unwrap_or_default(),
                clone: row.7.unwrap_or_default(),
                last_report: row.8.unwrap_or_default(),
            })
        });
        let Some(known) = known else {
            return Ok(Err(Denied::CertificateUnknown));
        };
        Ok(if known.revoked {
            Err(Denied::AgentRevoked(known.agent))
        } else if known.retired {
            Err(Denied::AgentRetired(known.agent))
        } else if known.not_after <= millis(now) {
            Err(Denied::CertificateExpired(time(known.not_after)))
        } else if let Some(named) = named.filter(|named| known.agent != *named) {
            Err(Denied::WrongAgent {
                certificate: known.agent,
                named,
            })
        } else {
            Ok(known)
        })
    }

    async fn found_clone(&self, agent: &str, now: i64) -> Result<(), StoreError> {
        tracing::warn!(agent, "possible clone: two hosts report as one agent");
        on!(self.writer(), |db| sqlx::query(
            "UPDATE enrolments SET clone = $1 WHERE agent = $2"
        )
        .bind(now)
        .bind(agent)
        .execute(db)
        .await
        .map(drop))?;
        Ok(())
    }

    /// The host that reported has been silent: another start reports now, unless it does not report any more.
    async fn take_over(
        &self,
        agent: &str,
        old: Option<&str>,
        new: &str,
        now: i64,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let is_first = on!(&mut transaction, |db| sqlx::query(
            "UPDATE enrolments SET boot = $1, rival = NULL, rival_since = NULL
             WHERE agent = $2 AND coalesce(boot, '') = coalesce($3, '')"
        )
        .bind(new)
        .bind(agent)
        .bind(old)
        .execute(&mut **db)
        .await
        .map(|done| done.rows_affected() > 0))?;
        if !is_first {
            return Ok(false);
        }
        if let Some(old) = old {
            on!(&mut transaction, |db| sqlx::query(
                "INSERT INTO past_boots (agent, boot, ended) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            )
            .bind(agent)
            .bind(old)
            .bind(now)
            .execute(&mut **db)
            .await
            .map(drop))?;
            on!(&mut transaction, |db| sqlx::query(
                "DELETE FROM past_boots WHERE agent = $1 AND boot NOT IN
                     (SELECT boot FROM past_boots WHERE agent = $1 ORDER BY ended DESC LIMIT $2)",
            )
            .bind(agent)
            .bind(PAST_BOOTS)
            .execute(&mut **db)
            .await
            .map(drop))?;
        }
        transaction.commit().await?;
        Ok(true)
    }
}
