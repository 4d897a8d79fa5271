//! A TCP connection and what its client asks for.

use std::net::SocketAddr;

use super::{
    answers::Told,
    line::Line,
    packet::Segment,
    stream::{Found, Stream},
};
use crate::names::host::HostName;

/// A connection. Its two ends are numbered; a stream has the number of the end that sends it.
#[derive(Debug)]
pub(super) struct Flow {
    ends: [SocketAddr; 2],
    streams: [Stream; 2],
    /// The end that sent SYN.
    client: Option<usize>,
    /// The end whose stream asks for something, and for what.
    found: Option<(usize, Found)>,
    /// Whether FIN or RST was seen.
    ended: bool,
}

impl Flow {
    /// The flow that `segment` is the first of.
    pub(super) fn new(segment: &Segment<'_>) -> Self {
        Self {
            ends: [segment.from, segment.to],
            streams: Default::default(),
            client: None,
            found: None,
            ended: false,
        }
    }

    /// Whether `segment`, which has the addresses of this flow, opens another one.
    pub(super) fn is_over_for(&self, segment: &Segment<'_>) -> bool {
        let from = self.sender(segment);
        segment.syn
            && segment.acknowledges.is_none()
            && (self.streams[from].contradicts(segment.sequence.wrapping_add(1))
                || self.ended && self.client == Some(1 - from))
    }

    /// Takes the next segment of this flow.
    pub(super) fn take(&mut self, segment: &Segment<'_>) {
        let from = self.sender(segment);
        let mut sequence = segment.sequence;
        if segment.syn {
            // SYN has a sequence number of its own; data may follow it at once (RFC 7413).
            sequence = sequence.wrapping_add(1);
            self.streams[from].begins_at(sequence);
            let client = if let Some(expected) = segment.acknowledges {
                self.streams[1 - from].begins_at(expected);
                1 - from
            } else {
                from
            };
            let client = *self.client.get_or_insert(client);
            self.streams[1 - client].give_up();
        }
        self.ended |= segment.ends;
        let may_ask = self.client.is_none_or(|client| client == from);
        if may_ask && self.found.is_none() {
            let found = self.streams[from].take(sequence, segment.data);
            self.learn(from, found);
        }
    }

    /// Reads no more of this flow's data.
    pub(super) fn give_up(&mut self) {
        for from in 0..self.streams.len() {
            let found = self.streams[from].give_up();
            self.learn(from, found);
        }
    }

    /// Its ends, in the order in which they were seen to send.
    pub(super) fn ends(&self) -> [SocketAddr; 2] {
        self.ends
    }

    /// Bytes that it takes beside its own size.
    pub(super) fn held(&self) -> usize {
        self.streams.iter().map(Stream::held).sum()
    }

    /// The client's end, and the name that it shows in encrypted client hello.
    pub(super) fn front(&self) -> Option<(usize, &HostName)> {
        let (client, found) = self.found.as_ref()?;
        Some((*client, found.front()?))
    }

    /// The flow as it is printed, nothing more being to come, with what the DNS told of it.
    pub(super) fn line(mut self, told: Told) -> Line {
        self.give_up();
        let asker = self.found.as_ref().map(|&(from, _)| from);
        let client = self.client.or(asker).unwrap_or(0);
        let found = self.found.filter(|&(from, _)| from == client);
        let found = told.add_to(found.map(|(_, found)| found), client);
        Line::new("tcp", self.ends[client], self.ends[1 - client], found)
    }

    fn learn(&mut self, from: usize, found: Option<Found>) {
        if let Some(found) = found
            && self.found.is_none()
        {
            self.found = Some((from, found));
            self.give_up();
        }
    }

    fn sender(&self, segment: &Segment<'_>) -> usize {
        usize::from(segment.from != self.ends[0])
    }
}
