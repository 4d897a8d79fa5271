use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;

use jiff::Timestamp;

use crate::egress::Egress;
use crate::plan::{Plan, Rules};
use crate::sanction::Sanction;
use crate::subject::Subject;
use crate::verdict::Verdict;

/// Sanctions that are in force together, in the order in which they were decided.
///
/// # The rule
///
/// Of the sanctions that cover a subject and have not expired,
/// 1. one to which another is [narrower](crate::Scope::is_narrower_than) is beaten by it;
/// 2. of those that are left, the strictest verdict wins: prohibited before unreviewed before sanctioned;
/// 3. then the one with more conditions, then the one that was decided last.
///
/// With none, the subject is unreviewed.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    sanctions: Vec<Sanction>,
    /// Places in `sanctions` of those that name a vendor, by its name in lower case.
    by_vendor: HashMap<String, Vec<usize>>,
    /// Places of those that name none.
    of_any: Vec<usize>,
    /// Groups by their users.
    groups: HashMap<String, Vec<String>>,
    rules: Rules,
}

/// What a policy says of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    /// What was decided.
    pub verdict: Verdict,
    /// Which sanction said so; `None`: none covers the subject.
    pub by: Option<&'a Sanction>,
    /// The others that cover it, in the order in which they were decided.
    pub beaten: Vec<Beaten<'a>>,
}

/// A sanction that covers the subject too, and does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beaten<'a> {
    /// Which.
    pub sanction: &'a Sanction,
    /// Why it does not count.
    pub why: Why<'a>,
}

/// Why a sanction does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why<'a> {
    /// This one is narrower.
    Wider(&'a Sanction),
    /// None is narrower, and the one that counts is stricter.
    Milder,
    /// The same verdict, with fewer conditions.
    FewerConditions,
    /// The same verdict, with as many conditions, decided before.
    Older,
}

impl Policy {
    /// Puts sanctions together, which come in the order in which they were decided; `groups` are users by groups of the
    /// organisation's, beside those that hosts report.
    pub fn new(sanctions: Vec<Sanction>, groups: &BTreeMap<String, BTreeSet<String>>) -> Self {
        let mut policy = Self::default();
        for (group, users) in groups {
            for user in users {
                let of_user = policy.groups.entry(user.clone()).or_default();
                of_user.push(group.clone());
            }
        }
        for (place, sanction) in sanctions.iter().enumerate() {
            match &sanction.scope.vendor {
                Some(vendor) => policy
                    .by_vendor
                    .entry(vendor.to_ascii_lowercase())
                    .or_default()
                    .push(place),
                None => policy.of_any.push(place),
            }
        }
        policy.sanctions = sanctions;
        policy
    }

    /// The same with rules beside the sanctions.
    #[must_use]
    pub fn with(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// The rule that a flow of the subject goes past: one covers it, and none of those that do lets it go this way. `via`
    /// is the first proxy; `None`: it goes directly.
    pub fn bypassed(&self, subject: &Subject<'_>, via: Option<SocketAddr>) -> Option<&Egress> {
        if self.rules.egress.is_empty() {
            return None;
        }
        let subject = self.with_groups(subject);
        let covering = || self.rules.egress.iter().filter(|rule| rule.covers(&subject));
        if covering().any(|rule| rule.lets(via)) {
            return None;
        }
        covering().next()
    }

    /// The plan that the organisation has of a vendor.
    pub fn plan_of(&self, vendor: &str) -> Option<&Plan> {
        let mut plans = self.rules.plans.iter();
        plans.find(|plan| plan.vendor.eq_ignore_ascii_case(vendor))
    }

    /// The sanctions, in the order in which they were decided.
    pub fn sanctions(&self) -> &[Sanction] {
        &self.sanctions
    }

    /// Whether it decides nothing.
    pub fn is_empty(&self) -> bool {
        self.sanctions.is_empty()
    }

    /// Whether anything in it asks for a label of the host.
    pub fn asks_for_labels(&self) -> bool {
        let direct = self.rules.egress.iter().flat_map(|rule| &rule.direct);
        let mut scopes = self
            .sanctions
            .iter()
            .map(|sanction| &sanction.scope)
            .chain(direct);
        scopes.any(|scope| scope.host_label.is_some())
    }

    /// What it says of a subject, at a time.
    pub fn decide(&self, subject: &Subject<'_>, time: Timestamp) -> Decision<'_> {
        let subject = self.with_groups(subject);
        let named = self.by_vendor.get(&subject.vendor.to_ascii_lowercase());
        let mut covering: Vec<usize> = named
            .into_iter()
            .flatten()
            .chain(&self.of_any)
            .copied()
            .filter(|&place| self.sanctions[place].holds_at(time))
            .filter(|&place| self.sanctions[place].scope.covers(&subject))
            .collect();
        covering.sort_unstable();
        let narrower = |place: usize| {
            let scope = &self.sanctions[place].scope;
            let mut others = covering.iter().map(|&other| &self.sanctions[other]);
            others.find(|other| other.scope.is_narrower_than(scope))
        };
        let narrowest = covering
            .iter()
            .copied()
            .filter(|&place| narrower(place).is_none());
        let order = |place: usize| {
            let sanction = &self.sanctions[place];
            (
                sanction.verdict,
                Reverse(sanction.scope.conditions().count()),
                Reverse(place),
            )
        };
        let Some(first) = narrowest.min_by_key(|&place| order(place)) else {
            return Decision {
                verdict: Verdict::Unreviewed,
                by: None,
                beaten: Vec::new(),
            };
        };
        let winner = &self.sanctions[first];
        let why = |place: usize| {
            let sanction = &self.sanctions[place];
            let conditions = |sanction: &Sanction| sanction.scope.conditions().count();
            match narrower(place) {
                // The one that counts is the best example.
                Some(_) if winner.scope.is_narrower_than(&sanction.scope) => Why::Wider(winner),
                Some(other) => Why::Wider(other),
                None if sanction.verdict != winner.verdict => Why::Milder,
                None if conditions(sanction) < conditions(winner) => Why::FewerConditions,
                None => Why::Older,
            }
        };
        let beaten = covering.iter().filter(|&&place| place != first);
        Decision {
            verdict: winner.verdict,
            by: Some(winner),
            beaten: beaten
                .map(|&place| Beaten {
                    sanction: &self.sanctions[place],
                    why: why(place),
                })
                .collect(),
        }
    }
}

impl Policy {
    /// The subject with the policy's own groups beside those of the host.
    fn with_groups<'a>(&'a self, subject: &Subject<'a>) -> Subject<'a> {
        let groups = subject.user.and_then(|user| self.groups.get(user));
        let mut subject = subject.clone();
        subject
            .groups
            .extend(groups.into_iter().flatten().map(String::as_str));
        subject
    }
}

impl Beaten<'_> {
    /// Why, in words: a sentence that begins with its id.
    pub fn explained(&self, winner: &Sanction) -> String {
        let (id, scope) = (&self.sanction.id, &self.sanction.scope);
        match self.why {
            Why::Wider(other) => format!(
                "{id} is about {scope}, which is wider than {}: {}",
                other.id, other.scope
            ),
            Why::Milder => format!(
                "{id} says {}; neither it ({scope}) nor {} ({}) is narrower, so the stricter one counts",
                self.sanction.verdict, winner.id, winner.scope
            ),
            Why::FewerConditions => format!("{id} says the same with fewer conditions: {scope}"),
            Why::Older => format!("{id} says the same and was decided before: {scope}"),
        }
    }
}

#[cfg(test)]
mod tests;
