//! What the server counted by itself.

#[cfg(test)]
mod tests;

use std::iter::Sum;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// One finished connection, as the server saw it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Connection {
    /// Over what.
    pub protocol: Protocol,
    /// The name in the TLS hello; `None` when there was none, or no hello.
    pub name: Option<String>,
    /// What the first request said in `Host` (HTTP/3: `:authority`).
    pub host: Option<String>,
    /// Path of the first request.
    pub path: Option<String>,
    /// Why the conversation broke off.
    pub error: Option<String>,
    /// The client's end.
    pub peer: SocketAddr,
    /// The server's end.
    pub local: SocketAddr,
    /// TCP or UDP payload that the client sent, in bytes.
    pub received: u64,
    /// TCP or UDP payload that the client was sent, in bytes.
    pub sent: u64,
    /// From accepting to the client's close, in milliseconds.
    pub duration_ms: u64,
}

impl Connection {
    /// Most bytes that the server sent and that no socket received.
    ///
    /// None over TCP, where the client closes behind the server's last byte; unless the connection broke off. The server's
    /// last alerts may then have met a socket that was closed, as when a browser drops one of two connections that it
    /// raced. Over UDP nobody tells the server.
    pub fn unheard(&self) -> u64 {
        match (self.protocol, &self.error) {
            (Protocol::Tcp, None) => 0,
            (Protocol::Tcp, Some(_)) => LAST_ALERTS,
            (Protocol::Udp, _) => LAST_DATAGRAMS,
        }
    }

    /// Whether the client's count is the server's, but for what no socket received.
    pub fn is_counted_as(&self, bytes: Bytes) -> bool {
        Bytes::of(self).agrees(bytes, self.unheard())
    }
}

/// Most bytes of the alerts with which a server ends a connection: two in records of their own (RFC 8446, section 6),
/// each of them 7 bytes in clear, 24 sealed, and 31 in TLS 1.2 with AES-GCM.
const LAST_ALERTS: u64 = 2 * 31;

/// As many bytes as a server may send to a client that is going.
const LAST_DATAGRAMS: u64 = 3 * 1500;

/// What a connection ran over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP, with TLS or without.
    Tcp,
    /// QUIC.
    Udp,
}

/// Bytes that a set of connections carried, from the client's side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    /// Sent by the client.
    pub out: u64,
    /// Received by the client.
    pub r#in: u64,
}

impl Bytes {
    fn of(connection: &Connection) -> Self {
        Self {
            out: connection.received,
            r#in: connection.sent,
        }
    }

    /// Whether these, which a server counted, are what was `seen` at its client, when up to `unheard` did not arrive.
    pub fn agrees(self, seen: Self, unheard: u64) -> bool {
        let missing = self.r#in.checked_sub(seen.r#in);
        self.out == seen.out && missing.is_some_and(|missing| missing <= unheard)
    }
}

impl Sum for Bytes {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, bytes| Self {
            out: sum.out + bytes.out,
            r#in: sum.r#in + bytes.r#in,
        })
    }
}

impl<'a> FromIterator<&'a Connection> for Bytes {
    fn from_iter<T: IntoIterator<Item = &'a Connection>>(connections: T) -> Self {
        connections.into_iter().map(Self::of).sum()
    }
}
