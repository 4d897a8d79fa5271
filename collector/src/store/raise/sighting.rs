use std::collections::BTreeSet;
use std::net::SocketAddr;

use umbra_policy::{Egress, Plan};

use super::Rows;
use crate::findings::{self, Bypass, Facts, Seen};
use crate::inventory::Tally;
use crate::store::time;

/// Names that a finding keeps.
const NAMES: usize = 10;

/// The observation that a finding is shown with; the earliest, then the strongest, is the least.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct First {
    pub(super) seen: i64,
    pub(super) evidence: i64,
    pub(super) caller: i64,
    pub(super) destination: i64,
}

/// Why a finding is one.
#[derive(Clone, Debug, Default)]
pub(super) struct Cause<'a> {
    /// The sanction that counted.
    pub(super) sanction: Option<&'a str>,
    bypass: Option<Bypass>,
    plan: Option<findings::Plan>,
}

impl<'a> Cause<'a> {
    /// The verdict alone, which this sanction gave.
    pub(super) fn of(sanction: Option<&'a str>) -> Self {
        Self {
            sanction,
            ..Self::default()
        }
    }

    /// Past what a rule for egress approves, these ways.
    pub(super) fn past(self, rule: &Egress, ways: impl Iterator<Item = Option<SocketAddr>>) -> Self {
        let mut bypass = Bypass {
            egress: rule.id.clone(),
            approved: rule.via.iter().take(NAMES).map(ToString::to_string).collect(),
            ..Bypass::default()
        };
        for way in ways {
            match way {
                None => bypass.direct = true,
                Some(proxy) if bypass.via.len() < NAMES => {
                    bypass.via.insert(proxy.to_string());
                }
                Some(_) => {}
            }
        }
        Self {
            bypass: Some(bypass),
            ..self
        }
    }

    /// In the place of a plan that the organisation has.
    pub(super) fn of_plan(self, plan: &Plan, service: &str) -> Self {
        let plan = findings::Plan {
            rule: plan.id.clone(),
            has: plan.plan.clone(),
            service: service.to_owned(),
        };
        Self {
            plan: Some(plan),
            ..self
        }
    }

    /// The first of the two, with the ways of both.
    fn and(&mut self, other: &Self) {
        if let (Some(bypass), Some(other)) = (&mut self.bypass, &other.bypass) {
            bypass.direct |= other.direct;
            let room = NAMES.saturating_sub(bypass.via.len());
            bypass.via.extend(other.via.iter().take(room).cloned());
        }
    }
}

/// What a group of reports saw of one finding.
pub(super) struct Sighting<'a> {
    pub(super) first: First,
    /// The agent of the first one.
    pub(super) agent: i64,
    pub(super) cause: Cause<'a>,
    /// When any of it was seen last.
    pub(super) last: i64,
    flows: u64,
    bytes_out: u64,
    bytes_in: u64,
    callers: BTreeSet<i64>,
    agents: BTreeSet<i64>,
    names: BTreeSet<&'a str>,
}

impl<'a> Sighting<'a> {
    pub(super) fn of(agent: i64, tally: &'a Tally<'a>, rows: Rows, cause: Cause<'a>) -> Self {
        let [.., name] = tally.destination();
        Self {
            first: First {
                seen: tally.first_seen,
                evidence: tally.evidence,
                caller: rows.caller,
                destination: rows.destination,
            },
            agent,
            cause,
            last: tally.last_seen,
            flows: tally.flows,
            bytes_out: tally.bytes_out,
            bytes_in: tally.bytes_in,
            callers: BTreeSet::from([rows.caller]),
            agents: BTreeSet::from([agent]),
            names: BTreeSet::from([name]),
        }
    }

    /// Adds what else was seen of it.
    pub(super) fn add(&mut self, other: Self) {
        self.last = self.last.max(other.last);
        self.flows = self.flows.saturating_add(other.flows);
        self.bytes_out = self.bytes_out.saturating_add(other.bytes_out);
        self.bytes_in = self.bytes_in.saturating_add(other.bytes_in);
        self.callers.extend(other.callers);
        self.agents.extend(other.agents);
        if self.names.len() < NAMES {
            self.names.extend(other.names);
        }
        let mut cause = other.cause;
        if other.first < self.first {
            self.first = other.first;
            self.agent = other.agent;
            std::mem::swap(&mut self.cause, &mut cause);
        }
        self.cause.and(&cause);
    }

    /// What the finding keeps of it.
    pub(super) fn facts(&self) -> Facts {
        let amount = |set: &BTreeSet<i64>| u64::try_from(set.len()).unwrap_or(u64::MAX);
        Facts {
            seen: Some(Seen {
                flows: self.flows,
                bytes_out: self.bytes_out,
                bytes_in: self.bytes_in,
                users: amount(&self.callers),
                hosts: amount(&self.agents),
                names: self.names.iter().map(|name| (*name).to_owned()).collect(),
                from: time(self.first.seen),
                to: time(self.last),
            }),
            bypass: self.cause.bypass.clone(),
            plan: self.cause.plan.clone(),
            ..Facts::default()
        }
    }
}
