use std::collections::HashMap;

use serde::Serialize;
use umbra_catalog::Kind;
use umbra_report::Observation;

use super::fleet_wide;
use crate::findings;
use crate::store;

/// Milliseconds in the hour that observations are kept by.
const HOUR: i64 = 3_600_000;

/// The observations of one caller, name and UTC hour in a report, added up: a row of the store's batch.
///
/// Times are milliseconds since 1970-01-01 UTC.
#[derive(Debug, Serialize)]
pub(crate) struct Tally<'a> {
    program: &'a str,
    place: String,
    uid: u32,
    user_name: Option<&'a str>,
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
    vendor: &'a str,
    service: &'a str,
    kind: Kind,
    name: &'a str,
    hour: i64,
    flows: u64,
    bytes_out: u64,
    bytes_in: u64,
    first_seen: i64,
    last_seen: i64,
    evidence: i64,
    /// Whether it is enough for a finding.
    finding: bool,
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
        let caller = &observation.caller;
        let container = caller.container.as_ref();
        let package = caller.program.package.as_ref();
        Self {
            program: &caller.program.name,
            place,
            uid: caller.user.uid,
            user_name: caller.user.name.as_deref(),
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
            vendor: &observation.vendor,
            service: &observation.service,
            kind: observation.kind,
            name: &observation.name,
            hour,
            flows: observation.flows,
            bytes_out: observation.bytes_out,
            bytes_in: observation.bytes_in,
            first_seen: observation.first_seen.as_millisecond(),
            last_seen: observation.last_seen.as_millisecond(),
            evidence: store::evidence_rank(observation.evidence),
            finding: findings::deserves_one(observation.kind, observation.evidence),
        }
    }

    /// Adds what the same caller did in the same hour; the later words about it stand.
    fn add(&mut self, other: &Self) {
        self.flows = self.flows.saturating_add(other.flows);
        self.bytes_out = self.bytes_out.saturating_add(other.bytes_out);
        self.bytes_in = self.bytes_in.saturating_add(other.bytes_in);
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.evidence = self.evidence.min(other.evidence);
        self.finding |= other.finding;
        self.user_name = other.user_name.or(self.user_name);
        self.exe = other.exe.or(self.exe);
        self.script = other.script.or(self.script);
        self.container = other.container.or(self.container);
        self.image = other.image.or(self.image);
        self.pod = other.pod.or(self.pod);
        self.namespace = other.namespace.or(self.namespace);
        self.workload = other.workload.or(self.workload);
        self.unit = other.unit.or(self.unit);
        self.sha256 = other.sha256.or(self.sha256);
        if other.package.is_some() {
            self.package.clone_from(&other.package);
            self.package_version = other.package_version;
        }
    }
}
