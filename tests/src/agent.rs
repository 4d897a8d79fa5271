//! The agent as a child process, and what it says.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::event::{Event, Flow};
use crate::machine;
use crate::metrics::Metrics;
use crate::process::{Process, bound};
use crate::wait::poll;

/// What the agent says on stderr when every program of it is attached.
pub const ATTACHED: &str = "umbra-agent: attached";

/// The agent's own lock, one a host.
const HOST_LOCK: &str = "/run/umbra-agent.lock";
/// How long an agent that is not ours is waited for.
const OTHERS: Duration = Duration::from_mins(1);

/// How an agent is to run.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Address of the collector, when there is one.
    pub collector: Option<String>,
    /// Folder of the spool, to be kept between two starts; else one of the agent's own.
    pub spool: Option<PathBuf>,
    /// A catalogue file of the user's own.
    pub catalogue: Option<PathBuf>,
    /// Longest pause between two reports, in seconds; else the agent's own.
    pub heartbeat: Option<u32>,
    /// Whether the collector is looked for in the DNS.
    pub discovery: bool,
    /// Tables of the configuration besides these, as TOML.
    pub more: String,
}

/// A running agent, the only one on the host.
#[derive(Debug)]
pub struct Agent {
    /// The child.
    pub process: Process,
    metrics: SocketAddr,
    _dir: TempDir,
    _turn: Turn,
}

impl Agent {
    /// Starts an agent and waits until it is attached. Waits for its turn: a host runs one agent.
    pub fn start(setup: &Setup) -> Self {
        Self::start_as(setup, command)
    }

    /// Starts one by a command of the test's own, which is given the configuration.
    pub fn start_as(setup: &Setup, command: impl FnOnce(&Path) -> Command) -> Self {
        Self::begin(Turn::take(), setup, command)
    }

    /// Starts one in a turn that was taken before: what waits for the agent must not wait for other tests' agents.
    pub fn start_in(turn: Turn, setup: &Setup) -> Self {
        Self::begin(turn, setup, command)
    }

    fn begin(turn: Turn, setup: &Setup, command: impl FnOnce(&Path) -> Command) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let metrics = free_port();
        let config = configure(setup, dir.path(), metrics);
        let mut process = Process::start(&mut command(&config));
        process.said(ATTACHED, Duration::from_secs(20));
        Self {
            process,
            metrics,
            _dir: dir,
            _turn: turn,
        }
    }

    /// All that it has said until now.
    pub fn events(&self) -> Vec<Event> {
        let lines = self.process.stdout.all();
        lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}")))
            .collect()
    }

    /// Flows whose opening passes the test, with their close when it is known.
    pub fn flows(&self, wanted: impl Fn(&Event) -> bool) -> Vec<Flow> {
        Flow::join(self.events().into_iter().filter(wanted))
    }

    /// Ends it as Ctrl-C does, which must be a success; then gives the flows, of which no more can come.
    pub fn stop_and_flows(mut self, wanted: impl Fn(&Event) -> bool) -> Vec<Flow> {
        assert!(self.process.interrupt().success());
        self.flows(wanted)
    }

    /// Its Prometheus page.
    pub fn metrics(&self) -> Metrics {
        Metrics::read(self.metrics)
    }

    /// Ends it as Ctrl-C does.
    pub fn stop(mut self) -> ExitStatus {
        self.process.interrupt()
    }
}

/// The agent's command line.
pub fn command(config: &Path) -> Command {
    let agent = machine::binary("umbra-agent").unwrap_or_else(|why| panic!("{why}"));
    let mut command = bound(agent);
    command
        .args(["run", "--output", "ndjson", "--config"])
        .arg(config);
    command
}

/// Writes the agent's configuration.
pub fn configure(setup: &Setup, dir: &Path, metrics: SocketAddr) -> PathBuf {
    let mut config = json!({
        "report": {"interval_seconds": 1, "discovery": setup.discovery},
        "spool": {"directory": setup.spool.clone().unwrap_or_else(|| dir.join("spool"))},
        "metrics": {"listen": metrics},
    });
    if let Some(heartbeat) = setup.heartbeat {
        config["report"]["heartbeat_seconds"] = json!(heartbeat);
    }
    if let Some(collector) = &setup.collector {
        config["report"]["collector"] = json!(collector);
    }
    if let Some(catalogue) = &setup.catalogue {
        config["catalogue"] = json!({"file": catalogue});
    }
    let text = toml::to_string(&config).expect("tables and scalars") + "\n" + &setup.more;
    let path = dir.join("agent.toml");
    fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    path
}

/// A loopback port that was free a moment ago.
pub fn free_port() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .expect("a free loopback port")
}

/// The right to run an agent: one test of this process, one test process of this host.
#[derive(Debug)]
pub struct Turn {
    _threads: MutexGuard<'static, ()>,
    // Unlocked when closed.
    _processes: File,
}

impl Turn {
    /// Waits for it.
    pub fn take() -> Self {
        static THREADS: Mutex<()> = Mutex::new(());
        let threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
        let path = std::env::temp_dir().join("umbra-tests.lock");
        let processes = File::create(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        processes.lock().expect("a local file can be locked");
        // An agent that somebody runs by hand is waited for; when it stays, ours says so itself.
        poll(OTHERS, || {
            let Ok(lock) = File::open(HOST_LOCK) else {
                return Some(());
            };
            lock.try_lock().ok()
        });
        Self {
            _threads: threads,
            _processes: processes,
        }
    }
}
