//! The Initials of a client that have their keys in common.

use super::{
    frames,
    keys::{Keys, Opened},
    packet::Initial,
    version::protections,
};
use crate::names::{
    pieces::Pieces,
    tls::{Answer, Hello, LONGEST_HELLO, MessageReader},
};

/// Offset that a hello of the greatest length does not reach.
const REACH: u64 = LONGEST_HELLO as u64 + 4;

/// Keys, and what was sealed with them: one stream that begins with a hello.
pub(super) struct Flight {
    version: u32,
    /// Connection ID that the keys are made from.
    destination: Vec<u8>,
    keys: Keys,
    /// The number after the greatest one of its packets.
    expected: u64,
    pieces: Pieces,
    /// Offset of the first byte that `message` has not got.
    next: u64,
    message: MessageReader,
}

impl Flight {
    /// The flight that `packet` begins, if it can be opened with keys from its own header.
    pub(super) fn begin(packet: &Initial<'_>) -> Option<(Self, Opened)> {
        // A client that has heard nothing writes all of the number that is not zero (RFC 9000, appendix A.2).
        let (keys, opened) = open(packet, packet.destination, 0)?;
        let flight = Self {
            version: packet.version,
            destination: packet.destination.to_vec(),
            keys,
            expected: 0,
            pieces: Pieces::default(),
            next: 0,
            message: MessageReader::default(),
        };
        Some((flight, opened))
    }

    /// Opens `packet` if it is of this flight.
    pub(super) fn open(&self, packet: &Initial<'_>) -> Option<Opened> {
        if packet.version == self.version {
            self.keys.open(packet, self.expected)
        } else if packet.destination == self.destination {
            // The server has not spoken, so this is another attempt, with another hello.
            None
        } else {
            // The server chose another version, whose keys are made from the same ID (RFC 9369, section 4.1).
            open(packet, &self.destination, self.expected).map(|(_, opened)| opened)
        }
    }

    /// Takes what was in a packet of this flight. If that may not be in an Initial, it is passed over.
    pub(super) fn take(&mut self, opened: &Opened) -> Answer {
        self.expected = self.expected.max(opened.number + 1);
        let pieces = frames::pieces(&opened.payload).unwrap_or_default();
        for (at, data) in pieces.into_iter().filter(|&(at, _)| at < REACH) {
            // What lies before `next` was read and dropped.
            let known = usize::try_from(self.next.saturating_sub(at)).ok();
            let new = known.and_then(|known| data.get(known..)).unwrap_or_default();
            self.pieces.add(at.max(self.next), new);
            while let Some(more) = self.pieces.from(self.next) {
                self.next += more.len() as u64;
                if let Some(answer) = self.message.push(more) {
                    return answer;
                }
            }
            self.pieces.forget_before(self.next);
        }
        Answer::NeedMore
    }

    /// What the beginning of its hello says, when the name is in it.
    pub(super) fn part(&self) -> Option<Hello> {
        self.message.part()
    }

    /// Bytes that it takes beside its own size.
    pub(super) fn held(&self) -> usize {
        self.destination.capacity() + self.pieces.held() + self.message.held()
    }
}

/// Opens `packet` with the keys that its version makes from `destination`, and gives them.
fn open(packet: &Initial<'_>, destination: &[u8], expected: u64) -> Option<(Keys, Opened)> {
    protections(packet.version).iter().find_map(|protection| {
        let keys = Keys::new(protection, destination).ok()?;
        let opened = keys.open(packet, expected)?;
        Some((keys, opened))
    })
}
