//! All flows of a capture, in the order of their first packets, within bounds.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    iter,
    net::SocketAddr,
};

use super::{
    answers::{ClientAnswers, Told},
    association::Association,
    flow::Flow,
    line::Line,
    packet::Payload,
};
use crate::names::host::HostName;

/// Flows that are known at the same time. When there are more, the first is printed and forgotten.
const MOST_FLOWS: usize = 1 << 18;
/// Bytes that all flows together hold of their streams. When there are more, the first flows are given up.
const MOST_HELD: usize = 64 << 20;

/// A flow of either protocol.
// They are about as large, and a box for each would be one more thing to look up for every packet.
enum Kept {
    Tcp(Flow),
    Udp(Association),
}

/// What the packets of a flow have in common: whether they are UDP, and the two ends, the lower of which is first.
type Key = (bool, [SocketAddr; 2]);

/// The flows that are not printed yet.
#[derive(Default)]
pub(super) struct Flows {
    by_number: BTreeMap<u64, (Kept, Told)>,
    /// The newest flow of a key.
    by_key: HashMap<Key, u64>,
    begun: u64,
    held: usize,
    answers: ClientAnswers,
}

impl Flows {
    /// Takes what is in the next packet of the capture, which came at `seconds`.
    pub(super) fn take(&mut self, payload: &Payload<'_>, seconds: u64) {
        self.answers.learn(payload, seconds);
        let key = match payload {
            Payload::Tcp(segment) => (false, sorted([segment.from, segment.to])),
            Payload::Udp(datagram) => (true, sorted([datagram.from, datagram.to])),
        };
        let mut number = *self.by_key.entry(key).or_insert(self.begun);
        if let (Payload::Tcp(segment), Some(Kept::Tcp(flow))) =
            (payload, self.by_number.get(&number).map(|(flow, _)| flow))
            && flow.is_over_for(segment)
        {
            number = self.begun;
            self.by_key.insert(key, number);
        }
        let (flow, told) = self.by_number.entry(number).or_insert_with(|| {
            self.begun += 1;
            let flow = Kept::new(payload);
            let told = self.answers.told(flow.ends(), seconds);
            (flow, told)
        });
        let before = flow.held();
        flow.take(payload);
        if let Some((client, outer)) = flow.front() {
            let ends = flow.ends();
            self.answers
                .judge(told, outer, [ends[client], ends[1 - client]], seconds);
        }
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
            let (number, (flow, told)) = self.by_number.pop_first()?;
            self.held -= flow.held();
            if let Entry::Occupied(newest) = self.by_key.entry(flow.key())
                && *newest.get() == number
            {
                newest.remove();
            }
            Some(flow.line(told))
        })
    }

    /// All flows, the capture being over.
    pub(super) fn rest(self) -> impl Iterator<Item = Line> {
        self.by_number.into_values().map(|(flow, told)| flow.line(told))
    }

    fn give_up_half(&mut self) {
        for (flow, _) in self.by_number.values_mut() {
            if self.held <= MOST_HELD / 2 {
                break;
            }
            self.held -= flow.held();
            flow.give_up();
        }
    }
}

impl Kept {
    fn new(first: &Payload<'_>) -> Self {
        match first {
            Payload::Tcp(segment) => Self::Tcp(Flow::new(segment)),
            Payload::Udp(datagram) => Self::Udp(Association::new(datagram)),
        }
    }

    fn take(&mut self, payload: &Payload<'_>) {
        match (self, payload) {
            (Self::Tcp(flow), Payload::Tcp(segment)) => flow.take(segment),
            (Self::Udp(association), Payload::Udp(datagram)) => association.take(datagram),
            // The keys differ.
            _ => {}
        }
    }

    fn give_up(&mut self) {
        match self {
            Self::Tcp(flow) => flow.give_up(),
            Self::Udp(association) => association.give_up(),
        }
    }

    fn ends(&self) -> [SocketAddr; 2] {
        match self {
            Self::Tcp(flow) => flow.ends(),
            Self::Udp(association) => association.ends(),
        }
    }

    fn key(&self) -> Key {
        (matches!(self, Self::Udp(_)), sorted(self.ends()))
    }

    /// The client's end, and the name that it shows in encrypted client hello.
    fn front(&self) -> Option<(usize, &HostName)> {
        match self {
            Self::Tcp(flow) => flow.front(),
            Self::Udp(association) => association.front(),
        }
    }

    fn held(&self) -> usize {
        match self {
            Self::Tcp(flow) => flow.held(),
            Self::Udp(association) => association.held(),
        }
    }

    fn line(self, told: Told) -> Line {
        match self {
            Self::Tcp(flow) => flow.line(told),
            Self::Udp(association) => association.line(told),
        }
    }
}

fn sorted(mut ends: [SocketAddr; 2]) -> [SocketAddr; 2] {
    ends.sort_unstable();
    ends
}
