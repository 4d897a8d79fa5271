//! `cargo xtask build`, and what the other commands have built.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::setup::{self, Need};
use crate::{shell, workspace};

/// How programs are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// In minutes, as one develops.
    Dev,
    /// As they are shipped; linking alone takes minutes.
    Release,
}

impl Profile {
    /// The whole-system tests, and in one go all programs that these start: each cargo of its own would build most
    /// dependencies again, with other features.
    pub(crate) fn build_of_everything(self) -> Command {
        let mut cargo = workspace::cargo();
        cargo.arg("build");
        match self {
            // What the tests of the crates need, too.
            Self::Dev => cargo.args(["--workspace", "--all-targets"]),
            Self::Release => cargo.args([
                "--release",
                "-p",
                "umbra-agent",
                "-p",
                "umbra-collector",
                "-p",
                "umbra-tests",
                "--bins",
                "--lib",
                "--test",
                "system",
            ]),
        };
        cargo
    }

    /// Where cargo puts the programs.
    pub(crate) fn folder(self) -> PathBuf {
        workspace::target_dir().join(match self {
            Self::Dev => "debug",
            Self::Release => "release",
        })
    }
}

/// Builds agent and collector in release, after installing what that takes.
pub(crate) fn main() -> Result<()> {
    setup::ensure(Need::Build)?;
    release()
}

/// Builds the two programs that everything else starts.
pub(crate) fn release() -> Result<()> {
    shell::run(workspace::cargo().args(["build", "--release", "-p", "umbra-agent", "-p", "umbra-collector"]))
}

/// Builds them and these of the tests' programs; gives the folder that all are in.
pub(crate) fn release_with(programs: &[&str]) -> Result<PathBuf> {
    let wanted = programs.iter().flat_map(|program| ["--bin", program]);
    shell::run(
        workspace::cargo()
            .args(["build", "--release"])
            .args(["-p", "umbra-agent", "-p", "umbra-collector", "-p", "umbra-tests"])
            .args(["--bin", "umbra-agent", "--bin", "umbra-collector"])
            .args(wanted),
    )?;
    Ok(Profile::Release.folder())
}
