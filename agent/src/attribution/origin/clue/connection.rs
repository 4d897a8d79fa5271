//! Whom a process serves, by its open sockets: for servers of SSH that are older than the agent.

use std::{collections::HashMap, net::IpAddr};

use procfs::{
    net::TcpState,
    process::{FDTarget, Process},
};
use umbra_agent_common::process::ProcessKey;

use crate::attribution::procfs::{lives, namespaces};

/// Open files looked at: a server has its connection among the first.
const FILES_MAX: usize = 64;

/// Connections of TCP, as far as they have been read: remote addresses by the sockets' inode numbers.
#[derive(Default)]
pub(in crate::attribution) struct Connections {
    /// By the inode number of the network namespace.
    read: HashMap<u32, HashMap<u64, IpAddr>>,
}

impl Connections {
    /// The address that the first connected socket of `pid` is connected to. The first, because a server of SSH may open
    /// others for its client later (`ssh -L`).
    pub(in crate::attribution) fn peer(&mut self, pid: u32) -> Option<IpAddr> {
        let process = Process::new(i32::try_from(pid).ok()?).ok()?;
        let sockets = sockets(&process)?;
        let connections = self
            .read
            .entry(namespaces(pid).net)
            .or_insert_with(|| connections(&process));
        sockets.iter().find_map(|inode| connections.get(inode).copied())
    }
}

/// Whom a process serves.
pub(super) fn peer(server: &ProcessKey) -> Option<IpAddr> {
    let peer = Connections::default().peer(server.pid)?;
    // Read before the check: else the id could have been used again in between.
    lives(server.pid, server.started_ns).then_some(peer)
}

/// Inode numbers of a process's sockets, in the order of their descriptors.
fn sockets(process: &Process) -> Option<Vec<u64>> {
    let mut files: Vec<_> = process.fd().ok()?.filter_map(Result::ok).collect();
    files.sort_by_key(|file| file.fd);
    let sockets = files
        .into_iter()
        .take(FILES_MAX)
        .filter_map(|file| match file.target {
            FDTarget::Socket(inode) => Some(inode),
            _ => None,
        });
    Some(sockets.collect())
}

/// Remote addresses by the sockets' inode numbers, in the process's network namespace.
fn connections(process: &Process) -> HashMap<u64, IpAddr> {
    [process.tcp(), process.tcp6()]
        .into_iter()
        .filter_map(Result::ok)
        .flatten()
        .filter(|socket| matches!(socket.state, TcpState::Established | TcpState::CloseWait))
        .map(|socket| (socket.inode, socket.remote_address.ip().to_canonical()))
        .collect()
}
