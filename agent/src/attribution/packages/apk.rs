//! Alpine: one file for all packages, a paragraph each (apk-package(5)).

use super::{Package, Reader, spellings};

/// Largest database that is read, in bytes.
const DATABASE_MAX: usize = 64 * 1024 * 1024;

pub(super) fn owner(reader: &Reader<'_>, path: &str) -> Option<Package> {
    let database = ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"]
        .iter()
        .find_map(|path| reader.text(path, DATABASE_MAX))?;
    let spelled = spellings(path);
    let wanted: Vec<(&str, &str)> = spelled
        .iter()
        .filter_map(|path| {
            path.strip_prefix('/')
                .map(|path| path.rsplit_once('/').unwrap_or(("", path)))
        })
        .collect();
    let (mut name, mut version, mut directory) = ("", None, "");
    for line in database.lines() {
        match line.split_once(':') {
            Some(("P", package)) => (name, version, directory) = (package, None, ""),
            Some(("V", number)) => version = Some(number),
            Some(("F", path)) => directory = path,
            Some(("R", file)) if wanted.contains(&(directory, file)) => {
                return Package::new("apk", name, version);
            }
            _ => {}
        }
    }
    None
}
