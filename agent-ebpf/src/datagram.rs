//! What goes through a UDP socket: QUIC connections, by the Initials that the client sends (RFC 9000, section 17.2.2),
//! and who asks a DNS server.
//!
//! An Initial is encrypted, so it goes up to the agent to be read. A connection is told from the next one between the
//! same two addresses by the client's connection id.

use aya_ebpf::{
    bindings::bpf_sock,
    helpers::{bpf_get_prandom_u32, bpf_ktime_get_boot_ns},
};
use umbra_agent_common::{
    event::FLOW_CLOSED,
    flow::{
        DATAGRAMS_MAX, EVIDENCE_PIECES, OWNER_AT_SEND, READING_SERVER, READING_START, STATE_ASKED,
        STATE_NAMED, STATE_PASSED, SocketState, VIA_NONE,
    },
    piece::PIECE_DATAGRAMS,
    process::ProcessKey,
};

use crate::{
    answers,
    maps::{FLOWS, PEERS, Peer, PeerKey, VERDICTS, send},
    packet::{Packet, Side, UDP, UDP_HEADER},
    pieces::{self, Kind},
    quic::Initial,
    record::{self, Birth},
    socket, task,
    work::{self, Work},
};

/// A packet that leaves a UDP socket.
#[inline(always)]
pub fn egress(packet: Packet, socket: *mut bpf_sock) {
    let transport = packet.transport(UDP);
    if transport == 0 {
        return;
    }
    let payload = transport + UDP_HEADER;
    let state = socket::state(socket);
    if asks_a_name_server(packet, socket, transport) {
        if state.is_none() {
            open(socket);
        }
        return;
    }
    let is_server = state
        .as_ref()
        .is_some_and(|state| state.reading == READING_SERVER);
    if !is_server
        && let Some(initial) = Initial::read(packet, payload)
        && let Some(state) = state_of(socket)
    {
        connection(packet, state, &initial);
        return;
    }
    if let Some(state) = state
        && matches!(state.state, STATE_NAMED | STATE_ASKED)
    {
        keep_counts(
            packet,
            socket,
            state,
            Side::Destination,
            packet.length() - payload,
        );
    }
}

/// A packet that reaches a UDP socket.
#[inline(always)]
pub fn ingress(packet: Packet, socket: *mut bpf_sock) {
    let transport = packet.transport(UDP);
    if transport == 0 {
        return;
    }
    let payload = transport + UDP_HEADER;
    let state = socket::state(socket);
    if packet.read(transport).map(u16::from_be_bytes) == Some(answers::DNS) {
        answers::from_datagram(packet, payload, state);
        return;
    }
    match state {
        Some(state) if matches!(state.state, STATE_NAMED | STATE_ASKED) => {
            keep_counts(packet, socket, state, Side::Source, packet.length() - payload);
        }
        Some(_) => {}
        // The first that says hello is the client.
        None => {
            if Initial::read(packet, payload).is_some() {
                socket::pass_server(socket);
            }
        }
    }
}

/// Also when the address was translated on its way: then the socket alone still knows the port.
#[inline(always)]
fn asks_a_name_server(packet: Packet, socket: *mut bpf_sock, transport: u32) -> bool {
    // SAFETY: a full socket.
    let connected = unsafe { u16::from_be((*socket).dst_port as u16) };
    connected == answers::DNS || packet.read(transport + 2).map(u16::from_be_bytes) == Some(answers::DNS)
}

#[inline(always)]
fn open(socket: *mut bpf_sock) -> Option<&'static mut SocketState> {
    socket::open(socket, OWNER_AT_SEND, task::cgroup())
}

#[inline(always)]
fn state_of(socket: *mut bpf_sock) -> Option<&'static mut SocketState> {
    match socket::state(socket) {
        Some(state) => Some(state),
        None => open(socket),
    }
}

/// An Initial of a client.
#[inline(always)]
fn connection(packet: Packet, state: &mut SocketState, initial: &Initial) {
    let Some(work) = work::take() else { return };
    if packet.headers(UDP, &mut work.headers).is_some() {
        work.record.flags = 0;
        read(packet, state, initial, work);
    }
    work::give_back(work);
}

#[inline(always)]
fn read(packet: Packet, state: &mut SocketState, initial: &Initial, work: &mut Work) -> Option<()> {
    let length = work.headers.end.get() - work.headers.payload.get();
    let key = peer_key(packet, Side::Destination, work)?;
    if let Some(peer) = PEERS.get_ptr_mut(&key) {
        // SAFETY: the entry stays valid while the program runs (RCU).
        let peer = unsafe { &mut *peer };
        if peer.connection == initial.connection {
            if peer.state == STATE_ASKED {
                more(packet, peer, work);
            }
            count_for(state, peer, Side::Destination, length);
            return Some(());
        }
        if peer.state != STATE_PASSED {
            close(peer.flow);
            one_less(state);
        }
    }
    let flow = begin(packet, state, work)?;
    let peer = Peer {
        flow,
        connection: initial.connection,
        state: STATE_ASKED,
        datagrams: 1,
    };
    let _ = PEERS.insert(&key, &peer, 0);
    count_bytes(flow, Side::Destination, length);
    send_up(packet, flow, work);
    Some(())
}

