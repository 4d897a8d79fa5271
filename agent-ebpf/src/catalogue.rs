//! Looks a name up in the catalogue trie; the form of the trie is told in `umbra_agent_common::trie`.

use aya_ebpf::helpers::bpf_map_lookup_elem;
use umbra_agent_common::trie::{END, LOOKUPS_MAX, NAME_MAX, TrieValue};

use crate::{blurred::Blurred, maps::CATALOGUE};

/// Before the key's name stand its length in bits (4 bytes) and the group (2).
const HEADER: u32 = 6;
/// A label has 63 characters at most (RFC 1035, 2.3.4).
const LABEL_MAX: usize = 63;

/// Each byte in lower case. A table, because the verifier would follow each comparison to the end.
static LOWER: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).to_ascii_lowercase();
        byte += 1;
    }
    table
};

/// Bytes that end a label, likewise.
static ENDS_LABEL: [bool; 256] = {
    let mut table = [false; 256];
    table[b'.' as usize] = true;
    table[END as usize] = true;
    table
};

/// A name on its way through the trie.
pub struct Search {
    /// Header and reversed name, with room for a whole key behind every place in it.
    reversed: [u8; 1024],
    /// Bytes of the name.
    length: Blurred,
    /// Bytes of the reversed name that are dealt with.
    done: Blurred,
    /// Group to look in.
    group: Blurred,
}

/// Number of the pattern that holds for the name, or 0. The name need not be in lower case.
#[inline(always)]
pub fn pattern(search: &mut Search, name: &[u8; NAME_MAX + 3], length: u32) -> u32 {
    search.length.set(length);
    search.done.set(0);
    search.group.set(0);
    search.reverse(name);
    search.pattern()
}

impl Search {
    /// Writes the name backwards and in lower case behind the header, and `END` behind it.
    #[inline(always)]
    fn reverse(&mut self, name: &[u8; NAME_MAX + 3]) {
        let length = self.length.get();
        for from in 0..NAME_MAX as u32 {
            if from >= length {
                break;
            }
            *self.at(length - 1 - from) = LOWER[usize::from(name[(from & 0xff) as usize])];
        }
        *self.at(self.length.get()) = END;
    }

    #[inline(always)]
    fn pattern(&mut self) -> u32 {
        let mut best = 0;
        for _ in 0..LOOKUPS_MAX {
            let Some(value) = self.longest_prefix() else { break };
            if value.pattern != 0 {
                best = value.pattern;
            }
            if value.next_group == 0 {
                break;
            }
            let wildcard = self.done.get() + u32::from(value.next_at);
            self.skip_label(wildcard);
            if self.done.get() == wildcard {
                break;
            }
            self.group.set(u32::from(value.next_group));
        }
        best
    }

    /// What the trie says of the rest of the name, from `done` on.
    ///
    /// The key's header is written over the six bytes before the rest: they are the header's own room, or dealt with.
    #[inline(always)]
    fn longest_prefix(&mut self) -> Option<TrieValue> {
        let done = self.done.get();
        let bits = (2 + self.length.get() + 1).checked_sub(done)? * 8;
        let at = (done & 0xff) as usize;
        let [b0, b1, b2, b3] = bits.to_ne_bytes();
        let [g0, g1] = (self.group.get() as u16).to_ne_bytes();
        for (offset, byte) in [b0, b1, b2, b3, g0, g1].into_iter().enumerate() {
            self.reversed[at + offset] = byte;
        }
        // SAFETY: a key has 260 bytes and begins at 255 at most. The value is copied at once.
        unsafe {
            let key = self.reversed.as_ptr().add(at);
            let value = bpf_map_lookup_elem((&raw const CATALOGUE).cast_mut().cast(), key.cast());
            value.cast::<TrieValue>().as_ref().copied()
        }
    }

    /// Sets `done` to where the label that `from` lies in ends: the place of the next `.` or of `END`.
    #[inline(always)]
    fn skip_label(&mut self, from: u32) {
        self.done.set(from);
        for _ in 0..=LABEL_MAX {
            let at = self.done.get();
            let byte = *self.at(at);
            if ENDS_LABEL[usize::from(byte)] {
                break;
            }
            self.done.set(at + 1);
        }
    }

    /// A byte of the reversed name.
    #[inline(always)]
    fn at(&mut self, index: u32) -> &mut u8 {
        &mut self.reversed[((HEADER + index) & 0x1ff) as usize]
    }
}
