//! The simulated hosts: who calls which AI on each, and what its agent reports minute by minute.
//!
//! All comes from one seed, so that each run has the same fleet and the same reports but for the day. `docs/SIZING.md`
//! says what is simulated and why.

mod habits;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp, TimestampRound, Unit};
use umbra_catalog::Catalogue;
use umbra_report::{
    Agent, Caller, Condition, Evidence, Observation, Origin, Protocol, Record, RecordBody, Report, Route,
    Status, VERSION, Waiting,
};
use uuid::{Builder, Uuid};

pub(crate) use habits::Destination;
use habits::{Habits, Tool};

/// Callers that a host may have, those included that come later.
const CALLERS: usize = 12;
/// Observations in a minute.
const OBSERVATIONS: usize = 30;
/// Of so many hosts one is busy: a build server or a gateway, all of whose callers call each minute.
const BUSY: u32 = 20;
/// In one of so many minutes a host has a caller that it did not have before.
const NEWCOMER: u32 = 100;
/// How old the first minute is: the collector takes times of the past, and all of a run must lie there.
const AGO: SignedDuration = SignedDuration::from_hours(24);

/// A host with its agent; each report that is taken is that of the next minute.
#[derive(Clone)]
pub(crate) struct Host<'a> {
    pub(crate) agent: Agent,
    epoch: Uuid,
    started: Timestamp,
    minute: Timestamp,
    sequence: u64,
    busy: bool,
    /// Minutes that a report is of.
    minutes: u32,
    callers: Vec<Habit<'a>>,
    habits: &'a Habits,
    rng: Rng,
}

/// A caller and the names that it uses.
#[derive(Clone)]
struct Habit<'a> {
    caller: Caller,
    origin: Origin,
    destinations: Vec<&'a Destination>,
}

/// What all hosts have in common.
pub(crate) struct Fleet {
    habits: Habits,
    seed: u64,
    /// Begin of the first minute: that of an hour, so that a run always passes the same number of hours.
    first: Timestamp,
}

impl Fleet {
    /// A fleet that reports from a day before `now` on.
    pub(crate) fn new(seed: u64, catalogue: &Catalogue, now: Timestamp) -> Self {
        let hour = TimestampRound::new()
            .smallest(Unit::Hour)
            .mode(jiff::RoundMode::Trunc);
        Self {
            habits: Habits::of(catalogue),
            seed,
            first: now.round(hour).map_or(now, |hour| hour - AGO),
        }
    }

    /// The hosts from the first on.
    pub(crate) fn hosts(&self, count: usize) -> Vec<Host<'_>> {
        (0..count).map(|number| Host::new(self, number)).collect()
    }
}

impl<'a> Host<'a> {
    fn new(fleet: &'a Fleet, number: usize) -> Self {
        let mut rng = Rng::with_seed(fleet.seed.wrapping_add(number as u64));
        let mut uuid = || Builder::from_random_bytes(rng.u128(..).to_le_bytes()).into_uuid();
        let agent = Agent {
            id: uuid(),
            host: format!("host-{number:05}.example.com"),
            machine_id: Some(uuid().simple().to_string()),
            boot_id: Some(uuid()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            kernel: "6.8.0-45-generic".to_owned(),
        };
        let epoch = uuid();
        let busy = rng.u32(..BUSY) == 0;
        let mut host = Self {
            agent,
            epoch,
            started: fleet.first - SignedDuration::from_hours(24),
            minute: fleet.first,
            sequence: 0,
            busy,
            minutes: 1,
            callers: Vec::new(),
            habits: &fleet.habits,
            rng,
        };
        for _ in 0..host.rng.usize(1..=8) {
            host.add_caller();
        }
        host
    }

    /// A caller that is not there yet; chance may find none.
    fn add_caller(&mut self) {
        let tool = Tool::any(&mut self.rng);
        let (caller, origin) = tool.caller(&mut self.rng);
        let is_there = |habit: &Habit| {
            habit.caller.program.name == caller.program.name && habit.caller.user == caller.user
        };
        if self.callers.iter().any(is_there) {
            return;
        }
        let names = self.rng.usize(1..=if self.busy { 8 } else { 4 });
        let mut destinations: Vec<&Destination> =
            (0..names).map(|_| self.habits.any(&mut self.rng)).collect();
        destinations.sort_by_key(|destination| &destination.name);
        destinations.dedup_by_key(|destination| &destination.name);
        self.callers.push(Habit {
            caller,
            origin,
            destinations,
        });
    }

    /// A host whose agent could not report meanwhile: each of its reports is of so many minutes.
    pub(crate) fn catching_up(mut self, minutes: u32) -> Self {
        self.minutes = minutes;
        self
    }

    /// What the agent sends next: that of a minute, or of several.
    pub(crate) fn report(&mut self) -> Report {
        let mut records = Vec::new();
        for _ in 0..self.minutes {
            for observation in self.minute() {
                records.push(self.record(observation));
            }
        }
        Report {
            version: VERSION,
            agent: self.agent.clone(),
            status: self.status(records.len()),
            epoch: self.epoch,
            records,
        }
    }

    fn minute(&mut self) -> Vec<Observation> {
        if self.callers.len() < CALLERS && self.rng.u32(..NEWCOMER) == 0 {
            self.add_caller();
        }
        let mut observations = Vec::new();
        let callers = std::mem::take(&mut self.callers);
        for (number, habit) in callers.iter().enumerate() {
            for (place, destination) in habit.destinations.iter().enumerate() {
                // A report without an observation would be a heartbeat alone.
                let first = number == 0 && place == 0;
                if (first || self.busy || self.rng.u32(..10) < 4) && observations.len() < OBSERVATIONS {
                    observations.push(self.observation(habit, destination));
                }
            }
        }
        self.callers = callers;
        self.minute += SignedDuration::from_mins(1);
        observations
    }

    fn record(&mut self, observation: Observation) -> Record {
        self.sequence += 1;
        Record {
            sequence: self.sequence,
            body: RecordBody::Observation(Box::new(observation)),
        }
    }

    fn observation(&mut self, habit: &Habit, destination: &Destination) -> Observation {
        let rng = &mut self.rng;
        let at = |seconds: i64| self.minute + SignedDuration::from_secs(seconds);
        let (from, to) = (rng.i64(0..30), rng.i64(30..60));
        // Each a few times in a minute; a connection may also go on from the one before.
        let flows = rng.u64(0..=4);
        Observation {
            minute: self.minute,
            first_seen: at(from),
            last_seen: at(to),
            caller: habit.caller.clone(),
            origin: Some(habit.origin.clone()),
            vendor: destination.vendor.clone(),
            service: destination.service.clone(),
            kind: destination.kind,
            name: destination.name.clone(),
            evidence: Evidence::TlsSni,
            protocol: Protocol::Tcp,
            route: Some(Route::Direct),
            flows,
            // Long questions and longer answers, over several orders of size.
            bytes_out: rng.u64(500..4000) << rng.u32(0..6),
            bytes_in: rng.u64(1000..8000) << rng.u32(0..8),
        }
    }

    fn status(&self, records: usize) -> Status {
        let records = records as u64;
        let waiting = Waiting {
            records,
            bytes: records * 700,
            oldest_seconds: 60,
        };
        Status {
            started: self.started,
            losses: std::collections::BTreeMap::new(),
            configuration: None,
            condition: Some(Condition {
                heartbeat_seconds: 60,
                spool: Some(waiting),
                catalogue: Some("0123456789abcdef".to_owned()),
                programs: 18,
                last_error: None,
            }),
        }
    }
}

#[cfg(test)]
mod tests;