/// Shows a new flow to the agent; gives its key.
#[inline(always)]
fn begin(packet: Packet, state: &mut SocketState, work: &mut Work) -> Option<u64> {
    // SAFETY: the helpers have no preconditions.
    let (flow, birth) = unsafe {
        let flow =
            (1 << 63) | (u64::from(bpf_get_prandom_u32()) << 31) | (u64::from(bpf_get_prandom_u32()) >> 1);
        let birth = Birth {
            // Whoever sends begins the connection, also on a socket that another process opened.
            owner: socket::owner(OWNER_AT_SEND, task::cgroup()),
            opened_ns: bpf_ktime_get_boot_ns(),
        };
        (flow, birth)
    };
    let record = &mut work.record;
    record.pattern = 0;
    record.name_length = 0;
    record.evidence = EVIDENCE_PIECES;
    record.protocol = UDP;
    record.via = VIA_NONE;
    record.hops = 0;
    record.target = 0;
    record.flags = packet
        .address(&work.headers, Side::Destination)
        .and_then(|remote| record::answered(&remote, &birth.owner.process))
        .unwrap_or(0);
    if !record::show(packet, &work.headers, flow, &birth, record) {
        return None;
    }
    state.flow = flow;
    state.state = STATE_ASKED;
    state.pieces += 1;
    state.reading = READING_START;
    Some(flow)
}

/// A connection of which more is to be read.
#[inline(always)]
fn more(packet: Packet, peer: &mut Peer, work: &Work) {
    // SAFETY: the value is not read.
    let decided = unsafe { VERDICTS.get(&peer.flow) }.is_some();
    if decided {
        let _ = VERDICTS.remove(&peer.flow);
    }
    if decided || peer.datagrams >= DATAGRAMS_MAX {
        peer.state = STATE_NAMED;
        return;
    }
    peer.datagrams += 1;
    send_up(packet, peer.flow, work);
}

#[inline(always)]
fn send_up(packet: Packet, flow: u64, work: &Work) {
    // SAFETY: the kernel hands a valid context.
    let segment = unsafe { (*packet.0).gso_size } as u16;
    let kind = Kind {
        kind: PIECE_DATAGRAMS,
        flow,
        process: ProcessKey::default(),
        sequence: 0,
        segment,
        first: false,
    };
    pieces::send_first(packet, work.headers.payload.get(), work.headers.end.get(), kind);
}

#[inline(always)]
fn peer_key(packet: Packet, side: Side, work: &Work) -> Option<PeerKey> {
    Some(PeerKey {
        socket: record::cookie(packet),
        address: packet.address(&work.headers, side)?,
        port: packet.port(&work.headers, side)?,
        family: work.headers.family.get() as u16,
        reserved: 0,
    })
}

/// Adds to the counts of the flow that a packet belongs to.
#[inline(always)]
fn keep_counts(packet: Packet, socket: *mut bpf_sock, state: &mut SocketState, side: Side, length: u32) {
    // SAFETY: a full socket.
    let is_connected = unsafe { (*socket).dst_port } != 0;
    if is_connected {
        if !count_bytes(state.flow, side, length) {
            state.state = STATE_PASSED;
        }
        return;
    }
    let Some(work) = work::take() else { return };
    if packet.headers(UDP, &mut work.headers).is_some()
        && let Some(key) = peer_key(packet, side, work)
        && let Some(peer) = PEERS.get_ptr_mut(&key)
    {
        // SAFETY: the entry stays valid while the program runs (RCU).
        count_for(state, unsafe { &mut *peer }, side, length);
    }
    work::give_back(work);
}

/// Adds to the counts of a peer's flow, if that lives.
#[inline(always)]
fn count_for(state: &mut SocketState, peer: &mut Peer, side: Side, length: u32) {
    if peer.state != STATE_PASSED && !count_bytes(peer.flow, side, length) {
        peer.state = STATE_PASSED;
        one_less(state);
    }
}

/// A socket whose flows are all passed over costs one look-up a packet again, until it begins another.
#[inline(always)]
fn one_less(state: &mut SocketState) {
    state.pieces = state.pieces.saturating_sub(1);
    if state.pieces == 0 {
        state.state = STATE_PASSED;
    }
}

/// Adds to a flow's counts; false when the agent has taken the flow out.
#[inline(always)]
fn count_bytes(flow: u64, side: Side, length: u32) -> bool {
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

#[inline(always)]
fn close(flow: u64) {
    if let Some(record) = FLOWS.get_ptr_mut(&flow) {
        // SAFETY: the record stays valid while the program runs (RCU).
        unsafe { (*record).closed = 1 };
        send(FLOW_CLOSED, flow);
    }
}
