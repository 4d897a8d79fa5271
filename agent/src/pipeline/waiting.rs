//! Flows whose opening waits a moment, because a name server, a disk or a container runtime has been asked who is
//! behind them. Their other changes wait with it, in order. What is not known after [`PATIENCE`] comes with the close.

use std::collections::{HashMap, VecDeque};

use tokio::time::Instant;

use crate::{
    attribution::PATIENCE,
    flows::{Change, Step},
};

/// Flows that wait, at most; a further one is told with what is known.
const FLOWS_MAX: usize = 4_096;

/// What waits.
#[derive(Default)]
pub(super) struct Waiting {
    /// By the flow's id: its opening, what it moved, its close.
    flows: HashMap<String, Vec<Change>>,
    /// In the order in which they began to wait; some of them may wait no more.
    deadlines: VecDeque<(Instant, String)>,
}

impl Waiting {
    /// The changes of the flow `id` wait from `now` on, if there is room.
    pub(super) fn begin(&mut self, id: &str, now: Instant) {
        if self.deadlines.len() < FLOWS_MAX {
            self.flows.insert(id.to_owned(), Vec::new());
            self.deadlines.push_back((now + PATIENCE, id.to_owned()));
        }
    }

    /// Keeps the change if its flow waits, else gives it back.
    pub(super) fn hold(&mut self, mut change: Change) -> Option<Change> {
        let Some(changes) = self.flows.get_mut(&change.flow.id) else {
            return Some(change);
        };
        if let Some(moved) = changes.pop_if(|last| last.step == Step::Moved) {
            change.new_out += moved.new_out;
            change.new_in += moved.new_in;
        }
        changes.push(change);
        None
    }

    /// Takes out the changes of flows that have waited long enough by `now`, or of which `is_complete` says so.
    pub(super) fn release(&mut self, now: Instant, mut is_complete: impl FnMut(&str) -> bool) -> Vec<Change> {
        let mut released = Vec::new();
        self.deadlines.retain(|(deadline, id)| {
            let waits = *deadline > now && !is_complete(id);
            if !waits {
                released.extend(self.flows.remove(id).unwrap_or_default());
            }
            waits
        });
        released
    }

    /// Whether no flow waits.
    pub(super) fn is_empty(&self) -> bool {
        self.deadlines.is_empty()
    }

    /// When the next flow will have waited long enough; now, when none waits.
    pub(super) fn next_deadline(&self) -> Instant {
        self.deadlines
            .front()
            .map_or_else(Instant::now, |(deadline, _)| *deadline)
    }
}

#[cfg(test)]
mod tests;
