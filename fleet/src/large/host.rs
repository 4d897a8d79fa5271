//! One host of a large fleet, with its callers, what they used, and in which hours.

use std::collections::BTreeSet;

use fastrand::Rng;

use super::world::{World, skewed};

pub(crate) const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// How far back the fleet goes.
pub(crate) const DAYS: i64 = 90;
/// Of so many hosts one belongs to a data centre that was closed: nothing of it is new.
const CLOSED: u64 = 20;
/// Ranks of evidence as the store keeps them, as often as they come.
const EVIDENCE: [i64; 20] = [
    10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 20, 20, 20, 20, 30, 40, 60, 70,
];

/// What an hour's or a use's row counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sum {
    pub(crate) flows: i64,
    pub(crate) bytes_out: i64,
    pub(crate) bytes_in: i64,
    pub(crate) first_seen: i64,
    pub(crate) last_seen: i64,
    pub(crate) evidence: i64,
}

impl Sum {
    fn and(self, other: Self) -> Self {
        Self {
            flows: self.flows + other.flows,
            bytes_out: self.bytes_out + other.bytes_out,
            bytes_in: self.bytes_in + other.bytes_in,
            first_seen: self.first_seen.min(other.first_seen),
            last_seen: self.last_seen.max(other.last_seen),
            evidence: self.evidence.min(other.evidence),
        }
    }
}

/// A name that a caller used, by hour.
#[derive(Debug)]
pub(crate) struct Use {
    pub(crate) destination: usize,
    pub(crate) hours: Vec<(i64, Sum)>,
    pub(crate) sum: Sum,
}

/// A caller on the host.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) program: usize,
    pub(crate) uid: i64,
    pub(crate) user: Option<String>,
    pub(crate) uses: Vec<Use>,
}

/// A host.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) number: u64,
    pub(crate) name: String,
    /// When it was there, in milliseconds since 1970.
    pub(crate) begin: i64,
    pub(crate) end: i64,
    pub(crate) closed: bool,
}

impl Host {
    pub(crate) fn new(number: u64, rng: &mut Rng, now: i64) -> Self {
        let closed = number % CLOSED == CLOSED - 1;
        let role = ["web", "batch", "desk", "ci", "gpu"][skewed(rng, 5, 2)];
        let site = if closed {
            "old-dc"
        } else {
            ["fra", "ams", "iad"][rng.usize(0..3)]
        };
        let start = now - DAYS * DAY;
        let (begin, end) = match (closed, rng.bool()) {
            (true, _) => (start, start + 30 * DAY),
            (false, true) => (start, now),
            (false, false) => (start + rng.i64(0..(DAYS - 1) * DAY), now),
        };
        Self {
            number,
            name: format!("{role}-{number:05}.{site}.corp.example"),
            begin,
            end,
            closed,
        }
    }

    /// So many callers; `hours` gives how many hourly observations the next of them has.
    pub(crate) fn callers(
        &self,
        count: u64,
        hours: &mut impl FnMut(&mut Rng) -> u64,
        world: &World,
        rng: &mut Rng,
    ) -> Vec<Caller> {
        let mut known = BTreeSet::new();
        let mut callers = Vec::new();
        while (callers.len() as u64) < count {
            let program = skewed(rng, world.programs.len(), 3);
            let (uid, user) = user(world, rng);
            if known.insert((program, uid)) {
                callers.push(Caller {
                    program,
                    uid,
                    user,
                    uses: self.uses(program, hours(rng), world, rng),
                });
            }
        }
        callers
    }

    /// What a caller used, in so many hours altogether.
    fn uses(&self, program: usize, mut hours: u64, world: &World, rng: &mut Rng) -> Vec<Use> {
        let most = (1 + skewed(rng, 5, 2)).min(usize::try_from(hours).unwrap_or(usize::MAX));
        let destinations = world.used_by(program, most, rng);
        let mut left = destinations.len() as u64;
        let mut uses = Vec::with_capacity(destinations.len());
        for destination in destinations {
            left -= 1;
            let share = if left == 0 {
                hours
            } else {
                rng.u64(1..=hours - left)
            };
            hours -= share;
            let hours = self.hours(i64::try_from(share).unwrap_or(i64::MAX), rng);
            let sums = hours.iter().map(|(_, sum)| *sum);
            if let Some(sum) = sums.reduce(Sum::and) {
                uses.push(Use {
                    destination,
                    hours,
                    sum,
                });
            }
        }
        uses
    }

    /// So many different hours in which the host was there, in their order.
    fn hours(&self, count: i64, rng: &mut Rng) -> Vec<(i64, Sum)> {
        let (first, last) = (
            self.begin / HOUR,
            (self.end / HOUR).max(self.begin / HOUR + count),
        );
        // Most of what a host does it does early and then again.
        let room = usize::try_from(last - first - count).unwrap_or_default() + 1;
        let from = first + i64::try_from(skewed(rng, room, 2)).unwrap_or_default();
        let step = ((last - from) / count).clamp(1, 48);
        (0..count)
            .map(|number| {
                let hour = (from + number * step) * HOUR;
                let first_seen = hour + rng.i64(0..HOUR / 2);
                let sum = Sum {
                    flows: rng.i64(1..40),
                    bytes_out: rng.i64(500..200_000),
                    bytes_in: rng.i64(1000..2_000_000),
                    first_seen,
                    last_seen: first_seen + rng.i64(0..HOUR / 2),
                    evidence: EVIDENCE[rng.usize(0..EVIDENCE.len())],
                };
                (hour, sum)
            })
            .collect()
    }
}

/// Root, a service, a person, or somebody whom the host has no name for.
fn user(world: &World, rng: &mut Rng) -> (i64, Option<String>) {
    match rng.u8(0..100) {
        0..25 => (0, Some("root".to_owned())),
        25..35 => (33, Some("www-data".to_owned())),
        35..38 => (rng.i64(100_000..200_000), None),
        _ => {
            let person = rng.usize(0..world.people.len());
            let uid = 1000 + i64::try_from(person).unwrap_or(i64::MAX - 1000);
            (uid, Some(world.people[person].clone()))
        }
    }
}
