//! What the feeder is told, and what the collector must have afterwards.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use umbra_tests::Collector;
use umbra_tests::process::{Process, bound};

/// What the feeder calls.
const NAME: &str = "api.openai.com";
/// A feeder that is not killed takes a second, or a few where it has to come again.
pub(crate) const SOON: Duration = Duration::from_secs(20);
pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// What the feeder is configured with when its spool is in `folder`; gives the file.
pub(crate) fn configure(folder: &Path, collector: SocketAddr) -> PathBuf {
    configure_with(folder, collector, "")
}

/// The same, with more keys of the spool.
pub(crate) fn configure_with(folder: &Path, collector: SocketAddr, keys: &str) -> PathBuf {
    let file = folder.join("agent.toml");
    let text = format!(
        "[report]\ncollector = \"http://{collector}\"\ntimeout_seconds = 1\n[spool]\ndirectory = \"{}\"\n{keys}",
        folder.join("spool").display()
    );
    fs::write(&file, text).expect("a file");
    file
}

/// Feeds up to record `last`, one at a time.
pub(crate) fn feeder(config: &Path, last: u64) -> Command {
    let mut command = bound(env!("CARGO_BIN_EXE_umbra-feeder"));
    command.arg(config).arg(last.to_string());
    command
}

/// Feeds one program for ever.
pub(crate) fn steady(config: &Path) -> Command {
    let mut command = bound(env!("CARGO_BIN_EXE_umbra-feeder"));
    command.arg(config).arg("steadily");
    command
}

/// Kills a feeder once it has all in the spool; what it waited for, the next one need not.
pub(crate) fn kill_when_fed(mut feeder: Process) {
    feeder.said("the last record is in the spool", SOON);
    feeder.kill();
}

/// A program, its flows, its bytes out and in.
pub(crate) type Sum = (String, u64, u64, u64);

/// What is fed up to record `last`, sorted.
pub(crate) fn fed(last: u64) -> Vec<Sum> {
    let mut fed: Vec<_> = (1..=last)
        .map(|number| (format!("p{number}"), 1, 1000 + number, 3000 + 7 * number))
        .collect();
    fed.sort();
    fed
}

/// What the collector has, sorted.
pub(crate) fn stored(collector: &Collector) -> Vec<Sum> {
    let mut rows: Vec<_> = collector
        .rows(NAME)
        .into_iter()
        .map(|row| (row.program, row.flows, row.bytes_out, row.bytes_in))
        .collect();
    rows.sort();
    rows
}

/// The collector has each record up to `last` once.
pub(crate) fn delivered(collector: &Collector, last: u64, after: &str) {
    assert_eq!(stored(collector), fed(last), "after {after}");
}
