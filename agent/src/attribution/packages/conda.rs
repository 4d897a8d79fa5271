//! Conda: `conda-meta/NAME-VERSION-BUILD.json` in each environment lists a package's files.

use super::{Package, Reader};

/// Largest list that is read, in bytes.
const LIST_MAX: usize = 16 * 1024 * 1024;
/// Directories above a file that are tried.
const DEPTH_MAX: usize = 10;

pub(super) fn owner(reader: &Reader<'_>, path: &str) -> Option<Package> {
    let mut environment = path;
    for _ in 0..DEPTH_MAX {
        (environment, _) = environment
            .rsplit_once('/')
            .filter(|(above, _)| !above.is_empty())?;
        let packages = reader.names(&format!("{environment}/conda-meta"));
        if packages.is_empty() {
            continue;
        }
        let wanted = format!("\"{}\"", path.strip_prefix(environment)?.trim_start_matches('/'));
        return packages.iter().find_map(|package| {
            let list = reader.text(&format!("{environment}/conda-meta/{package}"), LIST_MAX)?;
            let mut parts = package.strip_suffix(".json")?.rsplitn(3, '-');
            let (_build, version, name) = (parts.next()?, parts.next()?, parts.next()?);
            list.contains(&wanted)
                .then(|| Package::new("conda", name, Some(version)))
                .flatten()
        });
    }
    None
}
