//! Shows a flow to the agent.

use aya_ebpf::{
    bindings::bpf_sock,
    helpers::{bpf_get_socket_cookie, bpf_ktime_get_boot_ns, generated::bpf_tcp_sock},
};
use umbra_agent_common::{
    answer::{Asker, UNREAD_NS},
    counter::Counter,
    event::FLOW_NAMED,
    flow::{FLAG_OTHER_ANY, FLAG_OTHER_OWN, FlowRecord, Owner},
    process::ProcessKey,
};

use crate::{
    maps::{ANSWER_SENT, ANSWERS, FLOWS, OTHERS, count, send},
    packet::{Headers, Packet, Side},
};

/// Who opened a flow, and when.
#[derive(Clone, Copy)]
pub struct Birth {
    /// Who.
    pub owner: Owner,
    /// When, in ns since boot.
    pub opened_ns: u64,
}

/// Puts the flow into `FLOWS` under `key` and rings the bell; false when there is no room. Name, pattern, evidence,
/// flags, protocol, proxies and target stand in `record` already.
#[inline(always)]
pub fn show(packet: Packet, headers: &Headers, key: u64, birth: &Birth, record: &mut FlowRecord) -> bool {
    // SAFETY: the helpers have no preconditions.
    let now = unsafe { bpf_ktime_get_boot_ns() };
    record.owner = birth.owner;
    record.opened_ns = birth.opened_ns;
    record.named_ns = now;
    record.last_ns = now;
    record.socket = cookie(packet);
    record.bytes_out = 0;
    record.bytes_in = 0;
    record.round_trip_us = 0;
    record.closed = 0;
    record.family = headers.family.get() as u16;
    record.local_port = packet.port(headers, Side::Source).unwrap_or(0);
    record.remote_port = packet.port(headers, Side::Destination).unwrap_or(0);
    record.local_address = packet.address(headers, Side::Source).unwrap_or_default();
    record.remote_address = packet.address(headers, Side::Destination).unwrap_or_default();
    if FLOWS.insert(&key, &*record, 0).is_err() {
        count(Counter::FlowsLost);
        return false;
    }
    count(if record.pattern == 0 {
        Counter::FlowsAsked
    } else {
        Counter::NamesMatched
    });
    send(FLOW_NAMED, key);
    true
}

/// The cookie of the packet's socket.
#[inline(always)]
pub fn cookie(packet: Packet) -> u64 {
    // SAFETY: the kernel hands a valid context.
    unsafe { bpf_get_socket_cookie(packet.0.cast()) }
}

/// What DNS answers say of an address to which `process` goes: `None` when no flow to it can be to a name of the
/// catalogue, also by an answer that the agent has yet to read; else the flags of [`FlowRecord::flags`].
#[inline(always)]
pub fn answered(address: &[u8; 16], process: &ProcessKey) -> Option<u8> {
    // SAFETY: the helper has no preconditions; the values are copied at once.
    unsafe {
        let now = bpf_ktime_get_boot_ns();
        let answered = ANSWERS.get(address).copied().unwrap_or_default();
        let sent = ANSWER_SENT.get(0).copied().unwrap_or_default();
        if answered.wanted_until_ns < now && now.saturating_sub(sent) > UNREAD_NS {
            return None;
        }
        let mut flags = 0;
        if answered.other_until_ns > now {
            flags |= FLAG_OTHER_ANY;
        }
        let asker = Asker {
            address: *address,
            pid: process.pid,
            reserved: 0,
        };
        if OTHERS.get(&asker).is_some_and(|until| *until > now) {
            flags |= FLAG_OTHER_OWN;
        }
        Some(flags)
    }
}

/// Brings a living TCP flow's counts up to date, for the agent to read when it likes; false when the agent has taken
/// the flow out.
#[inline(always)]
pub fn keep_counts(socket: *mut bpf_sock, key: u64) -> bool {
    let Some(record) = FLOWS.get_ptr_mut(&key) else {
        return false;
    };
    // SAFETY: `socket` is a full TCP socket; the record stays valid while the program runs (RCU).
    unsafe {
        let tcp = bpf_tcp_sock(socket);
        // What is sent after the close, a reset because of unread bytes, adds nothing to the last counts.
        if !tcp.is_null() && (*record).closed == 0 {
            // The SYN counts as a byte (`tcp_rcv_synsent_state_process`).
            (*record).bytes_out = (*tcp).bytes_acked.saturating_sub(1);
            (*record).bytes_in = (*tcp).bytes_received;
            (*record).last_ns = bpf_ktime_get_boot_ns();
        }
    }
    true
}
