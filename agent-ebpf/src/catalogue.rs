//! Looks a name up in the catalogue trie; the form of the trie is told in `umbra_agent_common::trie`.

use aya_ebpf::{helpers::bpf_map_lookup_elem, macros::map, maps::PerCpuArray};
use umbra_agent_common::trie::{END, LOOKUPS_MAX, NAME_MAX, TrieValue};

use crate::maps::CATALOGUE;

/// Before the key's name stand its length in bits (4 bytes) and the group (2).
const HEADER: usize = 6;
/// A label has 63 characters at most (RFC 1035, 2.3.4).
const LABEL_MAX: usize = 63;

/// The reversed name with room for a whole key behind every place in it.
#[map]
static REVERSED: PerCpuArray<[u8; 1024]> = PerCpuArray::with_max_entries(1, 0);

/// Number of the pattern that holds for the name, or 0. The name need not be in lower case.
#[inline(always)]
pub fn pattern(name: &[u8; NAME_MAX + 3], length: u32) -> u32 {
    let Some(buffer) = REVERSED.get_ptr_mut(0) else { return 0 };
    // SAFETY: this processor's slot; nothing else runs on it until the program ends.
    let buffer = unsafe { &mut *buffer };
    reverse(name, length as usize, buffer);
    look_up(buffer, length as usize)
}

/// Writes the name backwards and in lower case behind the header, and `END` behind it.
#[inline(always)]
fn reverse(name: &[u8; NAME_MAX + 3], length: usize, buffer: &mut [u8; 1024]) {
    for from in 0..NAME_MAX {
        if from >= length {
            break;
        }
        let to = HEADER + length - 1 - from;
        buffer[to & 0x1ff] = name[from & 0xff].to_ascii_lowercase();
    }
    buffer[(HEADER + length) & 0x1ff] = END;
}

#[inline(always)]
fn look_up(buffer: &mut [u8; 1024], length: usize) -> u32 {
    let mut best = 0;
    let mut group: u16 = 0;
    // Bytes of the reversed name that are dealt with.
    let mut done = 0;
    for _ in 0..LOOKUPS_MAX {
        let Some(value) = longest_prefix(buffer, done, group, length) else { break };
        if value.pattern != 0 {
            best = value.pattern;
        }
        if value.next_group == 0 {
            break;
        }
        let wildcard = done + usize::from(value.next_at);
        done = label_end(buffer, wildcard);
        if done == wildcard || done > length {
            break;
        }
        group = value.next_group;
    }
    best
}

/// What the trie says of the rest of the name, from `done` on.
///
/// The key's header is written over the six bytes before the rest: they are the header's own room, or dealt with.
#[inline(always)]
fn longest_prefix(buffer: &mut [u8; 1024], done: usize, group: u16, length: usize) -> Option<TrieValue> {
    let at = done & 0xff;
    let bits = ((2 + length + 1 - done) * 8) as u32;
    let [b0, b1, b2, b3] = bits.to_ne_bytes();
    let [g0, g1] = group.to_ne_bytes();
    buffer[at] = b0;
    buffer[at + 1] = b1;
    buffer[at + 2] = b2;
    buffer[at + 3] = b3;
    buffer[at + 4] = g0;
    buffer[at + 5] = g1;
    // SAFETY: a key has 260 bytes and begins at 255 at most. The value is copied at once.
    unsafe {
        let key = buffer.as_ptr().add(at);
        let value = bpf_map_lookup_elem((&raw const CATALOGUE).cast_mut().cast(), key.cast());
        value.cast::<TrieValue>().as_ref().copied()
    }
}

/// Where the label that `from` lies in ends: the place of the next `.` or of `END`.
#[inline(always)]
fn label_end(buffer: &[u8; 1024], from: usize) -> usize {
    let mut at = from;
    for _ in 0..=LABEL_MAX {
        let byte = buffer[(HEADER + at) & 0x1ff];
        if byte == b'.' || byte == END {
            break;
        }
        at += 1;
    }
    at
}
