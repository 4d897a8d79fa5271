//! A flow: what the kernel remembers of it in its socket ([`SocketState`]), and what it shows the agent
//! ([`FlowRecord`]).

use crate::{
    process::{ImageKey, ProcessKey},
    trie::NAME_MAX,
};

/// Who opened a socket, taken in its own context at `connect`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
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

/// No name was found yet.
pub const STATE_NEW: u32 = 0;
/// No name of the catalogue: nothing more is looked at.
pub const STATE_PASSED: u32 = 1;
/// A catalogue flow.
pub const STATE_NAMED: u32 = 2;
/// The agent decides; its answer is in the map `VERDICTS`, or it takes the flow out of `FLOWS`.
pub const STATE_ASKED: u32 = 3;

/// The name stood in a TLS `ClientHello`.
pub const EVIDENCE_TLS: u16 = 0;
/// No name was seen; the remote address is in the map `ADDRESSES`. [`FlowRecord::name`] is empty.
pub const EVIDENCE_ADDRESS: u16 = 1;
/// The name stood in the `Host` of an HTTP request, or in its target.
pub const EVIDENCE_HTTP: u16 = 2;
/// The name is the target of an HTTP `CONNECT`.
pub const EVIDENCE_CONNECT: u16 = 3;
/// The name is the domain of a SOCKS request.
pub const EVIDENCE_SOCKS: u16 = 4;
/// The name is in pieces that go up, if there is one.
pub const EVIDENCE_PIECES: u16 = 5;
/// No name was seen; the remote address was in a DNS answer to a catalogue name.
pub const EVIDENCE_ANSWER: u16 = 6;

/// No proxy.
pub const VIA_NONE: u8 = 0;
/// An HTTP request in absolute form.
pub const VIA_HTTP: u8 = 1;
/// HTTP `CONNECT`.
pub const VIA_CONNECT: u8 = 2;
/// SOCKS 4 or 4a.
pub const VIA_SOCKS4: u8 = 3;
/// SOCKS 5.
pub const VIA_SOCKS5: u8 = 4;

/// The hello carries an `encrypted_client_hello` of type outer (RFC 9849).
pub const FLAG_ECH: u8 = 1;
/// The owner asked the DNS for another name, too, and the remote address was in the answer.
pub const FLAG_OTHER_OWN: u8 = 2;
/// Somebody on this host did.
pub const FLAG_OTHER_ANY: u8 = 4;
/// The pieces begin after the greeting of SOCKS 5.
pub const FLAG_GREETED: u8 = 8;

/// Nothing was sent yet.
pub const READING_START: u8 = 0;
/// The next bytes are at [`SocketState::sequence`].
pub const READING_STREAM: u8 = 1;
/// As [`READING_STREAM`], and SOCKS 5 was greeted: a log-in or a request comes next.
pub const READING_SOCKS5: u8 = 2;
/// The peer of this datagram socket says hello, not this side.
pub const READING_SERVER: u8 = 3;
/// This datagram socket has sent a QUIC Initial to a SOCKS proxy.
pub const READING_PROXIED: u8 = 4;

/// Packets of a flow whose bytes go up at most.
pub const PIECES_MAX: u32 = 4_096;
/// Datagrams of a flow that go up at most.
pub const DATAGRAMS_MAX: u32 = 12;

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
    /// Key of its flow in `FLOWS`, the last one of a datagram socket; known from [`STATE_NAMED`] or [`STATE_ASKED`] on.
    pub flow: u64,
    /// Room for a number that the verifier must forget.
    pub blurred: u64,
    /// One of `STATE_*`.
    pub state: u32,
    /// TCP sequence number of the next byte to look at; from [`STATE_ASKED`] on, of the first byte that went up.
    pub sequence: u32,
    /// Of the next byte that may go up.
    pub next: u32,
    /// A [`Preamble`](crate::preamble::Preamble): how far the bytes go that may go up.
    pub preamble: u32,
    /// The last request to a proxy, if it was a `CONNECT`: [its target](crate::target). Asked for again, it is no further proxy.
    pub target: u32,
    /// Times that a proxy was asked for the same again.
    pub repeats: u32,
    /// Packets whose bytes went up; of a datagram socket, flows that are not passed over.
    pub pieces: u32,
    /// 1 once this side sent its FIN.
    pub fin_sent: u8,
    /// One of `READING_*`.
    pub reading: u8,
    /// How it goes to its first proxy: one of `VIA_*`.
    pub via: u8,
    /// Proxies on its way.
    pub hops: u8,
}

/// A catalogue flow, or one that may be, in the map `FLOWS`: under its socket's cookie when it is a TCP connection,
/// under a random number otherwise.
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
    /// Cookie of its socket.
    pub socket: u64,
    /// Payload bytes sent and, with TCP, acknowledged.
    pub bytes_out: u64,
    /// Payload bytes received.
    pub bytes_in: u64,
    /// Number of the pattern, as in [`crate::trie::TrieValue::pattern`]; 0: the agent decides.
    pub pattern: u32,
    /// Smoothed round-trip time at the close, in µs; 0 while the flow lives.
    pub round_trip_us: u32,
    /// 1 once the flow is closed.
    pub closed: u32,
    /// 6: TCP, 17: UDP.
    pub protocol: u8,
    /// How it goes to its first proxy: one of `VIA_*`.
    pub via: u8,
    /// Proxies on its way.
    pub hops: u8,
    /// `FLAG_*`.
    pub flags: u8,
    /// As [`SocketState::target`].
    pub target: u32,
    /// Address family: 4 or 6.
    pub family: u16,
    /// One of `EVIDENCE_*`.
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
crate::plain!(SocketState, 112);
crate::plain!(FlowRecord, 56 + 6 * 8 + 3 * 4 + 4 + 4 + 4 + 32 + 4 + 4 + 256);
