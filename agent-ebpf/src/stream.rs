//! What a TCP connection's first bytes ask for: the server name of a TLS hello, the host of an HTTP request, the domain
//! of a SOCKS request; and what is asked for inside a tunnel, when the tunnel's own target says nothing.
//!
//! What cannot be read of one packet goes up to the agent.

use aya_ebpf::{bindings::bpf_sock, helpers::generated::{bpf_sk_cgroup_id, bpf_tcp_sock}, programs::SkBuffContext};
use umbra_agent_common::{
    counter::Counter,
    flow::{
        EVIDENCE_ADDRESS, EVIDENCE_ANSWER, EVIDENCE_CONNECT, EVIDENCE_HTTP, EVIDENCE_PIECES, EVIDENCE_SOCKS,
        EVIDENCE_TLS, FLAG_ECH, FLAG_GREETED, OWNER_AT_CONNECT, OWNER_AT_SEND, PIECES_MAX, READING_SOCKS5,
        READING_START, READING_STREAM, STATE_ASKED, STATE_NAMED, STATE_PASSED, SocketState, VIA_CONNECT,
        VIA_HTTP, VIA_NONE, VIA_SOCKS4, VIA_SOCKS5,
    },
    piece::PIECE_STREAM,
    process::ProcessKey,
};

use crate::{
    blurred::Blurred,
    catalogue,
    http::Form,
    maps::{ADDRESSES, VERDICTS, count},
    packet::{Packet, Side, TCP},
    pieces::{self, Kind},
    record::{self, Birth},
    socket, socks, tls,
    work::{self, Work},
};

/// Proxies that a flow may go through.
const HOPS_MAX: u8 = 4;
/// Bytes of a stream that go up at most: two of the largest hellos in use, and the heads before them.
const STREAM_MAX: u32 = 128 * 1024;
/// End of an HTTP head.
const END_OF_HEAD: u32 = u32::from_be_bytes(*b"\r\n\r\n");

const SPLIT: u32 = Nameless::Split as u32;

/// Why a flow has no name.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Nameless {
    /// Nothing that Umbra reads, or no name in it.
    NoName = 1,
    /// It goes on in a later packet, or is longer than what is read here.
    Split = 2,
    /// Not what the RFC says.
    Malformed = 3,
}

/// What a packet asks for, in memory: the verifier would follow each kind of it to the end by itself.
pub struct Asked {
    /// 0, or why there is no name.
    nameless: Blurred,
    /// Bytes of the name in the record; 0: there is none.
    length: Blurred,
    /// One of `EVIDENCE_*`.
    evidence: Blurred,
    /// The proxy that is asked: one of `VIA_*`.
    via: Blurred,
    /// What comes next: one of `READING_*`; [`READING_START`]: nothing to read.
    next: Blurred,
}

impl Asked {
    #[inline(always)]
    fn set(&mut self, length: u32, evidence: u16, via: u8, next: u8) -> Result<(), Nameless> {
        self.length.set(length);
        self.evidence.set(evidence.into());
        self.via.set(via.into());
        self.next.set(next.into());
        Ok(())
    }
}

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
            STATE_ASKED => return asked(packet, socket, state),
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
    // SAFETY: `socket` is a full socket.
    let cgroup = unsafe { bpf_sk_cgroup_id(socket.cast()) };
    socket::open(socket, OWNER_AT_SEND, cgroup)
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
        let nameless = match read(packet, state, work) {
            Ok(()) => 0,
            Err(nameless) => nameless as u32,
        };
        work.asked.nameless.set(nameless);
        let verdict = judge(packet, state, work);
        carry_out(packet, state, work, verdict);
        if state.state == STATE_NAMED {
            aya_log_ebpf::debug!(ctx, "flow {} named, pattern {}", state.flow, work.record.pattern);
        }
    }
    work::give_back(work);
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

