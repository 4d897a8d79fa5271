//! A flow: what the kernel remembers of it in its socket ([`SocketState`]), and what it shows the agent
//! ([`FlowRecord`]).

use crate::{
    process::{ImageKey, ProcessKey},
    trie::NAME_MAX,
};

/// Who opened a socket, taken in its own context at `connect`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owner {
    /// The process.
    pub process: ProcessKey,
    /// What it was running: it may execute something else while the flow lives.
    pub image: ImageKey,
    /// Thread id in the first pid namespace.
    pub thread: u32,
    /// User id in the first user namespace.
    pub uid: u32,
    /// Group id in the first user namespace.
    pub gid: u32,
    /// [`OWNER_AT_CONNECT`] or [`OWNER_AT_SEND`]; 0 when nobody could be named.
    pub source: u32,
    /// Id of the cgroup (v2): the inode number of its directory.
    pub cgroup: u64,
}

/// The owner was running when the socket was connected.
pub const OWNER_AT_CONNECT: u32 = 1;
/// The socket was connected before the agent watched; the owner was running when its first bytes went out.
pub const OWNER_AT_SEND: u32 = 2;

/// Nothing was sent yet.
pub const STATE_NEW: u32 = 0;
/// The first bytes held no name of the catalogue: nothing more is looked at.
pub const STATE_PASSED: u32 = 1;
/// A catalogue flow.
pub const STATE_NAMED: u32 = 2;

/// The name stood in a TLS `ClientHello`.
pub const EVIDENCE_TLS: u16 = 0;
/// No name was seen; the remote address is in the map `ADDRESSES`. [`FlowRecord::name`] is empty.
pub const EVIDENCE_ADDRESS: u16 = 1;

/// Entries of the map `ADDRESSES`.
pub const ADDRESSES_MAX: u32 = 8_192;

/// A socket's storage.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SocketState {
    /// Who opened it.
    pub owner: Owner,
    /// When, in ns since boot.
    pub opened_ns: u64,
    /// Socket cookie; known from [`STATE_NAMED`] on.
    pub cookie: u64,
    /// One of `STATE_*`.
    pub state: u32,
    /// 1 once this side sent its FIN.
    pub fin_sent: u32,
}

/// A catalogue flow, in the map `FLOWS` under its socket cookie.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowRecord {
    /// Who opened it.
    pub owner: Owner,
    /// When it was opened, in ns since boot.
    pub opened_ns: u64,
    /// When it was named, in ns since boot.
    pub named_ns: u64,
    /// When it last sent a packet or was closed, in ns since boot.
    pub last_ns: u64,
    /// Payload bytes sent and acknowledged.
    pub bytes_out: u64,
    /// Payload bytes received.
    pub bytes_in: u64,
    /// Number of the pattern, as in [`crate::trie::TrieValue::pattern`].
    pub pattern: u32,
    /// Smoothed round-trip time at the close, in µs; 0 while the flow lives.
    pub round_trip_us: u32,
    /// 1 once the flow is closed.
    pub closed: u32,
    /// Address family: 4 or 6.
    pub family: u16,
    /// [`EVIDENCE_TLS`] or [`EVIDENCE_ADDRESS`].
    pub evidence: u16,
    /// Remote address; IPv4 in the first four bytes.
    pub remote_address: [u8; 16],
    /// Local address; IPv4 in the first four bytes.
    pub local_address: [u8; 16],
    /// Remote port.
    pub remote_port: u16,
    /// Local port.
    pub local_port: u16,
    /// Bytes of `name`.
    pub name_length: u32,
    /// The name as the client wrote it.
    pub name: [u8; NAME_MAX + 3],
}

crate::plain!(Owner, 56);
crate::plain!(SocketState, 80);
crate::plain!(FlowRecord, 56 + 5 * 8 + 4 * 4 + 32 + 4 + 4 + 256);
