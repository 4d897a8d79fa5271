//! What servers of the DNS send over TCP, put in order, within bounds.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
};

use crate::{
    inspect::packet::Segment,
    names::{
        dns::{Response, StreamReader},
        pieces::Pieces,
    },
};

/// Streams that are known at the same time; the one that began first is forgotten first.
const MOST: usize = 256;
/// Data that is further ahead belongs to something else, in bytes.
const REACH: u32 = 64 * 1024;
/// Bytes that are held out of order for a stream; when there are more, they are forgotten.
const MOST_HELD: usize = 128 * 1024;

/// Streams by who sends them to whom.
#[derive(Default)]
pub(super) struct Streams {
    by_ends: HashMap<[SocketAddr; 2], Stream>,
    order: VecDeque<[SocketAddr; 2]>,
}

#[derive(Default)]
struct Stream {
    /// Sequence number of the first byte.
    first: u32,
    /// Bytes that were read; the sequence numbers wrap.
    read: u64,
    pieces: Pieces,
    reader: StreamReader,
}

impl Streams {
    /// Takes a segment that a server sends; gives the responses that are whole with it.
    pub(super) fn take(&mut self, segment: &Segment<'_>) -> Vec<Response> {
        let ends = [segment.from, segment.to];
        let first = segment.sequence.wrapping_add(segment.syn.into());
        if !segment.syn && segment.data.is_empty() {
            return Vec::new();
        }
        let stream = self.by_ends.entry(ends).or_insert_with(|| {
            self.order.push_back(ends);
            Stream::new(first)
        });
        if segment.syn && stream.first != first {
            *stream = Stream::new(first);
        }
        let responses = stream.take(first, segment.data);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_ends.remove(&oldest);
        }
        responses
    }
}

impl Stream {
    fn new(first: u32) -> Self {
        Self {
            first,
            ..Self::default()
        }
    }

    fn take(&mut self, sequence: u32, data: &[u8]) -> Vec<Response> {
        let mut responses = Vec::new();
        let read = u32::try_from(self.read % (1 << 32)).unwrap_or_default();
        let ahead = sequence.wrapping_sub(self.first.wrapping_add(read)).cast_signed();
        let known = usize::try_from(ahead.min(0).unsigned_abs()).unwrap_or(usize::MAX);
        let ahead = ahead.max(0).unsigned_abs();
        if ahead <= REACH {
            let new = data.get(known..).unwrap_or_default();
            self.pieces.add(self.read + u64::from(ahead), new);
        }
        while let Some(more) = self.pieces.from(self.read) {
            self.read += more.len() as u64;
            self.reader.push(more, |response| responses.push(response));
        }
        self.pieces.forget_before(self.read);
        if self.pieces.held() > MOST_HELD {
            self.pieces = Pieces::default();
        }
        responses
    }
}
