//! The kernel's own account of each program (`kernel.bpf_stats_enabled`).

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::shell;

const SWITCH: &str = "/proc/sys/kernel/bpf_stats_enabled";
/// Ours begin with this. The kernel keeps 15 characters of a name.
const PREFIX: &str = "umbra_";

/// How often a program ran, and for how long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Runs {
    pub(super) count: u64,
    pub(super) nanoseconds: u64,
}

impl Runs {
    /// What came since an earlier account.
    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            count: self.count.saturating_sub(earlier.count),
            nanoseconds: self.nanoseconds.saturating_sub(earlier.nanoseconds),
        }
    }
}

/// Our programs by name.
pub(super) type Programs = BTreeMap<String, Runs>;

/// The kernel keeps account; the old setting comes back when dropped.
pub(super) struct Account {
    before: String,
}

impl Account {
    /// Switches it on.
    pub(super) fn open() -> Result<Self> {
        let before = fs::read_to_string(SWITCH).with_context(|| format!("cannot read {SWITCH}"))?;
        fs::write(SWITCH, "1").with_context(|| format!("cannot write {SWITCH}"))?;
        Ok(Self { before })
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        if let Err(error) = fs::write(SWITCH, &self.before) {
            eprintln!(
                "bench: cannot set {SWITCH} back to {}: {error}",
                self.before.trim()
            );
        }
    }
}

/// The account until now.
pub(super) fn read() -> Result<Programs> {
    let bpftool = shell::find_program("bpftool").context("bpftool is not installed")?;
    let text = shell::answer(Command::new(bpftool).args(["prog", "show", "-j"]))
        .context("`bpftool prog show -j` failed")?;
    parse(&text).context("cannot understand what `bpftool prog show -j` prints")
}

/// Our programs in bpftool's JSON. A program that has not run has no account there.
pub(super) fn parse(json: &str) -> Result<Programs> {
    let all: Vec<serde_json::Value> = serde_json::from_str(json)?;
    let ours = all.iter().filter_map(|program| {
        let name = program["name"].as_str()?.strip_prefix(PREFIX)?;
        let runs = Runs {
            count: program["run_cnt"].as_u64().unwrap_or(0),
            nanoseconds: program["run_time_ns"].as_u64().unwrap_or(0),
        };
        Some((format!("{PREFIX}{name}"), runs))
    });
    Ok(ours.collect())
}
