//! A command with a clock that is off. What it measures with, which only goes forward, is not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// With the clock off by this much for ever: `+2h`, `-400d`.
pub fn off_by(offset: &str, command: &Command) -> Command {
    with(&[&format!("FAKETIME={offset}")], command)
}

/// With the clock off by what stands in `file`, which may change meanwhile.
pub fn told_by(file: &Path, command: &Command) -> Command {
    let told = format!("FAKETIME_TIMESTAMP_FILE={}", file.display());
    with(&[&told, "FAKETIME_NO_CACHE=1"], command)
}

/// The program `faketime` would stay between the test and its child.
fn with(variables: &[&str], command: &Command) -> Command {
    let mut off = Command::new("env");
    off.arg(format!("LD_PRELOAD={}", library().display()))
        .args(variables)
        .arg("FAKETIME_DONT_FAKE_MONOTONIC=1")
        .arg(command.get_program())
        .args(command.get_args());
    off
}

fn library() -> PathBuf {
    fs::read_dir("/usr/lib")
        .expect("a folder")
        .flatten()
        .map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"))
        .find(|library| library.exists())
        .expect("faketime's library")
}
