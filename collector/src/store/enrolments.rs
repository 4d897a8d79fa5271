use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use umbra_report::{Agent, Token};
use uuid::Uuid;

use super::audit::{Action, By, record};
use super::configurations::parsed;
use super::presence::state;
use super::{Store, StoreError, Transaction, count, length, millis, on, time};
use crate::authority::{Issued, fingerprint};
use crate::denied::Denied;
use crate::labels::Labels;
use crate::presence::State;

/// Certificates that are kept of each agent: an agent whose answer was lost goes on with the one before.
const CERTIFICATES: i64 = 4;

/// An agent that enrolled or reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// Its id.
    pub agent: String,
    /// Its host.
    pub host: String,
    /// When it enrolled first; `None` for one that reports over loopback without a certificate.
    pub enrolled: Option<Timestamp>,
    /// Until when its last certificate is good.
    pub not_after: Option<Timestamp>,
    /// When it last reported.
    pub last_report: Option<Timestamp>,
    /// Whether it is heard; `None` when it never was.
    pub state: Option<State>,
    /// When another host was found to use the same identity.
    pub clone: Option<Timestamp>,
    /// When it was shut out.
    pub revoked: Option<Timestamp>,
    /// When it was said to be gone.
    pub retired: Option<Timestamp>,
    /// Its host's labels.
    pub labels: Labels,
    /// The revision of the configuration that it runs, when that is not its own file's alone.
    pub configuration: Option<u64>,
}

/// What a person decides about an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is shut out for ever.
    Revoke,
    /// It is gone, and is not missed; a token brings it back.
    Retire,
}

impl Store {
    /// Lets an agent in for a token: takes a use of it and keeps the agent's key and certificate, or nothing at all.
    ///
    /// An agent that is known comes back with its own key alone, and takes no use: its last answer may have been lost.
    pub async fn enrol(
        &self,
        token: &Token,
        agent: &Agent,
        issued: &Issued,
        now: Timestamp,
    ) -> Result<Result<(), Denied>, StoreError> {
        let now = millis(now);
        let mut transaction = self.begin().await?;
        if let Err(denied) = take(&mut transaction, token, agent, issued, now).await? {
            return Ok(Err(denied));
        }
        keep(&mut transaction, agent.id, issued, now).await?;
        transaction.commit().await?;
        Ok(Ok(()))
    }

    /// Keeps the next certificate of an agent, which has shown the last one.
    pub async fn renew(
        &self,
        agent: &Agent,
        issued: &Issued,
        now: Timestamp,
    ) -> Result<Result<(), Denied>, StoreError> {
        let mut transaction = self.begin().await?;
        let key: Option<String> = on!(&mut transaction, |db| sqlx::query_scalar(
            "SELECT key FROM enrolments WHERE agent = $1"
        )
        .bind(agent.id.to_string())
        .fetch_optional(&mut **db)
        .await)?;
        if key.as_ref() != Some(&issued.key) {
            return Ok(Err(Denied::AgentKnown(agent.id)));
        }
        keep(&mut transaction, agent.id, issued, millis(now)).await?;
        transaction.commit().await?;
        Ok(Ok(()))
    }

