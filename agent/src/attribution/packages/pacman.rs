//! Arch Linux: a directory for each package.

use super::{Package, Reader, has_line, spellings};

/// Largest list of a package's files that is read, in bytes.
const LIST_MAX: usize = 16 * 1024 * 1024;
/// Largest description.
const DESCRIPTION_MAX: usize = 1024 * 1024;

pub(super) fn owner(reader: &Reader<'_>, path: &str) -> Option<Package> {
    let wanted = spellings(path);
    let package = reader
        .names("/var/lib/pacman/local")
        .into_iter()
        .find(|package| {
            let files = reader.text(&format!("/var/lib/pacman/local/{package}/files"), LIST_MAX);
            files.is_some_and(|files| {
                wanted
                    .iter()
                    .any(|path| has_line(&files, path.trim_start_matches('/')))
            })
        })?;
    let description = reader.text(&format!("/var/lib/pacman/local/{package}/desc"), DESCRIPTION_MAX)?;
    Package::new(
        "pacman",
        behind(&description, "%NAME%")?,
        behind(&description, "%VERSION%"),
    )
}

/// The line behind a heading.
fn behind<'a>(text: &'a str, heading: &str) -> Option<&'a str> {
    let mut lines = text.lines();
    lines.find(|line| *line == heading)?;
    lines.next()
}
