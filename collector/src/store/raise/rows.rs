//! The statements that raise, and what they take.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use super::Key;
use super::sighting::Sighting;
use crate::store::batch::{json, numbered};
use crate::store::both::{Wording, with_rows};
use crate::store::{StoreError, Transaction, millis, on};

/// Gives the place of a key and its finding, which is negative when it may have to be raised again. Items are place, kind,
/// program and vendor.
const KNOWN: Wording = with_rows!(
    "SELECT CAST(value ->> 0 AS BIGINT),
            (SELECT CASE WHEN f.state = 'resolved' AND (f.by_collector = 1 OR f.kind NOT IN ('new_caller', 'first_use'))
                    THEN -f.id ELSE f.id END
             FROM findings f WHERE f.kind = value ->> 1 AND f.program = CAST(value ->> 2 AS BIGINT)
               AND f.vendor = value ->> 3)
     FROM",
    ""
);

/// Items are [`Row`]s. Two collectors may find the same thing at once.
pub(super) const FIND: Wording = with_rows!(
    "INSERT INTO findings (kind, program, vendor, caller, destination, evidence, first_seen, created, policy, sanction, facts)
     SELECT value ->> 'kind', CAST(value ->> 'program' AS BIGINT), value ->> 'vendor',
            CAST(value ->> 'caller' AS BIGINT), CAST(value ->> 'destination' AS BIGINT),
            CAST(value ->> 'evidence' AS BIGINT), CAST(value ->> 'seen' AS BIGINT), CAST(value ->> 'now' AS BIGINT),
            CAST(value ->> 'policy' AS BIGINT), value ->> 'sanction', value ->> 'facts'
     FROM",
    "WHERE true ON CONFLICT (kind, program, vendor) DO NOTHING
     RETURNING id, kind, program, vendor"
);

/// Items are [`Row`]s. What a person resolved is raised again when it was seen after that; what the collector closed, as
/// soon as the last version of the policy finds it again.
pub(super) const AGAIN: Wording = with_rows!(
    "UPDATE findings SET state = 'open', by_collector = 0, created = CAST(value ->> 'now' AS BIGINT),
            caller = CAST(value ->> 'caller' AS BIGINT), destination = CAST(value ->> 'destination' AS BIGINT),
            evidence = CAST(value ->> 'evidence' AS BIGINT), policy = CAST(value ->> 'policy' AS BIGINT),
            sanction = value ->> 'sanction', facts = value ->> 'facts'
     FROM",
    "WHERE findings.kind = value ->> 'kind' AND findings.program = CAST(value ->> 'program' AS BIGINT)
       AND findings.vendor = value ->> 'vendor' AND findings.state = 'resolved'
       AND CASE findings.by_collector
           WHEN 1 THEN coalesce((SELECT max(version) FROM policies), 0) = CAST(value ->> 'policy' AS BIGINT)
           ELSE findings.kind NOT IN ('new_caller', 'first_use')
                AND findings.decided < CAST(value ->> 'last' AS BIGINT) END
     RETURNING id, kind, program, vendor"
);

/// Items are agents.
pub(super) const LABELS: Wording = with_rows!(
    "SELECT CAST(value ->> 0 AS BIGINT), (SELECT e.labels FROM enrolments e JOIN agents a ON a.agent = e.agent
                                          WHERE a.id = CAST(value ->> 0 AS BIGINT)) FROM",
    ""
);

/// A finding as the statements take it.
#[derive(Serialize)]
pub(super) struct Row<'a> {
    kind: &'static str,
    program: i64,
    vendor: &'a str,
    caller: i64,
    destination: i64,
    evidence: i64,
    seen: i64,
    last: i64,
    now: i64,
    policy: i64,
    sanction: Option<&'a str>,
    facts: String,
}

impl<'a> Row<'a> {
    pub(super) fn of(
        (kind, program, vendor): &Key<'a>,
        sighting: &Sighting<'a>,
        now: Timestamp,
        policy: i64,
    ) -> Result<Self, StoreError> {
        let first = sighting.first;
        Ok(Self {
            kind: kind.as_str(),
            program: *program,
            vendor,
            caller: first.caller,
            destination: first.destination,
            evidence: first.evidence,
            seen: first.seen,
            last: sighting.last,
            now: millis(now),
            policy,
            sanction: sighting.cause.sanction,
            facts: serde_json::to_string(&sighting.facts())?,
        })
    }
}

/// A finding that was raised: its number, kind, program and vendor.
type Found = (i64, String, i64, String);

/// Which findings there are, by the places of their keys.
pub(super) async fn known(
    transaction: &mut Transaction,
    keys: &[&Key<'_>],
) -> Result<HashMap<i64, i64>, StoreError> {
    let rows = keys.iter().zip(0_i64..);
    let rows = rows.map(|((kind, program, vendor), place)| (place, kind.as_str(), program, vendor));
    numbered(transaction, KNOWN, &json(rows)?).await
}

/// Runs one of the statements that raise.
pub(super) async fn raise(
    transaction: &mut Transaction,
    wording: Wording,
    rows: &[Row<'_>],
) -> Result<Vec<Found>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let rows = json(rows)?;
    let statement = transaction.word(wording);
    Ok(on!(&mut *transaction, |db| sqlx::query_as(statement)
        .bind(&rows)
        .fetch_all(&mut **db)
        .await)?)
}
