//! The installed package that owns a file: its database or metadata is asked, nothing is guessed from names.
//!
//! Databases and metadata are others' files, some of them a user's own: each is read up to a bound, and what they say is
//! cut and freed of control characters.

mod apk;
mod conda;
mod dpkg;
mod node;
mod pacman;
mod places;
mod python;
mod reader;
mod rpm;

use super::files::{FileId, Opened, Recent, Root};
use reader::Reader;

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

/// Most specific first: what has a place of its own, the system's managers for the system's files, then languages'.
fn find(root: &Root, is_host: bool, path: &str) -> Option<Package> {
    // Databases are lines: a path of several would be another's and more.
    if path.contains(char::is_control) {
        return None;
    }
    let reader = Reader::new(root);
    places::owner(&reader, path)
        .or_else(|| {
            is_of_the_system(path)
                .then(|| system(&reader, is_host, path))
                .flatten()
        })
        .or_else(|| python::owner(&reader, path))
        .or_else(|| node::owner(&reader, path))
        .or_else(|| conda::owner(&reader, path))
}

fn system(reader: &Reader<'_>, is_host: bool, path: &str) -> Option<Package> {
    dpkg::owner(reader, path)
        .or_else(|| apk::owner(reader, path))
        .or_else(|| pacman::owner(reader, path))
        // Its database is read by a program: not one that a container's user laid out.
        .or_else(|| is_host.then(|| rpm::owner(reader, path)).flatten())
}

/// Where the system's package managers put programs (Filesystem Hierarchy Standard 3.0); a program of no such place, like one in a
/// checkout, is not worth reading all their lists for.
const OF_THE_SYSTEM: [&str; 11] = [
    "/bin/", "/etc/", "/lib/", "/lib32/", "/lib64/", "/libx32/", "/opt/", "/sbin/", "/srv/", "/usr/", "/var/",
];

/// What of these is kept for others: the administrator (FHS 4.9) and temporary files (5.15).
const NOT_OF_THE_SYSTEM: [&str; 2] = ["/usr/local/", "/var/tmp/"];

fn is_of_the_system(path: &str) -> bool {
    let is_below = |places: &[&str]| places.iter().any(|place| path.starts_with(place));
    is_below(&OF_THE_SYSTEM) && !is_below(&NOT_OF_THE_SYSTEM)
}

/// A path and its other name where directories were merged into `/usr` (file-hierarchy(7)): databases hold either.
fn spellings(path: &str) -> Vec<String> {
    let merged = ["/bin/", "/sbin/", "/lib/", "/lib32/", "/lib64/", "/libx32/"];
    let starts = |path: &str| merged.iter().any(|directory| path.starts_with(directory));
    let mut spellings = vec![path.to_owned()];
    match path.strip_prefix("/usr") {
        Some(rest) if starts(rest) => spellings.push(rest.to_owned()),
        None if starts(path) => spellings.push(format!("/usr{path}")),
        _ => {}
    }
    spellings
}

/// Whether `line` is one of the lines of `text`.
fn has_line(text: &str, line: &str) -> bool {
    text.match_indices(line).any(|(at, _)| {
        let starts = at == 0 || text.as_bytes()[at - 1] == b'\n';
        let rest = &text[at + line.len()..];
        starts && (rest.is_empty() || rest.starts_with('\n'))
    })
}

/// The value of the first line `key value`.
fn field<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.strip_prefix(key))
        .map(str::trim)
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

#[cfg(test)]
mod tests;
