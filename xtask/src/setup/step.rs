//! Doing one thing, and saying it.

use std::fmt;
use std::process::Command;

use anyhow::{Context as _, Result};
use umbra_ebpf_build::PINNED_NIGHTLY;

use super::plan::DEBIAN_RUST;
use crate::{root, shell, workspace};

/// The release that the kernel programs are known to link with.
const LINKER_VERSION: &str = "^0.13";

/// Installs a package without its service.
const SERVICE: &str = "xtask/src/setup/service.sh";

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Fetch apt's package lists.
    Update,
    /// Install packages.
    Packages(Vec<String>),
    /// Install a package whose service starts neither now nor with the machine.
    Service {
        /// The package.
        package: &'static str,
        /// Its service.
        service: &'static str,
    },
    /// Install the pinned nightly with rust-src, or Debian's compiler if rustup cannot.
    Rustup,
    /// Compile bpf-linker.
    Linker {
        /// Major version of the LLVM to link it with.
        llvm: u32,
    },
    /// Compile a program from crates.io.
    Crate {
        /// Its name there.
        name: &'static str,
        /// As cargo understands it.
        version: &'static str,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Update => f.write_str("fetch apt's package lists"),
            Self::Packages(names) => write!(f, "install the packages {}", names.join(" ")),
            Self::Service { package, service } => {
                write!(
                    f,
                    "install the package {package}, with its service {service} disabled"
                )
            }
            Self::Rustup => write!(
                f,
                "install {PINNED_NIGHTLY} with rust-src by rustup (if it cannot: the packages {})",
                DEBIAN_RUST.join(" ")
            ),
            Self::Linker { llvm } => write!(
                f,
                "compile bpf-linker {LINKER_VERSION} with LLVM {llvm} (a minute)"
            ),
            Self::Crate { name, version } => write!(f, "compile {name} {version} (a minute)"),
        }
    }
}

impl Step {
    /// Does it.
    pub(crate) fn take(&self) -> Result<()> {
        match self {
            Self::Update => apt_get(&["update"]),
            Self::Packages(names) => install(names),
            Self::Service { package, service } => {
                root::ask("install packages")?;
                shell::run(
                    root::command("sh")
                        .args([SERVICE, package, service])
                        .current_dir(workspace::root()),
                )
                .with_context(|| format!("{package} could not be installed: see the messages above"))
            }
            Self::Rustup => shell::run(&mut rustup()).or_else(|error| {
                eprintln!("setup: {error:#}; installing Debian's compiler instead");
                install(&DEBIAN_RUST.map(str::to_owned))
            }),
            Self::Linker { llvm } => shell::run(Command::new("sh").arg("-c").arg(linker_command(*llvm)))
                .context("bpf-linker did not build: see the messages above"),
            Self::Crate { name, version } => {
                let mut cargo = workspace::cargo();
                cargo.args(["install", name, "--version", version, "--locked"]);
                shell::run(&mut cargo)
                    .with_context(|| format!("{name} did not build: see the messages above"))
            }
        }
    }
}

fn rustup() -> Command {
    let mut rustup = Command::new("timeout");
    // Where its server is not reachable rustup tries for a very long time.
    rustup.args(["300", "rustup", "toolchain", "install", PINNED_NIGHTLY]);
    rustup.args([
        "--profile",
        "minimal",
        "--component",
        "rust-src",
        "--no-self-update",
    ]);
    rustup
}

/// How a person would compile bpf-linker.
pub(crate) fn linker_command(llvm: u32) -> String {
    format!(
        "LLVM_PREFIX=/usr/lib/llvm-{llvm} cargo install bpf-linker --version {LINKER_VERSION} --locked \
         --no-default-features --features llvm-{llvm}"
    )
}

fn install(names: &[String]) -> Result<()> {
    let arguments: Vec<_> = ["install", "--yes", "--no-install-recommends"]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .collect();
    // Lists that are older than the mirror name files that are gone: fetch them and try once more.
    apt_get(&arguments).or_else(|_| apt_get(&["update"]).and_then(|()| apt_get(&arguments)))
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    root::ask("install packages")?;
    let mut apt = root::command("env");
    apt.args([
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "--quiet",
        "-o",
        "DPkg::Lock::Timeout=300",
    ]);
    shell::run(apt.args(arguments).current_dir(workspace::root()))
        .context("apt-get could not: is the network up, and are apt's sources right?")
}
