//! `cargo xtask lint`.

use anyhow::Result;

use crate::setup::{self, Need};
use crate::{fuzz, shell, workspace};

/// Formatting and clippy, warnings being errors.
pub(crate) fn main() -> Result<()> {
    setup::ensure(Need::Build)?;
    check()?;
    fuzz::lint()
}

/// The same without setup, and without the fuzz targets: the tests build these.
pub(crate) fn check() -> Result<()> {
    shell::run(workspace::cargo().args(["fmt", "--all", "--check"]))?;
    // Workspaces of their own.
    for manifest in ["fuzz/Cargo.toml", "agent-ebpf/Cargo.toml"] {
        shell::run(workspace::cargo().args(["fmt", "--all", "--check", "--manifest-path", manifest]))?;
    }
    shell::run(workspace::cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}
