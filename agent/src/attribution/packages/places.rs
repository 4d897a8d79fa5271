//! Packages that have a place of their own, which says what they are.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Package, Reader, field};

/// Largest description that is read, in bytes.
const DESCRIPTION_MAX: usize = 4 * 1024 * 1024;

pub(super) fn owner(reader: &Reader<'_>, path: &str) -> Option<Package> {
    let parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    snap(reader, &parts)
        .or_else(|| flatpak(reader, &parts))
        .or_else(|| store(&parts))
        .or_else(|| cellar(&parts))
        .or_else(|| gem(&parts))
        .or_else(|| extension(&parts))
        .or_else(|| cargo(reader, path))
}

/// `/snap/NAME/REVISION/`, with a description in it.
fn snap(reader: &Reader<'_>, parts: &[&str]) -> Option<Package> {
    let (top, name, revision) = match parts {
        ["snap", name, revision, _, ..] => ("/snap", name, revision),
        ["var", "lib", "snapd", "snap", name, revision, _, ..] => ("/var/lib/snapd/snap", name, revision),
        _ => return None,
    };
    let description = reader.text(
        &format!("{top}/{name}/{revision}/meta/snap.yaml"),
        DESCRIPTION_MAX,
    );
    let version = description
        .as_deref()
        .and_then(|text| field(text, "version:"))
        .map(|version| version.trim_matches(['\'', '"']));
    Package::new("snap", name, version)
}

/// By its place on the host, or by what flatpak tells in the sandbox (flatpak-run(1)), where the application is at `/app`.
fn flatpak(reader: &Reader<'_>, parts: &[&str]) -> Option<Package> {
    let name = match parts {
        ["var", "lib", "flatpak", "app", name, _, ..]
        | ["home", _, ".local", "share", "flatpak", "app", name, _, ..] => (*name).to_owned(),
        ["app", _, ..] => {
            let info = reader.text("/.flatpak-info", DESCRIPTION_MAX)?;
            field(&info, "name=")?.to_owned()
        }
        _ => return None,
    };
    Package::new("flatpak", &name, None)
}

/// `/nix/store/HASH-NAME-VERSION`: the version begins at the first `-` that no letter follows (`builtins.parseDrvName`).
fn store(parts: &[&str]) -> Option<Package> {
    let (manager, package) = match parts {
        ["nix", "store", package, _, ..] => ("nix", package),
        ["gnu", "store", package, _, ..] => ("guix", package),
        _ => return None,
    };
    let (_hash, package) = package.split_once('-')?;
    let (name, version) = name_and_version(package, |next| !next.is_alphabetic());
    Package::new(manager, name, version)
}

/// Homebrew's.
fn cellar(parts: &[&str]) -> Option<Package> {
    let at = parts.iter().position(|part| *part == "Cellar")?;
    let [name, version, _, ..] = parts.get(at + 1..)? else {
        return None;
    };
    Package::new("brew", name, Some(version))
}

/// `gems/NAME-VERSION/` of a Ruby.
fn gem(parts: &[&str]) -> Option<Package> {
    let at = parts.iter().rposition(|part| *part == "gems")?;
    let [package, _, ..] = parts.get(at + 1..)? else {
        return None;
    };
    let (name, version) = name_and_version(package, |next| next.is_ascii_digit());
    version.and_then(|version| Package::new("gem", name, Some(version)))
}

/// `.vscode/extensions/PUBLISHER.NAME-VERSION/`, and the like of what derives from the editor.
fn extension(parts: &[&str]) -> Option<Package> {
    let at = parts.iter().position(|part| *part == "extensions")?;
    let editor = at.checked_sub(1).and_then(|above| parts.get(above))?;
    let is_editor = ["vscode", "cursor", "windsurf", "vscodium", "positron", "trae"]
        .iter()
        .any(|known| {
            editor
                .strip_prefix('.')
                .is_some_and(|name| name.starts_with(known))
        });
    let [package, _, ..] = parts.get(at + 1..)? else {
        return None;
    };
    let (name, version) = name_and_version(package, |next| next.is_ascii_digit());
    (is_editor && name.contains('.'))
        .then(|| Package::new("vscode", name, version))
        .flatten()
}

#[derive(Deserialize)]
struct Crates {
    installs: BTreeMap<String, Crate>,
}

#[derive(Deserialize)]
struct Crate {
    bins: Vec<String>,
}

/// What `cargo install` notes beside its `bin`: `"ripgrep 14.1.0 (registry+…)": {"bins": ["rg"]}`.
fn cargo(reader: &Reader<'_>, path: &str) -> Option<Package> {
    let (directory, name) = path.rsplit_once('/')?;
    let prefix = directory.strip_suffix("/bin")?;
    let text = reader.text(&format!("{prefix}/.crates2.json"), DESCRIPTION_MAX)?;
    let crates: Crates = serde_json::from_str(&text).ok()?;
    let (package, _) = crates
        .installs
        .iter()
        .find(|(_, installed)| installed.bins.iter().any(|known| known == name))?;
    let mut words = package.split(' ');
    Package::new("cargo", words.next()?, words.next())
}

/// Parted at the first `-` in front of what `begins` a version.
fn name_and_version(package: &str, begins: impl Fn(char) -> bool) -> (&str, Option<&str>) {
    package
        .match_indices('-')
        .find(|(at, _)| package[at + 1..].starts_with(&begins))
        .map_or((package, None), |(at, _)| {
            (&package[..at], Some(&package[at + 1..]))
        })
}
