//! The commands of cargo-fuzz.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::workspace;

/// Seconds that one input may take; the slowest that is known takes a few milliseconds.
const PATIENCE: u32 = 5;
/// Memory that a fuzzer may take, in MiB: the most that the limits of the parsers let them hold, and room for its own.
const MEMORY: u32 = 1024;
/// Longest input, in bytes: more than the largest hello that is read.
const LONGEST: u32 = 80 * 1024;

/// Builds the targets.
pub(super) fn build(targets: &[String]) -> Command {
    let mut cargo = cargo_fuzz("build");
    // It builds one or all.
    if let [target] = targets {
        cargo.arg(target);
    }
    cargo
}

/// Lints the targets; that compiles neither libFuzzer nor what it is written in.
pub(super) fn lint() -> Command {
    let mut cargo = workspace::cargo();
    cargo.args([
        "clippy",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "--workspace",
        "--target-dir",
    ]);
    cargo.arg(folder());
    cargo.args(["--", "-D", "warnings"]);
    // A ready libFuzzer: nothing is linked, so nobody looks whether it is there.
    cargo.env("CUSTOM_LIBFUZZER_PATH", "/nowhere/libfuzzer.a");
    cargo
}

/// Runs one for a time; without a `seed`, chance is different each time.
pub(super) fn run(target: &str, seconds: u64, seed: Option<u32>) -> Command {
    let mut cargo = cargo_fuzz("run");
    cargo.arg(target);
    // New inputs go into the first folder, which is not in git.
    cargo.args([format!("fuzz/corpus/{target}"), format!("fuzz/seeds/{target}")]);
    cargo.arg("--");
    cargo.args([
        format!("-max_total_time={seconds}"),
        format!("-timeout={PATIENCE}"),
        format!("-rss_limit_mb={MEMORY}"),
        format!("-max_len={LONGEST}"),
        "-print_final_stats=1".to_owned(),
    ]);
    cargo.args(seed.map(|seed| format!("-seed={seed}")));
    // Whoever wants to know more replays the input.
    cargo.env("RUST_BACKTRACE", "0");
    cargo
}

/// Runs a target on one input.
pub(super) fn replay(target: &str, input: &str) -> Command {
    let mut cargo = cargo_fuzz("run");
    cargo.args([target, &super::shown(input)]);
    cargo
}

fn cargo_fuzz(subcommand: &str) -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["fuzz", subcommand, "--sanitizer", "none", "--target-dir"]);
    cargo.arg(folder());
    cargo
}

/// Where they are built: apart from the workspace's own, because all of it is built with other flags.
fn folder() -> PathBuf {
    let folder = workspace::target_dir().join("fuzz");
    folder
        .strip_prefix(workspace::root())
        .map(Path::to_owned)
        .unwrap_or(folder)
}
