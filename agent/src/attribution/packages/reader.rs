//! Reading within a budget: who owns a container's root can lay out any number of large databases.

use std::cell::Cell;

use crate::attribution::files::Root;

/// Read for one file's owner at most, in bytes. The lists of a desktop's 3,000 packages take about 30 MB.
const BUDGET: usize = 256 * 1024 * 1024;
/// A name in a directory, in bytes (`NAME_MAX` and what it costs to open it).
const NAME: usize = 512;
/// Names of a directory that are looked at.
const NAMES_MAX: usize = 50_000;

/// A root, and how much may still be read of it.
pub(super) struct Reader<'a> {
    root: &'a Root,
    left: Cell<usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(root: &'a Root) -> Self {
        Self {
            root,
            left: Cell::new(BUDGET),
        }
    }

    /// The text of a file of at most `max` bytes.
    pub(super) fn text(&self, path: &str, max: usize) -> Option<String> {
        let text = self.root.text(path, max.min(self.left.get()))?;
        self.left.set(self.left.get().saturating_sub(text.len() + NAME));
        Some(text)
    }

    /// Names in a directory.
    pub(super) fn names(&self, path: &str) -> Vec<String> {
        let names = self.root.names(path, NAMES_MAX.min(self.left.get() / NAME));
        self.left.set(self.left.get().saturating_sub(names.len() * NAME));
        names
    }

    /// Whether there is such a file.
    pub(super) fn has(&self, path: &str) -> bool {
        self.root.file(path).is_ok()
    }
}
