//! Flows whose opening waits a moment, because a name server, a disk or a container runtime has been asked who is
//! behind them. Their other changes wait with it, in order. What is not known then comes with the close.
//!
//! After [`PATIENCE`] it is worth waiting only for what makes a caller another one, and after [`LONGEST_PATIENCE`] for
//! nothing.

use std::collections::HashMap;

use tokio::time::Instant;

use crate::{
    attribution::{LONGEST_PATIENCE, PATIENCE},
    flows::{Change, Step},
};

/// Flows that wait, at most; a further one is told with what is known.
const FLOWS_MAX: usize = 4_096;

/// What waits.
#[derive(Default)]
pub(super) struct Waiting {
    /// By the flow's id: its opening, what it moved, its close.
    flows: HashMap<String, Vec<Change>>,
    /// In the order in which they began to wait.
    waits: Vec<Wait>,
}

#[derive(Debug)]
struct Wait {
    flow: String,
    /// When to see whether it is still worth it.
    next: Instant,
    /// When it is over.
    last: Instant,
}

impl Waiting {
    /// The changes of the flow `id` wait from `now` on, if there is room.
    pub(super) fn begin(&mut self, id: &str, now: Instant) {
        if self.waits.len() < FLOWS_MAX {
            self.flows.insert(id.to_owned(), Vec::new());
            self.waits.push(Wait {
                flow: id.to_owned(),
                next: now + PATIENCE,
                last: now + LONGEST_PATIENCE,
            });
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

    /// Takes out the changes of flows that need not wait any longer, as `is_done` says of each, and of those that may not.
    pub(super) fn release(&mut self, now: Instant, mut is_done: impl FnMut(&str) -> bool) -> Vec<Change> {
        let mut released = Vec::new();
        self.waits.retain_mut(|wait| {
            let waits = wait.last > now && !is_done(&wait.flow);
            if !waits {
                released.extend(self.flows.remove(&wait.flow).unwrap_or_default());
            } else if wait.next <= now {
                wait.next = wait.last;
            }
            waits
        });
        released
    }

    /// Whether no flow waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waits.is_empty()
    }

    /// When to [release](Waiting::release) next, if nothing is learned before; now, when none waits.
    pub(super) fn next_deadline(&self) -> Instant {
        let next = self.waits.iter().map(|wait| wait.next).min();
        next.unwrap_or_else(Instant::now)
    }
}

#[cfg(test)]
mod tests;
