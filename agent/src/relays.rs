//! Joins the two flows that a program on this host makes of one: the client's, and its own to the same name. That one is
//! told as the client's relay, and its bytes are not counted again.
//!
//! Such a program is a proxy that the client asks: its process, or one that it descends from, listens on the port that
//! the client's flow goes to (over UDP: has a socket there, or had one), in the network namespace of that process. Or it is the network of rootless containers
//! ([`networks`]): the client is in a network namespace of its own. A flow that cannot be joined counts by itself.

mod listeners;
mod networks;

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use jiff::Timestamp;
use umbra_report::Protocol;

use crate::{attribution::Process, flows::Flow};
use listeners::Listeners;

/// Clients' flows that are remembered: beyond them, relays count by themselves.
const CLIENTS_MAX: usize = 4_096;

/// How long a client's flow is remembered after its end.
const REMEMBERED: Duration = Duration::from_secs(10);

/// Who made a flow, as far as it matters here.
#[derive(Clone, Debug, Default)]
pub struct Maker {
    /// Process ids of parent, grandparent and so on.
    ancestors: Vec<u32>,
    /// Inode number of its network namespace; 0: not known.
    network: u32,
    /// Whether it carries the traffic of another network namespace.
    is_network: bool,
}

impl From<&Process> for Maker {
    fn from(process: &Process) -> Self {
        Self {
            ancestors: process.ancestors.iter().map(|ancestor| ancestor.pid).collect(),
            network: process.namespaces.net,
            is_network: process.image.executable.as_deref().is_some_and(networks::is_one),
        }
    }
}

/// A flow that may have a relay.
struct Client {
    id: String,
    name: Arc<str>,
    pid: u32,
    opened: Timestamp,
    /// When it ended: it may be told before the relay is that was opened while it lived.
    ended: Option<Timestamp>,
    /// How it and its relay are carried.
    protocol: Protocol,
    /// The proxy, if it asked one.
    proxy: Option<SocketAddr>,
    /// Its network namespace.
    network: u32,
    /// Whether the relay was seen.
    joined: bool,
}

/// Flows that live, or did a moment ago, and may have a relay.
#[derive(Default)]
pub struct Relays {
    /// The host's network namespace: a flow in it needs no program to carry it.
    network: u32,
    clients: Vec<Client>,
    /// For whom a living flow is a relay, by its id.
    clients_of: HashMap<String, String>,
    listeners: Listeners,
}

impl Relays {
    /// On this host.
    pub fn new() -> Self {
        Self {
            network: networks::own(),
            ..Self::default()
        }
    }

    /// A flow was opened; gives the id of the flow whose relay it is.
    pub fn opened(&mut self, flow: &Flow, maker: &Maker) -> Option<&str> {
        self.join(flow, maker);
        let elsewhere = maker.network != 0 && maker.network != self.network;
        if (flow.via.is_some() || elsewhere) && self.clients.len() < CLIENTS_MAX {
            self.clients.push(Client {
                id: flow.id.clone(),
                name: flow.name.clone(),
                pid: flow.owner.process.pid,
                opened: flow.opened,
                ended: None,
                protocol: flow.protocol,
                proxy: flow.via.map(|_| flow.remote),
                network: maker.network,
                joined: false,
            });
        }
        self.of(&flow.id)
    }

    /// The flow whose relay the flow `id` is.
    pub fn of(&self, id: &str) -> Option<&str> {
        self.clients_of.get(id).map(String::as_str)
    }

    /// A flow ended.
    pub fn closed(&mut self, id: &str, time: Timestamp) {
        self.clients_of.remove(id);
        self.clients
            .retain(|client| client.ended.is_none_or(|ended| ended + REMEMBERED > time));
        if let Some(client) = self.clients.iter_mut().find(|client| client.id == id) {
            client.ended = Some(time);
        }
    }

    fn join(&mut self, flow: &Flow, maker: &Maker) {
        let pid = flow.owner.process.pid;
        let family: Vec<u32> = std::iter::once(pid)
            .chain(maker.ancestors.iter().copied())
            .collect();
        // Which of several is not known, and they are alike: the one that has waited longest.
        let client = self.clients.iter_mut().find(|client| {
            let lived = client.opened <= flow.opened && client.ended.is_none_or(|ended| ended >= flow.opened);
            !client.joined
                && lived
                && client.protocol == flow.protocol
                && client.name == flow.name
                && client.pid != pid
                && (client
                    .proxy
                    .is_some_and(|proxy| self.listeners.any_listens(&family, client.protocol, proxy))
                    || maker.is_network && client.network != 0 && client.network != maker.network)
        });
        if let Some(client) = client {
            client.joined = true;
            self.clients_of.insert(flow.id.clone(), client.id.clone());
        }
    }
}

#[cfg(test)]
mod tests;
