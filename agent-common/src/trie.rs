//! The catalogue as the kernel reads it: one longest-prefix-match trie over reversed names.
//!
//! A key's data is a 2-byte group (native endian), then the reversed name. A complete name ends in [`END`], so that
//! an exact pattern and a suffix pattern differ:
//!
//! | pattern | entries (group 0) |
//! | --- | --- |
//! | exact `api.x.com` | `moc.x.ipa\0` |
//! | suffix `x.com` (the name itself and everything below) | `moc.x\0`, `moc.x.` |
//! | `bedrock.*.x.com` | `moc.x.` with a [`TrieValue::next_group`] *g*, and in *g*: `.kcordeb\0` |
//! | `*-ai.x.com` | `moc.x.ia-` with a *g*, and in *g*: `\0` |
//! | address `10.1.2.3` | `3.2.1.01\0`, as HTTP has it, and `302010a0[\0`: [`ADDRESS`] and its bytes in hexadecimal |
//! | address `fd00::5` | the latter alone, in whatever form a client writes it |
//!
//! A wildcard stands for one or more characters of one label. When the longest prefix carries a `next_group`, the
//! match goes on in that group behind the wildcard: characters from `next_at` up to the next `.` or [`END`] are
//! skipped (at least one), and the rest, beginning with that `.` or [`END`], is looked up in the group. If that finds
//! nothing, `pattern` of the last value that had one stands. The compiler (`umbra-catalog`) hands shorter prefixes'
//! `pattern`, `next_group` and `next_at` down to longer ones, because a trie returns only the longest prefix.

/// Longest host name in text form (RFC 1035, 2.3.4: 255 octets on the wire).
pub const NAME_MAX: usize = 253;

/// Bytes of key data: 2 of group, [`NAME_MAX`] of name, 1 of [`END`]. The kernel's limit is 256
/// (`LPM_DATA_SIZE_MAX`, `kernel/bpf/lpm_trie.c`).
pub const KEY_DATA: usize = 2 + NAME_MAX + 1;

/// Ends a complete name; it cannot occur in one.
pub const END: u8 = 0;

/// Begins an address whose bytes follow, two hexadecimal digits each; it cannot occur in a name.
pub const ADDRESS: u8 = b'[';

/// Look-ups for one name at most: the first and one behind each wildcard.
pub const LOOKUPS_MAX: usize = 4;

/// What the trie holds for a prefix.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrieValue {
    /// Number of the pattern that holds for every name with this prefix, counted from 1; 0: none.
    pub pattern: u32,
    /// Group in which the match goes on behind a wildcard; 0: none.
    pub next_group: u16,
    /// Bytes of key data behind the group (that is, of the remaining reversed name) at which the wildcard begins.
    pub next_at: u16,
}

crate::plain!(TrieValue, 8);
