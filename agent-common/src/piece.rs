//! What goes up to the agent in the ring buffer `PIECES`, because no name can be read of it in the kernel: parts of
//! hellos that were not whole in one packet, QUIC Initials, and DNS answers. Behind the header come its bytes.

use crate::process::ProcessKey;

/// Bytes of a TCP stream that this side sent.
pub const PIECE_STREAM: u16 = 1;
/// Datagrams that this side sent.
pub const PIECE_DATAGRAMS: u16 = 2;
/// A DNS answer that came in a datagram; the question is a name of the catalogue.
pub const PIECE_ANSWER: u16 = 3;
/// Bytes of a TCP stream that came from a DNS server.
pub const PIECE_ANSWERS: u16 = 4;

/// Most bytes of one piece; what is longer comes in several, or is cut when it is a datagram.
pub const PIECE_MAX: usize = 16 * 1024;

/// Stands before a piece's bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PieceHeader {
    /// Key in `FLOWS`; of answers, the cookie of the socket.
    pub flow: u64,
    /// When it was seen, in ns since boot.
    pub time_ns: u64,
    /// Of answers: who asked; zeros: not known.
    pub process: ProcessKey,
    /// Of streams: TCP sequence number of the first byte.
    pub sequence: u32,
    /// Bytes behind this header.
    pub length: u32,
    /// One of `PIECE_*`.
    pub kind: u16,
    /// Of datagrams: bytes of each but the last, when they were sent in one go (`UDP_SEGMENT`); 0: there is one.
    pub segment: u16,
    /// Of streams: 1 when nothing of the flow went up before.
    pub first: u32,
}

crate::plain!(PieceHeader, 48);
