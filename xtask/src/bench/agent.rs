//! The agent, as the systemd unit starts it, and what it takes.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::child::{Child, bound};
use super::metrics::Metrics;
use super::place::{Place, free_port};
use super::process::{self, Cpu, Memory};

/// What the agent says when every program is attached; the milliseconds follow.
const ATTACHED: &str = "umbra-agent: attached in ";
/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Seconds that an observation waits: sixth of the default, so that a report belongs to what is measured without
/// waiting a minute for it.
pub(super) const INTERVAL: Duration = Duration::from_secs(10);

/// A running agent.
pub(super) struct Agent {
    child: Child,
    metrics: SocketAddr,
    /// Milliseconds to attached, as the agent says.
    pub(super) attached_own: f64,
    /// The same from outside: from the start of the process to that line.
    pub(super) attached_seen: f64,
}

impl Agent {
    /// Starts it and waits until it is attached.
    pub(super) fn start(place: &Place) -> Result<Self> {
        let metrics = free_port()?;
        let config = place.folder().join("agent.toml");
        fs::write(&config, configuration(place.folder(), place.collector, metrics))
            .with_context(|| format!("cannot write {}", config.display()))?;
        let mut command = bound(place.program("umbra-agent"));
        command
            .args(["run", "--output", "none", "--config"])
            .arg(&config)
            .env_remove("RUST_LOG");
        let start = Instant::now();
        let mut child = Child::start(&mut command)?;
        let line = child.wait_for(ATTACHED, PATIENCE)?;
        Ok(Self {
            child,
            metrics,
            attached_own: milliseconds(&line.text)
                .with_context(|| format!("no milliseconds in `{}`", line.text))?,
            attached_seen: (line.at - start).as_secs_f64() * 1000.0,
        })
    }

    /// CPU time until now.
    pub(super) fn cpu(&self) -> Result<Cpu> {
        process::cpu(self.child.pid())
    }

    /// Resident memory now, and at its most.
    pub(super) fn memory(&self) -> Result<Memory> {
        process::memory(self.child.pid())
    }

    /// Its counters now. Costs the agent about a millisecond.
    pub(super) fn metrics(&self) -> Result<Metrics> {
        Metrics::read(self.metrics)
    }

    /// Checks that it counted the programs executed since `before`, and knew them all.
    pub(super) fn saw_executions(&self, before: f64, executions: u32) -> Result<()> {
        let metrics = self.metrics()?;
        let seen = metrics.kernel("execs")? - before;
        ensure!(
            seen >= f64::from(executions),
            "the agent saw {seen} of {executions} programs"
        );
        for loss in ["image_table_full", "process_table_full"] {
            let lost = metrics.kernel(loss)?;
            ensure!(lost == 0.0, "the agent lost {lost}: {loss}");
        }
        Ok(())
    }

    /// Ends it as Ctrl-C does.
    pub(super) fn stop(self) -> Result<()> {
        self.child.stop()
    }
}

fn configuration(folder: &Path, collector: SocketAddr, metrics: SocketAddr) -> String {
    format!(
        "[report]\ncollector = \"http://{collector}\"\ninterval_seconds = {}\n\n[spool]\ndirectory = {}\n\n\
         [metrics]\nlisten = \"{metrics}\"\n",
        INTERVAL.as_secs(),
        // A TOML basic string; TOML and JSON escape alike.
        serde_json::Value::from(folder.join("spool").to_string_lossy()),
    )
}

/// The number in `umbra-agent: attached in N ms; …`.
pub(super) fn milliseconds(line: &str) -> Option<f64> {
    let (_, rest) = line.split_once(ATTACHED)?;
    rest.split_once(" ms")?.0.parse().ok()
}
