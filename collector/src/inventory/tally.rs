use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;

use serde::Serialize;
use umbra_catalog::Kind;
use umbra_policy::Subject;
use umbra_report::{Observation, Route};

use super::fleet_wide;
use crate::findings;
use crate::labels::Labels;
use crate::store;

/// Milliseconds in the hour that observations are kept by.
const HOUR: i64 = 3_600_000;
/// Ways that are told apart.
const WAYS: usize = 16;

/// What is said of a caller on a host.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Facts<'a> {
    pub(crate) uid: u32,
    user_name: Option<&'a str>,
    /// The user's groups: a JSON array of names, sorted.
    user_groups: Option<String>,
    /// The same, for the policy.
    #[serde(skip)]
    groups: Option<&'a [String]>,
    exe: Option<&'a str>,
    script: Option<&'a str>,
    container: Option<&'a str>,
    image: Option<&'a str>,
    pod: Option<&'a str>,
    namespace: Option<&'a str>,
    workload: Option<&'a str>,
    unit: Option<&'a str>,
    /// Manager and name, `npm:claude`.
    package: Option<String>,
    package_version: Option<&'a str>,
    sha256: Option<&'a str>,
    /// What set it off last, in the words of the wire: JSON.
    origin: Option<String>,
    /// When that was.
    #[serde(skip)]
    origin_seen: i64,
}

impl<'a> Facts<'a> {
    fn of(observation: &'a Observation) -> Self {
        let caller = &observation.caller;
        let container = caller.container.as_ref();
        let package = caller.program.package.as_ref();
        Self {
            uid: caller.user.uid,
            user_name: caller.user.name.as_deref(),
            user_groups: caller
                .user
                .groups
                .as_ref()
                .and_then(|groups| serde_json::to_string(groups).ok()),
            groups: caller.user.groups.as_deref(),
            exe: caller.program.exe.as_deref(),
            script: caller.program.script.as_deref(),
            container: container.map(|container| container.id.as_str()),
            image: container.and_then(|container| container.image.as_deref()),
            pod: container.and_then(|container| container.pod.as_deref()),
            namespace: container.and_then(|container| container.namespace.as_deref()),
            workload: container.and_then(|container| container.workload.as_deref()),
            unit: caller.unit.as_deref(),
            package: package.map(|package| format!("{}:{}", package.manager, package.name)),
            package_version: package.and_then(|package| package.version.as_deref()),
            sha256: caller.program.sha256.as_deref(),
            origin: observation
                .origin
                .as_ref()
                .and_then(|origin| serde_json::to_string(origin).ok()),
            origin_seen: observation.last_seen.as_millisecond(),
        }
    }

    /// Adds what else is said; the later words stand.
    pub(crate) fn add(&mut self, later: &Self) {
        self.user_name = later.user_name.or(self.user_name);
        if later.groups.is_some() {
            self.user_groups.clone_from(&later.user_groups);
            self.groups = later.groups;
        }
        self.exe = later.exe.or(self.exe);
        self.script = later.script.or(self.script);
        self.container = later.container.or(self.container);
        self.image = later.image.or(self.image);
        self.pod = later.pod.or(self.pod);
        self.namespace = later.namespace.or(self.namespace);
        self.workload = later.workload.or(self.workload);
        self.unit = later.unit.or(self.unit);
        self.sha256 = later.sha256.or(self.sha256);
        if later.package.is_some() {
            self.package.clone_from(&later.package);
            self.package_version = later.package_version;
        }
        // A report's records are in no order of time.
        if later.origin.is_some() && (self.origin.is_none() || later.origin_seen >= self.origin_seen) {
            self.origin.clone_from(&later.origin);
            self.origin_seen = later.origin_seen;
        }
    }
}

/// The observations of one caller, name and UTC hour in a report, added up.
///
/// Times are milliseconds since 1970-01-01 UTC.
#[derive(Debug)]
#[cfg_attr(test, derive(Serialize))]
pub(crate) struct Tally<'a> {
    program: &'a str,
    place: String,
    #[cfg_attr(test, serde(flatten))]
    pub(crate) facts: Facts<'a>,
    pub(crate) vendor: &'a str,
    pub(crate) service: &'a str,
    kind: Kind,
    name: &'a str,
    pub(crate) hour: i64,
    pub(crate) flows: u64,
    pub(crate) bytes_out: u64,
    pub(crate) bytes_in: u64,
    pub(crate) first_seen: i64,
    /// Never before `hour`, so that what is kept of a use does not go before its hours.
    pub(crate) last_seen: i64,
    pub(crate) evidence: i64,
    /// Whether it is enough for a finding.
    pub(crate) finding: bool,
    /// First proxies of its flows, and `None` for those that went directly, as far as that is known, of what is enough for
    /// a finding.
    #[cfg_attr(test, serde(skip))]
    pub(crate) ways: BTreeSet<Option<SocketAddr>>,
}

