//! Packets in a datagram (RFC 9000, sections 12.2 and 17.2).

use super::version::{Kind, kind, protections};
use crate::names::fields::Fields;

/// Says that a header is a long one. The next bit is no help: a client may clear it (RFC 9287, section 3.1).
const LONG: u8 = 0x80;
/// Longest connection ID.
const LONGEST_ID: usize = 20;

/// An Initial, as it was sent.
#[derive(Clone, Copy)]
pub(super) struct Initial<'a> {
    pub(super) version: u32,
    /// Destination connection ID.
    pub(super) destination: &'a [u8],
    /// All of the packet, and nothing after it.
    pub(super) bytes: &'a [u8],
    /// Where its packet number begins.
    pub(super) number_at: usize,
}

/// Version and kind of the packet that a datagram begins with, if its header is a long one of a known version.
pub(super) fn begin(datagram: &[u8]) -> Option<(u32, Kind)> {
    let &[first, a, b, c, d, ..] = datagram else {
        return None;
    };
    let version = u32::from_be_bytes([a, b, c, d]);
    let known = first & LONG != 0 && !protections(version).is_empty();
    known.then(|| (version, kind(version, first)))
}

/// The Initials in a datagram. What cannot be read, as padding and packets with short headers, ends it.
pub(super) struct Initials<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Initials<'a> {
    type Item = Initial<'a>;

    fn next(&mut self) -> Option<Initial<'a>> {
        loop {
            let datagram = std::mem::take(&mut self.0);
            let (version, kind) = begin(datagram)?;
            let mut fields = Fields(datagram);
            fields.take(5)?;
            let destination = fields.vector8().filter(|id| id.len() <= LONGEST_ID)?;
            fields.vector8().filter(|id| id.len() <= LONGEST_ID)?;
            match kind {
                Kind::Initial => _ = fields.vector_varint()?,
                Kind::Other => {}
                Kind::Retry => return None,
            }
            let length = usize::try_from(fields.varint()?).ok()?;
            let number_at = datagram.len() - fields.0.len();
            let (bytes, rest) = datagram.split_at_checked(number_at.checked_add(length)?)?;
            self.0 = rest;
            if kind == Kind::Initial {
                return Some(Initial {
                    version,
                    destination,
                    bytes,
                    number_at,
                });
            }
        }
    }
}
