//! Adds activities up per minute and (caller, name, evidence, protocol, route), and says when a sum should go out.
//!
//! A sum that nobody has heard of lately does not wait: the first of a key within [`FORGET_AFTER`], and the first
//! bytes after it, are due after [`URGENT_DELAY`]. Everything else is due an interval after it began.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{Timestamp, TimestampRound, Unit};
use umbra_catalog::Kind;
use umbra_report::{Caller, Evidence, Observation, Origin, Protocol, Route};

use crate::activity::Activity;

/// A key that was silent for so long is news again.
const FORGET_AFTER: Duration = Duration::from_hours(1);

/// How long news waits, so that what belongs together travels together.
const URGENT_DELAY: Duration = Duration::from_millis(200);

/// The sums that have not gone out yet.
#[derive(Debug)]
pub struct Rollup {
    interval: Duration,
    max_keys: usize,
    sums: HashMap<(Timestamp, Key), Sum>,
    heard: HashMap<Key, Heard>,
    urgent_at: Option<Instant>,
    regular_at: Option<Instant>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    caller: Arc<Caller>,
    vendor: Arc<str>,
    service: Arc<str>,
    kind: Kind,
    name: Arc<str>,
    evidence: Evidence,
    protocol: Protocol,
    route: Route,
}

#[derive(Debug)]
struct Sum {
    first_seen: Timestamp,
    last_seen: Timestamp,
    /// The last one that was known.
    origin: Option<Origin>,
    flows: u64,
    bytes_out: u64,
    bytes_in: u64,
    urgent: bool,
}

/// What has gone out of a key.
#[derive(Debug)]
struct Heard {
    last: Instant,
    bytes: bool,
}

impl Rollup {
    /// Sums wait for at most `interval`; of more than `max_keys` sums all are due at once.
    pub fn new(interval: Duration, max_keys: usize) -> Self {
        Self {
            interval,
            max_keys,
            sums: HashMap::new(),
            heard: HashMap::new(),
            urgent_at: None,
            regular_at: None,
        }
    }

    /// Has sums that begin from now on wait for at most `interval`.
    pub fn set_interval(&mut self, interval: Duration) {
        self.interval = interval;
    }

    /// Adds one activity, seen `now`.
    pub fn add(&mut self, activity: Activity, now: Instant) {
        let Activity {
            time,
            caller,
            origin,
            vendor,
            service,
            kind,
            name,
            evidence,
            protocol,
            route,
            flows,
            bytes_out,
            bytes_in,
        } = activity;
        let key = Key {
            caller,
            vendor,
            service,
            kind,
            name,
            evidence,
            protocol,
            route,
        };
        let urgent = self.is_news(&key, bytes_out + bytes_in > 0, now);
        let sum = self.sums.entry((minute(time), key)).or_insert(Sum {
            first_seen: time,
            last_seen: time,
            origin: None,
            flows: 0,
            bytes_out: 0,
            bytes_in: 0,
            urgent: false,
        });
        sum.first_seen = sum.first_seen.min(time);
        sum.last_seen = sum.last_seen.max(time);
        sum.origin = origin.or(sum.origin.take());
        sum.flows += flows;
        sum.bytes_out += bytes_out;
        sum.bytes_in += bytes_in;
        sum.urgent |= urgent;
        if sum.urgent {
            self.urgent_at.get_or_insert(now + URGENT_DELAY);
        } else {
            self.regular_at.get_or_insert(now + self.interval);
        }
    }

    /// When [`Rollup::take_due`] should be called next.
    pub fn due(&self) -> Option<Instant> {
        self.urgent_at.into_iter().chain(self.regular_at).min()
    }

    /// How many more activities may be added before the sums are taken.
    pub fn room(&self) -> usize {
        self.max_keys.saturating_sub(self.sums.len())
    }

    /// Whether nothing more should be added before the sums are taken.
    pub fn is_full(&self) -> bool {
        self.room() == 0
    }

    /// Takes out what is due `now`: the news, or everything.
    pub fn take_due(&mut self, now: Instant) -> Vec<Observation> {
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if self.is_full() || is_due(self.regular_at) {
            return self.take_all();
        }
        if !is_due(self.urgent_at) {
            return Vec::new();
        }
        self.urgent_at = None;
        self.sums
            .extract_if(|_, sum| sum.urgent)
            .map(observation)
            .collect()
    }

    /// Takes everything out.
    pub fn take_all(&mut self) -> Vec<Observation> {
        self.urgent_at = None;
        self.regular_at = None;
        // Not `drain`: a table that was large once should not stay so.
        std::mem::take(&mut self.sums)
            .into_iter()
            .map(observation)
            .collect()
    }

    /// Whether nobody has heard of `key` lately, or only now of its bytes; remembers that this is said.
    fn is_news(&mut self, key: &Key, bytes: bool, now: Instant) -> bool {
        if let Some(heard) = self.heard.get_mut(key) {
            let forgotten = now.saturating_duration_since(heard.last) >= FORGET_AFTER;
            let news = forgotten || (bytes && !heard.bytes);
            *heard = Heard {
                last: now,
                bytes: bytes || (heard.bytes && !forgotten),
            };
            return news;
        }
        if self.heard.len() >= self.max_keys {
            self.heard
                .retain(|_, heard| now.saturating_duration_since(heard.last) < FORGET_AFTER);
        }
        // A key that finds no room is news every time: sent more often than it need be, but never lost.
        if self.heard.len() < self.max_keys {
            self.heard.insert(key.clone(), Heard { last: now, bytes });
        }
        true
    }
}

fn minute(time: Timestamp) -> Timestamp {
    let down = TimestampRound::new()
        .smallest(Unit::Minute)
        .mode(jiff::RoundMode::Floor);
    time.round(down).unwrap_or(time)
}

fn observation(((minute, key), sum): ((Timestamp, Key), Sum)) -> Observation {
    Observation {
        minute,
        first_seen: sum.first_seen,
        last_seen: sum.last_seen,
        caller: Arc::unwrap_or_clone(key.caller),
        origin: sum.origin,
        vendor: key.vendor.as_ref().to_owned(),
        service: key.service.as_ref().to_owned(),
        kind: key.kind,
        name: key.name.as_ref().to_owned(),
        evidence: key.evidence,
        protocol: key.protocol,
        route: Some(key.route),
        flows: sum.flows,
        bytes_out: sum.bytes_out,
        bytes_in: sum.bytes_in,
    }
}

#[cfg(test)]
mod tests;
