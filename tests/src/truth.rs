//! What the server counted by itself.

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
        let carried = connections.into_iter().map(|connection| Self {
            out: connection.received,
            r#in: connection.sent,
        });
        carried.sum()
    }
}
