//! The maps, and what every program does with them.

use aya_ebpf::{
    btf_maps::SkStorage,
    macros::{btf_map, map},
    maps::{Array, HashMap, LpmTrie, LruHashMap, PerCpuArray, RingBuf},
};
use umbra_agent_common::{
    answer::{ANSWERS_MAX, Answered, Asker},
    cgroup::{CGROUPS_MAX, CgroupPath},
    counter::{COUNTERS as COUNTER_COUNT, Counter},
    event::Event,
    flow::{ADDRESSES_MAX, FlowRecord, SocketState},
    offsets::Offsets,
    process::{Image, ImageKey, Process, ProcessKey},
    trie::{KEY_DATA, TrieValue},
};

/// Memory is taken when an entry is made (`BPF_F_NO_PREALLOC`): a quiet host pays for what it uses.
const NO_PREALLOC: u32 = 1;

/// What a socket's flow has come to.
#[btf_map]
pub static SOCKETS: SkStorage<SocketState> = SkStorage::new();

/// Flows of the catalogue, and flows that may be, until the agent takes them out.
#[map]
pub static FLOWS: HashMap<u64, FlowRecord> = HashMap::with_max_entries(16_384, NO_PREALLOC);

/// Says that `FLOWS` has news.
#[map]
pub static EVENTS: RingBuf = RingBuf::with_byte_size(256 * 1024, 0);

/// The catalogue, in the form of `umbra_agent_common::trie`.
#[map]
pub static CATALOGUE: LpmTrie<[u8; KEY_DATA], TrieValue> = LpmTrie::with_max_entries(16_384, 0);

/// Addresses that were looked up for catalogue names, and the number of the name's pattern; empty unless configured.
/// IPv4 lies in the first four bytes, with zeros behind.
#[map]
pub static ADDRESSES: HashMap<[u8; 16], u32> = HashMap::with_max_entries(ADDRESSES_MAX, NO_PREALLOC);

/// Addresses that DNS answers gave.
#[map]
pub static ANSWERS: LruHashMap<[u8; 16], Answered> = LruHashMap::with_max_entries(ANSWERS_MAX, 0);

/// When an answer went up last, in ns since boot. What only the agent reads of it, as over TCP, comes into `ANSWERS`
/// later than the flow that it leads to.
#[map]
pub static ANSWER_SENT: Array<u64> = Array::with_max_entries(1, 0);

/// Until when, in ns since boot, an address may be that of a name outside the catalogue, by who asked.
#[map]
pub static OTHERS: LruHashMap<Asker, u64> = LruHashMap::with_max_entries(ANSWERS_MAX, 0);

/// What goes up to be read there.
#[map]
pub static PIECES: RingBuf = RingBuf::with_byte_size(1024 * 1024, 0);

/// Flows of which the agent has read enough, by their key in `FLOWS`.
#[map]
pub static VERDICTS: LruHashMap<u64, u32> = LruHashMap::with_max_entries(1_024, 0);

/// What became of QUIC connections.
#[map]
pub static PEERS: LruHashMap<PeerKey, Peer> = LruHashMap::with_max_entries(8_192, 0);

/// Flows behind SOCKS proxies, by how answers to them are known: the client's connection id, and then the address that
/// answered to it.
#[map]
pub static RELAYED: LruHashMap<PeerKey, u64> = LruHashMap::with_max_entries(1_024, 0);

/// Processes that run or ran a moment ago.
#[map]
pub static PROCESSES: HashMap<ProcessKey, Process> = HashMap::with_max_entries(32_768, NO_PREALLOC);

/// What they executed.
#[map]
pub static IMAGES: HashMap<ImageKey, Image> = HashMap::with_max_entries(8_192, NO_PREALLOC);

/// Control groups (v2) by their id: those that were made last.
#[map]
pub static CGROUPS: LruHashMap<u64, CgroupPath> = LruHashMap::with_max_entries(CGROUPS_MAX, 0);

/// Counts by cause.
#[map]
pub static COUNTERS: PerCpuArray<u64> = PerCpuArray::with_max_entries(COUNTER_COUNT, 0);

/// A datagram socket and whom it talks to.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct PeerKey {
    /// Cookie of the socket.
    pub socket: u64,
    /// Address; IPv4 in the first four bytes.
    pub address: [u8; 16],
    /// Port.
    pub port: u16,
    /// 4 or 6; behind a SOCKS proxy, the type of the address in its header.
    pub family: u16,
    /// Port of the SOCKS proxy in between; 0: there is none.
    pub proxy: u32,
}

/// The last QUIC connection between the two.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Peer {
    /// Key in `FLOWS`.
    pub flow: u64,
    /// Tells it from the next one: the beginning of the client's connection id.
    pub connection: u64,
    /// One of `STATE_*`.
    pub state: u32,
    /// Datagrams that went up.
    pub datagrams: u32,
}

/// Offsets in the running kernel's structs; the agent sets them at load.
#[unsafe(no_mangle)]
static OFFSETS: Offsets = Offsets::UNKNOWN;

/// Offsets in the running kernel's structs.
#[inline(always)]
pub fn offsets() -> &'static Offsets {
    // SAFETY: the static is never written by the programs. The volatile read of its address keeps the compiler from
    // taking the initial values for granted.
    unsafe { &*core::hint::black_box(&raw const OFFSETS) }
}

/// Adds one.
#[inline(always)]
pub fn count(counter: Counter) {
    if let Some(value) = COUNTERS.get_ptr_mut(counter as u32) {
        // SAFETY: a per-processor slot; programs of one processor may only lose a count to each other by preemption.
        unsafe { *value += 1 };
    }
}

/// Rings the agent's bell.
#[inline(always)]
pub fn send(kind: u32, cookie: u64) {
    let event = Event {
        cookie,
        kind,
        reserved: 0,
    };
    match EVENTS.output::<Event>(&event, 0) {
        Ok(()) => count(Counter::EventsSent),
        Err(_) => count(Counter::EventsDropped),
    }
}
