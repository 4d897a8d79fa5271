use std::sync::Arc;

use jiff::{RoundMode, Timestamp};

use super::hour;
use crate::policy::InForce;

/// Hours in which nothing changed of what was decided.
#[derive(Clone, Debug)]
pub(crate) struct Period {
    /// The first hour.
    pub(crate) from: Timestamp,
    /// The first hour that is not of it.
    pub(crate) to: Timestamp,
    /// What was in force.
    pub(crate) policy: Arc<InForce>,
}

/// The time that is asked about, in order and without a hole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Periods(pub(crate) Vec<Period>);

impl Periods {
    /// Parts the time from `from` to `to`, whole hours, where the policy changed or a sanction of it ended. `versions` are the
    /// versions of that time with when they came into force, in order; before the first one nothing was decided. An hour in
    /// which something changed belongs to what held when it began.
    pub(crate) fn of(from: Timestamp, to: Timestamp, versions: &[(Timestamp, Arc<InForce>)]) -> Self {
        let mut held = (from, Arc::new(InForce::default()));
        let mut spans: Vec<(Timestamp, Arc<InForce>)> = Vec::new();
        for (applied, policy) in versions {
            let begin = hour(*applied, RoundMode::Ceil);
            if begin <= from {
                held.1 = Arc::clone(policy);
            } else if begin < to {
                spans.push((begin, Arc::clone(policy)));
            }
        }
        spans.insert(0, held);
        let mut periods = Vec::new();
        for (place, (begin, policy)) in spans.iter().enumerate() {
            let end = spans.get(place + 1).map_or(to, |(next, _)| *next);
            let mut cuts: Vec<Timestamp> = policy
                .decided
                .sanctions
                .iter()
                .filter_map(|sanction| sanction.expires)
                .map(|expires| hour(expires, RoundMode::Ceil))
                .filter(|cut| begin < cut && *cut < end)
                .collect();
            cuts.push(end);
            cuts.sort_unstable();
            let mut from = *begin;
            for to in cuts {
                // Of two versions that came into force within an hour, only the later one held when the next hour began.
                if from < to {
                    periods.push(Period {
                        from,
                        to,
                        policy: Arc::clone(policy),
                    });
                    from = to;
                }
            }
        }
        Self(periods)
    }
}
