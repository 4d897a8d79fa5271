//! Tells a client's QUIC Initial by its first bytes (RFC 8999; RFC 9000, section 17.2.2; RFC 9369, section 3.2), also
//! behind the header of a SOCKS proxy.

use crate::{envelope, packet::Packet};

/// A datagram with a client's Initial has at least so many bytes (RFC 9000, section 14.1).
const SMALLEST: u32 = 1200;
/// Longest connection id (RFC 9000, section 17.2).
const ID_MAX: u32 = 20;

const VERSION_1: u32 = 1;
const VERSION_2: u32 = 0x6b33_43cf;
const DRAFT_OF_VERSION_2: u32 = 0x709a_50c4;
/// Drafts of version 1 (`draft-ietf-quic-transport-22` to `-34`).
const DRAFTS: core::ops::RangeInclusive<u32> = 0xff00_0016..=0xff00_0022;
/// Versions of mvfst, without their last byte.
const MVFST: u32 = 0xface_b000;

/// What the first bytes of an Initial say.
pub struct Initial {
    /// The beginning of the client's connection id, which stays the same while it shakes hands (section 7.2).
    pub connection: u64,
    /// Bytes of the [header](envelope) before it; 0: there is none.
    pub envelope: u32,
}

impl Initial {
    /// Reads the datagram whose first byte lies at `at`; `None` when no client's Initial stands there.
    #[inline(always)]
    pub fn read(packet: Packet, at: u32) -> Option<Self> {
        let mut first = packet.byte(at)?;
        let mut envelope = 0;
        // The one look that it costs to tell a SOCKS proxy's datagrams from others.
        if first == 0 {
            envelope = envelope::length(packet, at);
            first = packet.byte(at + envelope)?;
        }
        let at = at + envelope;
        // Long header. The fixed bit may be cleared (RFC 9287).
        if first & 0x80 == 0 {
            return None;
        }
        let version = packet.word(at + 1)?;
        let initial = match version {
            VERSION_1 => 0,
            VERSION_2 | DRAFT_OF_VERSION_2 => 1,
            _ if DRAFTS.contains(&version) || version & 0xffff_ff00 == MVFST => 0,
            _ => return None,
        };
        if (first >> 4) & 3 != initial || packet.length() < at + SMALLEST {
            return None;
        }
        let source = at + 6 + packet.byte(at + 5).filter(|length| *length <= ID_MAX)?;
        Some(Self {
            connection: id(packet, source)?,
            envelope,
        })
    }
}

/// The beginning of the connection id that a packet with a long header goes to. In a server's packet it is the one of
/// [`Initial::connection`].
#[inline(always)]
pub fn destination(packet: Packet, at: u32) -> Option<u64> {
    if packet.byte(at)? & 0x80 == 0 {
        return None;
    }
    id(packet, at + 5)
}

/// The beginning of the connection id whose length lies at `at`, or that length when it is shorter than four bytes.
#[inline(always)]
fn id(packet: Packet, at: u32) -> Option<u64> {
    let length = packet.byte(at).filter(|length| *length <= ID_MAX)?;
    match length {
        0..4 => Some(u64::from(length)),
        4..8 => packet.word(at + 1).map(u64::from),
        _ => packet.read(at + 1).map(u64::from_be_bytes),
    }
}
