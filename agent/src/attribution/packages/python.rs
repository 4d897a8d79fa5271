//! Python: what pip, uv, Poetry and others note beside what they install (packaging.python.org, 'Recording installed
//! projects').

use super::{Package, Reader, field};

/// Largest `RECORD` that is read, in bytes.
const RECORD_MAX: usize = 16 * 1024 * 1024;
/// Largest `METADATA`, `entry_points.txt`, `INSTALLER`: descriptions are in the first.
const METADATA_MAX: usize = 1024 * 1024;

/// Where packages are, below `lib/python3.11`.
const SITES: [&str; 2] = ["site-packages", "dist-packages"];

pub(super) fn owner(reader: &Reader<'_>, path: &str) -> Option<Package> {
    for site in SITES {
        if let Some((before, inside)) = path.rsplit_once(&format!("/{site}/")) {
            let site = format!("{before}/{site}");
            return recorded(reader, &site, path, inside, None);
        }
    }
    // A script that was made for an entry point: `PREFIX/bin/llm`, of `PREFIX/lib/python3.11/site-packages`.
    let (directory, name) = path.rsplit_once('/')?;
    let prefix = directory.strip_suffix("/bin")?;
    ["lib", "lib64"].iter().find_map(|library| {
        let library = format!("{prefix}/{library}");
        let versions = reader.names(&library);
        versions
            .iter()
            .filter(|version| version.starts_with("python"))
            .find_map(|version| {
                SITES.iter().find_map(|site| {
                    let site = format!("{library}/{version}/{site}");
                    recorded(reader, &site, path, &format!("../../../bin/{name}"), Some(name))
                })
            })
    })
}

/// The package in `site` that recorded `file`, or else says that it has an entry point called `command`.
fn recorded(
    reader: &Reader<'_>,
    site: &str,
    path: &str,
    file: &str,
    command: Option<&str>,
) -> Option<Package> {
    reader
        .names(site)
        .into_iter()
        .filter(|name| name.ends_with(".dist-info"))
        .map(|name| format!("{site}/{name}"))
        .find(
            |package| match reader.text(&format!("{package}/RECORD"), RECORD_MAX) {
                Some(record) => record.lines().any(|line| is_of(line, file)),
                None => command.is_some_and(|command| has_command(reader, package, command)),
            },
        )
        .and_then(|package| described(reader, &package, path))
}

/// A line is `path,hash,size`, the path in quotes when it holds a comma.
fn is_of(line: &str, file: &str) -> bool {
    let line = line.strip_prefix('"').unwrap_or(line);
    line.strip_prefix(file)
        .is_some_and(|rest| rest.starts_with([',', '"']))
}

/// In `entry_points.txt`: `llm = llm.cli:cli` below `[console_scripts]`.
fn has_command(reader: &Reader<'_>, package: &str, command: &str) -> bool {
    let points = reader.text(&format!("{package}/entry_points.txt"), METADATA_MAX);
    points.unwrap_or_default().lines().any(|line| {
        line.split_once('=')
            .is_some_and(|(name, _)| name.trim() == command)
    })
}

fn described(reader: &Reader<'_>, package: &str, path: &str) -> Option<Package> {
    let metadata = reader.text(&format!("{package}/METADATA"), METADATA_MAX)?;
    let heading = metadata.split("\n\n").next().unwrap_or_default();
    let installer = reader
        .text(&format!("{package}/INSTALLER"), METADATA_MAX)
        .unwrap_or_default();
    let manager = if path.contains("/pipx/venvs/") {
        "pipx"
    } else if path.contains("/uv/tools/") {
        "uv"
    } else {
        ["uv", "poetry", "pdm", "conda"]
            .into_iter()
            .find(|known| installer.trim().to_ascii_lowercase().starts_with(known))
            .unwrap_or("pip")
    };
    Package::new(manager, field(heading, "Name:")?, field(heading, "Version:"))
}
