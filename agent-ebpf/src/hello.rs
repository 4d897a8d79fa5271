//! The first bytes of a flow: finds the server name of a TLS `ClientHello` (RFC 8446, section 4.1.2; RFC 6066,
//! section 3) and asks the catalogue for it.
//!
//! The hook sits before segmentation, so a hello written in one piece is whole in one buffer. After a flow is named or
//! passed over, a packet of it costs one socket-storage look-up; a catalogue flow's packet also keeps its counts.

use aya_ebpf::{
    bindings::bpf_sock,
    helpers::{
        bpf_get_socket_cookie, bpf_ktime_get_boot_ns,
        generated::{bpf_sk_fullsock, bpf_skb_load_bytes, bpf_tcp_sock},
    },
    macros::{cgroup_skb, map},
    maps::PerCpuArray,
    programs::SkBuffContext,
};
use umbra_agent_common::{
    counter::Counter,
    event::FLOW_NAMED,
    flow::{
        EVIDENCE_ADDRESS, EVIDENCE_TLS, FlowRecord, OWNER_AT_SEND, STATE_NAMED, STATE_PASSED, SocketState,
    },
    trie::NAME_MAX,
};

use crate::{
    blurred::Blurred,
    catalogue,
    maps::{ADDRESSES, FLOWS, count, send},
    packet::{Packet, Tcp},
    socket,
};

const IPPROTO_TCP: u32 = 6;
/// Let the packet go on.
const GO_ON: i32 = 1;

const HANDSHAKE_RECORD: u32 = 22;
const CLIENT_HELLO: u32 = 1;
const SERVER_NAME: u32 = 0;
const HOST_NAME: u32 = 0;
/// A hello with more extensions is passed over: browsers send about 20, the registry holds about 60.
const EXTENSIONS_MAX: usize = 64;

/// Where a flow is read; one a processor.
struct Reading {
    /// What becomes of it.
    record: FlowRecord,
    /// Where the packet's parts are.
    tcp: Tcp,
    /// Place in the hello.
    at: Blurred,
}

#[map]
static READING: PerCpuArray<Reading> = PerCpuArray::with_max_entries(1, 0);

/// Why a flow has no name.
enum Nameless {
    /// No payload yet: look again.
    Wait,
    /// Not TLS, or no server name in it.
    NoName,
    /// The hello goes on in a later packet.
    Split,
    /// Not what the RFC says.
    Malformed,
}

/// Every packet that leaves a socket.
#[cgroup_skb(egress)]
pub fn umbra_egress(ctx: SkBuffContext) -> i32 {
    if let Some(socket) = tcp_socket(&ctx) {
        egress(&ctx, socket);
    }
    GO_ON
}

#[inline(always)]
fn tcp_socket(ctx: &SkBuffContext) -> Option<*mut bpf_sock> {
    // SAFETY: the kernel hands a valid context; the helper takes the socket that stands in it, once it is not null.
    unsafe {
        let socket = (*ctx.skb.skb).__bindgen_anon_2.sk;
        if socket.is_null() {
            return None;
        }
        let socket = bpf_sk_fullsock(socket);
        (!socket.is_null() && (*socket).protocol == IPPROTO_TCP).then_some(socket)
    }
}

#[inline(always)]
fn egress(ctx: &SkBuffContext, socket: *mut bpf_sock) {
    match socket::state(socket) {
        Some(state) if state.state == STATE_PASSED => {}
        Some(state) if state.state == STATE_NAMED => keep_counts(socket, state.cookie),
        Some(state) => first_bytes(ctx, state),
        None => first_bytes_of_unknown(ctx, socket),
    }
}

/// A socket that the connect hook did not see: accepted from outside, older than the agent, or a subflow of multipath
/// TCP. It is followed only if a `ClientHello` is the first that it sends, so that a server's sockets cost next to
/// nothing and an inbound flow is never taken for one to an address that was looked up.
#[inline(always)]
fn first_bytes_of_unknown(ctx: &SkBuffContext, socket: *mut bpf_sock) {
    // SAFETY: `socket` is a full TCP socket. The SYN, or the answer to one, counts as a byte.
    let is_first = unsafe {
        let tcp = bpf_tcp_sock(socket);
        !tcp.is_null() && (*tcp).bytes_acked <= 1
    };
    if !is_first {
        return;
    }
    let Some(reading) = READING.get_ptr_mut(0) else {
        return;
    };
    // SAFETY: as in `first_bytes`.
    let tcp = unsafe { &mut (*reading).tcp };
    let packet = Packet(ctx.skb.skb);
    if packet.tcp(tcp).is_none() {
        return;
    }
    let payload = tcp.payload.get();
    let is_hello =
        packet.byte(payload) == Some(HANDSHAKE_RECORD) && packet.byte(payload + 5) == Some(CLIENT_HELLO);
    if is_hello && let Some(state) = socket::open(socket, OWNER_AT_SEND, 0) {
        first_bytes(ctx, state);
    }
}

