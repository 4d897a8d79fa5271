//! Where it all happens: a folder and a network namespace of the bench's own, with the load's server and a collector.

use std::ffi::OsStr;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::child::{Child, bound};
use crate::shell;

const PREFIX: &str = "umbra-b-";
/// Where `ip netns` keeps the namespaces.
const NAMESPACES: &str = "/run/netns";
/// How long a service may take to be ready.
const READY: Duration = Duration::from_secs(20);

/// The place; gone when dropped.
pub(super) struct Place {
    // Dropped in this order: the services go before namespace and folder.
    server: Child,
    _collector: Child,
    namespace: Namespace,
    folder: Folder,
    /// Where the collector listens.
    pub(super) collector: SocketAddr,
}

impl Place {
    /// Makes it, with copies of the programs: a build that runs meanwhile must not change what is measured.
    pub(super) fn new(programs: &Path) -> Result<Self> {
        let folder = Folder::new()?;
        for name in ["umbra-agent", "umbra-collector", "umbra-testbed"] {
            let (from, to) = (programs.join(name), folder.0.join(name));
            fs::copy(&from, &to)
                .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
        }
        let namespace = Namespace::new()?;
        let collector = free_port()?;
        let mut command = bound(folder.0.join("umbra-collector"));
        command.args(["serve", "--listen", &collector.to_string(), "--data"]);
        let mut collecting = Child::start(command.arg(folder.0.join("collector")))?;
        collecting.wait_for("listens on", READY)?;
        let mut command = namespace.command(folder.0.join("umbra-testbed"));
        let mut server = Child::start(command.args(["load", "serve", "--dir"]).arg(&folder.0))?;
        server.wait_for("serving", READY)?;
        Ok(Self {
            server,
            _collector: collecting,
            namespace,
            folder,
            collector,
        })
    }

    /// The folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// One of our programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    /// Process id of the load's server.
    pub(super) fn server(&self) -> u32 {
        self.server.pid()
    }

    /// A command inside the namespace.
    pub(super) fn inside(&self, program: impl AsRef<OsStr>) -> Command {
        self.namespace.command(program)
    }
}

/// A loopback port that was free a moment ago.
pub(super) fn free_port() -> Result<SocketAddr> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .context("no free loopback port")
}

struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("{PREFIX}{}", process::id()));
        fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A network namespace with nothing but a loopback.
struct Namespace(String);

impl Namespace {
    fn new() -> Result<Self> {
        sweep();
        let namespace = Self(format!("{PREFIX}{}", process::id()));
        let name = namespace.0.as_str();
        ip(&["netns", "add", name])?;
        ip(&["-n", name, "link", "set", "lo", "up"])?;
        // Closed connections keep their port for a minute: the more there are, the less a new one searches.
        let ports = "echo 1024 65000 > /proc/sys/net/ipv4/ip_local_port_range";
        ip(&["netns", "exec", name, "sh", "-c", ports])?;
        Ok(namespace)
    }

    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = bound("ip");
        command.args(["netns", "exec", &self.0]).arg(program);
        command
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = ip(&["netns", "del", &self.0]);
    }
}

/// Removes what a bench left behind that was killed.
fn sweep() {
    for entry in fs::read_dir(NAMESPACES).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix(PREFIX);
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            let _ = ip(&["netns", "del", &name]);
        }
    }
}

fn ip(arguments: &[&str]) -> Result<()> {
    let mut ip = Command::new("ip");
    shell::answer(ip.args(arguments)).map(drop).with_context(|| {
        format!(
            "`ip {}` failed: is this root, and not in a container?",
            arguments.join(" ")
        )
    })
}