/// Reads what the payload asks for; its name goes into the record.
#[inline(always)]
fn read(packet: Packet, state: &SocketState, work: &mut Work) -> Result<(), Nameless> {
    let (payload, end) = (work.headers.payload.get(), work.headers.end.get());
    let first = packet.byte(payload).ok_or(Nameless::NoName)?;
    if state.reading == READING_SOCKS5 {
        return read_socks(packet, SOCKS5_GREETED, work);
    }
    match first {
        tls::HANDSHAKE_RECORD => {
            let length = tls::server_name(packet, payload, &mut work.at)?;
            load_name(packet, length, work)?;
            work.asked.set(length, EVIDENCE_TLS, VIA_NONE, READING_START)
        }
        socks::SOCKS4 | socks::SOCKS5 => read_socks(packet, first, work),
        _ if (first as u8).is_ascii_uppercase() => {
            let (form, length) = work.text.read(packet, payload, end, &mut work.record.name)?;
            match form {
                Form::Origin => work.asked.set(length, EVIDENCE_HTTP, VIA_NONE, READING_START),
                Form::Absolute => work.asked.set(length, EVIDENCE_HTTP, VIA_HTTP, READING_START),
                Form::Connect => work.asked.set(length, EVIDENCE_CONNECT, VIA_CONNECT, READING_STREAM),
            }
        }
        _ => Err(Nameless::NoName),
    }
}

/// No first byte: SOCKS 5, and a greeting came before.
const SOCKS5_GREETED: u32 = 0x100;

#[inline(always)]
fn read_socks(packet: Packet, first: u32, work: &mut Work) -> Result<(), Nameless> {
    let (payload, end) = (work.headers.payload.get(), work.headers.end.get());
    let (said, via) = if first == socks::SOCKS4 {
        (socks::version4(packet, payload, end, &mut work.at)?, VIA_SOCKS4)
    } else {
        let greeted = first == SOCKS5_GREETED;
        (socks::version5(packet, payload, end, greeted, &mut work.at)?, VIA_SOCKS5)
    };
    match said {
        socks::Said::Hello => work.asked.set(0, EVIDENCE_SOCKS, VIA_NONE, READING_SOCKS5),
        socks::Said::Address => work.asked.set(0, EVIDENCE_SOCKS, via, READING_STREAM),
        socks::Said::Domain(length) => {
            load_name(packet, length, work)?;
            work.asked.set(length, EVIDENCE_SOCKS, via, READING_STREAM)
        }
    }
}

#[inline(always)]
fn load_name(packet: Packet, length: u32, work: &mut Work) -> Result<(), Nameless> {
    packet.load(work.at.get(), &mut work.record.name, length).ok_or(Nameless::Split)
}

/// What becomes of a flow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Nothing more is looked at.
    Pass,
    /// What comes next in the stream is looked at.
    Next(u8),
    /// The record goes to the agent.
    Show,
    /// So does what the flow sends from here on.
    Ask,
}

/// What becomes of the flow; what is to be told of it goes into the record.
#[inline(always)]
fn judge(packet: Packet, state: &mut SocketState, work: &mut Work) -> Verdict {
    work.record.pattern = 0;
    work.record.name_length = 0;
    work.record.flags = 0;
    match work.asked.nameless.get() {
        0 => {}
        SPLIT => return Verdict::Ask,
        why => {
            count(if why == Nameless::NoName as u32 {
                Counter::FlowsWithoutName
            } else {
                Counter::HellosMalformed
            });
            return by_address(packet, state, work);
        }
    }
    let length = work.asked.length.get();
    if length != 0 {
        look_up(length, work);
    }
    let evidence = work.asked.evidence.get() as u16;
    work.record.evidence = evidence;
    // A head that is not whole, or that something follows at once.
    if work.record.pattern == 0
        && evidence == EVIDENCE_CONNECT
        && packet.word(work.headers.end.get() - 4) != Some(END_OF_HEAD)
    {
        return Verdict::Ask;
    }
    let via = work.asked.via.get() as u8;
    if via != VIA_NONE {
        if state.hops == 0 {
            state.via = via;
        }
        state.hops += 1;
    }
    if evidence == EVIDENCE_TLS {
        return hello(packet, state, work);
    }
    let next = work.asked.next.get() as u8;
    if work.record.pattern != 0 {
        Verdict::Show
    } else if next == READING_START || state.hops > HOPS_MAX {
        Verdict::Pass
    } else {
        // The tunnel's target is no name of the catalogue: what goes through it may be.
        Verdict::Next(next)
    }
}