#[inline(always)]
fn first_bytes(ctx: &SkBuffContext, state: &mut SocketState) {
    let packet = Packet(ctx.skb.skb);
    let Some(reading) = READING.get_ptr_mut(0) else {
        return;
    };
    // SAFETY: this processor's slot; nothing else runs on it until the program ends.
    let reading = unsafe { &mut *reading };
    if packet.tcp(&mut reading.tcp).is_none() {
        return;
    }
    let (record, tcp) = match read_name(packet, reading) {
        Ok(()) => {
            count(Counter::NamesLookedUp);
            let record = &mut reading.record;
            record.evidence = EVIDENCE_TLS;
            record.pattern = catalogue::pattern(&record.name, record.name_length);
            (record, &reading.tcp)
        }
        Err(nameless) => {
            count(match nameless {
                Nameless::Wait => return,
                Nameless::NoName => Counter::FlowsWithoutName,
                Nameless::Split => Counter::HellosSplit,
                Nameless::Malformed => Counter::HellosMalformed,
            });
            let record = &mut reading.record;
            record.evidence = EVIDENCE_ADDRESS;
            record.name_length = 0;
            record.pattern = pattern_of_address(packet, &reading.tcp);
            (record, &reading.tcp)
        }
    };
    if record.pattern == 0 {
        state.state = STATE_PASSED;
    } else {
        name_flow(ctx, packet, tcp, state, record);
    }
}

/// Number of the pattern for whose name the remote address was looked up, or 0.
#[inline(always)]
fn pattern_of_address(packet: Packet, tcp: &Tcp) -> u32 {
    let Some(remote) = remote_address(packet, tcp) else {
        return 0;
    };
    // SAFETY: the value is copied at once.
    unsafe { ADDRESSES.get(&remote) }.copied().unwrap_or(0)
}

/// Copies the server name into the record.
#[inline(always)]
fn read_name(packet: Packet, reading: &mut Reading) -> Result<(), Nameless> {
    let payload = reading.tcp.payload.get();
    if payload >= reading.tcp.end.get() {
        return Err(Nameless::Wait);
    }
    if packet.byte(payload).ok_or(Nameless::Wait)? != HANDSHAKE_RECORD {
        return Err(Nameless::NoName);
    }
    let length = server_name(packet, payload, &mut reading.at)?;
    if length == 0 || length > NAME_MAX as u32 {
        return Err(Nameless::Malformed);
    }
    // The mask says again what was just checked: older verifiers (6.1) forget a bound when it is spilled.
    let length = ((length - 1) & 0xff) + 1;
    // SAFETY: `name` has 256 bytes, and `length` is 256 at most.
    let failed = unsafe {
        let name = reading.record.name.as_mut_ptr();
        bpf_skb_load_bytes(packet.0.cast(), reading.at.get(), name.cast(), length) != 0
    };
    if failed {
        return Err(Nameless::Split);
    }
    // RFC 6066 wants none, but a resolver's full name may have come this far.
    let dot = u32::from(reading.record.name[((length - 1) & 0xff) as usize] == b'.');
    reading.record.name_length = length - dot;
    Ok(())
}

