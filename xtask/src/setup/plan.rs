//! Deciding what to do about what is missing; pure, so that it can be tested without installing.

use std::collections::BTreeSet;

use umbra_ebpf_build::LLVM_MAJOR;

use super::requirement::{Install, Requirement};
use super::step::Step;

/// Debian's compiler and its source, where rustup is absent or cannot download.
pub(crate) const DEBIAN_RUST: [&str; 2] = ["rustc-web", "rust-web-src"];

/// LLVMs that bpf-linker can be built with here: not older than the compiler's, not newer than it supports.
const LINKER_LLVMS: [u32; 2] = [LLVM_MAJOR, LLVM_MAJOR + 1];

/// What to do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    packages: BTreeSet<String>,
    /// Package and service.
    services: BTreeSet<(&'static str, &'static str)>,
    rustup: bool,
    linker: Option<u32>,
    crates: Vec<(&'static str, &'static str)>,
    /// What we go on without, one line each.
    pub skipped: Vec<String>,
    /// What we cannot go on without, one sentence each.
    pub impossible: Vec<String>,
}

impl Plan {
    /// Whether newer package lists could help.
    pub(crate) fn is_stale(&self) -> bool {
        !self.skipped.is_empty() || !self.impossible.is_empty()
    }

    /// Notes that apt has nothing for a requirement.
    fn do_without(&mut self, requirement: &Requirement, packages: &str) {
        let Requirement { name, why, .. } = requirement;
        if requirement.optional {
            self.skipped.push(format!(
                "skipped {name} ({why}): apt offers no package {packages}"
            ));
        } else {
            self.impossible.push(format!(
                "apt offers no package {packages} for {name} ({why}): install it by hand, or mend apt's sources"
            ));
        }
    }

    /// The steps, in order: packages first, because the rest builds on them.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let packages = Some(&self.packages).filter(|it| !it.is_empty());
        let services = self
            .services
            .iter()
            .map(|&(package, service)| Step::Service { package, service });
        packages
            .map(|packages| Step::Packages(packages.iter().cloned().collect()))
            .into_iter()
            .chain(services)
            .chain(self.rustup.then_some(Step::Rustup))
            .chain(self.linker.map(|llvm| Step::Linker { llvm }))
            .chain(
                self.crates
                    .iter()
                    .map(|&(name, version)| Step::Crate { name, version }),
            )
            .collect()
    }
}

/// Every package that may play a part in installing `missing`.
pub(crate) fn packages(missing: &[&Requirement]) -> Vec<&'static str> {
    let mut packages = Vec::new();
    for requirement in missing {
        match requirement.install {
            Install::Package(names) => packages.extend(names),
            Install::Service(name, _) => packages.push(name),
            Install::Rust => packages.extend(DEBIAN_RUST),
            Install::Linker => {
                packages.extend(["llvm-22-dev", "libpolly-22-dev", "llvm-23-dev", "libpolly-23-dev"]);
            }
            Install::Crate(..) => {}
        }
    }
    packages
}

/// Plans the installation of `missing` from the packages on offer.
pub(crate) fn plan(missing: &[&Requirement], offered: &BTreeSet<String>, has_rustup: bool) -> Plan {
    let mut plan = Plan::default();
    for requirement in missing {
        match requirement.install {
            Install::Package(names) => match names.iter().find(|name| offered.contains(**name)) {
                Some(name) => drop(plan.packages.insert((*name).to_owned())),
                None => plan.do_without(requirement, &names.join(" or ")),
            },
            Install::Service(name, service) if offered.contains(name) => {
                plan.services.insert((name, service));
            }
            Install::Service(name, _) => plan.do_without(requirement, name),
            Install::Rust if has_rustup => plan.rustup = true,
            Install::Rust if DEBIAN_RUST.iter().all(|name| offered.contains(*name)) => {
                plan.packages.extend(DEBIAN_RUST.map(str::to_owned));
            }
            Install::Rust => plan.impossible.push(format!(
                "no Rust with library source to be had: install rustup (https://rustup.rs), or offer apt {}",
                DEBIAN_RUST.join(" and ")
            )),
            Install::Crate(name, version) => plan.crates.push((name, version)),
            Install::Linker => match LINKER_LLVMS.into_iter().find(|llvm| offered.contains(&format!("llvm-{llvm}-dev"))) {
                Some(llvm) => {
                    plan.packages.extend([format!("llvm-{llvm}-dev"), format!("libpolly-{llvm}-dev")]);
                    plan.linker = Some(llvm);
                }
                None => plan.impossible.push(format!(
                    "apt offers no llvm-{LLVM_MAJOR}-dev to build bpf-linker with: add https://apt.llvm.org to its \
                     sources, or put a ready bpf-linker into ~/.cargo/bin"
                )),
            },
        }
    }
    plan
}
