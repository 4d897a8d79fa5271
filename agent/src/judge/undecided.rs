//! Flows of which more is to be read: what they send, put together as far as it goes.
//!
//! All is bounded: flows by number, what is held of them in bytes, and each by time. Nothing is kept of a flow that was
//! judged.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use umbra_agent_common::{
    flow::FlowRecord,
    piece::{PIECE_DATAGRAMS, PieceHeader},
};

use super::is_greeted;
use crate::{
    losses::{Loss, Losses},
    names::{
        client::{Asked, ClientReader, DatagramReader},
        pieces::Pieces,
    },
    probes::Piece,
};

/// Flows at the same time.
const FLOWS_MAX: usize = 1_024;
/// Bytes that are held of all of them.
const HELD_MAX: usize = 16 * 1024 * 1024;
/// Bytes that are held of one.
const FLOW_HELD_MAX: usize = 1024 * 1024;
/// A piece that lies further ahead of what was read is none of this stream's.
const REACH: u32 = 256 * 1024;
/// What a client says to a SOCKS 5 proxy before its request: no authentication (RFC 1928, section 3).
const GREETING: [u8; 3] = [5, 1, 0];

/// What a flow says.
pub(super) enum Read {
    /// Not yet known.
    Wait,
    /// Nothing that could be read.
    Nothing,
    /// What it asks for.
    Asked(Asked),
}

/// The flows.
pub(super) struct Undecided {
    flows: HashMap<u64, Flow>,
    /// Keys in the order of their beginning, with those that are gone until they come to the front.
    order: VecDeque<u64>,
    held: usize,
    losses: Arc<Losses>,
}

struct Flow {
    reader: Reader,
    held: usize,
    /// No more is read of it: a limit was met.
    given_up: bool,
}

enum Reader {
    Stream(Box<Stream>),
    Datagrams(Box<DatagramReader>),
}

#[derive(Default)]
struct Stream {
    reader: ClientReader,
    pieces: Pieces,
    /// TCP sequence number of the first byte.
    begin: u32,
    /// How far it was read.
    next: u64,
    /// A name that will do: it is not read on.
    enough: Option<Asked>,
}

impl Undecided {
    pub(super) fn new(losses: Arc<Losses>) -> Self {
        Self {
            flows: HashMap::new(),
            order: VecDeque::new(),
            held: 0,
            losses,
        }
    }

    /// Reads a piece; `record` tells what the kernel has of a flow that is new here. False when the piece belongs to
    /// no flow that is undecided.
    ///
    /// `is_enough` tells whether a name that may not be the last one will do: the first such stands.
    pub(super) fn read(
        &mut self,
        piece: &Piece,
        record: impl FnOnce() -> Option<FlowRecord>,
        is_enough: impl Fn(&Asked) -> bool,
    ) -> bool {
        let key = piece.header.flow;
        if !self.flows.contains_key(&key) {
            // A stream that is picked up in its middle would be read as what it is not.
            let begins = piece.header.kind == PIECE_DATAGRAMS || piece.header.first != 0;
            match record().filter(|record| begins && record.pattern == 0) {
                Some(record) => self.begin(&piece.header, &record),
                None => return false,
            }
        }
        let Some(flow) = self.flows.get_mut(&key) else {
            return false;
        };
        if !flow.given_up {
            flow.read(piece, is_enough);
            let held = flow.reader.held();
            self.held = self.held - flow.held + held;
            flow.held = held;
            if held > FLOW_HELD_MAX {
                self.losses.add(Loss::FlowUndecided, 1);
                flow.given_up = true;
            }
        }
        true
    }

    /// What the flow says.
    pub(super) fn said(&self, key: u64, at_last: bool) -> Read {
        let Some(flow) = self.flows.get(&key) else {
            // Its pieces are on their way, or were lost.
            return if at_last { Read::Nothing } else { Read::Wait };
        };
        flow.reader.said(at_last || flow.given_up)
    }

    pub(super) fn forget(&mut self, key: u64) {
        if let Some(flow) = self.flows.remove(&key) {
            self.held -= flow.held;
        }
        while self
            .order
            .front()
            .is_some_and(|key| !self.flows.contains_key(key))
        {
            self.order.pop_front();
        }
    }

    fn begin(&mut self, header: &PieceHeader, record: &FlowRecord) {
        while self.flows.len() >= FLOWS_MAX || self.held > HELD_MAX {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            if self.flows.contains_key(&oldest) {
                self.losses.add(Loss::FlowUndecided, 1);
                self.forget(oldest);
            }
        }
        let reader = if header.kind == PIECE_DATAGRAMS {
            Reader::Datagrams(Box::default())
        } else {
            let mut stream = Stream {
                reader: ClientReader::behind_connect(record.target),
                begin: header.sequence,
                ..Stream::default()
            };
            if is_greeted(record) {
                stream.reader.push(&GREETING);
            }
            Reader::Stream(Box::new(stream))
        };
        self.order.push_back(header.flow);
        self.flows.insert(
            header.flow,
            Flow {
                reader,
                held: 0,
                given_up: false,
            },
        );
    }
}

impl Flow {
    fn read(&mut self, piece: &Piece, is_enough: impl Fn(&Asked) -> bool) {
        match &mut self.reader {
            Reader::Stream(stream) => stream.read(piece, is_enough),
            Reader::Datagrams(reader) => {
                let segment = match piece.header.segment {
                    0 => piece.bytes.len().max(1),
                    segment => segment.into(),
                };
                for datagram in piece.bytes.chunks(segment) {
                    reader.push(datagram);
                }
            }
        }
    }
}

impl Stream {
    fn read(&mut self, piece: &Piece, is_enough: impl Fn(&Asked) -> bool) {
        let ahead = piece.header.sequence.wrapping_sub(self.begin);
        if ahead > REACH || self.enough.is_some() {
            return;
        }
        self.pieces.add(ahead.into(), &piece.bytes);
        while !self.reader.is_done()
            && self.enough.is_none()
            && let Some(more) = self.pieces.from(self.next)
        {
            self.next += more.len() as u64;
            self.reader.push(more);
            let asked = self.reader.asked();
            self.enough = asked.filter(|asked| !asked.ech && is_enough(asked)).cloned();
        }
        self.pieces.forget_before(self.next);
    }
}

impl Reader {
    fn held(&self) -> usize {
        match self {
            Self::Stream(stream) => stream.reader.held() + stream.pieces.held(),
            Self::Datagrams(reader) => reader.held(),
        }
    }

    fn said(&self, at_last: bool) -> Read {
        match self {
            Self::Stream(stream) => {
                let reader = &stream.reader;
                if let Some(asked) = &stream.enough {
                    return Read::Asked(asked.clone());
                }
                match (reader.is_done(), at_last) {
                    (true, _) => reader.asked().cloned(),
                    (false, true) => reader.part(),
                    (false, false) => return Read::Wait,
                }
                .map_or(Read::Nothing, Read::Asked)
            }
            Self::Datagrams(reader) if reader.is_done() || at_last => {
                reader.asked().map_or(Read::Nothing, Read::Asked)
            }
            Self::Datagrams(_) => Read::Wait,
        }
    }
}

#[cfg(test)]
mod tests;