/// Length of the server name in the `ClientHello` whose record begins at `record`; `place` becomes its offset.
#[inline(always)]
fn server_name(packet: Packet, record: u32, place: &mut Blurred) -> Result<u32, Nameless> {
    let split = |value: Option<u32>| value.ok_or(Nameless::Split);
    // Record: type, version (2), length (2). Handshake: type, length (3). Hello: version (2), random (32).
    if split(packet.byte(record + 1))? != 3 || split(packet.byte(record + 5))? != CLIENT_HELLO {
        return Err(Nameless::NoName);
    }
    let record_end = record + 5 + split(packet.short(record + 3))?;
    let mut at = record + 5 + 4 + 2 + 32;
    at += 1 + split(packet.byte(at))?; // session id
    at += 2 + split(packet.short(at))?; // cipher suites
    at += 1 + split(packet.byte(at))?; // compression methods
    if at >= record_end {
        return Err(Nameless::NoName);
    }
    let end = at + 2 + split(packet.short(at))?;
    place.set(at + 2);
    for _ in 0..EXTENSIONS_MAX {
        let at = place.get();
        if at + 4 > end {
            return Err(if at == end {
                Nameless::NoName
            } else {
                Nameless::Malformed
            });
        }
        if at + 4 > record_end {
            return Err(Nameless::Split);
        }
        let kind = split(packet.short(at))?;
        let length = split(packet.short(at + 2))?;
        if kind == SERVER_NAME {
            // List: length (2), then one entry: type, length (2), name.
            if length < 5 || split(packet.byte(at + 6))? != HOST_NAME {
                return Err(Nameless::Malformed);
            }
            let name = split(packet.short(at + 7))?;
            if name + 5 > length {
                return Err(Nameless::Malformed);
            }
            if at + 9 + name > record_end {
                return Err(Nameless::Split);
            }
            place.set(at + 9);
            return Ok(name);
        }
        place.set(at + 4 + length);
    }
    Err(Nameless::NoName)
}

/// The flow is one of the catalogue's: shows it to the agent.
#[inline(always)]
fn name_flow(
    ctx: &SkBuffContext,
    packet: Packet,
    tcp: &Tcp,
    state: &mut SocketState,
    record: &mut FlowRecord,
) {
    count(Counter::NamesMatched);
    // SAFETY: the helpers have no preconditions.
    let (cookie, now) = unsafe { (bpf_get_socket_cookie(packet.0.cast()), bpf_ktime_get_boot_ns()) };
    record.owner = state.owner;
    record.opened_ns = state.opened_ns;
    record.named_ns = now;
    record.last_ns = now;
    record.bytes_out = 0;
    record.bytes_in = 0;
    record.round_trip_us = 0;
    record.closed = 0;
    record.family = tcp.family.get() as u16;
    addresses(packet, tcp, record);
    state.cookie = cookie;
    if FLOWS.insert(&cookie, &*record, 0).is_err() {
        count(Counter::FlowsLost);
        state.state = STATE_PASSED;
        return;
    }
    state.state = STATE_NAMED;
    send(FLOW_NAMED, cookie);
    aya_log_ebpf::debug!(ctx, "flow {} named, pattern {}", cookie, record.pattern);
}

#[inline(always)]
fn addresses(packet: Packet, tcp: &Tcp, record: &mut FlowRecord) {
    record.local_port = packet.short(tcp.header.get()).unwrap_or(0) as u16;
    record.remote_port = packet.short(tcp.header.get() + 2).unwrap_or(0) as u16;
    record.local_address = address(packet, tcp, 12, 8).unwrap_or_default();
    record.remote_address = remote_address(packet, tcp).unwrap_or_default();
}

#[inline(always)]
fn remote_address(packet: Packet, tcp: &Tcp) -> Option<[u8; 16]> {
    address(packet, tcp, 16, 24)
}

/// The address at one of two offsets, by the family.
#[inline(always)]
fn address(packet: Packet, tcp: &Tcp, at_v4: u32, at_v6: u32) -> Option<[u8; 16]> {
    if tcp.family.get() == 4 {
        packet.read::<[u8; 4]>(at_v4).map(widen)
    } else {
        packet.read(at_v6)
    }
}

#[inline(always)]
fn widen([a, b, c, d]: [u8; 4]) -> [u8; 16] {
    [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}

/// Brings a living catalogue flow's counts up to date; the agent reads them when it likes.
#[inline(always)]
fn keep_counts(socket: *mut bpf_sock, cookie: u64) {
    let Some(record) = FLOWS.get_ptr_mut(&cookie) else {
        return;
    };
    // SAFETY: `socket` is a full TCP socket; the record stays valid while the program runs (RCU).
    unsafe {
        let tcp = bpf_tcp_sock(socket);
        if !tcp.is_null() {
            // The SYN counts as a byte (`tcp_rcv_synsent_state_process`).
            (*record).bytes_out = (*tcp).bytes_acked.saturating_sub(1);
            (*record).bytes_in = (*tcp).bytes_received;
            (*record).last_ns = bpf_ktime_get_boot_ns();
        }
    }
}
