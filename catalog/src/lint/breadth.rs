//! Patterns that say more than that a name is AI.

use super::{Placed, Problem, Rules};
use crate::Reach;

pub(super) fn check(rules: &Rules, placed: &Placed, problems: &mut Vec<Problem>) {
    for ((host, reach, excluded), line) in placed.vendor.hosts().zip(&placed.lines) {
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
    // `*.x.com` covers what the suffix `x.com` covers, but for depth.
    let bare = host.trim_start_matches("*.");
    let covers_below = reach == Reach::Suffix || bare.len() < host.len();
    if !covers_below || rules.domains.allowed.contains_key(bare) {
        return None;
    }
    if let Some(carries) = rules.domains.shared.get(bare) {
        let family = reach == Reach::Exact && rules.domains.families.contains_key(bare);
        return (!family).then(|| {
            format!("covers {carries}; list the exact hosts that are AI (see shared-domains.toml)")
        });
    }
    // Where a wildcard stands in the middle, only the labels behind it are fixed.
    let fixed = bare.rsplit("*.").next().unwrap_or(bare).trim_start_matches('*');
    if fixed.starts_with('-') {
        return None;
    }
    is_public_suffix(fixed).then(|| {
        format!("covers `{fixed}`, a public suffix below which anybody has names; list the hosts instead")
    })
}

fn is_public_suffix(domain: &str) -> bool {
    psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix.as_bytes() == domain.as_bytes())
}
