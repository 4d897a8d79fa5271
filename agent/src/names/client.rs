//! What a client's bytes on one TCP connection ask for: its half of the stream alone, from the first byte on. (Over UDP:
//! [`DatagramReader`].)
//!
//! A TLS hello or a plain HTTP request says it by itself. A request to a proxy, by `CONNECT` or SOCKS, opens a tunnel,
//! and what the client sends next is read as if it were a connection of its own, further proxies included.
//!
//! Everything else is passed over knowingly: protocols in which TLS begins later (those of mail, LDAP, databases), SSH,
//! HTTP/2 without TLS, the PROXY protocol; and the requests that follow the first on a connection without a tunnel.

mod asked;
mod datagrams;
mod layer;
mod route;
#[cfg(test)]
mod tests;
mod via;

pub use asked::Asked;
pub use datagrams::DatagramReader;
pub use via::{MOST_HOPS, Via, ViaProtocol};

use layer::Layer;
use route::Route;

/// Reads a client's half of a stream as far as it takes to know what is asked for, and holds a TLS hello of it at
/// most, which is 64 KiB. Of other protocols it holds the names of hosts, and never credentials, paths or content.
#[derive(Debug, Default)]
pub struct ClientReader {
    layer: Layer,
    route: Route,
}

impl ClientReader {
    /// For what follows a `CONNECT` that was read elsewhere, whose target has this
    /// [number](umbra_agent_common::target): the same again is no further proxy.
    pub fn behind_connect(target: u32) -> Self {
        Self {
            route: Route::behind(target),
            ..Self::default()
        }
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            self.layer.read(&mut rest, &mut self.route);
        }
    }

    /// What is asked for, as far as it is known. More of the stream may tell that the name was a proxy's, or give it
    /// stronger evidence.
    pub fn asked(&self) -> Option<&Asked> {
        self.route.asked()
    }

    /// What is asked for when nothing follows: as [`asked`](Self::asked), and what the part says that there is of a
    /// hello or a head. The name in it is there to its end; whether there is encrypted client hello may be unknown.
    pub fn part(&self) -> Option<Asked> {
        let mut route = self.route.clone();
        self.layer.read_part(&mut route);
        route.asked().cloned()
    }

    /// Whether the rest of the stream can tell nothing more.
    pub fn is_done(&self) -> bool {
        matches!(self.layer, Layer::Other | Layer::Lost)
    }

    /// Whether all that was begun was there to its end. A tunnel in which nothing was sent is.
    pub fn is_whole(&self) -> bool {
        self.asked().is_some() && matches!(self.layer, Layer::First | Layer::Other)
    }

    /// Bytes that it holds.
    pub fn held(&self) -> usize {
        self.layer.held()
    }
}
