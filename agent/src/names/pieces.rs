//! Pieces of a stream that came out of order. Where they overlap, what came first stands.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

/// What a piece takes beside its bytes, roughly.
const COST: usize = 64;

/// Bytes by their offset in the stream; no two pieces overlap.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    by_offset: BTreeMap<u64, Vec<u8>>,
    held: usize,
}

impl Pieces {
    /// Adds what of `data`, which begins at offset `at`, is not there yet.
    pub(crate) fn add(&mut self, mut at: u64, mut data: &[u8]) {
        while !data.is_empty() {
            let there = self.from(at).map_or(0, <[u8]>::len).min(data.len());
            data = &data[there..];
            at += there as u64;
            let room = match self.by_offset.range(at..).next() {
                Some((&next, _)) => usize::try_from(next - at).unwrap_or(usize::MAX),
                None => usize::MAX,
            };
            let (new, rest) = data.split_at(room.min(data.len()));
            if !new.is_empty() {
                self.by_offset.insert(at, new.to_vec());
                self.held += new.len() + COST;
            }
            data = rest;
            at += new.len() as u64;
        }
    }

    /// The bytes from offset `at` on, as far as one piece has them; never empty.
    pub(crate) fn from(&self, at: u64) -> Option<&[u8]> {
        let (&begin, piece) = self.by_offset.range(..=at).next_back()?;
        let skipped = usize::try_from(at - begin).ok()?;
        piece.get(skipped..).filter(|rest| !rest.is_empty())
    }

    /// Drops the pieces that begin before offset `at`.
    pub(crate) fn forget_before(&mut self, at: u64) {
        while let Some(first) = self.by_offset.first_entry()
            && *first.key() < at
        {
            self.held -= first.remove().len() + COST;
        }
    }

    /// Moves all pieces up by `by`, because the stream began that much earlier than was thought.
    pub(crate) fn move_up(&mut self, by: u64) {
        self.by_offset = std::mem::take(&mut self.by_offset)
            .into_iter()
            .map(|(at, piece)| (at + by, piece))
            .collect();
    }

    /// Bytes that it takes.
    pub(crate) fn held(&self) -> usize {
        self.held
    }
}
