//! What becomes of a TCP flow whose packet was read, and how the agent learns of it.

use umbra_agent_common::{
    counter::Counter,
    flow::{
        EVIDENCE_ADDRESS, EVIDENCE_ANSWER, EVIDENCE_CONNECT, EVIDENCE_PIECES, EVIDENCE_TLS, FLAG_ECH,
        FLAG_GREETED, OWNER_AT_CONNECT, READING_SOCKS5, READING_START, STATE_ASKED, STATE_NAMED,
        STATE_PASSED, SocketState, VIA_NONE,
    },
    preamble::Preamble,
};

use crate::{
    catalogue,
    http::END_OF_HEAD,
    maps::{ADDRESSES, count},
    nameless::Nameless,
    packet::{Packet, Side, TCP},
    record::{self, Birth},
    tls,
    work::Work,
};

/// Proxies that a flow may go through.
const HOPS_MAX: u8 = 4;
/// Times that a proxy is asked for the same again: two or three where a client authenticates in steps (RFC 4559).
const REPEATS_MAX: u32 = 8;
const SPLIT: u32 = Nameless::Split as u32;

/// What becomes of a flow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
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
pub fn judge(packet: Packet, state: &mut SocketState, work: &mut Work) -> Verdict {
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
        && (packet.word(work.headers.end.get() - 4) != Some(END_OF_HEAD) || work.text.goes_on())
    {
        return Verdict::Ask;
    }
    let target = work.asked.target.get();
    if target != 0 && target == state.target {
        // Refused, most likely by 407 (Proxy Authentication Required), and asked again: the proxy counts anew.
        state.hops -= 1;
        state.repeats += 1;
    }
    if state.repeats > REPEATS_MAX {
        return Verdict::Pass;
    }
    let via = work.asked.via.get() as u8;
    if via != VIA_NONE {
        if state.hops == 0 {
            state.via = via;
        }
        state.hops += 1;
        state.target = target;
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
pub fn carry_out(packet: Packet, state: &mut SocketState, work: &mut Work, verdict: Verdict) {
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
    work.record.target = state.target;
    state.flow = key;
    if !record::show(packet, &work.headers, key, &birth, &mut work.record) {
        state.state = STATE_PASSED;
    } else if asks {
        state.state = STATE_ASKED;
        state.sequence -= work.headers.end.get() - work.headers.payload.get();
        state.next = state.sequence;
        state.pieces = 0;
        state.preamble = if state.reading == READING_SOCKS5 {
            Preamble::BEHIND_GREETING
        } else {
            Preamble::BEGIN
        }
        .0;
    } else {
        state.state = STATE_NAMED;
    }
}
