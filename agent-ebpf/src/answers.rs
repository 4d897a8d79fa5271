//! DNS answers (RFC 1035): which addresses were given for names of the catalogue, and which for others. No name is kept.
//! An answer to a question for a name of the catalogue goes up to the agent.

use aya_ebpf::{bindings::bpf_sock, helpers::bpf_ktime_get_boot_ns};
use umbra_agent_common::{
    answer::{Answered, Asker, end_ns},
    counter::Counter,
    flow::{PIECES_MAX, SocketState},
    piece::{PIECE_ANSWER, PIECE_ANSWERS},
    process::ProcessKey,
    trie::NAME_MAX,
};

use crate::{
    catalogue,
    maps::{ANSWER_SENT, ANSWERS, OTHERS, count},
    packet::{Packet, TCP},
    pieces::{self, Kind},
    record, socket,
    work::{self, Work},
};

/// Port of name servers.
pub const DNS: u16 = 53;
/// Bytes of a message's header (RFC 1035, section 4.1.1).
const HEADER: u32 = 12;
/// Response, with opcode and result code zero.
const RESPONSE: u32 = 0x8000;
const OPCODE_AND_RESULT: u32 = 0x780f;
/// A name with more labels is none of the catalogue's.
const LABELS_MAX: usize = 32;
/// Steps through the answers: one a label, and one a record. Servers point to names that stood before, so this is
/// enough for fifty addresses.
const STEPS_MAX: usize = 64;
/// Type, class, time to live and length of a record.
const RECORD_HEADER: u32 = 10;
/// Types A and AAAA with the length of their addresses, and class IN.
const A: (u32, u32) = (1, 4);
const AAAA: (u32, u32) = (28, 16);
const IN: u32 = 1;

/// An answer in a datagram; its first byte lies at `at`.
#[inline(always)]
pub fn from_datagram(packet: Packet, at: u32, state: Option<&mut SocketState>) {
    let flags = packet.short(at + 2).unwrap_or(0);
    let questions = packet.short(at + 4).unwrap_or(0);
    let answers = packet.short(at + 6).unwrap_or(0);
    if flags & (RESPONSE | OPCODE_AND_RESULT) != RESPONSE || questions != 1 || answers == 0 {
        return;
    }
    let process = state.map_or(ProcessKey::default(), |state| state.owner.process);
    let Some(work) = work::take() else { return };
    work.left.set(answers);
    read(packet, at, &process, work);
    work::give_back(work);
}

#[inline(always)]
fn read(packet: Packet, at: u32, process: &ProcessKey, work: &mut Work) -> Option<()> {
    let length = question(packet, at + HEADER, work)?;
    let pattern = catalogue::pattern(&mut work.search, &work.record.name, length);
    // Behind the name's last byte: type and class.
    work.at.set(at + HEADER + length + 2 + 4);
    addresses(packet, pattern != 0, process.pid, work);
    if pattern != 0 {
        count(Counter::AnswersSeen);
        let kind = Kind {
            kind: PIECE_ANSWER,
            flow: record::cookie(packet),
            process: *process,
            sequence: 0,
            segment: 0,
            first: false,
        };
        pieces::send_first(packet, at, packet.length(), kind);
        sent();
    }
    Some(())
}

/// Copies the name in the question at `at` into the record, with dots; gives its length.
#[inline(always)]
fn question(packet: Packet, at: u32, work: &mut Work) -> Option<u32> {
    let first = packet.byte(at).filter(|length| (1..64).contains(length))?;
    let there = packet.length().checked_sub(at + 1)?;
    let length = if there > NAME_MAX as u32 {
        NAME_MAX as u32
    } else {
        there
    };
    packet.load(at + 1, &mut work.record.name, length)?;
    work.at.set(first);
    for _ in 0..LABELS_MAX {
        let place = work.at.get();
        if place >= length {
            return None;
        }
        let byte = &mut work.record.name[(place & 0xff) as usize];
        match *byte {
            0 => return Some(place),
            label @ 1..64 => {
                *byte = b'.';
                work.at.set(place + 1 + u32::from(label));
            }
            _ => return None,
        }
    }
    None
}

/// Walks through the answers.
#[inline(always)]
fn addresses(packet: Packet, wanted: bool, pid: u32, work: &mut Work) -> Option<()> {
    for _ in 0..STEPS_MAX {
        let left = work.left.get();
        if left == 0 {
            return None;
        }
        let at = work.at.get();
        let label = packet.byte(at)?;
        // A pointer to a name that stood before ends a name, and so does the empty label (section 4.1.4).
        let behind = match label {
            0 => at + 1,
            1..64 => {
                work.at.set(at + 1 + label);
                continue;
            }
            0xc0.. => at + 2,
            _ => return None,
        };
        let length = packet.short(behind + 8)?;
        let kind = (packet.short(behind)?, length);
        if packet.short(behind + 2)? == IN && (kind == A || kind == AAAA) {
            work.address = [0; 16];
            // Four bytes or sixteen, as was just asked.
            packet.load(behind + RECORD_HEADER, &mut work.address, length)?;
            note(&work.address, packet.word(behind + 4)?, wanted, pid);
        }
        work.at.set(behind + RECORD_HEADER + length);
        work.left.set(left - 1);
    }
    None
}

/// Remembers what an address was given for.
#[inline(always)]
fn note(address: &[u8; 16], ttl: u32, wanted: bool, pid: u32) {
    // SAFETY: the helper has no preconditions; the value is copied at once.
    let (until, known) = unsafe {
        let known = ANSWERS.get(address).copied().unwrap_or_default();
        (end_ns(ttl, bpf_ktime_get_boot_ns()), known)
    };
    let answered = if wanted {
        Answered {
            wanted_until_ns: until,
            ..known
        }
    } else {
        Answered {
            other_until_ns: until,
            ..known
        }
    };
    let _ = ANSWERS.insert(address, &answered, 0);
    if !wanted {
        let asker = Asker {
            address: *address,
            pid,
            reserved: 0,
        };
        let _ = OTHERS.insert(&asker, &until, 0);
    }
}

/// A part of what a name server says over TCP; the agent puts the answers together.
#[inline(always)]
pub fn from_stream(packet: Packet, socket: *mut bpf_sock) {
    let transport = packet.transport(TCP);
    let Some(payload) = packet.tcp_payload(transport) else {
        return;
    };
    let (Some(state), Some(sequence)) = (socket::state(socket), packet.word(transport + 4)) else {
        return;
    };
    if transport != 0 && state.pieces < PIECES_MAX {
        state.pieces += 1;
        let kind = Kind {
            kind: PIECE_ANSWERS,
            flow: record::cookie(packet),
            process: state.owner.process,
            sequence,
            segment: 0,
            first: false,
        };
        pieces::send(packet, payload, packet.length(), kind);
        sent();
    }
}

/// Remembers that the agent has something to read.
#[inline(always)]
fn sent() {
    if let Some(sent) = ANSWER_SENT.get_ptr_mut(0) {
        // SAFETY: the helper has no preconditions; of two that write at once, either is right.
        unsafe { *sent = bpf_ktime_get_boot_ns() };
    }
}
