//! What apt offers.

use std::collections::BTreeSet;
use std::process::Command;

use crate::shell;

/// Those of `packages` that apt could install now, by its local lists.
pub(crate) fn offered(packages: &[&str]) -> BTreeSet<String> {
    let mut policy = Command::new("apt-cache");
    policy.arg("policy").args(packages).env("LC_ALL", "C");
    shell::answer(&mut policy)
        .as_deref()
        .map(parse_policy)
        .unwrap_or_default()
}

/// Understands `apt-cache policy`: a package's name in the first column, its candidate below it.
pub(crate) fn parse_policy(text: &str) -> BTreeSet<String> {
    let mut offered = BTreeSet::new();
    let mut package = "";
    for line in text.lines() {
        if let Some(name) = line.strip_suffix(':').filter(|name| !name.starts_with(' ')) {
            package = name;
        } else if let Some(candidate) = line.trim().strip_prefix("Candidate: ")
            && candidate != "(none)"
        {
            offered.insert(package.to_owned());
        }
    }
    offered
}
