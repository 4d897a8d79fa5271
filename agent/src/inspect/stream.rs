//! One direction of a TCP connection, as far as it takes to know whether it begins with a hello.

use crate::names::{
    pieces::Pieces,
    tls::{Answer, Hello, HelloReader},
};

/// Data that is further ahead of what was read, or further before the first data seen, belongs to something else.
const REACH: u64 = 256 * 1024;
/// Bytes that are held for a stream until it is given up.
const MOST_HELD: usize = 512 * 1024;
/// Times that a stream whose beginning was not captured may turn out to have begun earlier.
const MOST_EARLIER: u32 = 1024;

/// What a segment made of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// More is needed, or all is known already.
    Nothing,
    /// A whole hello.
    Hello(Hello),
    /// The part of a hello with its name; the rest will not come any more.
    Part(Hello),
}

/// A stream and where it begins.
#[derive(Debug, Default)]
pub(super) struct Stream {
    start: Option<Start>,
    /// `None` before the first data, and when the stream is decided.
    work: Option<Box<Work>>,
    decided: bool,
}

#[derive(Clone, Copy, Debug)]
struct Start {
    /// Sequence number of the first byte.
    sequence: u32,
    /// Whether a handshake said so; otherwise it is the earliest data seen.
    sure: bool,
}

#[derive(Debug, Default)]
struct Work {
    reader: HelloReader,
    pieces: Pieces,
    /// Offset of the first byte that the reader has not got.
    next: u64,
    earlier: u32,
}

impl Stream {
    /// The handshake said that the first byte has the number `sequence`.
    pub(super) fn begins_at(&mut self, sequence: u32) {
        if self.start.is_some_and(|start| start.sure) {
            return;
        }
        if let (Some(start), Some(work)) = (self.start, &mut self.work) {
            match u64::try_from(distance(sequence, start.sequence)) {
                Ok(ahead) if ahead <= REACH => work.begin_earlier(ahead),
                _ => **work = Work::default(),
            }
        }
        self.start = Some(Start { sequence, sure: true });
    }

    /// Whether a handshake that gives the first byte the number `sequence` is another connection's.
    pub(super) fn contradicts(&self, sequence: u32) -> bool {
        self.start.is_some_and(|start| {
            let ahead = u64::try_from(distance(sequence, start.sequence));
            ahead.map_or(true, |ahead| ahead > if start.sure { 0 } else { REACH })
        })
    }

    /// Takes a segment's data; an empty one may still be the first after a handshake that was seen late.
    pub(super) fn take(&mut self, sequence: u32, data: &[u8]) -> Found {
        if self.decided || data.is_empty() && self.work.is_none() {
            return Found::Nothing;
        }
        let start = self.start.get_or_insert(Start {
            sequence,
            sure: false,
        });
        let work = self.work.get_or_insert_default();
        work.take(start, sequence, data);
        work.read(start.sure);
        let found = match work.reader.answer() {
            Answer::Hello(hello) => Found::Hello(hello.clone()),
            // Where the beginning is not known, it may still come.
            Answer::NoHello | Answer::Malformed if start.sure => Found::Nothing,
            _ if work.held() > MOST_HELD => return self.give_up(),
            _ => return Found::Nothing,
        };
        self.decide();
        found
    }

    /// No more will be read of this stream; gives what is known of it.
    pub(super) fn give_up(&mut self) -> Found {
        let part = self.work.as_ref().and_then(|work| work.reader.part());
        self.decide();
        part.map_or(Found::Nothing, Found::Part)
    }

    /// Bytes that it takes.
    pub(super) fn held(&self) -> usize {
        self.work.as_ref().map_or(0, |work| work.held())
    }

    fn decide(&mut self) {
        self.work = None;
        self.decided = true;
    }
}

impl Work {
    fn take(&mut self, start: &mut Start, sequence: u32, data: &[u8]) {
        let distance = distance(start.sequence, sequence);
        let before = distance.min(0).unsigned_abs();
        if before == 0 || start.sure {
            // The beginning of what is sure was read and dropped, or is a keep-alive's byte before the first.
            let at = distance.max(0).unsigned_abs();
            let floor = if start.sure { self.next } else { 0 };
            let known = before + floor.saturating_sub(at);
            let new = usize::try_from(known).ok().and_then(|known| data.get(known..));
            if at <= self.next + REACH {
                self.pieces.add(at.max(floor), new.unwrap_or_default());
            }
        } else if before <= REACH && self.earlier < MOST_EARLIER && !data.is_empty() {
            start.sequence = sequence;
            self.earlier += 1;
            self.begin_earlier(before);
            self.pieces.add(0, data);
        }
    }

    fn begin_earlier(&mut self, by: u64) {
        self.pieces.move_up(by);
        self.reader = HelloReader::default();
        self.next = 0;
    }

    fn read(&mut self, sure: bool) {
        while let Some(more) = self.pieces.from(self.next) {
            self.next += more.len() as u64;
            self.reader.push(more);
        }
        if sure {
            self.pieces.forget_before(self.next);
        }
    }

    fn held(&self) -> usize {
        self.pieces.held() + self.reader.held()
    }
}

/// From one sequence number to another; they wrap (RFC 9293, section 3.4).
fn distance(from: u32, to: u32) -> i64 {
    to.wrapping_sub(from).cast_signed().into()
}
