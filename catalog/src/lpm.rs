//! The kernel's look-up, in user space: the same entries, the same walk.

use umbra_agent_common::trie::{END, KEY_DATA, LOOKUPS_MAX, NAME_MAX, TrieValue};

/// One entry for the kernel's map (`BPF_MAP_TYPE_LPM_TRIE`); its prefix length is `bytes * 8` bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrieEntry {
    /// Group (2 bytes, native endian), then the reversed name; zero behind `bytes`.
    pub data: [u8; KEY_DATA],
    /// Used bytes of `data`, the group's two included.
    pub bytes: u16,
    /// What the prefix says.
    pub value: TrieValue,
}

/// A longest-prefix-match table: keys sorted, each with its nearest shorter prefix.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lpm {
    keys: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    start: u32,
    bytes: u16,
    parent: Option<u16>,
    value: TrieValue,
}

impl Lpm {
    /// Takes the compiled entries, whose number [`crate::compile`] has bounded.
    pub(crate) fn new(mut compiled: Vec<(Vec<u8>, TrieValue)>) -> Self {
        compiled.sort_unstable_by(|left, right| left.0.cmp(&right.0));
        let mut lpm = Self::default();
        for (key, value) in compiled {
            // Keys come in order, so every prefix of this one is the last entry or one of its ancestors.
            let mut parent = lpm.entries.len().checked_sub(1);
            while let Some(index) = parent.filter(|index| !key.starts_with(lpm.key(*index))) {
                parent = lpm.entries[index].parent.map(usize::from);
            }
            let entry = Entry {
                start: u32::try_from(lpm.keys.len()).expect("entries and their keys are bounded"),
                bytes: u16::try_from(key.len()).expect("a key is no longer than KEY_DATA"),
                parent: parent
                    .map(|index| u16::try_from(index).expect("entries are bounded by the kernel's map")),
                value,
            };
            lpm.keys.extend_from_slice(&key);
            lpm.entries.push(entry);
        }
        lpm.keys.shrink_to_fit();
        lpm.entries.shrink_to_fit();
        lpm
    }

    /// Number of the pattern for a name in lower case without a trailing dot; 0: none.
    pub(crate) fn lookup(&self, name: &str) -> u32 {
        // END inside a name would end it early: such a name is none.
        if name.is_empty() || name.len() > NAME_MAX || name.bytes().any(|byte| byte == END) {
            return 0;
        }
        let mut rest: Vec<u8> = name.bytes().rev().collect();
        rest.push(END);
        let mut group = 0_u16;
        let mut pattern = 0;
        for _ in 0..LOOKUPS_MAX {
            let mut key = group.to_ne_bytes().to_vec();
            key.extend_from_slice(&rest);
            let Some(value) = self.longest_prefix(&key) else {
                break;
            };
            if value.pattern != 0 {
                pattern = value.pattern;
            }
            if value.next_group == 0 {
                break;
            }
            let behind = &rest[usize::from(value.next_at)..];
            let label = behind
                .iter()
                .take_while(|byte| **byte != b'.' && **byte != END)
                .count();
            if label == 0 {
                break;
            }
            rest = behind[label..].to_vec();
            group = value.next_group;
        }
        pattern
    }

    /// The entries for the kernel's map.
    pub(crate) fn entries(&self) -> impl ExactSizeIterator<Item = TrieEntry> {
        self.entries.iter().enumerate().map(|(index, entry)| {
            let mut data = [0; KEY_DATA];
            data[..usize::from(entry.bytes)].copy_from_slice(self.key(index));
            TrieEntry {
                data,
                bytes: entry.bytes,
                value: entry.value,
            }
        })
    }

    /// The greatest key that does not come behind `key` is its longest prefix, or lies below that.
    fn longest_prefix(&self, key: &[u8]) -> Option<TrieValue> {
        let behind = self.entries.partition_point(|entry| self.key_of(entry) <= key);
        let mut candidate = behind.checked_sub(1);
        while let Some(index) = candidate {
            let entry = &self.entries[index];
            if key.starts_with(self.key_of(entry)) {
                return Some(entry.value);
            }
            candidate = entry.parent.map(usize::from);
        }
        None
    }

    fn key(&self, index: usize) -> &[u8] {
        self.key_of(&self.entries[index])
    }

    fn key_of(&self, entry: &Entry) -> &[u8] {
        let start = entry.start as usize;
        &self.keys[start..start + usize::from(entry.bytes)]
    }
}
