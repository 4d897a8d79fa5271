//! One direction of a TCP connection, as far as it takes to know what it asks for, if it is the client's.

use crate::names::{
    client::{Asked, ClientReader},
    host::HostName,
    pieces::Pieces,
};

/// Data that is further ahead of what was read, or further before the first data seen, belongs to something else.
const REACH: u64 = 256 * 1024;
/// Bytes that are held for a stream until it is given up.
const MOST_HELD: usize = 512 * 1024;
/// Times that a stream whose beginning was not captured may turn out to have begun earlier.
const MOST_EARLIER: u32 = 1024;

/// What a stream asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) asked: Asked,
    /// Whether that was there to its end.
    pub(super) whole: bool,
}

impl Found {
    /// The name in encrypted client hello to the server of the flow itself.
    pub(super) fn front(&self) -> Option<&HostName> {
        let Asked { name, ech, via, .. } = &self.asked;
        name.as_ref().filter(|_| *ech && via.is_none())
    }
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
    reader: ClientReader,
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

    /// Takes a segment's data; an empty one may still be the first after a handshake that was seen late. Gives what the
    /// stream asks for once that is known for good.
    pub(super) fn take(&mut self, sequence: u32, data: &[u8]) -> Option<Found> {
        if self.decided || data.is_empty() && self.work.is_none() {
            return None;
        }
        let start = self.start.get_or_insert(Start {
            sequence,
            sure: false,
        });
        let work = self.work.get_or_insert_default();
        work.take(start, sequence, data);
        work.read(start.sure);
        // Where the beginning is not known, it may still come: what is there may be the end of something else, and but
        // for a name it takes little to look like a request.
        let is_named = work.reader.asked().is_some_and(|asked| asked.name.is_some());
        let known = work.reader.is_done() && (start.sure || is_named);
        if known || work.held() > MOST_HELD {
            self.give_up()
        } else {
            None
        }
    }

    /// No more will be read of this stream; gives what is known of it.
    pub(super) fn give_up(&mut self) -> Option<Found> {
        self.decided = true;
        let reader = self.work.take()?.reader;
        Some(Found {
            asked: reader.part()?,
            whole: reader.is_whole(),
        })
    }

    /// Bytes that it takes.
    pub(super) fn held(&self) -> usize {
        self.work.as_ref().map_or(0, |work| work.held())
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
        self.reader = ClientReader::default();
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