/// A hello with a name. If it is encrypted, and the name is not the catalogue's, it may not be the one asked for.
#[inline(always)]
fn hello(packet: Packet, state: &SocketState, work: &mut Work) -> Verdict {
    let is_named = work.record.pattern != 0;
    let answered = answered(packet, state, work);
    if !is_named && answered.is_none() {
        return Verdict::Pass;
    }
    let is_encrypted = tls::has_ech(packet, work.headers.payload.get(), &mut work.at);
    if is_encrypted {
        work.record.flags = FLAG_ECH | answered.unwrap_or(0);
    }
    if is_named {
        Verdict::Show
    } else if is_encrypted {
        work.record.name_length = 0;
        work.record.evidence = EVIDENCE_ANSWER;
        Verdict::Show
    } else {
        Verdict::Pass
    }
}

/// Asks the catalogue for the name in the record.
#[inline(always)]
fn look_up(length: u32, work: &mut Work) {
    count(Counter::NamesLookedUp);
    // RFC 6066 wants no dot at the end, but a resolver's full name may have come this far.
    let dot = u32::from(work.record.name[((length - 1) & 0xff) as usize] == b'.');
    work.record.name_length = length - dot;
    work.record.pattern = catalogue::pattern(&mut work.search, &work.record.name, length - dot);
}

/// No name: only the address may tell.
#[inline(always)]
fn by_address(packet: Packet, state: &mut SocketState, work: &mut Work) -> Verdict {
    let is_ours = state.owner.source == OWNER_AT_CONNECT
        || packet.byte(work.headers.payload.get()) == Some(tls::HANDSHAKE_RECORD);
    if state.hops > 0 || !is_ours {
        return Verdict::Pass;
    }
    if let Some(flags) = answered(packet, state, work) {
        work.record.flags = flags;
        work.record.evidence = EVIDENCE_ANSWER;
        return Verdict::Show;
    }
    let Some(remote) = packet.address(&work.headers, Side::Destination) else {
        return Verdict::Pass;
    };
    // SAFETY: the value is copied at once.
    work.record.pattern = unsafe { ADDRESSES.get(&remote) }.copied().unwrap_or(0);
    work.record.evidence = EVIDENCE_ADDRESS;
    if work.record.pattern == 0 {
        Verdict::Pass
    } else {
        Verdict::Show
    }
}

#[inline(always)]
fn answered(packet: Packet, state: &SocketState, work: &Work) -> Option<u8> {
    if state.hops > 0 {
        return None;
    }
    let remote = packet.address(&work.headers, Side::Destination)?;
    record::answered(&remote, &state.owner.process)
}

/// Does what was decided.
#[inline(always)]
fn carry_out(packet: Packet, state: &mut SocketState, work: &mut Work, verdict: Verdict) {
    let asks = match verdict {
        Verdict::Pass => {
            state.state = STATE_PASSED;
            return;
        }
        Verdict::Next(reading) => {
            state.reading = reading;
            return;
        }
        Verdict::Show => false,
        Verdict::Ask => {
            work.record.evidence = EVIDENCE_PIECES;
            work.record.flags = answered(packet, state, work).unwrap_or(0);
            if state.reading == READING_SOCKS5 {
                work.record.flags |= FLAG_GREETED;
            }
            true
        }
    };
    let key = record::cookie(packet);
    let birth = Birth {
        owner: state.owner,
        opened_ns: state.opened_ns,
    };
    work.record.protocol = TCP;
    work.record.via = state.via;
    work.record.hops = state.hops;
    state.flow = key;
    if !record::show(packet, &work.headers, key, &birth, &mut work.record) {
        state.state = STATE_PASSED;
    } else if asks {
        let (payload, end) = (work.headers.payload.get(), work.headers.end.get());
        state.state = STATE_ASKED;
        state.sequence -= end - payload;
        state.pieces = 1;
        pieces::send(packet, payload, end, piece(key, state.sequence, true));
    } else {
        state.state = STATE_NAMED;
    }
}

/// The agent decides over the flow.
#[inline(always)]
fn asked(packet: Packet, socket: *mut bpf_sock, state: &mut SocketState) {
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
    if transport != 0 && state.pieces < PIECES_MAX && sequence.wrapping_sub(state.sequence) < STREAM_MAX {
        state.pieces += 1;
        pieces::send(packet, payload, packet.length(), piece(state.flow, sequence, false));
    }
}

#[inline(always)]
fn piece(flow: u64, sequence: u32, first: bool) -> Kind {
    Kind {
        kind: PIECE_STREAM,
        flow,
        process: ProcessKey::default(),
        sequence,
        segment: 0,
        first,
    }
}
