//! What somebody sees who sees some hosts only ([`Scope`]).
//!
//! Which hosts these are stands at the head of each statement, so that what is counted, ordered and cut into pages is
//! what that person sees, and nothing has to be taken out of an answer afterwards. They go through all uses of these
//! hosts, as there is no index by host and time: hosts of a team are few.

use std::time::Duration;

use jiff::Timestamp;

use super::both::Wording;
use super::order::{Position, Sort};
use super::presence::state;
use super::search::select;
use super::sorted::{Asked, asking, is_asked};
use super::uses::{Row, Selection};
use super::{
    Finding, FindingsAsked, Health, Presence, Store, StoreError, count, findings, length, millis, on, time,
};
use crate::access::Scope;
use crate::findings::{FindingKind, FindingState, Severity};

/// Begins a statement with the hosts that are seen, by their agents' rows; the parameter `$scope` is what [`pairs`]
/// gives.
macro_rules! of_seen {
    ($scope:literal, $statement:expr) => {
        $crate::store::both::Wording {
            sqlite: $crate::store::seen::of_seen!(@ concat!("jsonb_each(", $scope, ")"), $statement),
            postgres: $crate::store::seen::of_seen!(
                @ concat!("jsonb_array_elements(CAST(", $scope, " AS jsonb))"),
                $statement
            ),
        }
    };
    (@ $pairs:expr, $statement:expr) => {
        concat!(
            "WITH wanted AS MATERIALIZED (SELECT value ->> 0 AS key, value ->> 1 AS label FROM ",
            $pairs,
            "), seen AS MATERIALIZED (
                 SELECT a.id AS agent FROM agents a WHERE a.agent IN
                     (SELECT l.agent FROM host_labels l JOIN wanted w ON w.key = l.key AND w.label = l.value
                      GROUP BY l.agent HAVING count(*) = (SELECT count(DISTINCT key) FROM wanted)))",
            $statement
        )
    };
}
pub(super) use of_seen;

/// A scope as a parameter: pairs of a key and a value.
pub(super) fn pairs(scope: &Scope) -> Result<String, StoreError> {
    Ok(serde_json::to_string(&scope.labels().collect::<Vec<_>>())?)
}

/// `$1`, `$2` is the place to go on from; [`is_asked`] has the other parameters, and `$16` is the scope.
macro_rules! uses {
    ($order:literal) => {
        of_seen!(
            "$16",
            select!(
                concat!(
                    ", found AS MATERIALIZED (
                     SELECT u.id AS used FROM seen s
                     CROSS JOIN callers c
                     JOIN uses u ON u.caller = c.id
                     JOIN destinations d ON d.id = u.destination
                     JOIN programs p ON p.id = c.program
                     JOIN agents a ON a.id = c.agent
                     WHERE c.agent = s.agent AND (u.",
                    $order,
                    ", u.id) < ($1, $2) AND ",
                    is_asked!(),
                    " ORDER BY u.",
                    $order,
                    " DESC, u.id DESC LIMIT $3)"
                ),
                $order,
                ""
            )
        )
    };
}

const BY_FIRST_SEEN: Wording = uses!("first_seen");
const BY_LAST_SEEN: Wording = uses!("last_seen");
const BY_BYTES_OUT: Wording = uses!("bytes_out");

/// Hosts and their last report.
const HOSTS: Wording = of_seen!(
    "$1",
    " SELECT count(*), max(a.last_report) FROM seen s JOIN agents a ON a.id = s.agent
      WHERE a.agent NOT IN (SELECT agent FROM enrolments WHERE retired IS NOT NULL)"
);

/// `$1` is after how many milliseconds an agent is missing.
const STATES: Wording = of_seen!(
    "$2",
    concat!(
        " SELECT CAST(state AS BIGINT), count(*) FROM (SELECT ",
        state!(),
        " AS state FROM seen s JOIN agents a ON a.id = s.agent CROSS JOIN life l
          LEFT JOIN enrolments e ON e.agent = a.agent) AS states GROUP BY state"
    )
);

/// Findings that have uses on hosts that are seen; `$1` is the time.
const OPEN: Wording = of_seen!(
    "$2",
    " SELECT count(DISTINCT f.id) FROM seen s
      CROSS JOIN callers c
      JOIN uses u ON u.caller = c.id
      JOIN destinations d ON d.id = u.destination
      JOIN findings f ON f.program = c.program AND f.vendor = d.vendor
      WHERE c.agent = s.agent AND (f.state = 'open' OR (f.state = 'snoozed' AND f.snoozed_until <= $1))"
);

/// How many uses a finding `$1` has on hosts that are seen, and on all.
const SHARE: Wording = of_seen!(
    "$2",
    " SELECT count(*), coalesce(sum(CASE WHEN c.agent IN (SELECT agent FROM seen) THEN 1 ELSE 0 END), 0)
      FROM findings f
      JOIN callers c ON c.program = f.program
      JOIN uses u ON u.caller = c.id
      JOIN destinations d ON d.id = u.destination AND d.vendor = f.vendor
      WHERE f.id = $1"
);

