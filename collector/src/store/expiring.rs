//! Findings about sanctions that end soon.
//!
//! Such a finding is about the program `umbra-policy` in the place `sanction:ID`, which no report can name, and is shown
//! with a caller that the sanction counts for. As that program has no uses, nobody sees it who sees some hosts only.

use jiff::Timestamp;

use super::findings::facts;
use super::outbox::{self, Happening};
use super::{Position, Store, StoreError, millis, on, stored};
use crate::findings::{Expiry, Facts, FindingKind, FindingState};

/// What there is of a sanction.
#[derive(sqlx::FromRow)]
struct Before {
    state: String,
    by_collector: i64,
    facts: Option<String>,
}

impl Before {
    /// Whether this is more than was told.
    fn is_news(&self, expiry: &Expiry) -> bool {
        let Some(last) = facts(self.facts.as_deref()).expiry else {
            return true;
        };
        if last.expires != expiry.expires || self.by_collector == 1 {
            return true;
        }
        let is_false = FindingState::of(&self.state) == Some(FindingState::FalseAlarm);
        expiry.days < last.days && !is_false
    }
}

impl Store {
    async fn told(&self, expiry: &Expiry) -> Result<Option<Before>, StoreError> {
        Ok(on!(self.readers(), |db| sqlx::query_as(
            "SELECT f.state, CAST(f.by_collector AS BIGINT) AS by_collector, f.facts
             FROM programs p JOIN findings f ON f.program = p.id
             WHERE p.name = 'umbra-policy' AND p.place = 'sanction:' || $1 AND f.kind = $2"
        )
        .bind(&expiry.sanction)
        .bind(FindingKind::SanctionExpiring.as_str())
        .fetch_optional(db)
        .await)?)
    }

    /// Whether nobody has been told of it: of this end not at all, or not since it was as near.
    pub async fn is_news(&self, expiry: &Expiry) -> Result<bool, StoreError> {
        Ok(self
            .told(expiry)
            .await?
            .is_none_or(|before| before.is_news(expiry)))
    }

    /// Raises a finding about a sanction of this version of the policy that ends soon, or again; `used` is one of the uses
    /// that it counts for. Gives whether it did: not when that use is gone.
    pub async fn raise_expiry(
        &self,
        expiry: &Expiry,
        version: u64,
        used: Position,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let facts = Facts {
            expiry: Some(expiry.clone()),
            ..Facts::default()
        };
        let facts = serde_json::to_string(&facts)?;
        let mut transaction = self.begin().await?;
        let program: i64 = on!(&mut transaction, |db| sqlx::query_scalar(
            "INSERT INTO programs (name, place) VALUES ('umbra-policy', 'sanction:' || $1)
             ON CONFLICT (name, place) DO UPDATE SET name = excluded.name RETURNING id"
        )
        .bind(&expiry.sanction)
        .fetch_one(&mut **db)
        .await)?;
        let raised: Option<i64> = on!(&mut transaction, |db| {
            sqlx::query_scalar(
            "INSERT INTO findings (kind, program, vendor, caller, destination, evidence, first_seen, created, policy,
                                   sanction, facts)
             SELECT CAST($1 AS TEXT), $2, '', u.caller, u.destination, u.evidence, u.first_seen, $3, $4, CAST($5 AS TEXT),
                    CAST($6 AS TEXT)
             FROM uses u WHERE u.id = $7
             ON CONFLICT (kind, program, vendor) DO UPDATE
             SET state = 'open', by_collector = 0, snoozed_until = NULL, caller = excluded.caller,
                 destination = excluded.destination, evidence = excluded.evidence, first_seen = excluded.first_seen,
                 created = excluded.created, policy = excluded.policy, facts = excluded.facts
             WHERE findings.created <= excluded.created
             RETURNING id"
        )
        .bind(FindingKind::SanctionExpiring.as_str())
        .bind(program)
        .bind(millis(now))
        .bind(stored(version))
        .bind(&expiry.sanction)
        .bind(&facts)
        .bind(used.id)
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
