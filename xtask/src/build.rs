//! `cargo xtask build`.

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
