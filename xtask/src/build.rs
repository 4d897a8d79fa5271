//! `cargo xtask build`.

use std::path::PathBuf;

use anyhow::Result;

use crate::setup::{self, Need};
use crate::{shell, workspace};

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
    release()?;
    let wanted = programs.iter().flat_map(|program| ["--bin", program]);
    shell::run(
        workspace::cargo()
            .args(["build", "--release", "-p", "umbra-tests"])
            .args(wanted),
    )?;
    Ok(workspace::target_dir().join("release"))
}
