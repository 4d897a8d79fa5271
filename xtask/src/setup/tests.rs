use std::collections::BTreeSet;

use super::apt::parse_policy;
use super::distribution::Distribution;
use super::plan::{packages, plan};
use super::requirement::{ALL, Install, Need, Requirement};
use super::step::Step;

fn named(name: &str) -> &'static Requirement {
    ALL.iter().find(|it| it.name == name).expect("a row of the table")
}

fn offered(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn debian_and_its_children_are_known() {
    for text in [
        "ID=debian\n",
        "ID=\"ubuntu\"\nID_LIKE=debian\n",
        "NAME=Mint\nID=linuxmint\nID_LIKE='ubuntu debian'",
    ] {
        assert_eq!(Distribution::parse(text), Distribution::Debian, "{text}");
    }
}

#[test]
fn others_are_called_by_their_name() {
    let fedora = "NAME=\"Fedora Linux\"\nID=fedora\nPRETTY_NAME=\"Fedora Linux 42\"\n";
    assert_eq!(
        Distribution::parse(fedora),
        Distribution::Unknown("Fedora Linux 42".to_owned())
    );
    assert_eq!(
        Distribution::parse("ID=arch"),
        Distribution::Unknown("arch".to_owned())
    );
    assert_eq!(
        Distribution::parse(""),
        Distribution::Unknown("this system".to_owned())
    );
}

#[test]
fn only_packages_with_a_candidate_are_on_offer() {
    let text = "curl:\n  Installed: (none)\n  Candidate: 7.88.1-10\n  Version table:\n     7.88.1-10 500\n        \
                500 http://deb.debian.org/debian bookworm/main amd64 Packages\nvirtiofsd:\n  Installed: (none)\n  \
                Candidate: (none)\n  Version table:\n";
    assert_eq!(parse_policy(text), offered(&["curl"]));
}

#[test]
fn the_first_offered_alternative_is_taken() {
    let virtiofsd = named("virtiofsd");
    let steps = plan(&[virtiofsd], &offered(&["qemu-system-common"]), true).steps();
    assert_eq!(steps, [Step::Packages(vec!["qemu-system-common".to_owned()])]);
    let steps = plan(&[virtiofsd], &offered(&["qemu-system-common", "virtiofsd"]), true).steps();
    assert_eq!(steps, [Step::Packages(vec!["virtiofsd".to_owned()])]);
}

#[test]
fn without_a_test_client_we_go_on_and_without_a_compiler_we_do_not() {
    let plan = plan(&[named("chromium"), named("C compiler")], &offered(&[]), true);
    assert_eq!((plan.skipped.len(), plan.impossible.len()), (1, 1));
    assert!(plan.is_stale());
    assert_eq!(plan.steps(), []);
}

#[test]
fn a_service_is_installed_apart_from_the_rest() {
    let (squid, curl) = (named("squid"), named("curl"));
    assert_eq!(
        plan(&[squid, curl], &offered(&["squid", "curl"]), true).steps(),
        [
            Step::Packages(vec!["curl".to_owned()]),
            Step::Service {
                package: "squid",
                service: "squid"
            }
        ]
    );
    assert_eq!(plan(&[squid], &offered(&[]), true).skipped.len(), 1);
}

#[test]
fn debians_rust_stands_in_for_rustup() {
    let rust = named("Rust with library source");
    assert_eq!(plan(&[rust], &offered(&[]), true).steps(), [Step::Rustup]);
    let packages = vec!["rust-web-src".to_owned(), "rustc-web".to_owned()];
    assert_eq!(
        plan(&[rust], &offered(&["rustc-web", "rust-web-src"]), false).steps(),
        [Step::Packages(packages)]
    );
    assert_eq!(plan(&[rust], &offered(&["rustc-web"]), false).impossible.len(), 1);
}

#[test]
fn the_linker_comes_after_its_llvm() {
    let linker = named("bpf-linker");
    let steps = plan(&[linker], &offered(&["llvm-22-dev", "llvm-23-dev"]), true).steps();
    let packages = vec!["libpolly-22-dev".to_owned(), "llvm-22-dev".to_owned()];
    assert_eq!(steps, [Step::Packages(packages), Step::Linker { llvm: 22 }]);
    assert_eq!(
        plan(&[linker], &offered(&["llvm-19-dev"]), true).impossible.len(),
        1
    );
}

#[test]
fn programs_from_crates_io_come_after_what_compiles_them() {
    let missing = [named("cargo-fuzz"), named("C++ compiler")];
    let steps = plan(&missing, &offered(&["build-essential"]), true).steps();
    let name = "cargo-fuzz";
    assert_eq!(
        steps,
        [
            Step::Packages(vec!["build-essential".to_owned()]),
            Step::Crate {
                name,
                version: "^0.13"
            }
        ]
    );
}

#[test]
fn running_installs_no_test_tools() {
    let run: Vec<_> = ALL
        .iter()
        .filter(|it| it.needed_by.contains(&Need::Run))
        .collect();
    assert!(!packages(&run).contains(&"chromium"));
    assert!(run.iter().any(|it| it.install == Install::Linker));
}
