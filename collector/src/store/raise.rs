//! The findings that a group of reports raises: what each observation is, by the policy that is in force, and what
//! nobody has been told of it yet.

use std::collections::{BTreeMap, HashMap};

use super::apply::News;
use super::batch::json;
use super::both::{Wording, with_rows};
use super::group::Item;
use super::outbox::{self, Happening};
use super::{StoreError, Transaction, configurations, millis, on, stored};
use crate::findings::FindingKind;
use crate::inventory::Tally;
use crate::labels::Labels;
use crate::policy::InForce;

/// Items are kind, program, vendor, caller, destination, evidence, first seen, the time, the policy's version and the
/// sanction. What is known already is left out beforehand, because PostgreSQL gives a number away to each row that it
/// tries to insert.
const FIND: Wording = with_rows!(
    "INSERT INTO findings (kind, program, vendor, caller, destination, evidence, first_seen, created, policy, sanction)
     SELECT value ->> 0, CAST(value ->> 1 AS BIGINT), value ->> 2, CAST(value ->> 3 AS BIGINT),
            CAST(value ->> 4 AS BIGINT), CAST(value ->> 5 AS BIGINT), CAST(value ->> 6 AS BIGINT),
            CAST(value ->> 7 AS BIGINT), CAST(value ->> 8 AS BIGINT), value ->> 9
     FROM",
    "WHERE (SELECT f.id FROM findings f WHERE f.kind = value ->> 0 AND f.program = CAST(value ->> 1 AS BIGINT)
            AND f.vendor = value ->> 2) IS NULL
     ON CONFLICT (kind, program, vendor) DO NOTHING
     RETURNING id, kind, program, vendor"
);

/// Items are program, vendor, last seen, the time, the policy's version and the sanction.
const AGAIN: Wording = with_rows!(
    "UPDATE findings SET state = 'open', created = CAST(value ->> 3 AS BIGINT),
            policy = CAST(value ->> 4 AS BIGINT), sanction = value ->> 5 FROM",
    "WHERE findings.kind = 'prohibited_use' AND findings.state = 'resolved'
       AND findings.program = CAST(value ->> 0 AS BIGINT) AND findings.vendor = value ->> 1
       AND findings.decided < CAST(value ->> 2 AS BIGINT)
     RETURNING id, kind, program, vendor"
);

/// Items are agents.
const LABELS: Wording = with_rows!(
    "SELECT CAST(value ->> 0 AS BIGINT), (SELECT e.labels FROM enrolments e JOIN agents a ON a.agent = e.agent
                                          WHERE a.id = CAST(value ->> 0 AS BIGINT)) FROM",
    ""
);

/// The observation that a finding is about; the earliest, then the strongest, is the least.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct First<'a> {
    seen: i64,
    evidence: i64,
    caller: i64,
    destination: i64,
    agent: i64,
    /// What counted.
    sanction: Option<&'a str>,
    /// When any of them was seen last.
    last: i64,
}

/// What a finding is: its kind, the program's row and the vendor.
type Key<'a> = (FindingKind, i64, &'a str);

/// A finding that was raised: its number, kind, program and vendor.
type Raised = (i64, String, i64, String);

/// Where an observation stands in the store.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub(super) caller: i64,
    pub(super) program: i64,
    pub(super) destination: i64,
}

/// What the observations of a group come to.
pub(super) struct Raising<'a> {
    policy: &'a InForce,
    /// By agents' rows; empty unless the policy asks for labels.
    labels: HashMap<i64, Labels>,
    received: HashMap<i64, &'a Item>,
    firsts: BTreeMap<Key<'a>, First<'a>>,
}

