//! Findings about agents: those that are not heard, and those that lose what they see.
//!
//! Such a finding is about the program `umbra-agent` in the place `agent:ID`, which no report can name: so it has a row,
//! a caller and a host like all others.

use jiff::Timestamp;

use super::outbox::{self, Happening};
use super::{Store, StoreError, millis, on};
use crate::findings::{Facts, FindingKind};

/// An agent that something is to be said of.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Watched {
    /// Its row.
    pub id: i64,
    /// Its id.
    pub agent: String,
    /// When it last reported, in the store's milliseconds.
    last_report: i64,
}

impl Watched {
    /// When it last reported.
    pub fn last_report(&self) -> Timestamp {
        super::time(self.last_report)
    }
}

impl Store {
    /// Raises a finding about an agent, or again one that the collector closed, or that a person resolved before `since`;
    /// gives whether it did.
    pub async fn raise_of_agent(
        &self,
        kind: FindingKind,
        agent: &Watched,
        facts: &Facts,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let facts = serde_json::to_string(facts)?;
        let mut transaction = self.begin().await?;
        let program: i64 = on!(&mut transaction, |db| sqlx::query_scalar(
            "INSERT INTO programs (name, place) VALUES ('umbra-agent', 'agent:' || $1)
             ON CONFLICT (name, place) DO UPDATE SET name = excluded.name RETURNING id"
        )
        .bind(&agent.agent)
        .fetch_one(&mut **db)
        .await)?;
        let destination: i64 = on!(&mut transaction, |db| sqlx::query_scalar(
            "INSERT INTO destinations (vendor, service, kind, name) VALUES ('', '', '', '')
             ON CONFLICT (vendor, service, kind, name) DO UPDATE SET name = excluded.name RETURNING id"
        )
        .fetch_one(&mut **db)
        .await)?;
        let caller: i64 = on!(&mut transaction, |db| sqlx::query_scalar(
            "INSERT INTO callers (agent, program, uid) VALUES ($1, $2, 0)
             ON CONFLICT (agent, program, uid) DO UPDATE SET uid = excluded.uid RETURNING id"
        )
        .bind(agent.id)
        .bind(program)
        .fetch_one(&mut **db)
        .await)?;
        let raised: Option<i64> = on!(&mut transaction, |db| {
            sqlx::query_scalar(
            "INSERT INTO findings (kind, program, vendor, caller, destination, evidence, first_seen, created, facts, agent)
             VALUES ($1, $2, '', $3, $4, 0, $5, $6, $7, $8)
             ON CONFLICT (kind, program, vendor) DO UPDATE
             SET state = 'open', by_collector = 0, first_seen = excluded.first_seen, created = excluded.created,
                 facts = excluded.facts
             WHERE findings.state = 'resolved' AND (findings.by_collector = 1 OR findings.decided < $5)
             RETURNING id"
        )
        .bind(kind.as_str())
        .bind(program)
        .bind(caller)
        .bind(destination)
        .bind(millis(since))
        .bind(millis(now))
        .bind(&facts)
        .bind(agent.id)
        .fetch_optional(&mut **db)
        .await
        })?;
        let Some(finding) = raised else {
            return Ok(false);
        };
        outbox::queue(&mut transaction, Happening::Raised, &[(finding, now)]).await?;
        transaction.commit().await?;
        Ok(true)
    }
}
