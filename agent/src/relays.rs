//! Joins the two flows that a proxy on this host makes of one: the client's to the proxy, and the proxy's own to the
//! same name. The proxy's is told as the client's relay, and its bytes are not counted again.
//!
//! The data allows it when the proxy's process, or one that it descends from, listens on the port that the client's
//! flow goes to, in the network namespace of that process. A flow that cannot be joined counts by itself.

mod listeners;

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use jiff::Timestamp;

use crate::flows::Flow;
use listeners::Listeners;

/// Clients' flows that are remembered: beyond them, relays count by themselves.
const CLIENTS_MAX: usize = 4_096;

/// How long a client's flow is remembered after its end.
const REMEMBERED: Duration = Duration::from_secs(10);

/// A flow to a proxy.
struct Client {
    id: String,
    name: Arc<str>,
    pid: u32,
    opened: Timestamp,
    /// When it ended: it may be told before the relay is that was opened while it lived.
    ended: Option<Timestamp>,
    /// The proxy.
    proxy: SocketAddr,
    /// Whether the proxy's own flow was seen.
    joined: bool,
}

/// Flows to proxies that live, or did a moment ago.
#[derive(Default)]
pub struct Relays {
    clients: Vec<Client>,
    /// For whom a living flow is a relay, by its id.
    clients_of: HashMap<String, String>,
    listeners: Listeners,
}

impl Relays {
    /// A flow was opened; gives the id of the flow whose relay it is. `ancestors` of its process, the parent first.
    pub fn opened(&mut self, flow: &Flow, ancestors: impl Iterator<Item = u32>) -> Option<&str> {
        self.join(flow, ancestors);
        if flow.via.is_some() && self.clients.len() < CLIENTS_MAX {
            self.clients.push(Client {
                id: flow.id.clone(),
                name: flow.name.clone(),
                pid: flow.owner.process.pid,
                opened: flow.opened,
                ended: None,
                proxy: flow.remote,
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

    fn join(&mut self, flow: &Flow, ancestors: impl Iterator<Item = u32>) {
        let pid = flow.owner.process.pid;
        let family: Vec<u32> = std::iter::once(pid).chain(ancestors).collect();
        // Which of several is not known, and they are alike: the one that has waited longest.
        let client = self.clients.iter_mut().find(|client| {
            let lived = client.opened <= flow.opened && client.ended.is_none_or(|ended| ended >= flow.opened);
            !client.joined
                && lived
                && client.name == flow.name
                && client.pid != pid
                && self.listeners.any_listens(&family, client.proxy)
        });
        if let Some(client) = client {
            client.joined = true;
            self.clients_of.insert(flow.id.clone(), client.id.clone());
        }
    }
}

#[cfg(test)]
mod tests;
