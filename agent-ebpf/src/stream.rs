//! The first bytes of TCP connections, and of what goes through their tunnels when the tunnel's own target says nothing.
//!
//! What cannot be read of one packet goes up to the agent.

use aya_ebpf::{bindings::bpf_sock, helpers::generated::bpf_tcp_sock, programs::SkBuffContext};
use umbra_agent_common::flow::{
    OWNER_AT_SEND, READING_START, STATE_ASKED, STATE_NAMED, STATE_PASSED, SocketState,
};

use crate::{
    maps::VERDICTS,
    packet::{Packet, TCP},
    preamble, record, request, socket, task, tls, verdict,
    work::{self, Work},
};

/// A packet that leaves a TCP socket.
#[inline(always)]
pub fn egress(ctx: &SkBuffContext, packet: Packet, socket: *mut bpf_sock) {
    let known = match socket::state(socket) {
        Some(state) => match state.state {
            STATE_PASSED => return,
            STATE_NAMED => {
                if !record::keep_counts(socket, state.flow) {
                    state.state = STATE_PASSED;
                }
                return;
            }
            STATE_ASKED => return asked(ctx, packet, socket, state),
            _ => Some(state),
        },
        None => None,
    };
    let transport = packet.transport(TCP);
    let payload = packet.tcp_payload(transport);
    let state = match (known, payload) {
        (Some(state), Some(_)) => Some(state),
        (None, Some(payload)) if transport != 0 => open_unknown(packet, socket, payload),
        // Headers stand in between: to be looked at more closely.
        (Some(state), None) if transport == 0 => Some(state),
        _ => None,
    };
    if let Some(state) = state {
        first_bytes(ctx, packet, state);
    }
}

/// A socket that the connect hook did not see: accepted from outside, older than the agent, or a subflow of multipath
/// TCP. It is followed only if what it sends first is a client's, so that a server's sockets cost next to nothing and
/// an inbound flow is never taken for one to an address that was looked up.
#[inline(always)]
fn open_unknown(packet: Packet, socket: *mut bpf_sock, payload: u32) -> Option<&'static mut SocketState> {
    // SAFETY: `socket` is a full TCP socket. The SYN, or the answer to one, counts as a byte.
    let is_first = unsafe {
        let tcp = bpf_tcp_sock(socket);
        !tcp.is_null() && (*tcp).bytes_acked <= 1
    };
    if !is_first || !is_clients(packet, payload) {
        return None;
    }
    socket::open(socket, OWNER_AT_SEND, task::cgroup())
}

/// Whether a payload begins as a client's: a TLS hello, or an HTTP request, which the answer `HTTP/1.1 …` is not.
#[inline(always)]
fn is_clients(packet: Packet, payload: u32) -> bool {
    match packet.byte(payload) {
        Some(tls::HANDSHAKE_RECORD) => matches!(packet.byte(payload + 5), None | Some(tls::CLIENT_HELLO)),
        Some(first) if (first as u8).is_ascii_uppercase() => {
            packet.word(payload) != Some(u32::from_be_bytes(*b"HTTP"))
        }
        _ => false,
    }
}

#[inline(always)]
fn first_bytes(ctx: &SkBuffContext, packet: Packet, state: &mut SocketState) {
    let Some(work) = work::take() else {
        state.state = STATE_PASSED;
        return;
    };
    if packet.headers(TCP, &mut work.headers).is_some() && is_next(packet, state, work) {
        request::read(packet, state, work);
        let verdict = verdict::judge(packet, state, work);
        verdict::carry_out(packet, state, work, verdict);
        if state.state == STATE_NAMED {
            aya_log_ebpf::debug!(ctx, "flow {} named, pattern {}", state.flow, work.record.pattern);
        }
    }
    let payload = work.headers.payload.get();
    work::give_back(work);
    if state.state == STATE_ASKED {
        preamble::read_on(ctx, payload, state.sequence);
    }
}

/// Whether the packet brings bytes that were not looked at.
#[inline(always)]
fn is_next(packet: Packet, state: &mut SocketState, work: &Work) -> bool {
    let length = work.headers.end.get() - work.headers.payload.get();
    let transport = work.headers.transport.get();
    let (Some(sequence), Some(flags)) = (packet.word(transport + 4), packet.byte(transport + 13)) else {
        return false;
    };
    if length == 0 || length > 0xff_ffff {
        return false;
    }
    // With fast open the first bytes ride on the SYN, which has a number of its own.
    let sequence = sequence + u32::from(flags & 2 != 0);
    if state.reading != READING_START && state.sequence != sequence {
        return false;
    }
    state.sequence = sequence + length;
    true
}

/// The agent decides over the flow.
#[inline(always)]
fn asked(ctx: &SkBuffContext, packet: Packet, socket: *mut bpf_sock, state: &mut SocketState) {
    if !record::keep_counts(socket, state.flow) {
        state.state = STATE_PASSED;
        return;
    }
    let transport = packet.transport(TCP);
    let Some(payload) = packet.tcp_payload(transport) else {
        return;
    };
    // SAFETY: the value is not read.
    if unsafe { VERDICTS.get(&state.flow) }.is_some() {
        let _ = VERDICTS.remove(&state.flow);
        state.state = STATE_NAMED;
        return;
    }
    let Some(sequence) = packet.word(transport + 4) else {
        return;
    };
    if transport != 0 {
        preamble::read_on(ctx, payload, sequence);
    }
}
