//! Node: the `package.json` of the innermost package that a file is in.

use serde::Deserialize;

use super::{Package, Reader};

/// Largest `package.json` that is read, in bytes.
const MANIFEST_MAX: usize = 4 * 1024 * 1024;

#[derive(Deserialize)]
struct Manifest {
    name: Option<String>,
    version: Option<String>,
}

/// Only below `node_modules`: a project of one's own has a `package.json` too, and was not installed.
pub(super) fn owner(reader: &Reader<'_>, path: &str) -> Option<Package> {
    let (before, inside) = path.rsplit_once("/node_modules/")?;
    let mut parts = inside.split('/');
    let first = parts.next().filter(|name| !name.starts_with('.'))?;
    let name = if first.starts_with('@') {
        format!("{first}/{}", parts.next()?)
    } else {
        first.to_owned()
    };
    // A file of the package, not the package.
    parts.next()?;
    let manifest = reader.text(
        &format!("{before}/node_modules/{name}/package.json"),
        MANIFEST_MAX,
    )?;
    let manifest: Manifest = serde_json::from_str(&manifest).ok()?;
    let manager = if path.contains("/node_modules/.pnpm/") {
        "pnpm"
    } else if path.contains("/.bun/install/") {
        "bun"
    } else {
        "npm"
    };
    Package::new(
        manager,
        manifest.name.as_deref().unwrap_or(&name),
        manifest.version.as_deref(),
    )
}
