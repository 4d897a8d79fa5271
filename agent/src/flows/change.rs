//! What happens to a flow.

use std::{net::SocketAddr, sync::Arc};

use jiff::Timestamp;
use umbra_agent_common::flow::Owner;
use umbra_report::{Evidence, Protocol};

use crate::names::client::Via;

/// What does not change about a flow.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Unique on this host.
    pub id: String,
    /// Who opened it.
    pub owner: Owner,
    /// When it was opened.
    pub opened: Timestamp,
    /// Number of the catalogue's pattern.
    pub pattern: u32,
    /// The name asked for: lower case, no trailing dot. Empty when the address alone tells (evidence `ip`).
    pub name: Arc<str>,
    /// How the name is known.
    pub evidence: Evidence,
    /// Whether the name was encrypted in the hello.
    pub ech: bool,
    /// The proxies that it goes through; the first is where it goes.
    pub via: Option<Via>,
    /// Transport.
    pub protocol: Protocol,
    /// Where it goes.
    pub remote: SocketAddr,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The flow got its name.
    Opened,
    /// Bytes moved.
    Moved,
    /// It ended.
    Closed,
}

/// Something happened to a flow.
#[derive(Clone, Debug)]
pub struct Change {
    /// The flow.
    pub flow: Arc<Flow>,
    /// What happened.
    pub step: Step,
    /// When.
    pub time: Timestamp,
    /// Bytes sent since the flow's last change.
    pub new_out: u64,
    /// Bytes received since then.
    pub new_in: u64,
    /// Bytes sent in all.
    pub bytes_out: u64,
    /// Bytes received in all.
    pub bytes_in: u64,
}
