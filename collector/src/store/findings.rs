//! Findings as people work through them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::json;
use umbra_report::Evidence;

use super::audit::{Action, By, record};
use super::outbox::{self, Happening};
use super::{Store, StoreError, Transaction, evidence, millis, on, time};
use crate::findings::{Facts, FindingKind, FindingState, Severity, Told};

/// A finding, and what it was raised for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its number.
    pub id: i64,
    /// What it is about: a word of [`FindingKind`], or of a later version.
    pub kind: String,
    /// What a person has done about it, as of the time that was asked for.
    pub state: FindingState,
    /// Until when it is snoozed, if it is.
    pub snoozed_until: Option<Timestamp>,
    /// Who put it into that state, when and why; `None`: nobody has looked at it.
    pub decided: Option<FindingDecided>,
    /// Fleet-wide name of the program.
    pub program: String,
    /// Where it runs: an image, a unit, or empty.
    pub place: String,
    /// Vendor's name in the catalogue.
    pub vendor: String,
    /// Service that was first used.
    pub service: String,
    /// Host name that was first asked for.
    pub name: String,
    /// The first user's id on the host.
    pub uid: i64,
    /// The first user's name.
    pub user_name: Option<String>,
    /// The first host.
    pub host: String,
    /// How the name is known; `None` when a later version wrote it.
    pub evidence: Option<Evidence>,
    /// When the caller was first seen.
    pub first_seen: Timestamp,
    /// When it was raised.
    pub created: Timestamp,
    /// Version of the policy under which it was raised; 0 before there were any.
    pub policy: i64,
    /// The sanction that counted, if any did.
    pub sanction: Option<String>,
    /// What it was raised for.
    pub facts: Facts,
}

impl Finding {
    /// What it is about, in a sentence.
    pub fn explanation(&self) -> String {
        let told = Told {
            kind: FindingKind::of(&self.kind),
            program: &self.program,
            vendor: &self.vendor,
            name: &self.name,
            user: self.user_name.as_deref(),
            uid: self.uid,
            host: &self.host,
            sanction: self.sanction.as_deref(),
            facts: &self.facts,
        };
        told.sentence()
    }
}

/// Who put a finding into its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingDecided {
    /// Who.
    pub actor: String,
    /// When.
    pub time: Timestamp,
    /// Why; may be empty.
    pub reason: String,
}

/// What is to become of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FindingDecision<'a> {
    /// Its state from now on.
    pub state: FindingState,
    /// Until when, for [`FindingState::Snoozed`] alone.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: &'a str,
}

/// Which findings to read.
#[derive(Clone, Copy, Debug, Default)]
pub struct FindingsAsked<'a> {
    /// Only those in this state.
    pub state: Option<FindingState>,
    /// Only those of this kind.
    pub kind: Option<FindingKind>,
    /// Only those of this severity.
    pub severity: Option<Severity>,
    /// Only those of what was seen on hosts of this name, and of their agents.
    pub host: Option<&'a str>,
    /// Only those with a lower number.
    pub before: Option<i64>,
}

/// The state as of `$1`: nobody writes down that a snooze is over.
macro_rules! state {
    () => {
        "CASE WHEN f.state = 'snoozed' AND f.snoozed_until <= $1 THEN 'open' ELSE f.state END"
    };
}

/// The severity of the kind, as [`FindingKind::severity`] says.
macro_rules! severity {
    () => {
        "CASE WHEN f.kind IN ('prohibited_use', 'gateway_bypass', 'personal_plan') THEN 'high' ELSE 'medium' END"
    };
}

pub(super) use {severity, state};

/// `$2` is the number before which they are, `$3` the kind, `$4` the state, `$5` how many, `$6` the severity, `$7` the host.
///
/// The findings are chosen before anything is joined to them: of an expression PostgreSQL believes that one row has it, and would
/// join all fifty thousand to order them.
const ASKED: &str = concat!(
    "WITH found AS MATERIALIZED (
         SELECT f.* FROM findings f
         WHERE f.id < $2 AND (CAST($3 AS TEXT) IS NULL OR f.kind = $3)
           AND (CAST($4 AS TEXT) IS NULL OR ",
    state!(),
    " = $4)
           AND (CAST($6 AS TEXT) IS NULL OR ",
    severity!(),
    " = $6)
           AND (CAST($7 AS TEXT) IS NULL
                OR f.caller IN (SELECT hc.id FROM agents ha JOIN callers hc ON hc.agent = ha.id WHERE ha.host = $7)
                OR (f.program, f.vendor) IN
                   (SELECT uc.program, ud.vendor FROM agents ua
                    JOIN callers uc ON uc.agent = ua.id
                    JOIN uses u ON u.caller = uc.id
                    JOIN destinations ud ON ud.id = u.destination WHERE ua.host = $7))
         ORDER BY f.id DESC LIMIT $5)
     SELECT f.id, f.kind, ",
    state!(),
    " AS state, f.snoozed_until, f.decided, f.decided_by, f.decided_reason,
            p.name AS program, p.place, f.vendor, d.service, d.name, c.uid, c.user_name, a.host,
            f.evidence, f.first_seen, f.created, f.policy, f.sanction, f.facts
     FROM found f
     JOIN programs p ON p.id = f.program
     JOIN destinations d ON d.id = f.destination
     JOIN callers c ON c.id = f.caller
     JOIN agents a ON a.id = c.agent
     ORDER BY f.id DESC"
);

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: i64,
    kind: String,
    state: String,
    snoozed_until: Option<i64>,
    decided: Option<i64>,
    decided_by: Option<String>,
    decided_reason: Option<String>,
    program: String,
    place: String,
    vendor: String,
    service: String,
    name: String,
    uid: i64,
    user_name: Option<String>,
    host: String,
    evidence: i64,
    first_seen: i64,
    created: i64,
    policy: Option<i64>,
    sanction: Option<String>,
    facts: Option<String>,
}

