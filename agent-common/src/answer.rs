//! What the kernel keeps of DNS answers: addresses, no names.

/// Entries of the maps `ANSWERS` and `OTHERS`; the least recently used goes when one is full.
pub const ANSWERS_MAX: u32 = 4_096;

/// An address that a DNS answer gave, in the map `ANSWERS` under the address (IPv4 in the first four bytes).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// Until when, in ns since boot, a flow to it may be one to a name of the catalogue.
    pub wanted_until_ns: u64,
    /// Until when it may be one to another name.
    pub other_until_ns: u64,
}

/// Key of the map `OTHERS`: a process that asked for a name outside the catalogue, and an address in the answer.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Asker {
    /// The address; IPv4 in the first four bytes.
    pub address: [u8; 16],
    /// Id of the process.
    pub pid: u32,
    /// Zero.
    pub reserved: u32,
}

/// How long the agent may take to read an answer that went up, in ns. It rests 20 ms at a time; ten times that is for a
/// host with much to do.
pub const UNREAD_NS: u64 = 200_000_000;

/// How long an answer holds beyond its TTL: libcurl and browsers keep answers for a minute, Java for half of one.
pub const GRACE_SECONDS: u32 = 60;
/// No answer holds longer, whatever it says: a day.
pub const LONGEST_TTL_SECONDS: u32 = 86_400;

/// When an answer with this TTL (seconds) is over that came at `now_ns`.
#[inline]
pub fn end_ns(ttl: u32, now_ns: u64) -> u64 {
    let seconds = ttl.min(LONGEST_TTL_SECONDS) + GRACE_SECONDS;
    now_ns.saturating_add(u64::from(seconds) * 1_000_000_000)
}

crate::plain!(Answered, 16);
crate::plain!(Asker, 24);
