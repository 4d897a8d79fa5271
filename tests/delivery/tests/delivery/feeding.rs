//! What the feeder is told, and what the collector must have afterwards.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use umbra_tests::Collector;
use umbra_tests::process::bound;

/// What the feeder calls.
const NAME: &str = "api.openai.com";
/// A feeder that is not killed takes a second, or a few where it has to come again.
pub(crate) const SOON: Duration = Duration::from_secs(20);

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Writes what a feeder with its spool in `folder` is configured with; gives the file.
pub(crate) fn configure(folder: &Path, collector: SocketAddr) -> PathBuf {
    let file = folder.join("agent.toml");
    let text = format!(
        "[report]\ncollector = \"http://{collector}\"\ntimeout_seconds = 1\n[spool]\ndirectory = \"{}\"\n",
        folder.join("spool").display()
    );
    fs::write(&file, text).expect("a file");
    file
}

/// Feeds up to record `last`.
pub(crate) fn feeder(config: &Path, last: u64) -> Command {
    let mut command = bound(env!("CARGO_BIN_EXE_umbra-feeder"));
    command.arg(config).arg(last.to_string());
    command
}

/// The collector has each record up to `last` once.
pub(crate) fn delivered(collector: &Collector, last: u64, after: &str) {
    let mut rows: Vec<_> = collector
        .rows(NAME)
        .into_iter()
        .map(|row| (row.program, row.flows, row.bytes_out, row.bytes_in))
        .collect();
    let mut sent: Vec<_> = (1..=last)
        .map(|number| (format!("p{number}"), 1, 1000 + number, 3000 + 7 * number))
        .collect();
    rows.sort();
    sent.sort();
    assert_eq!(rows, sent, "after {after}");
}