/// Findings with uses on hosts that are seen; whom it was first seen of, and where, is the first of these: another
/// host's is not told, nor facts, which are of all hosts. Parameters are those of [`Store::findings`], and the scope.
const FINDINGS: Wording = of_seen!(
    "$8",
    concat!(
        ", mine AS MATERIALIZED (
             SELECT f.id AS finding, min(u.id) AS used FROM seen s
             CROSS JOIN callers c
             JOIN uses u ON u.caller = c.id
             JOIN destinations d ON d.id = u.destination
             JOIN findings f ON f.program = c.program AND f.vendor = d.vendor
             JOIN agents h ON h.id = s.agent
             WHERE c.agent = s.agent AND (CAST($7 AS TEXT) IS NULL OR h.host = $7) GROUP BY f.id)
         SELECT f.id, f.kind, ",
        findings::state!(),
        " AS state, f.snoozed_until, f.decided, f.decided_by, f.decided_reason,
                p.name AS program, p.place, f.vendor, d.service, d.name, c.uid, c.user_name, a.host,
                u.evidence, u.first_seen, f.created, f.policy, f.sanction, CAST(NULL AS TEXT) AS facts
         FROM mine m
         JOIN findings f ON f.id = m.finding
         JOIN uses u ON u.id = m.used
         JOIN programs p ON p.id = f.program
         JOIN destinations d ON d.id = u.destination
         JOIN callers c ON c.id = u.caller
         JOIN agents a ON a.id = c.agent
         WHERE f.id < $2 AND (CAST($3 AS TEXT) IS NULL OR f.kind = $3)
           AND (CAST($4 AS TEXT) IS NULL OR ",
        findings::state!(),
        " = $4)
           AND (CAST($6 AS TEXT) IS NULL OR ",
        findings::severity!(),
        " = $6)
         ORDER BY f.id DESC LIMIT $5"
    )
);

/// How much of a finding somebody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    /// Nothing: for them it is not there.
    None,
    /// Some of its hosts.
    Part,
    /// All of them.
    Whole,
}

impl Store {
    pub(super) async fn uses_seen(
        &self,
        selection: &Selection,
        after: Position,
        count: i64,
    ) -> Result<Vec<Row>, StoreError> {
        let asked = Asked::of(&selection.along, self.people.are_hidden());
        let statement = self.readers().word(match selection.sort {
            Sort::FirstSeen => BY_FIRST_SEEN,
            Sort::LastSeen => BY_LAST_SEEN,
            Sort::BytesOut => BY_BYTES_OUT,
        });
        let scope = pairs(&selection.scope)?;
        Ok(on!(self.readers(), |db| {
            asking!(statement, asked, after, count)
                .bind(scope)
                .fetch_all(db)
                .await
        })?)
    }

    /// How the hosts of a scope are at `now`: findings, hosts and the last report; the rest is the whole fleet's.
    pub(crate) async fn health_seen(
        &self,
        scope: &Scope,
        missing: Duration,
        now: Timestamp,
    ) -> Result<(Health, Presence), StoreError> {
        let scope = pairs(scope)?;
        let statement = self.readers().word(HOSTS);
        let (hosts, last_report): (i64, Option<i64>) = on!(self.readers(), |db| {
            sqlx::query_as(statement).bind(&scope).fetch_one(db).await
        })?;
        let statement = self.readers().word(STATES);
        let states: Vec<(i64, i64)> = on!(self.readers(), |db| {
            sqlx::query_as(statement)
                .bind(length(missing))
                .bind(&scope)
                .fetch_all(db)
                .await
        })?;
        let statement = self.readers().word(OPEN);
        let findings: i64 = on!(self.readers(), |db| {
            sqlx::query_scalar(statement)
                .bind(millis(now))
                .bind(&scope)
                .fetch_one(db)
                .await
        })?;
        let health = Health {
            findings: count(findings),
            hosts: count(hosts),
            last_report: last_report.map(time),
            ..Health::default()
        };
        Ok((health, Presence::of(states)))
    }

    /// Findings that somebody with this scope sees, as [`Self::findings`] gives them.
    pub async fn findings_seen(
        &self,
        scope: &Scope,
        asked: FindingsAsked<'_>,
        now: Timestamp,
        most: u16,
    ) -> Result<Vec<Finding>, StoreError> {
        if scope.is_all() {
            return self.findings(asked, now, most).await;
        }
        let (statement, scope) = (self.readers().word(FINDINGS), pairs(scope)?);
        let rows: Vec<findings::Row> = on!(self.readers(), |db| {
            sqlx::query_as(statement)
                .bind(millis(now))
                .bind(asked.before.unwrap_or(i64::MAX))
                .bind(asked.kind.map(FindingKind::as_str))
                .bind(asked.state.map(FindingState::as_str))
                .bind(i64::from(most))
                .bind(asked.severity.map(Severity::as_str))
                .bind(asked.host)
                .bind(&scope)
                .fetch_all(db)
                .await
        })?;
        Ok(rows
            .into_iter()
            .map(|row| self.people.finding(row.into()))
            .collect())
    }

    /// How much of a finding is on hosts of a scope.
    pub(crate) async fn share_of_finding(&self, finding: i64, scope: &Scope) -> Result<Share, StoreError> {
        if scope.is_all() {
            return Ok(Share::Whole);
        }
        let statement = self.readers().word(SHARE);
        let scope = pairs(scope)?;
        let (all, seen): (i64, i64) = on!(self.readers(), |db| {
            sqlx::query_as(statement)
                .bind(finding)
                .bind(&scope)
                .fetch_one(db)
                .await
        })?;
        Ok(match seen {
            0 => Share::None,
            seen if seen == all => Share::Whole,
            _ => Share::Part,
        })
    }
}
