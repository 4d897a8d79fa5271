//! The agent's NDJSON, as DESIGN.md's contract names it.

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt as _;

use serde::Deserialize;

use crate::truth::Bytes;

/// One line.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    /// When.
    pub time: String,
    /// What happened.
    pub event: Kind,
    /// The same for the opening and the close of a flow.
    pub flow_id: serde_json::Value,
    /// The agent's host.
    pub host: String,
    /// Name asked for.
    pub name: String,
    /// How it is known.
    pub evidence: String,
    /// Vendor in the catalogue.
    pub vendor: String,
    /// Service of the vendor.
    pub service: String,
    /// Kind of the service.
    pub kind: String,
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Where the flow goes.
    pub dst: Destination,
    /// The proxy that it was asked of.
    pub via: Option<Via>,
    /// Whether the hello carried an encrypted one, so that its own name is only the outer one.
    #[serde(default)]
    pub ech: bool,
    /// Id of the flow that a proxy on this host makes this one for.
    pub relays: Option<serde_json::Value>,
    /// Who.
    pub process: Process,
    /// Of which user.
    pub user: User,
    /// What set it off.
    pub origin: Origin,
    /// Container that it ran in.
    pub container: Option<Container>,
    /// systemd unit that it ran in.
    pub unit: Option<String>,
    /// Unit of a user's own manager.
    pub user_unit: Option<String>,
    /// Payload sent.
    pub bytes_out: Option<u64>,
    /// Payload received.
    pub bytes_in: Option<u64>,
    /// From connect to close.
    pub duration_ms: Option<u64>,
}

/// What happened to a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Its name became known.
    FlowOpen,
    /// It ended.
    FlowClose,
}

/// Where a flow goes.
#[derive(Clone, Debug, Deserialize)]
pub struct Destination {
    /// Address.
    pub ip: IpAddr,
    /// Port.
    pub port: u16,
}

/// A proxy.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Via {
    /// `http_connect`, `http`, `socks4` or `socks5`.
    pub protocol: String,
    /// Address of the first proxy.
    pub ip: IpAddr,
    /// Its port.
    pub port: u16,
    /// How many proxies the client asked, one behind the other.
    pub hops: u32,
}

/// The process that opened the socket.
#[derive(Clone, Debug, Deserialize)]
pub struct Process {
    /// Its pid on the host.
    pub pid: u32,
    /// Its parent's.
    pub ppid: Option<u32>,
    /// Executable.
    pub exe: Option<String>,
    /// Argument vector.
    pub args: Option<Vec<String>>,
    /// There were more.
    #[serde(default)]
    pub args_cut: bool,
    /// Working directory.
    pub cwd: Option<String>,
    /// What a person would say ran.
    pub program: String,
    /// Script or module behind an interpreter.
    pub script: Option<String>,
    /// SHA-256 of the script, or else of the executable.
    pub sha256: Option<String>,
    /// That of the executable, when `sha256` is the script's.
    pub exe_sha256: Option<String>,
    /// `deleted` or `replaced`, when it is no longer what was started.
    pub exe_state: Option<String>,
    /// The same of the script.
    pub script_state: Option<String>,
    /// What the script, or else the executable, belongs to.
    pub package: Option<Package>,
    /// When it started.
    pub started: Option<String>,
    /// Number of its login session.
    pub session_id: Option<u32>,
    /// Where it is.
    pub namespaces: Namespaces,
    /// Those that started it, nearest first.
    #[serde(default)]
    pub ancestors: Vec<serde_json::Value>,
}

/// Namespaces by their inode numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Namespaces {
    /// Of process ids.
    pub pid: Option<u32>,
    /// Of networks.
    pub net: Option<u32>,
    /// Of mounts.
    pub mnt: Option<u32>,
    /// Of users.
    pub user: Option<u32>,
}

impl Namespaces {
    /// Where a process is that lives, as `/proc` says.
    pub fn of(pid: u32) -> Self {
        let number = |kind| {
            let namespace = fs::metadata(format!("/proc/{pid}/ns/{kind}")).ok()?;
            u32::try_from(namespace.ino()).ok()
        };
        Self {
            pid: number("pid"),
            net: number("net"),
            mnt: number("mnt"),
            user: number("user"),
        }
    }
}

/// A package.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Package {
    /// `dpkg`, `npm`, …
    pub manager: String,
    /// Its name there.
    pub name: String,
    /// Its version.
    pub version: Option<String>,
}

/// A container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Container {
    /// The runtime's id.
    pub id: String,
    /// Who runs it.
    pub runtime: Option<String>,
    /// What the runtime calls it.
    pub name: Option<String>,
    /// What it was made of.
    pub image: Option<String>,
    /// Kubernetes pod.
    pub pod: Option<String>,
    /// Its uid.
    pub pod_uid: Option<String>,
    /// Kubernetes namespace.
    pub namespace: Option<String>,
}

/// The user that opened the socket.
#[derive(Clone, Debug, Deserialize)]
pub struct User {
    /// Id.
    pub uid: u32,
    /// Id of its group.
    pub gid: Option<u32>,
    /// Name, when the host knows one.
    pub name: Option<String>,
    /// `person`, `system`, …
    pub kind: Option<String>,
    /// Groups that the user is in, when they are known.
    pub groups: Option<Vec<String>>,
    /// Id of the user that logged in.
    pub login_uid: Option<u32>,
    /// Its name.
    pub login_name: Option<String>,
}

/// What set a program off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Origin {
    /// `ssh`, `tty`, `cron`, …
    pub kind: String,
    /// Which job, timer, service, desktop or CI.
    pub name: Option<String>,
    /// Who is at the other end of the session.
    pub peer: Option<IpAddr>,
    /// The terminal that the program was started on.
    pub tty: Option<String>,
}

/// A flow, from its opening to its close.
#[derive(Clone, Debug)]
pub struct Flow {
    /// When the name became known.
    pub open: Event,
    /// When it ended; `None` while it lives.
    pub close: Option<Event>,
}

impl Flow {
    /// Joins events to flows. A close without its opening, or a second of either, is a fault of the agent.
    pub fn join(events: impl IntoIterator<Item = Event>) -> Vec<Self> {
        let mut flows: Vec<Self> = Vec::new();
        for event in events {
            let known = flows.iter_mut().find(|flow| flow.open.flow_id == event.flow_id);
            match (event.event, known) {
                (Kind::FlowOpen, None) => flows.push(Self {
                    open: event,
                    close: None,
                }),
                (Kind::FlowClose, Some(flow)) if flow.close.is_none() => flow.close = Some(event),
                (_, known) => panic!("{event:?}\ndoes not fit to {known:?}"),
            }
        }
        flows
    }

    /// Bytes at its close.
    pub fn bytes(&self) -> Option<Bytes> {
        let close = self.close.as_ref()?;
        Some(Bytes {
            out: close.bytes_out?,
            r#in: close.bytes_in?,
        })
    }
}
