//! Patterns that meet: duplicates, redundant ones, and names that must stay out.

use std::collections::{BTreeMap, HashMap};

use super::{Placed, Problem, Rules};
use crate::{Catalogue, Pattern, Reach, Service};

/// Returns the number of trie entries. `name` is what problems of the whole are laid to.
pub(super) fn check(rules: &Rules, name: &str, placed: &[Placed], problems: &mut Vec<Problem>) -> usize {
    duplicates(placed, problems);
    for one in placed {
        redundant(one, problems);
    }
    let vendors = placed.iter().map(|one| one.vendor.clone()).collect();
    match Catalogue::new(name, vendors) {
        Ok(catalogue) => {
            forbidden(rules, &catalogue, placed, problems);
            catalogue.trie().len()
        }
        Err(error) => {
            let (file, subject) = (name.to_owned(), "catalogue".to_owned());
            problems.push(Problem {
                file,
                line: 0,
                subject,
                message: error.to_string(),
            });
            0
        }
    }
}

fn duplicates(placed: &[Placed], problems: &mut Vec<Problem>) {
    let mut names: HashMap<String, &str> = HashMap::new();
    let mut hosts: HashMap<(&str, Reach), (&str, usize)> = HashMap::new();
    for one in placed {
        let mut report = |line, subject: &str, message| {
            problems.push(Problem {
                file: one.file.clone(),
                line,
                subject: subject.to_owned(),
                message,
            });
        };
        for name in std::iter::once(&one.vendor.name).chain(&one.vendor.aliases) {
            if let Some(file) = names.insert(name.to_ascii_lowercase(), &one.file) {
                report(
                    one.lines.key("name"),
                    name,
                    format!("names a vendor of {file} as well; a name or alias belongs to one vendor"),
                );
            }
        }
        for ((host, reach, _), line) in one.vendor.hosts().zip(&one.lines.hosts) {
            if let Some((file, first)) = hosts.insert((host, reach), (&one.file, *line)) {
                report(
                    *line,
                    host,
                    format!("is listed in {file}:{first} already; keep one of them"),
                );
            }
        }
    }
}

/// An exact pattern below a suffix that says the very same is noise.
fn redundant(one: &Placed, problems: &mut Vec<Problem>) {
    let patterns: Vec<(&Service, &Pattern)> = one
        .vendor
        .services
        .iter()
        .flat_map(|service| service.patterns.iter().map(move |pattern| (service, pattern)))
        .collect();
    for ((service, pattern), line) in patterns.iter().zip(&one.lines.hosts) {
        let cover = patterns
            .iter()
            .filter(|(_, suffix)| covers(suffix, pattern))
            .max_by_key(|(_, suffix)| suffix.host.len());
        let Some((other, suffix)) = cover else { continue };
        let same = other.name == service.name
            && (suffix.kind, suffix.confidence) == (pattern.kind, pattern.confidence);
        let hole = one
            .vendor
            .exclude
            .iter()
            .any(|hole| is_below(&pattern.host, &hole.host));
        if same && !hole {
            let message = format!(
                "says what the suffix `{}` of its service says already; remove it",
                suffix.host
            );
            let (file, subject) = (one.file.clone(), pattern.host.clone());
            problems.push(Problem {
                file,
                line: *line,
                subject,
                message,
            });
        }
    }
}

fn covers(suffix: &Pattern, pattern: &Pattern) -> bool {
    suffix.reach == Reach::Suffix
        && !std::ptr::eq(suffix, pattern)
        && (suffix.host == pattern.host || is_below(&pattern.host, &suffix.host))
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

fn forbidden(rules: &Rules, catalogue: &Catalogue, placed: &[Placed], problems: &mut Vec<Problem>) {
    let mut matched: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for name in &rules.domains.never.hosts {
        if let Some(found) = catalogue.lookup(name) {
            matched.entry(found.number).or_default().push(name);
        }
    }
    // The numbers count the patterns in their order.
    let numbered = placed.iter().flat_map(|one| {
        let patterns = one.vendor.services.iter().flat_map(|service| &service.patterns);
        patterns
            .zip(&one.lines.hosts)
            .map(move |(pattern, line)| (one, pattern, *line))
    });
    for (number, (one, pattern, line)) in (1..).zip(numbered) {
        let Some(names) = matched.get(&number) else {
            continue;
        };
        let more = match names.len() {
            1 => String::new(),
            several => format!(" and {} more names", several - 1),
        };
        problems.push(Problem {
            file: one.file.clone(),
            line,
            subject: pattern.host.clone(),
            message: format!(
                "matches `{}`{more}, which must stay out (catalog/shared-domains.toml); narrow it or exclude them",
                names[0]
            ),
        });
    }
}
