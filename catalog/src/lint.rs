//! What the parser cannot see: duplicates, over-broad suffixes, dates to come, unknown sources.

use std::{collections::BTreeMap, fmt, fs, mem, path::Path};

use crate::{
    Catalogue, Error, Vendor,
    catalogue::builtin_vendors,
    overlay::Overlay,
    source::{self, VendorLines},
};

mod breadth;
mod hosts;
mod references;

#[cfg(test)]
pub(crate) mod tests;

/// Something to mend, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, as the caller called it.
    pub file: String,
    /// Counted from 1; 0 when the problem is not of one line.
    pub line: usize,
    /// The pattern, vendor or key that is wrong.
    pub subject: String,
    /// What is wrong, and the remedy.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: `{}` {}",
            self.file, self.line, self.subject, self.message
        )
    }
}

/// What the linter has read, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Vendors read.
    pub vendors: usize,
    /// Services read.
    pub services: usize,
    /// Patterns read, exclusions not counted.
    pub patterns: usize,
    /// Exclusions read.
    pub exclusions: usize,
    /// How many patterns there are of each kind, in the order of [`crate::Kind`].
    pub kinds: Vec<(crate::Kind, usize)>,
    /// How many patterns there are of each confidence, lowest first.
    pub confidences: Vec<(crate::Confidence, usize)>,
    /// How many vendors have a source for each governance fact.
    pub facts: Vec<(&'static str, usize)>,
    /// Entries of the kernel's trie; 0 when the problems prevent compiling it.
    pub trie_entries: usize,
    /// Everything to mend.
    pub problems: Vec<Problem>,
}

/// A vendor, and where its hosts stand.
struct Placed {
    file: String,
    vendor: Vendor,
    lines: VendorLines,
}

/// Checks the catalogue's folder: `vendors/*.toml` with `sources.toml` and `shared-domains.toml` beside them.
///
/// Files that cannot be parsed are problems of the report; an error is a folder that cannot be read.
pub fn folder(catalog: &Path) -> Result<Report, Error> {
    let listing = catalog.join("vendors");
    let read = |path: &Path| {
        let file = path.display().to_string();
        fs::read_to_string(path).map_err(|cause| Error::Read { file, cause })
    };
    let unreadable = |cause| Error::Read {
        file: listing.display().to_string(),
        cause,
    };
    let rules = Rules::parse(
        &read(&catalog.join("sources.toml"))?,
        &read(&catalog.join("shared-domains.toml"))?,
    )?;
    let mut paths = Vec::new();
    for entry in fs::read_dir(&listing).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    let (mut placed, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        let (file, text) = (path.display().to_string(), read(&path)?);
        match source::vendor(&file, &text) {
            Ok(vendor) => placed.push(Placed {
                lines: source::vendor_lines(&text),
                file,
                vendor,
            }),
            Err(error) => problems.push(parse_problem(&error)),
        }
    }
    Ok(check(&rules, "catalog/vendors", &placed, problems))
}

/// Checks a user's own file with the rules that the crate was built with, by itself and laid over the catalogue.
///
/// An error is a file that the agent would refuse.
pub fn own_file(path: &Path) -> Result<Report, Error> {
    let file = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|cause| Error::Read {
        file: file.clone(),
        cause,
    })?;
    let mut overlay = Overlay::parse(&file, &text)?;
    let vendors = overlay.vendors.iter().cloned();
    let placed: Vec<Placed> = vendors
        .zip(mem::take(&mut overlay.vendor_lines))
        .map(|(vendor, lines)| Placed {
            file: file.clone(),
            vendor,
            lines,
        })
        .collect();
    let mut report = check(&Rules::shipped()?, &file, &placed, Vec::new());
    let mut all = builtin_vendors();
    overlay.apply(&file, &mut all)?;
    report.trie_entries = Catalogue::new(&file, all)?.trie().len();
    Ok(report)
}

fn parse_problem(error: &Error) -> Problem {
    let (file, line, subject, message) = match error {
        Error::Host {
            file,
            line,
            host,
            problem,
        } => (file.clone(), *line, host.clone(), problem.to_string()),
        Error::Form { file, line, message } => (file.clone(), *line, "TOML".to_owned(), message.clone()),
        other => (String::new(), 0, "file".to_owned(), other.to_string()),
    };
    Problem {
        file,
        line,
        subject,
        message,
    }
}

fn check(rules: &Rules, name: &str, placed: &[Placed], mut problems: Vec<Problem>) -> Report {
    for one in placed {
        references::check(rules, one, &mut problems);
        breadth::check(rules, one, &mut problems);
    }
    let trie_entries = hosts::check(rules, name, placed, &mut problems);
    problems.sort_by(|left, right| (&left.file, left.line).cmp(&(&right.file, right.line)));
    let services = placed.iter().flat_map(|one| &one.vendor.services);
    let patterns: Vec<_> = services.clone().flat_map(|service| &service.patterns).collect();
    let (mut kinds, mut confidences) = (BTreeMap::new(), BTreeMap::new());
    for pattern in &patterns {
        *kinds.entry(pattern.kind).or_insert(0) += 1;
        *confidences.entry(pattern.confidence).or_insert(0) += 1;
    }
    Report {
        vendors: placed.len(),
        services: services.count(),
        patterns: patterns.len(),
        exclusions: placed.iter().map(|one| one.vendor.exclude.len()).sum(),
        kinds: kinds.into_iter().collect(),
        confidences: confidences.into_iter().collect(),
        facts: facts(placed),
        trie_entries,
        problems,
    }
}

fn facts(placed: &[Placed]) -> Vec<(&'static str, usize)> {
    let known = |has: fn(&Vendor) -> bool| placed.iter().filter(|one| has(&one.vendor)).count();
    vec![
        (
            "headquarters",
            known(|vendor| vendor.headquarters.value().is_some()),
        ),
        (
            "data_processing_agreement",
            known(|vendor| vendor.data_processing_agreement.value().is_some()),
        ),
        (
            "training_default",
            known(|vendor| vendor.training_default.value().is_some()),
        ),
        (
            "eu_residency",
            known(|vendor| vendor.eu_residency.value().is_some()),
        ),
    ]
}

pub(crate) use references::Rules;
