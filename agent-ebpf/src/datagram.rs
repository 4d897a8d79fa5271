//! What goes through a UDP socket: QUIC connections, by the Initials that the client sends (RFC 9000, section 17.2.2),
//! and who asks a DNS server.
//!
//! An Initial is encrypted, so it goes up to the agent to be read. A connection is told from the next one between the
//! same two addresses by the client's connection id.
//!
//! A SOCKS proxy's datagrams have a header before them; the connection in them is then one with whom that names.

use aya_ebpf::{
    bindings::bpf_sock,
    helpers::{bpf_get_prandom_u32, bpf_ktime_get_boot_ns},
};
use umbra_agent_common::{
    event::FLOW_CLOSED,
    flow::{
        DATAGRAMS_MAX, EVIDENCE_PIECES, OWNER_AT_SEND, READING_PROXIED, READING_SERVER, STATE_ASKED,
        STATE_NAMED, STATE_PASSED, SocketState, VIA_NONE,
    },
    piece::PIECE_DATAGRAMS,
    process::ProcessKey,
};

use crate::{
    answers,
    maps::{FLOWS, PEERS, Peer, RELAYED, VERDICTS, send},
    packet::{Packet, Side, UDP, UDP_HEADER},
    peer,
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
        peer::keep_counts(packet, socket, state, Side::Destination, payload);
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
            peer::keep_counts(packet, socket, state, Side::Source, payload);
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
    work.envelope.set(initial.envelope);
    let length = peer::content(packet, work);
    let key = peer::key(packet, Side::Destination, work)?;
    if let Some(peer) = PEERS.get_ptr_mut(&key) {
        // SAFETY: the entry stays valid while the program runs (RCU).
        let peer = unsafe { &mut *peer };
        if peer.connection == initial.connection {
            if peer.state == STATE_ASKED {
                more(packet, peer, work);
            }
            peer::count_for(state, peer, Side::Destination, length);
            return Some(());
        }
        if peer.state != STATE_PASSED {
            close(peer.flow);
            peer::one_less(state);
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
    if work.envelope.get() != 0 {
        state.reading = READING_PROXIED;
        let _ = RELAYED.insert(&peer::answered(&key, initial.connection), &flow, 0);
    }
    peer::count_bytes(flow, Side::Destination, length);
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
fn close(flow: u64) {
    if let Some(record) = FLOWS.get_ptr_mut(&flow) {
        // SAFETY: the record stays valid while the program runs (RCU).
        unsafe { (*record).closed = 1 };
        send(FLOW_CLOSED, flow);
    }
}
