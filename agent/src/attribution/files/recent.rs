//! A bounded memory that forgets what was not asked for lately.

use std::{collections::HashMap, hash::Hash, mem};

/// Two generations: what is asked for moves to the young one; when that is full it becomes the old one, whose own are
/// forgotten. So it holds the last `half` entries for sure, and twice as many at most.
#[derive(Debug)]
pub(in crate::attribution) struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    half: usize,
}

impl<K: Hash + Eq, V: Clone> Recent<K, V> {
    /// Holds `2 * half` entries at most.
    pub(in crate::attribution) fn new(half: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            half,
        }
    }

    /// What is remembered of `key`.
    pub(in crate::attribution) fn get(&mut self, key: &K) -> Option<V> {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.insert(key, value.clone());
        Some(value)
    }

    /// Remembers `value`.
    pub(in crate::attribution) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.half {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}
