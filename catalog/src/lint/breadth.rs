//! Patterns that say more than that a name is AI.

use psl::Type;

use super::{Placed, Problem, Rules};
use crate::Reach;

pub(super) fn check(rules: &Rules, placed: &Placed, problems: &mut Vec<Problem>) {
    for ((host, reach, excluded), line) in placed.vendor.hosts().zip(&placed.lines.hosts) {
        if excluded {
            continue;
        }
        if let Some(message) = too_broad(rules, host, reach) {
            problems.push(Problem {
                file: placed.file.clone(),
                line: *line,
                subject: host.to_owned(),
                message,
            });
        }
    }
}

fn too_broad(rules: &Rules, host: &str, reach: Reach) -> Option<String> {
    // Behind the last wildcard, `com` or `co.uk` would be everybody's names.
    let fixed = host
        .rsplit_once('*')
        .and_then(|(_, end)| Some(end.split_once('.')?.1));
    if fixed.is_some_and(|fixed| public_suffix(fixed) == Some(Type::Icann)) {
        return Some(
            "has a wildcard in front of a public suffix, so that anybody's names match; list the hosts"
                .into(),
        );
    }
    // `*.x.com` covers what the suffix `x.com` covers, but for depth.
    let domain = host.trim_start_matches("*.");
    let covers_below = reach == Reach::Suffix || domain.len() < host.len();
    if !covers_below || rules.domains.allowed.contains_key(domain) {
        return None;
    }
    if let Some(carries) = rules.domains.shared.get(domain) {
        let family = reach == Reach::Exact && rules.domains.families.contains_key(domain);
        return (!family).then(|| {
            format!("covers {carries}; list the exact hosts that are AI (see shared-domains.toml)")
        });
    }
    public_suffix(domain)
        .map(|_| "covers a public suffix, below which anybody has names; list the hosts".into())
}

/// What kind of public suffix `domain` is, if it is one.
fn public_suffix(domain: &str) -> Option<Type> {
    let suffix = psl::suffix(domain.as_bytes())?;
    (suffix.as_bytes() == domain.as_bytes()).then(|| suffix.typ().unwrap_or(Type::Icann))
}
