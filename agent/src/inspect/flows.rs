//! All flows of a capture, in the order of their first packets, within bounds.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    iter,
    net::SocketAddr,
};

use super::{flow::Flow, line::Line, packet::Segment};

/// Flows that are known at the same time. When there are more, the first is printed and forgotten.
const MOST_FLOWS: usize = 1 << 18;
/// Bytes that all flows together hold of their streams. When there are more, the first flows are given up.
const MOST_HELD: usize = 64 << 20;

/// The flows that are not printed yet.
#[derive(Default)]
pub(super) struct Flows {
    by_number: BTreeMap<u64, Flow>,
    /// The newest flow between two ends, the lower of which is first.
    by_ends: HashMap<[SocketAddr; 2], u64>,
    begun: u64,
    held: usize,
}

impl Flows {
    /// Takes the next segment of the capture.
    pub(super) fn take(&mut self, segment: &Segment<'_>) {
        let mut number = *self
            .by_ends
            .entry(sorted([segment.from, segment.to]))
            .or_insert(self.begun);
        if let Some(flow) = self.by_number.get(&number)
            && flow.is_over_for(segment)
        {
            number = self.begun;
            self.by_ends.insert(sorted([segment.from, segment.to]), number);
        }
        let flow = self.by_number.entry(number).or_insert_with(|| {
            self.begun += 1;
            Flow::new(segment)
        });
        let before = flow.held();
        flow.take(segment);
        self.held = self.held - before + flow.held();
        if self.held > MOST_HELD {
            self.give_up_half();
        }
    }

    /// Flows that there is no room for any more.
    pub(super) fn overdue(&mut self) -> impl Iterator<Item = Line> {
        iter::from_fn(|| {
            if self.by_number.len() <= MOST_FLOWS {
                return None;
            }
            let (number, flow) = self.by_number.pop_first()?;
            self.held -= flow.held();
            if let Entry::Occupied(newest) = self.by_ends.entry(sorted(flow.ends()))
                && *newest.get() == number
            {
                newest.remove();
            }
            Some(flow.line())
        })
    }

    /// All flows, the capture being over.
    pub(super) fn rest(self) -> impl Iterator<Item = Line> {
        self.by_number.into_values().map(Flow::line)
    }

    fn give_up_half(&mut self) {
        for flow in self.by_number.values_mut() {
            if self.held <= MOST_HELD / 2 {
                break;
            }
            self.held -= flow.held();
            flow.give_up();
        }
    }
}

fn sorted(mut ends: [SocketAddr; 2]) -> [SocketAddr; 2] {
    ends.sort_unstable();
    ends
}
