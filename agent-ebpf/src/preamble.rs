//! Sends up what a flow says before its content, for the agent to read what one packet does not tell.
//!
//! A program of its own, in which `stream.rs` ends: as a part of that one, the verifier would follow it again for each
//! path that leads here.

use aya_ebpf::{
    macros::{cgroup_skb, map},
    maps::ProgramArray,
    programs::SkBuffContext,
};
use umbra_agent_common::{
    counter::Counter,
    flow::{PIECES_MAX, STATE_ASKED, SocketState},
    piece::PIECE_STREAM,
    preamble::Preamble,
    process::ProcessKey,
};

use crate::{
    egress::GO_ON,
    maps::count,
    packet::Packet,
    pieces::{self, Kind},
    socket,
    work::{self, Work},
};

/// Bytes that are followed in one run. The kernel lets a program hand over to another 32 times (`MAX_TAIL_CALL_CNT`).
pub const CHUNK: usize = 512;
/// Bytes of a stream that go up at most: two of the largest hellos in use, and the heads before them.
const STREAM_MAX: u32 = 128 * 1024;

/// Holds [`umbra_preamble`].
#[map]
static PREAMBLE: ProgramArray = ProgramArray::with_max_entries(1, 0);

/// Ends the program with [`umbra_preamble`], which reads on at `offset`, where the byte `sequence` of the stream lies.
/// Comes back when the kernel lets it hand over no more.
#[inline(always)]
pub fn read_on(ctx: &SkBuffContext, offset: u32, sequence: u32) {
    // SAFETY: the kernel hands a valid context, and keeps this part of it for the program.
    unsafe {
        (*ctx.skb.skb).cb[0] = offset;
        (*ctx.skb.skb).cb[1] = sequence;
        PREAMBLE.tail_call(ctx, 0);
    }
    count(Counter::PiecesDropped);
}

/// Reads on in a packet of a flow that the agent decides over.
#[cgroup_skb(egress)]
pub fn umbra_preamble(ctx: SkBuffContext) -> i32 {
    let packet = Packet(ctx.skb.skb);
    let socket = packet.socket();
    if !socket.is_null()
        && let Some(state) = socket::state(socket)
        && state.state == STATE_ASKED
    {
        send(&ctx, packet, state);
    }
    GO_ON
}

#[inline(always)]
fn send(ctx: &SkBuffContext, packet: Packet, state: &mut SocketState) {
    // SAFETY: the kernel hands a valid context.
    let (offset, sequence) = unsafe { ((*ctx.skb.skb).cb[0], (*ctx.skb.skb).cb[1]) };
    let end = packet.length();
    let preamble = Preamble(state.preamble);
    if preamble.is_over() || state.pieces >= PIECES_MAX || offset >= end {
        return;
    }
    if preamble.is_tls() {
        // The agent puts it in order.
        if sequence.wrapping_sub(state.sequence) < STREAM_MAX {
            let kind = piece(state, sequence);
            pieces::send(packet, offset, end, kind);
        }
        return;
    }
    // What was followed before comes again when it was lost on the way.
    let known = state.next.wrapping_sub(sequence);
    if known >= end - offset || state.next.wrapping_sub(state.sequence) >= STREAM_MAX {
        return;
    }
    let offset = offset + known;
    let Some(work) = work::take() else {
        return;
    };
    let followed = follow(packet, offset, end, state, work);
    work::give_back(work);
    let Some(length) = followed else {
        return;
    };
    let sequence = state.next;
    let preamble = Preamble(state.preamble);
    let kind = piece(state, sequence);
    state.next = sequence + length;
    if preamble.is_tls() {
        pieces::send(packet, offset, end, kind);
    } else {
        pieces::send_one::<CHUNK>(packet, offset, length, kind);
        if !preamble.is_over() && offset + length < end {
            read_on(ctx, offset + length, state.next);
        }
    }
}

/// Goes on from `offset` until a chunk is full, or a byte tells that it is the last of those that may go up; gives how many there
/// were.
#[inline(always)]
fn follow(packet: Packet, offset: u32, end: u32, state: &mut SocketState, work: &mut Work) -> Option<u32> {
    let left = end - offset;
    let length = if left > CHUNK as u32 { CHUNK as u32 } else { left };
    packet.load(offset, &mut work.chunk, length)?;
    work.preamble.set(state.preamble);
    for index in 0..CHUNK as u32 {
        if index >= length {
            break;
        }
        let preamble = Preamble(work.preamble.get()).step(work.chunk[index as usize]);
        work.preamble.set(preamble.0);
        work.at.set(index + 1);
        if preamble.is_last() {
            break;
        }
    }
    state.preamble = work.preamble.get();
    Some(work.at.get())
}

/// The next piece of a stream, which begins with the byte `sequence`.
#[inline(always)]
fn piece(state: &mut SocketState, sequence: u32) -> Kind {
    state.pieces += 1;
    Kind {
        kind: PIECE_STREAM,
        flow: state.flow,
        process: ProcessKey::default(),
        sequence,
        segment: 0,
        first: state.pieces == 1,
    }
}
