//! Activities whose caller may yet turn out to be another one: of a container whose runtime does not answer, so that its
//! image is not known. They go to the rollup once it is, or after [`PATIENCE`] without. Lines and NDJSON do not wait
//! for so long.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use crate::activity::Activity;

/// A runtime that hung is asked again after ten seconds, and has two to answer: this is twice, and some more.
const PATIENCE: Duration = Duration::from_secs(30);
/// Activities held, at most; beyond, the oldest goes as it is.
const ACTIVITIES_MAX: usize = 4_096;

/// What is held, the oldest first, each with what is known of who is behind it.
pub(super) struct Held<Known>(VecDeque<(Instant, Activity, Known)>);

impl<Known> Default for Held<Known> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<Known> Held<Known> {
    /// Keeps an activity, and gives back one that must go, if there is no room.
    pub(super) fn hold(&mut self, activity: Activity, known: Known, now: Instant) -> Option<Activity> {
        let is_full = self.0.len() >= ACTIVITIES_MAX;
        let goes = is_full.then(|| self.0.pop_front()).flatten();
        self.0.push_back((now, activity, known));
        goes.map(|(_, activity, _)| activity)
    }

    /// Takes out those whose caller is now known, as `settle` says, which brings the activity up to date, and those that
    /// were held for long enough.
    pub(super) fn release(
        &mut self,
        now: Instant,
        mut settle: impl FnMut(&mut Known, &mut Activity) -> bool,
    ) -> Vec<Activity> {
        let mut released = Vec::new();
        self.0.retain_mut(|(since, activity, known)| {
            let is_settled = settle(known, activity);
            let holds = !is_settled && now.saturating_duration_since(*since) < PATIENCE;
            if !holds {
                released.push(activity.clone());
            }
            holds
        });
        released
    }
}

#[cfg(test)]
mod tests;
