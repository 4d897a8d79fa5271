//! The findings that a group of reports raises: what each observation is, by the policy that is in force, and what
//! nobody has been told of it yet.

mod rows;
mod sighting;
mod vendors;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use umbra_policy::Verdict;

use super::apply::News;
use super::batch::json;
use super::group::Item;
use super::outbox::{self, Happening};
use super::{StoreError, Transaction, configurations, on, stored};
use crate::findings::FindingKind;
use crate::inventory::Tally;
use crate::labels::Labels;
use crate::policy::InForce;
use rows::LABELS;
use sighting::{Cause, Sighting};
pub(super) use vendors::Vendors;
use vendors::is_learning;

/// What a finding is: its kind, the program's row and the vendor.
type Key<'a> = (FindingKind, i64, &'a str);

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
    sightings: BTreeMap<Key<'a>, Sighting<'a>>,
    vendors: &'a Vendors,
    /// Vendors that may be new.
    strangers: BTreeMap<&'a str, Stranger<'a>>,
}

/// A vendor that may be new.
struct Stranger<'a> {
    /// When it was first seen.
    seen: i64,
    /// Its first use that is not sanctioned, by which program.
    first: Option<(i64, Sighting<'a>)>,
}

impl<'a> Raising<'a> {
    /// Gets ready for what is new of each report.
    pub(super) async fn begin(
        transaction: &mut Transaction,
        news: &'a [News<'a>],
        policy: &'a InForce,
        vendors: &'a Vendors,
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
            sightings: BTreeMap::new(),
            vendors,
            strangers: BTreeMap::new(),
        })
    }

    /// Looks at what a caller did in an hour.
    pub(super) fn look(&mut self, agent: i64, tally: &'a Tally<'a>, rows: Rows) {
        let Some(item) = self.received.get(&agent).filter(|_| tally.finding) else {
            return;
        };
        let subject = tally.subject(self.labels.get(&agent));
        let decided = self.policy.policy.decide(&subject, item.arrival.received);
        let gone: Vec<_> = tally
            .ways
            .iter()
            .filter_map(|via| Some((self.policy.policy.bypassed(&subject, *via)?, *via)))
            .collect();
        let cause = Cause::of(decided.by.map(|by| by.id.as_str()));
        let sighting = |cause| Sighting::of(agent, tally, rows, cause);
        self.meet(
            tally,
            rows,
            (decided.verdict != Verdict::Sanctioned).then(|| sighting(cause.clone())),
        );
        if let Some(kind) = FindingKind::with(decided.verdict) {
            self.sight((kind, rows.program, tally.vendor), sighting(cause.clone()));
        }
        // What must not be at all need not be in another way.
        if decided.verdict == Verdict::Prohibited {
            return;
        }
        if let Some((egress, _)) = gone.first() {
            let cause = cause.clone().past(egress, gone.iter().map(|(_, via)| *via));
            self.sight(
                (FindingKind::GatewayBypass, rows.program, tally.vendor),
                sighting(cause),
            );
        }
        if let Some(plan) = self.policy.personal(tally.vendor, tally.service, &decided) {
            let cause = cause.of_plan(plan, tally.service);
            self.sight(
                (FindingKind::PersonalPlan, rows.program, tally.vendor),
                sighting(cause),
            );
        }
    }

    fn sight(&mut self, key: Key<'a>, this: Sighting<'a>) {
        match self.sightings.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(this);
            }
            Entry::Occupied(mut entry) => entry.get_mut().add(this),
        }
    }

    /// Notes the use of a vendor that may be new; `this` unless it is sanctioned.
    fn meet(&mut self, tally: &'a Tally<'a>, rows: Rows, this: Option<Sighting<'a>>) {
        if self.vendors.knows(tally.vendor) {
            return;
        }
        let stranger = self.strangers.entry(tally.vendor).or_insert(Stranger {
            seen: tally.first_seen,
            first: None,
        });
        stranger.seen = tally.first_seen.min(stranger.seen);
        if let Some(this) = this
            && stranger
                .first
                .as_ref()
                .is_none_or(|(_, first)| this.first < first.first)
        {
            stranger.first = Some((rows.program, this));
        }
    }

    /// Writes the vendors down; the first uses of those that are new are findings, too.
    async fn greet(&mut self, transaction: &mut Transaction) -> Result<(), StoreError> {
        if self.strangers.is_empty() {
            return Ok(());
        }
        let vendors: Vec<_> = self
            .strangers
            .iter()
            .map(|(vendor, stranger)| (*vendor, stranger.seen))
            .collect();
        let met = self.vendors.meet(transaction, &vendors).await?;
        let longest = self.received.values().map(|item| item.arrival.learning).max();
        if met.is_empty() || is_learning(transaction, longest.unwrap_or_default()).await? {
            return Ok(());
        }
        for (vendor, stranger) in std::mem::take(&mut self.strangers) {
            if let Some((program, sighting)) = stranger.first.filter(|_| met.contains(vendor)) {
                self.sight((FindingKind::FirstUse, program, vendor), sighting);
            }
        }
        Ok(())
    }

    /// Raises what is new, and again what was settled and holds again, and tells of it; gives the agent of each.
    pub(super) async fn write(mut self, transaction: &mut Transaction) -> Result<Vec<i64>, StoreError> {
        self.greet(transaction).await?;
        if self.sightings.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<&Key<'_>> = self.sightings.keys().collect();
        let known = rows::known(transaction, &keys).await?;
        let policy = stored(self.policy.decided.number());
        let (mut missing, mut settled) = (Vec::new(), Vec::new());
        for ((key, sighting), place) in self.sightings.iter().zip(0..) {
            let row = || {
                rows::Row::of(
                    key,
                    sighting,
                    self.received[&sighting.agent].arrival.received,
                    policy,
                )
            };
            match known.get(&place) {
                None => missing.push(row()?),
                Some(finding) if *finding < 0 => settled.push(row()?),
                // It is there, and says the same.
                Some(_) => {}
            }
        }
        let mut raised = Vec::new();
        for (wording, rows) in [(rows::FIND, &missing), (rows::AGAIN, &settled)] {
            for (finding, kind, program, vendor) in rows::raise(transaction, wording, rows).await? {
                let kind = FindingKind::of(&kind).ok_or(StoreError::Gone)?;
                let sighting = self.sightings.get(&(kind, program, vendor.as_str()));
                raised.push((finding, sighting.ok_or(StoreError::Gone)?.agent));
            }
        }
        let alerts: Vec<_> = raised
            .iter()
            .map(|(finding, agent)| (*finding, self.received[agent].arrival.received))
            .collect();
        outbox::queue(transaction, Happening::Raised, &alerts).await?;
        Ok(raised.into_iter().map(|(_, agent)| agent).collect())
    }
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
