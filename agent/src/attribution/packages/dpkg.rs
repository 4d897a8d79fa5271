//! Debian and its like: `/var/lib/dpkg` (deb-old(5), dpkg-query(1), dpkg-divert(1)).
//!
//! The lists are looked through when they are asked, one after the other, and no index is kept: that takes milliseconds, a
//! file is asked about once, and there is nothing that could be out of date.

use super::{Package, Reader, field, has_line, spellings};

/// Largest list of a package's files that is read, in bytes.
const LIST_MAX: usize = 16 * 1024 * 1024;
/// Largest `status`.
const STATUS_MAX: usize = 32 * 1024 * 1024;
/// Largest `diversions`.
const DIVERSIONS_MAX: usize = 1024 * 1024;

pub(super) fn owner(reader: &Reader<'_>, path: &str) -> Option<Package> {
    let lists = reader.names("/var/lib/dpkg/info");
    if lists.is_empty() {
        return distroless(reader, path);
    }
    let diversions = reader
        .text("/var/lib/dpkg/diversions", DIVERSIONS_MAX)
        .unwrap_or_default();
    let wanted: Vec<Wanted> = spellings(path)
        .into_iter()
        .map(|path| Wanted::new(path, &diversions))
        .collect();
    let package = lists.iter().find_map(|list| {
        let package = list.strip_suffix(".list")?;
        let name = package.split(':').next()?;
        if !wanted.iter().any(|wanted| wanted.may_be_of(name)) {
            return None;
        }
        let files = reader.text(&format!("/var/lib/dpkg/info/{list}"), LIST_MAX)?;
        wanted
            .iter()
            .any(|wanted| wanted.may_be_of(name) && has_line(&files, &wanted.path))
            .then_some(package)
    })?;
    let status = reader
        .text("/var/lib/dpkg/status", STATUS_MAX)
        .unwrap_or_default();
    let (name, architecture) = package
        .split_once(':')
        .map_or((package, None), |(name, architecture)| (name, Some(architecture)));
    Package::new("dpkg", name, version(&status, name, architecture))
}

/// A path as packages list it.
struct Wanted {
    path: String,
    /// The only package whose file this is.
    only: Option<String>,
    /// A package whose file of that name is another.
    not: Option<String>,
}

impl Wanted {
    /// `diversions` holds three lines for each: from, to, and by which package (`:` the administrator).
    fn new(path: String, diversions: &str) -> Self {
        let mut lines = diversions.lines();
        while let (Some(from), Some(to), Some(by)) = (lines.next(), lines.next(), lines.next()) {
            // What others have at `from` lies here.
            if to == path {
                return Self {
                    path: from.to_owned(),
                    only: None,
                    not: Some(by.to_owned()),
                };
            }
            if from == path {
                return Self {
                    path,
                    only: Some(by.to_owned()),
                    not: None,
                };
            }
        }
        Self {
            path,
            only: None,
            not: None,
        }
    }

    fn may_be_of(&self, package: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == package) && self.not.as_deref() != Some(package)
    }
}

/// In `status`, whose paragraphs are parted by empty lines.
fn version<'a>(status: &'a str, name: &str, architecture: Option<&str>) -> Option<&'a str> {
    status
        .split("\n\n")
        .find(|paragraph| {
            field(paragraph, "Package: ") == Some(name)
                && architecture.is_none_or(|wanted| field(paragraph, "Architecture: ") == Some(wanted))
        })
        .and_then(|paragraph| field(paragraph, "Version: "))
}

/// Images without dpkg, built of its packages: a paragraph and a list of checksums for each.
fn distroless(reader: &Reader<'_>, path: &str) -> Option<Package> {
    let wanted = spellings(path);
    reader.names("/var/lib/dpkg/status.d").iter().find_map(|list| {
        let package = list.strip_suffix(".md5sums")?;
        let sums = reader.text(&format!("/var/lib/dpkg/status.d/{list}"), LIST_MAX)?;
        let is_listed = sums.lines().any(|line| {
            line.split_once("  ")
                .is_some_and(|(_, file)| wanted.iter().any(|wanted| wanted.trim_start_matches('/') == file))
        });
        if !is_listed {
            return None;
        }
        let paragraph = reader.text(&format!("/var/lib/dpkg/status.d/{package}"), LIST_MAX)?;
        Package::new(
            "dpkg",
            field(&paragraph, "Package: ")?,
            field(&paragraph, "Version: "),
        )
    })
}
