use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use umbra_report::Agent;
use uuid::Uuid;

use super::batch::json;
use super::both::Wording;
use super::{Pool, Store, StoreError, length, millis, on, time};
use crate::denied::Denied;

/// Starts of a host that are remembered after another one came.
const PAST_BOOTS: i64 = 8;

/// What the store says of a certificate and its agent.
#[derive(Clone)]
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
    /// Whether whoever shows this certificate may speak, and for the agent that is named.
    fn judge(known: Option<Self>, named: Option<Uuid>, now: Timestamp) -> Result<Self, Denied> {
        let Some(known) = known else {
            return Err(Denied::CertificateUnknown);
        };
        if known.revoked {
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
        }
    }

    /// Whether the host that reports was heard after the rival came: both live.
    fn is_proven(&self) -> bool {
        self.rival.is_some() && self.clone >= self.rival_since
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    fingerprint: String,
    agent: String,
    not_after: i64,
    revoked: bool,
    retired: bool,
    boot: Option<String>,
    rival: Option<String>,
    rival_since: Option<i64>,
    clone: Option<i64>,
    last_report: Option<i64>,
}

macro_rules! certificates {
    ($fingerprints:literal) => {
        concat!(
            "SELECT c.fingerprint, c.agent, c.not_after, e.revoked IS NOT NULL AS revoked,
                    e.retired IS NOT NULL AS retired, e.boot, e.rival, e.rival_since, e.clone, a.last_report
             FROM certificates c JOIN enrolments e ON e.agent = c.agent LEFT JOIN agents a ON a.agent = c.agent
             WHERE c.fingerprint ",
            $fingerprints
        )
    };
}
/// `$1` is a JSON array of fingerprints.
const CERTIFICATES: Wording = Wording {
    sqlite: certificates!("IN (SELECT value FROM json_each($1))"),
    postgres: certificates!("= ANY (ARRAY(SELECT jsonb_array_elements_text(CAST($1 AS jsonb))))"),
};

/// The certificate that a report came with.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its SHA-256, hexadecimal digits.
    pub fingerprint: String,
    /// How long a host must be silent before another start of it is let in.
    pub takeover: Duration,
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

    /// Whether these reports may be stored, each by the certificate that it came with.
    pub(super) async fn admit_all(
        &self,
        reports: &[(&Shown, &Agent, Timestamp)],
    ) -> Result<Vec<Result<(), Denied>>, StoreError> {
        let fingerprints: Vec<&str> = reports
            .iter()
            .map(|(shown, ..)| shown.fingerprint.as_str())
            .collect();
        // By the connection that will write: its pages are in memory, those of others are not after each commit.
        let certificates = certificates(self.writer(), &fingerprints).await?;
        let mut answers = Vec::with_capacity(reports.len());
        for (shown, agent, now) in reports {
            let known = Known::judge(
                certificates.get(&shown.fingerprint).cloned(),
                Some(agent.id),
                *now,
            );
            answers.push(match known {
                Ok(known) => self.admit(known, agent, shown.takeover, *now).await?,
                Err(denied) => Err(denied),
            });
        }
        Ok(answers)
    }

    /// Whether it is the one host that may: two hosts with one identity number their records alike, and one's would be
    /// taken for repeats of the other's.
    ///
    /// A host that starts again has a new boot id, and so has a copy. The one that is new therefore waits until the
    /// other has been silent for `takeover`. If the other speaks again meanwhile, or after it was taken over from,
    /// there are two.
    async fn admit(
        &self,
        known: Known,
        agent: &Agent,
        takeover: Duration,
        now: Timestamp,
    ) -> Result<Result<(), Denied>, StoreError> {
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
        let known = certificates(self.readers(), &[fingerprint])
            .await?
            .remove(fingerprint);
        Ok(Known::judge(known, named, now))
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

/// What is known of these certificates.
async fn certificates(pool: Pool<'_>, fingerprints: &[&str]) -> Result<HashMap<String, Known>, StoreError> {
    let fingerprints = json(fingerprints)?;
    let statement = pool.word(CERTIFICATES);
    let rows: Vec<Row> = on!(pool, |db| sqlx::query_as(statement)
        .bind(&fingerprints)
        .fetch_all(db)
        .await)?;
    let known = rows.into_iter().filter_map(|row| {
        let known = Known {
            agent: row.agent.parse().ok()?,
            not_after: row.not_after,
            revoked: row.revoked,
            retired: row.retired,
            boot: row.boot,
            rival: row.rival,
            rival_since: row.rival_since.unwrap_or_default(),
            clone: row.clone.unwrap_or_default(),
            last_report: row.last_report.unwrap_or_default(),
        };
        Some((row.fingerprint, known))
    });
    Ok(known.collect())
}
