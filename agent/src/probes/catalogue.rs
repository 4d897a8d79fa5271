//! The catalogue in the kernel, and how another one takes its place while flows are looked up in it.

use std::collections::HashSet;

use aya::maps::lpm_trie::Key;
use aya::maps::{LpmTrie, Map, MapData};
use umbra_agent_common::trie::{KEY_DATA, TrieValue};
use umbra_catalog::{Catalogue, TrieEntry};

use super::{ProbeError, map_error};
use crate::names::Edition;

/// Groups of every other edition are numbered from here: a catalogue has no more entries than half of it.
const OTHER_GROUPS: u16 = 1 << 15;

/// The kernel's table.
pub struct CatalogueTable(LpmTrie<MapData, [u8; KEY_DATA], TrieValue>);

type Entry = (Key<[u8; KEY_DATA]>, TrieValue);

impl Edition {
    fn group(self, group: u16) -> u16 {
        if group != 0 && self.odd {
            group | OTHER_GROUPS
        } else {
            group
        }
    }

    fn entry(self, entry: &TrieEntry) -> Entry {
        let mut data = entry.data;
        let [low, high, ..] = data;
        let group = self.group(u16::from_ne_bytes([low, high])).to_ne_bytes();
        data[..group.len()].copy_from_slice(&group);
        let pattern = match entry.value.pattern {
            0 => 0,
            number => self.base.wrapping_add(number),
        };
        let value = TrieValue {
            pattern,
            next_group: self.group(entry.value.next_group),
            ..entry.value
        };
        (Key::new(u32::from(entry.bytes) * 8, data), value)
    }
}

fn is_root((key, _): &Entry) -> bool {
    let [low, high, ..] = key.data();
    u16::from_ne_bytes([low, high]) == 0
}

impl CatalogueTable {
    pub(super) fn new(map: Map) -> Result<Self, ProbeError> {
        LpmTrie::try_from(map).map(Self).map_err(map_error("CATALOGUE"))
    }

    /// Has the kernel look names up in `new` from now on.
    ///
    /// Each look-up meanwhile gives what the one or the other catalogue says: groups of the new one come first, under
    /// numbers of their own, then the names that lead to them; then what is only the old one's goes. Fails when both
    /// have no room at the same time.
    pub fn replace(
        &mut self,
        old: (Edition, &Catalogue),
        new: (Edition, &Catalogue),
    ) -> Result<(), ProbeError> {
        let entries = |(edition, catalogue): (Edition, &Catalogue)| {
            catalogue
                .trie()
                .map(move |entry| edition.entry(&entry))
                .collect::<Vec<_>>()
        };
        let new = entries(new);
        let (roots, groups): (Vec<Entry>, Vec<Entry>) = new.iter().copied().partition(is_root);
        for (key, value) in groups.into_iter().chain(roots) {
            self.insert(&key, value)?;
        }
        let there: HashSet<(u32, [u8; KEY_DATA])> = new
            .iter()
            .map(|(key, _)| (key.prefix_len(), key.data()))
            .collect();
        let gone = entries(old);
        let gone = gone
            .into_iter()
            .filter(|(key, _)| !there.contains(&(key.prefix_len(), key.data())));
        let (roots, groups): (Vec<Entry>, Vec<Entry>) = gone.partition(is_root);
        for (key, _) in roots.into_iter().chain(groups) {
            self.0.remove(&key).map_err(map_error("CATALOGUE"))?;
        }
        Ok(())
    }

    fn insert(&mut self, key: &Key<[u8; KEY_DATA]>, value: TrieValue) -> Result<(), ProbeError> {
        self.0.insert(key, value, 0).map_err(map_error("CATALOGUE"))
    }
}

/// Writes the first edition.
pub(super) fn write(map: &mut Map, catalogue: &Catalogue) -> Result<(), ProbeError> {
    let mut trie = LpmTrie::<_, [u8; KEY_DATA], TrieValue>::try_from(map).map_err(map_error("CATALOGUE"))?;
    for entry in catalogue.trie() {
        let (key, value) = Edition::default().entry(&entry);
        trie.insert(&key, value, 0).map_err(map_error("CATALOGUE"))?;
    }
    Ok(())
}