impl<'a> Raising<'a> {
    /// Gets ready for what is new of each report.
    pub(super) async fn begin(
        transaction: &mut Transaction,
        news: &'a [News<'a>],
        policy: &'a InForce,
    ) -> Result<Self, StoreError> {
        let labels = if policy.policy.asks_for_labels() {
            labels(transaction, news).await?
        } else {
            HashMap::new()
        };
        Ok(Self {
            policy,
            labels,
            received: news.iter().map(|news| (news.agent, news.item)).collect(),
            firsts: BTreeMap::new(),
        })
    }

    /// Looks at what a caller did in an hour.
    pub(super) fn look(&mut self, agent: i64, tally: &'a Tally<'a>, rows: Rows) {
        let Some(item) = self.received.get(&agent).filter(|_| tally.finding) else {
            return;
        };
        let subject = tally.subject(self.labels.get(&agent));
        let decided = self.policy.policy.decide(&subject, item.arrival.received);
        let Some(kind) = FindingKind::with(decided.verdict) else {
            return;
        };
        let this = First {
            seen: tally.first_seen,
            evidence: tally.evidence,
            caller: rows.caller,
            destination: rows.destination,
            agent,
            sanction: decided.by.map(|by| by.id.as_str()),
            last: tally.last_seen,
        };
        let first = self
            .firsts
            .entry((kind, rows.program, tally.vendor))
            .or_insert(this);
        let last = first.last.max(this.last);
        *first = First {
            last,
            ..this.min(*first)
        };
    }

    /// Raises what is new, and again what was settled and goes on, and puts it into the outbox; gives the agent of each.
    pub(super) async fn write(self, transaction: &mut Transaction) -> Result<Vec<i64>, StoreError> {
        if self.firsts.is_empty() {
            return Ok(Vec::new());
        }
        let policy = stored(self.policy.decided.number());
        let firsts = self.firsts.iter();
        let rows = firsts.map(|((kind, program, vendor), first)| {
            (
                kind.as_str(),
                program,
                vendor,
                first.caller,
                first.destination,
                first.evidence,
                first.seen,
                self.now(first),
                policy,
                first.sanction,
            )
        });
        let mut raised = raise(transaction, FIND, &json(rows)?).await?;
        let prohibited = self.firsts.iter();
        let prohibited = prohibited.filter(|((kind, ..), _)| *kind == FindingKind::ProhibitedUse);
        let rows: Vec<_> = prohibited
            .map(|((_, program, vendor), first)| {
                (
                    program,
                    vendor,
                    first.last,
                    self.now(first),
                    policy,
                    first.sanction,
                )
            })
            .collect();
        if !rows.is_empty() {
            raised.extend(raise(transaction, AGAIN, &json(rows)?).await?);
        }
        let mut agents = Vec::with_capacity(raised.len());
        let mut alerts = Vec::new();
        for (finding, kind, program, vendor) in &raised {
            let kind = FindingKind::of(kind).ok_or(StoreError::Gone)?;
            let first = self.firsts.get(&(kind, *program, vendor.as_str()));
            let first = first.ok_or(StoreError::Gone)?;
            agents.push(first.agent);
            alerts.push((*finding, self.received[&first.agent].arrival.received));
        }
        outbox::queue(transaction, Happening::Raised, &alerts).await?;
        Ok(agents)
    }

    fn now(&self, first: &First<'_>) -> i64 {
        millis(self.received[&first.agent].arrival.received)
    }
}

/// Runs one of the statements that raise.
async fn raise(
    transaction: &mut Transaction,
    wording: Wording,
    rows: &str,
) -> Result<Vec<Raised>, StoreError> {
    let statement = transaction.word(wording);
    Ok(on!(&mut *transaction, |db| sqlx::query_as(statement)
        .bind(rows)
        .fetch_all(&mut **db)
        .await)?)
}

/// Labels of the agents' hosts.
async fn labels(
    transaction: &mut Transaction,
    news: &[News<'_>],
) -> Result<HashMap<i64, Labels>, StoreError> {
    let agents = json(news.iter().map(|news| [news.agent]))?;
    let statement = transaction.word(LABELS);
    let found: Vec<(i64, Option<String>)> = on!(&mut *transaction, |db| sqlx::query_as(statement)
        .bind(&agents)
        .fetch_all(&mut **db)
        .await)?;
    let parsed = found
        .into_iter()
        .map(|(agent, labels)| (agent, configurations::parsed(labels.as_deref())));
    Ok(parsed.collect())
}
