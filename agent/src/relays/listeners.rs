//! Which processes listen on which ports of TCP, or have sockets on which of UDP, from `/proc`.

use std::{
    collections::{HashMap, HashSet},
    net::{SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

use procfs::{
    ProcResult,
    net::TcpState,
    process::{FDTarget, Process},
};
use umbra_report::Protocol;

/// Answers that are remembered.
const KNOWN_MAX: usize = 256;
/// For so long: an id is used again, and a port is given up.
const KNOWN_FOR: Duration = Duration::from_mins(1);
/// How far up a listener is looked for: proxies that fork keep it in their first process.
const GENERATIONS: usize = 3;

/// What was found out lately.
#[derive(Default)]
pub(super) struct Listeners {
    known: HashMap<(u32, Protocol, SocketAddr), (bool, Instant)>,
}

impl Listeners {
    /// Whether the first of `family` or one of the next two listens at `address`, which is this host's.
    pub(super) fn any_listens(&mut self, family: &[u32], protocol: Protocol, address: SocketAddr) -> bool {
        family
            .iter()
            .take(GENERATIONS)
            .filter(|pid| **pid > 1)
            .any(|pid| self.listens(*pid, protocol, address))
    }

    fn listens(&mut self, pid: u32, protocol: Protocol, address: SocketAddr) -> bool {
        let now = Instant::now();
        if let Some((listens, since)) = self.known.get(&(pid, protocol, address))
            && now.duration_since(*since) < KNOWN_FOR
        {
            return *listens;
        }
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        // A process that is gone, or may not be looked at, joins nothing.
        let listens = is_local(address) && look(pid, protocol, address.port()).unwrap_or(false);
        self.known.insert((pid, protocol, address), (listens, now));
        listens
    }
}

/// Whether the address is one of this host's: only to such a one can a socket be bound.
fn is_local(address: SocketAddr) -> bool {
    UdpSocket::bind((address.ip(), 0)).is_ok()
}

/// Whether the process has the socket of this port.
///
/// Over UDP a proxy has one for each client, and gives it up with the client: a busy host may have it looked for too
/// late. Where nobody has it any more, the process is taken for the proxy if it listens for clients at all.
fn look(pid: u32, protocol: Protocol, port: u16) -> ProcResult<bool> {
    let process = Process::new(i32::try_from(pid).unwrap_or(-1))?;
    let of_port = |local: SocketAddr| local.port() == port;
    let sockets = match protocol {
        Protocol::Tcp => listening(&process, of_port)?,
        Protocol::Udp => {
            let sockets = datagram(&process, of_port)?;
            if sockets.is_empty() {
                listening(&process, |_| true)?
            } else {
                sockets
            }
        }
    };
    if sockets.is_empty() {
        return Ok(false);
    }
    Ok(process
        .fd()?
        .flatten()
        .any(|descriptor| matches!(descriptor.target, FDTarget::Socket(inode) if sockets.contains(&inode))))
}

/// Inode numbers of the sockets that listen for TCP in the process's network namespace, and are bound as asked.
fn listening(process: &Process, bound: impl Fn(SocketAddr) -> bool) -> ProcResult<HashSet<u64>> {
    let entries = process.tcp()?.into_iter();
    let entries = entries.chain(process.tcp6().unwrap_or_default());
    let entries = entries.filter(|entry| entry.state == TcpState::Listen && bound(entry.local_address));
    Ok(entries.map(|entry| entry.inode).collect())
}

/// The same of sockets for UDP.
fn datagram(process: &Process, bound: impl Fn(SocketAddr) -> bool) -> ProcResult<HashSet<u64>> {
    let entries = process.udp()?.into_iter();
    let entries = entries.chain(process.udp6().unwrap_or_default());
    let entries = entries.filter(|entry| bound(entry.local_address));
    Ok(entries.map(|entry| entry.inode).collect())
}
