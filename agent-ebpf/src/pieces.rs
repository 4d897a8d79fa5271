//! Sends bytes up that only the agent can read.

use core::{hint::black_box, ptr};

use aya_ebpf::helpers::{bpf_ktime_get_boot_ns, generated::bpf_skb_load_bytes};
use umbra_agent_common::{
    counter::Counter,
    piece::{PIECE_MAX, PieceHeader},
    process::ProcessKey,
};

use crate::{
    maps::{PIECES, count},
    packet::Packet,
};

/// Most pieces come of one packet: 32 KiB are more than any hello in use has.
const PIECES_OF_A_PACKET: u32 = 2;
/// Bytes of a piece that takes little room: a client that sends byte by byte must not fill the ring buffer.
const TINY: usize = 256;
/// Bytes of a piece that takes a packet's room, mostly.
const SMALL: usize = 2048;

/// What a piece is a piece of.
#[derive(Clone, Copy)]
pub struct Kind {
    /// One of `PIECE_*`.
    pub kind: u16,
    /// As [`PieceHeader::flow`].
    pub flow: u64,
    /// As [`PieceHeader::process`].
    pub process: ProcessKey,
    /// As [`PieceHeader::sequence`].
    pub sequence: u32,
    /// As [`PieceHeader::segment`].
    pub segment: u16,
    /// As [`PieceHeader::first`].
    pub first: bool,
}

#[repr(C)]
struct Piece<const LENGTH: usize> {
    header: PieceHeader,
    bytes: [u8; LENGTH],
}

/// Sends the packet's bytes from `at` to `end` up, as far as they go.
#[inline(always)]
pub fn send(packet: Packet, at: u32, end: u32, kind: Kind) {
    for turn in 0..PIECES_OF_A_PACKET {
        let done = turn * PIECE_MAX as u32;
        let from = at + done;
        if from >= end {
            break;
        }
        let kind = Kind {
            sequence: kind.sequence + done,
            first: kind.first && turn == 0,
            ..kind
        };
        send_first(packet, from, end, kind);
    }
}

/// Sends the packet's bytes from `at` to `end` up, or as many as one piece holds.
#[inline(always)]
pub fn send_first(packet: Packet, at: u32, end: u32, kind: Kind) {
    if at >= end {
        return;
    }
    if end - at <= TINY as u32 {
        send_one::<TINY>(packet, at, end - at, kind);
    } else if end - at <= SMALL as u32 {
        send_one::<SMALL>(packet, at, end - at, kind);
    } else {
        send_one::<PIECE_MAX>(packet, at, end - at, kind);
    }
}

/// Sends `length` bytes up, or `LENGTH` of them.
#[inline(always)]
pub fn send_one<const LENGTH: usize>(packet: Packet, from: u32, length: u32, kind: Kind) {
    let length = if length > LENGTH as u32 {
        LENGTH as u32
    } else {
        length
    };
    // The mask says again what was just checked: older verifiers (6.1) forget a bound when it is spilled.
    // The compiler must not know that it changes nothing.
    let length = (black_box(length).wrapping_sub(1) & (LENGTH as u32 - 1)) + 1;
    let Some(mut entry) = PIECES.reserve::<Piece<LENGTH>>(0) else {
        count(Counter::PiecesDropped);
        return;
    };
    let piece = entry.as_mut_ptr();
    // SAFETY: the entry has room for a whole piece; the header is written here, the bytes by the helper. What lies
    // behind `length` is never read: the agent goes by the header.
    unsafe {
        (&raw mut (*piece).header).write(PieceHeader {
            flow: kind.flow,
            time_ns: bpf_ktime_get_boot_ns(),
            process: kind.process,
            sequence: kind.sequence,
            length,
            kind: kind.kind,
            segment: kind.segment,
            first: u32::from(kind.first),
        });
        let bytes: *mut u8 = ptr::addr_of_mut!((*piece).bytes).cast();
        if bpf_skb_load_bytes(packet.0.cast(), from, bytes.cast(), length) == 0 {
            entry.submit(0);
            count(Counter::PiecesSent);
        } else {
            entry.discard(0);
            count(Counter::PiecesDropped);
        }
    }
}