/// Facts as the store keeps them; what another version wrote may not be readable here.
pub(super) fn facts(json: Option<&str>) -> Facts {
    json.and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}

impl From<Row> for Finding {
    fn from(row: Row) -> Self {
        // A state of a later version is one that this one does not know to be settled.
        let state = FindingState::of(&row.state).unwrap_or_default();
        let decided = row.decided.zip(row.decided_by);
        Self {
            id: row.id,
            kind: row.kind,
            state,
            snoozed_until: row
                .snoozed_until
                .filter(|_| state == FindingState::Snoozed)
                .map(time),
            decided: decided.map(|(at, actor)| FindingDecided {
                actor,
                time: time(at),
                reason: row.decided_reason.unwrap_or_default(),
            }),
            program: row.program,
            place: row.place,
            vendor: row.vendor,
            service: row.service,
            name: row.name,
            uid: row.uid,
            user_name: row.user_name,
            host: row.host,
            evidence: evidence::of_rank(row.evidence),
            first_seen: time(row.first_seen),
            created: time(row.created),
            policy: row.policy.unwrap_or_default(),
            sanction: row.sanction,
            facts: facts(row.facts.as_deref()),
        }
    }
}

impl Store {
    /// What a finding is about; `None`: there is none of this number, or a later version made it.
    pub async fn finding_kind(&self, finding: i64) -> Result<Option<FindingKind>, StoreError> {
        let kind: Option<String> = on!(self.readers(), |db| {
            sqlx::query_scalar("SELECT kind FROM findings WHERE id = $1")
                .bind(finding)
                .fetch_optional(db)
                .await
        })?;
        Ok(kind.as_deref().and_then(FindingKind::of))
    }

    /// Findings with their states at a time, the newest first: `most` at most.
    pub async fn findings(
        &self,
        asked: FindingsAsked<'_>,
        now: Timestamp,
        most: u16,
    ) -> Result<Vec<Finding>, StoreError> {
        let rows: Vec<Row> = on!(self.readers(), |db| {
            sqlx::query_as(ASKED)
                .bind(millis(now))
                .bind(asked.before.unwrap_or(i64::MAX))
                .bind(asked.kind.map(FindingKind::as_str))
                .bind(asked.state.map(FindingState::as_str))
                .bind(i64::from(most))
                .bind(asked.severity.map(Severity::as_str))
                .bind(asked.host)
                .fetch_all(db)
                .await
        })?;
        Ok(rows
            .into_iter()
            .map(|row| self.people.finding(row.into()))
            .collect())
    }

    /// How many findings are open.
    pub(super) async fn open_findings(&self, now: Timestamp) -> Result<i64, StoreError> {
        Ok(on!(self.readers(), |db| {
            sqlx::query_scalar(
                "SELECT count(*) FROM findings
                 WHERE state = 'open' OR (state = 'snoozed' AND snoozed_until <= $1)",
            )
            .bind(millis(now))
            .fetch_one(db)
            .await
        })?)
    }

    /// Puts a finding into another state; gives whether there is such a one.
    pub async fn decide_finding(
        &self,
        finding: i64,
        decision: &FindingDecision<'_>,
        by: &By<'_>,
    ) -> Result<bool, StoreError> {
        let missing = self.decide_findings(&[finding].into(), decision, by).await?;
        Ok(missing.is_none())
    }

    /// Puts findings into another state, all or none; gives the first of which there is none.
    pub async fn decide_findings(
        &self,
        findings: &BTreeSet<i64>,
        decision: &FindingDecision<'_>,
        by: &By<'_>,
    ) -> Result<Option<i64>, StoreError> {
        let mut transaction = self.begin().await?;
        // In one order, so that two that come at once do not wait for each other.
        for &finding in findings {
            if !decide(&mut transaction, finding, decision, by).await? {
                return Ok(Some(finding));
            }
        }
        transaction.commit().await?;
        Ok(None)
    }
}

async fn decide(
    transaction: &mut Transaction,
    finding: i64,
    decision: &FindingDecision<'_>,
    by: &By<'_>,
) -> Result<bool, StoreError> {
    let until = decision.until.filter(|_| decision.state == FindingState::Snoozed);
    let done = on!(&mut *transaction, |db| {
        sqlx::query(
            "UPDATE findings SET state = $1, snoozed_until = $2, decided = $3, decided_by = $4, decided_reason = $5,
                    by_collector = 0
             WHERE id = $6",
        )
        .bind(decision.state.as_str())
        .bind(until.map(millis))
        .bind(millis(by.time))
        .bind(by.actor)
        .bind(decision.reason)
        .bind(finding)
        .execute(&mut **db)
        .await
        .map(|done| done.rows_affected())
    })?;
    if done == 0 {
        return Ok(false);
    }
    let detail = json!({
        "state": decision.state.as_str(),
        "until": until,
        "reason": decision.reason,
    });
    record(transaction, by, Action::FindingDecided, finding, &detail).await?;
    let happening = match decision.state {
        FindingState::Open => Some(Happening::Reopened),
        FindingState::Acknowledged => None,
        FindingState::Resolved | FindingState::Snoozed | FindingState::FalseAlarm => Some(Happening::Ended),
    };
    if let Some(happening) = happening {
        outbox::queue(transaction, happening, &[(finding, by.time)]).await?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_and_the_kinds_say_the_same_severity() {
        for kind in FindingKind::ALL {
            let is_high = severity!().contains(&format!("'{}'", kind.as_str()));
            assert_eq!(is_high, kind.severity() == Severity::High, "{kind:?}");
        }
    }
}