    /// All agents that enrolled or reported, by host; they are missing after `missing`.
    pub async fn enrolments(&self, missing: Duration) -> Result<Vec<Enrolment>, StoreError> {
        type Row = (
            String,
            String,
            Option<i64>,
            Option<i64>,
            Option<i64>,
            Option<i64>,
            Option<i64>,
            Option<i64>,
            Option<String>,
            Option<i64>,
            Option<i64>,
        );
        let rows: Vec<Row> = on!(self.readers(), |db| {
            sqlx::query_as(concat!(
                "SELECT coalesce(e.agent, a.agent), coalesce(e.host, a.host), e.enrolled,
                    (SELECT max(not_after) FROM certificates c WHERE c.agent = e.agent),
                    a.last_report, e.clone, e.revoked, e.retired, e.labels, a.configuration,
                    CASE WHEN a.agent IS NULL THEN NULL ELSE CAST(",
                state!(),
                " AS BIGINT) END
             FROM enrolments e FULL JOIN agents a ON a.agent = e.agent LEFT JOIN life l ON true ORDER BY 2, 1"
            ))
            .bind(length(missing))
            .fetch_all(db)
            .await
        })?;
        Ok(rows
            .into_iter()
            .map(
                |(
                    agent,
                    host,
                    enrolled,
                    not_after,
                    last_report,
                    clone,
                    revoked,
                    retired,
                    labels,
                    configuration,
                    state,
                )| Enrolment {
                    agent,
                    host,
                    enrolled: enrolled.map(time),
                    state: state.map(State::of_number),
                    not_after: not_after.map(time),
                    last_report: last_report.map(time),
                    clone: clone.map(time),
                    revoked: revoked.map(time),
                    retired: retired.map(time),
                    labels: parsed(labels.as_deref()),
                    configuration: configuration.map(count),
                },
            )
            .collect())
    }

    /// Whether an agent enrolled, whatever became of it.
    pub async fn is_enrolled(&self, agent: Uuid) -> Result<bool, StoreError> {
        let there: Option<i64> = on!(self.readers(), |db| sqlx::query_scalar(
            "SELECT CAST(1 AS BIGINT) FROM enrolments WHERE agent = $1"
        )
        .bind(agent.to_string())
        .fetch_optional(db)
        .await)?;
        Ok(there.is_some())
    }

    /// Whether an agent has ever reported.
    pub(crate) async fn has_heard(&self, agent: Uuid) -> Result<bool, StoreError> {
        let there: Option<i64> = on!(self.readers(), |db| {
            sqlx::query_scalar("SELECT id FROM agents WHERE agent = $1")
                .bind(agent.to_string())
                .fetch_optional(db)
                .await
        })?;
        Ok(there.is_some())
    }

    /// Writes a decision down; gives whether there is such an agent.
    pub async fn decide(&self, agent: Uuid, decision: Decision, by: &By<'_>) -> Result<bool, StoreError> {
        let (statement, action) = match decision {
            Decision::Revoke => (
                "UPDATE enrolments SET revoked = coalesce(revoked, $1) WHERE agent = $2",
                Action::AgentRevoked,
            ),
            Decision::Retire => (
                "UPDATE enrolments SET retired = coalesce(retired, $1) WHERE agent = $2",
                Action::AgentRetired,
            ),
        };
        let mut transaction = self.begin().await?;
        let done = on!(&mut transaction, |db| sqlx::query(statement)
            .bind(millis(by.time))
            .bind(agent.to_string())
            .execute(&mut **db)
            .await
            .map(|done| done.rows_affected()))?;
        if done > 0 {
            record(&mut transaction, by, action, agent, &json!({})).await?;
            transaction.commit().await?;
        }
        Ok(done > 0)
    }
}

/// Checks the token, and takes a use of it for an agent that is new.
async fn take(
    transaction: &mut Transaction,
    token: &Token,
    agent: &Agent,
    issued: &Issued,
    now: i64,
) -> Result<Result<(), Denied>, StoreError> {
    // An update that changes nothing: it locks the row, so that no two agents take the last use.
    let kept: Option<(i64, i64, Option<i64>, Option<String>)> = on!(transaction, |db| {
        sqlx::query_as(
            "UPDATE tokens SET uses_left = uses_left WHERE id = $1 AND hash = $2 RETURNING expires, uses_left, revoked, labels")
            .bind(&token.id)
            .bind(fingerprint(token.secret.as_bytes()))
            .fetch_optional(&mut **db)
            .await
    })?;
    let Some((expires, uses_left, revoked, labels)) = kept else {
        return Ok(Err(Denied::TokenUnknown));
    };
    if revoked.is_some() {
        return Ok(Err(Denied::TokenRevoked));
    }
    if expires <= now {
        return Ok(Err(Denied::TokenExpired(time(expires))));
    }
    let id = agent.id.to_string();
    let known: Option<(String, String, Option<i64>)> = on!(transaction, |db| sqlx::query_as(
        "SELECT key, token, revoked FROM enrolments WHERE agent = $1"
    )
    .bind(&id)
    .fetch_optional(&mut **db)
    .await)?;
    match &known {
        Some((_, _, Some(_))) => return Ok(Err(Denied::AgentRevoked(agent.id))),
        Some((key, _, None)) if *key != issued.key => return Ok(Err(Denied::AgentKnown(agent.id))),
        Some((_, by, None)) if *by == token.id => {}
        Some(_) | None if uses_left <= 0 => return Ok(Err(Denied::TokenUsedUp)),
        Some(_) | None => {
            on!(transaction, |db| sqlx::query(
                "UPDATE tokens SET uses_left = uses_left - 1 WHERE id = $1"
            )
            .bind(&token.id)
            .execute(&mut **db)
            .await
            .map(drop))?;
        }
    }
    // An agent of this id may have come meanwhile, with another token.
    let is_kept = on!(transaction, |db| {
        sqlx::query(
            "INSERT INTO enrolments (agent, key, token, host, machine_id, enrolled, boot, labels, labelled)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $6)
         ON CONFLICT (agent) DO UPDATE SET
             token = excluded.token, host = excluded.host, machine_id = excluded.machine_id, retired = NULL,
             labels = coalesce(excluded.labels, enrolments.labels), labelled = excluded.labelled
         WHERE enrolments.key = excluded.key",
        )
        .bind(&id)
        .bind(&issued.key)
        .bind(&token.id)
        .bind(&agent.host)
        .bind(&agent.machine_id)
        .bind(now)
        .bind(agent.boot_id.map(|boot| boot.to_string()))
        .bind(&labels)
        .execute(&mut **db)
        .await
        .map(|done| done.rows_affected() > 0)
    })?;
    Ok(if is_kept {
        Ok(())
    } else {
        Err(Denied::AgentKnown(agent.id))
    })
}

/// Keeps a certificate, and forgets all but the last few of the same agent.
async fn keep(
    transaction: &mut Transaction,
    agent: Uuid,
    issued: &Issued,
    now: i64,
) -> Result<(), StoreError> {
    let agent = agent.to_string();
    on!(transaction, |db| sqlx::query(
        "INSERT INTO certificates (fingerprint, agent, issued, not_after) VALUES ($1, $2, $3, $4)"
    )
    .bind(&issued.fingerprint)
    .bind(&agent)
    .bind(now)
    .bind(millis(issued.not_after))
    .execute(&mut **db)
    .await
    .map(drop))?;
    on!(transaction, |db| {
        sqlx::query(
        "DELETE FROM certificates WHERE agent = $1 AND fingerprint NOT IN
             (SELECT fingerprint FROM certificates WHERE agent = $1 ORDER BY issued DESC, not_after DESC LIMIT $2)",
    )
    .bind(&agent)
    .bind(CERTIFICATES)
    .execute(&mut **db)
    .await.map(drop)
    })?;
    Ok(())
}