#[derive(PartialEq, Eq, Hash)]
struct Key<'a> {
    program: &'a str,
    place: String,
    uid: u32,
    vendor: &'a str,
    service: &'a str,
    kind: Kind,
    name: &'a str,
    hour: i64,
}

impl<'a> Tally<'a> {
    /// Adds up a report's observations.
    pub(crate) fn of(observations: &[&'a Observation]) -> Vec<Self> {
        let mut places: HashMap<Key<'a>, usize> = HashMap::with_capacity(observations.len());
        let mut tallies: Vec<Self> = Vec::new();
        for observation in observations {
            let key = Key {
                program: &observation.caller.program.name,
                place: fleet_wide(&observation.caller),
                uid: observation.caller.user.uid,
                vendor: &observation.vendor,
                service: &observation.service,
                kind: observation.kind,
                name: &observation.name,
                hour: observation.minute.as_millisecond().div_euclid(HOUR) * HOUR,
            };
            let next = Self::one(observation, key.place.clone(), key.hour);
            if let Some(place) = places.get(&key) {
                tallies[*place].add(&next);
            } else {
                places.insert(key, tallies.len());
                tallies.push(next);
            }
        }
        tallies
    }

    fn one(observation: &'a Observation, place: String, hour: i64) -> Self {
        let finding = findings::deserves_one(observation.kind, observation.evidence);
        let way = observation.route.map(Route::proxy);
        Self {
            program: &observation.caller.program.name,
            place,
            facts: Facts::of(observation),
            vendor: &observation.vendor,
            service: &observation.service,
            kind: observation.kind,
            name: &observation.name,
            hour,
            flows: observation.flows,
            bytes_out: observation.bytes_out,
            bytes_in: observation.bytes_in,
            first_seen: observation.first_seen.as_millisecond(),
            last_seen: observation.last_seen.as_millisecond().max(hour),
            evidence: store::evidence_rank(observation.evidence),
            finding,
            ways: way.filter(|_| finding).into_iter().collect(),
        }
    }

    /// Name and place of the program.
    pub(crate) fn program(&self) -> [&str; 2] {
        [self.program, &self.place]
    }

    /// Vendor, service, kind and name.
    pub(crate) fn destination(&self) -> [&str; 4] {
        [self.vendor, self.service, self.kind.as_str(), self.name]
    }

    /// When a flow was last seen to go directly, no earlier than its hour; 0: none was.
    pub(crate) fn direct_seen(&self) -> i64 {
        if self.ways.contains(&None) {
            self.last_seen
        } else {
            0
        }
    }

    /// What the policy is asked about it; the labels are the host's.
    pub(crate) fn subject(&self, labels: Option<&'a Labels>) -> Subject<'_> {
        let labels = labels.into_iter().flat_map(|labels| &labels.0);
        Subject {
            vendor: self.vendor,
            service: self.service,
            kind: Some(self.kind),
            program: self.program,
            script: self.facts.script,
            package: self.facts.package.as_deref(),
            uid: self.facts.uid,
            user: self.facts.user_name,
            groups: self
                .facts
                .groups
                .into_iter()
                .flatten()
                .map(String::as_str)
                .collect(),
            labels: labels
                .map(|(key, value)| (key.as_str(), value.as_str()))
                .collect(),
            unit: self.facts.unit,
            image: self.facts.image,
            namespace: self.facts.namespace,
        }
    }

    /// Adds what the same caller did in the same hour.
    fn add(&mut self, other: &Self) {
        self.flows = self.flows.saturating_add(other.flows);
        self.bytes_out = self.bytes_out.saturating_add(other.bytes_out);
        self.bytes_in = self.bytes_in.saturating_add(other.bytes_in);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.evidence = self.evidence.min(other.evidence);
        self.finding |= other.finding;
        // Of a caller that takes ever other proxies, some are enough.
        let room = WAYS.saturating_sub(self.ways.len());
        self.ways.extend(other.ways.iter().take(room));
        self.facts.add(&other.facts);
    }
}
