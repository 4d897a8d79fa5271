//! The whole-system tests: one program, started by us as root, here and under other kernels.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::{root, shell, workspace};

/// Builds the program and what it starts, in release like the programs that it tests; returns its path.
pub(crate) fn build() -> Result<PathBuf> {
    let mut cargo = workspace::cargo();
    cargo.args([
        "test",
        "--release",
        "-p",
        "umbra-tests",
        "--bins",
        "--test",
        "system",
        "--no-run",
    ]);
    cargo
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit());
    eprintln!("$ {}", shell::line(&cargo));
    let output = cargo.output().context("cannot start cargo")?;
    ensure!(
        output.status.success(),
        "the whole-system tests do not build: see the messages above"
    );
    executable(&String::from_utf8_lossy(&output.stdout))
        .context("cargo built no test program called `system`")
}

/// The test program among cargo's messages.
pub(super) fn executable(messages: &str) -> Option<PathBuf> {
    messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_it = message["target"]["name"] == "system" && message["profile"]["test"] == true;
        message["executable"]
            .as_str()
            .filter(|_| is_it)
            .map(PathBuf::from)
    })
}

/// Starts it here.
pub(crate) fn command(binary: &Path, filter: Option<&str>) -> Command {
    let mut command = root::command("env");
    // sudo forgets these.
    for name in ["CI", "PATH", "RUST_BACKTRACE"] {
        if let Ok(value) = std::env::var(name) {
            command.arg(format!("{name}={value}"));
        }
    }
    command.arg(format!("UMBRA_BIN_DIR={}", bin_dir().display()));
    command
        .arg(binary)
        .args(filter)
        .arg("--nocapture")
        .current_dir(workspace::root());
    command
}

/// Starts the agent's preflight and then the tests, as a line for the guest's `sh`.
pub(crate) fn guest_command(binary: &Path, filter: Option<&str>) -> String {
    let bin = bin_dir();
    format!(
        "{agent} check; export UMBRA_BIN_DIR={bin}; {binary} {filter} --nocapture",
        agent = shell::quote(&bin.join("umbra-agent").to_string_lossy()),
        bin = shell::quote(&bin.to_string_lossy()),
        binary = shell::quote(&binary.to_string_lossy()),
        filter = filter.map(shell::quote).unwrap_or_default(),
    )
}

fn bin_dir() -> PathBuf {
    workspace::target_dir().join("release")
}
