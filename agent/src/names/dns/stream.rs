//! Messages over TCP: each behind its length in two bytes (RFC 1035, section 4.2.2; RFC 7766, section 8).

use super::Response;

/// Length of a length.
const PREFIX: usize = 2;
/// Room that is kept for the next message.
const KEPT: usize = 512;

/// Reads the stream that a server sends. Holds one message with its length at most, so 64 KiB and what
/// room a vector adds.
#[derive(Debug, Default)]
pub struct StreamReader {
    /// The begun message with its length.
    begun: Vec<u8>,
}

impl StreamReader {
    /// Takes the next bytes of the stream, and gives the responses that end in them to `take`. Messages that are none,
    /// or whose form is wrong, are passed over.
    pub fn push(&mut self, mut bytes: &[u8], mut take: impl FnMut(Response)) {
        while !bytes.is_empty() {
            let wanted = match *self.begun {
                [high, low, ..] => PREFIX + usize::from(u16::from_be_bytes([high, low])),
                _ => PREFIX,
            };
            let missing = wanted - self.begun.len();
            let (piece, rest) = bytes.split_at(missing.min(bytes.len()));
            self.begun.extend_from_slice(piece);
            bytes = rest;
            if self.is_whole() {
                if let Ok(Some(response)) = Response::read(&self.begun[PREFIX..]) {
                    take(response);
                }
                self.begun.clear();
                self.begun.shrink_to(KEPT);
            }
        }
    }

    /// Whether a message has begun and is not whole.
    pub fn is_within(&self) -> bool {
        !self.begun.is_empty()
    }

    /// Bytes that it holds.
    pub fn held(&self) -> usize {
        self.begun.capacity()
    }

    fn is_whole(&self) -> bool {
        match *self.begun {
            [high, low, ref message @ ..] => message.len() == usize::from(u16::from_be_bytes([high, low])),
            _ => false,
        }
    }
}
