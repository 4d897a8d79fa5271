//! Whom a datagram socket talks to, and the bytes of each connection that it has.
//!
//! Behind a SOCKS proxy that is who the header names. A client may give the proxy a name, and answers come from an
//! address all the same: the first ones tell by the client's connection id whose they are, and so of which address.

use aya_ebpf::{bindings::bpf_sock, helpers::bpf_ktime_get_boot_ns};
use umbra_agent_common::flow::{READING_PROXIED, STATE_PASSED, SocketState};

use crate::{
    envelope,
    maps::{FLOWS, PEERS, Peer, PeerKey, RELAYED},
    packet::{Packet, Side, UDP},
    quic, record,
    work::{self, Work},
};

/// No address: the beginning of a connection id stands in its place.
const CONNECTION: u16 = 0;

/// The peer on one side of a packet whose parts, and the length of whose SOCKS header, are in the workspace.
#[inline(always)]
pub fn key(packet: Packet, side: Side, work: &mut Work) -> Option<PeerKey> {
    let mut key = PeerKey {
        socket: record::cookie(packet),
        address: [0; 16],
        port: packet.port(&work.headers, side)?,
        family: work.headers.family.get() as u16,
        proxy: 0,
    };
    let envelope = work.envelope.get();
    if envelope == 0 {
        key.address = packet.address(&work.headers, side)?;
    } else {
        let header = work.headers.payload.get();
        key.proxy = u32::from(key.port);
        key.port = packet.short(header + envelope - 2)? as u16;
        (key.family, key.address) = envelope::address(packet, header, work)?;
    }
    Some(key)
}

/// The key under which answers to a connection behind a proxy are known by the client's id.
#[inline(always)]
pub fn answered(key: &PeerKey, connection: u64) -> PeerKey {
    let [a, b, c, d, e, f, g, h] = connection.to_be_bytes();
    PeerKey {
        address: [a, b, c, d, e, f, g, h, 0, 0, 0, 0, 0, 0, 0, 0],
        family: CONNECTION,
        ..*key
    }
}

/// Bytes of the payload without the SOCKS header that each of its datagrams has.
#[inline(always)]
pub fn content(packet: Packet, work: &Work) -> u32 {
    let length = work.headers.end.get() - work.headers.payload.get();
    let envelope = work.envelope.get();
    // SAFETY: the kernel hands a valid context. More than one: sent in one go (`UDP_SEGMENT`).
    let datagrams = unsafe { (*packet.0).gso_segs }.max(1);
    length.saturating_sub(envelope * datagrams)
}

/// Adds a packet whose payload begins at `payload` to the counts of the flow that it belongs to.
#[inline(always)]
pub fn keep_counts(packet: Packet, socket: *mut bpf_sock, state: &mut SocketState, side: Side, payload: u32) {
    let is_proxied = state.reading == READING_PROXIED;
    // SAFETY: a full socket.
    let is_connected = unsafe { (*socket).dst_port } != 0;
    if is_connected && !is_proxied {
        if !count_bytes(state.flow, side, packet.length() - payload) {
            state.state = STATE_PASSED;
        }
        return;
    }
    let Some(work) = work::take() else { return };
    if packet.headers(UDP, &mut work.headers).is_some() {
        work.envelope.set(if is_proxied {
            envelope::length(packet, work.headers.payload.get())
        } else {
            0
        });
        count_packet(packet, state, side, work);
    }
    work::give_back(work);
}

#[inline(always)]
fn count_packet(packet: Packet, state: &mut SocketState, side: Side, work: &mut Work) -> Option<()> {
    let length = content(packet, work);
    let key = key(packet, side, work)?;
    if let Some(peer) = PEERS.get_ptr_mut(&key) {
        // SAFETY: the entry stays valid while the program runs (RCU).
        count_for(state, unsafe { &mut *peer }, side, length);
    } else if key.proxy != 0 && side == Side::Source {
        let flow = answers_to(packet, &key, work)?;
        if !count_bytes(flow, side, length) {
            let _ = RELAYED.remove(&key);
        }
    }
    Some(())
}

/// The flow that an answer through a proxy belongs to; its sender is known from then on.
#[inline(always)]
fn answers_to(packet: Packet, key: &PeerKey, work: &Work) -> Option<u64> {
    let at = work.headers.payload.get() + work.envelope.get();
    // SAFETY: the values are copied at once.
    unsafe {
        if let Some(connection) = quic::destination(packet, at)
            && let Some(flow) = RELAYED.get(&answered(key, connection)).copied()
        {
            let _ = RELAYED.insert(key, &flow, 0);
            return Some(flow);
        }
        RELAYED.get(key).copied()
    }
}

/// Adds to the counts of a peer's flow, if that lives.
#[inline(always)]
pub fn count_for(state: &mut SocketState, peer: &mut Peer, side: Side, length: u32) {
    if peer.state != STATE_PASSED && !count_bytes(peer.flow, side, length) {
        peer.state = STATE_PASSED;
        one_less(state);
    }
}

/// A socket whose flows are all passed over costs one look-up a packet again, until it begins another.
#[inline(always)]
pub fn one_less(state: &mut SocketState) {
    state.pieces = state.pieces.saturating_sub(1);
    if state.pieces == 0 {
        state.state = STATE_PASSED;
    }
}

/// Adds to a flow's counts; false when the agent has taken the flow out.
#[inline(always)]
pub fn count_bytes(flow: u64, side: Side, length: u32) -> bool {
    let Some(record) = FLOWS.get_ptr_mut(&flow) else {
        return false;
    };
    // SAFETY: the record stays valid while the program runs (RCU). Two packets at once may lose a count to each other.
    unsafe {
        if side == Side::Destination {
            (*record).bytes_out += u64::from(length);
        } else {
            (*record).bytes_in += u64::from(length);
        }
        (*record).last_ns = bpf_ktime_get_boot_ns();
    }
    true
}
