//! Paths, on this host and fleet-wide.

use std::path::{Component, Path, PathBuf};

/// Homes of people, whose names are not part of a program's identity.
const HOMES: [&str; 2] = ["/home/", "/var/home/"];

/// The last part of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// `path` as seen from `directory`, without `.` and `..`. A relative path stays when no directory is known.
pub(super) fn absolute(path: &str, directory: Option<&str>) -> String {
    let joined = directory.map_or_else(
        || PathBuf::from(path),
        |directory| Path::new(directory).join(path),
    );
    let mut clean = PathBuf::new();
    for part in joined.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if clean
                    .components()
                    .next_back()
                    .is_some_and(|last| matches!(last, Component::Normal(_))) =>
            {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean.to_string_lossy().into_owned()
}

/// The path with the home directory's owner left out: the same tool in two homes is one program.
pub(super) fn fleet_wide(path: &str) -> String {
    if let Some(rest) = path.strip_prefix("/root/") {
        return format!("~/{rest}");
    }
    let in_home = HOMES
        .iter()
        .find_map(|home| path.strip_prefix(home)?.split_once('/'));
    in_home.map_or_else(|| path.to_owned(), |(_, rest)| format!("~/{rest}"))
}
