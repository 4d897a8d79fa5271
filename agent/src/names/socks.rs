//! What a SOCKS client asks its proxy for, from a stream of bytes that comes in pieces.
//!
//! Only the client's half is seen, so what the proxy chose is told from what the client does next. Names of users and
//! passwords are passed over byte by byte. Requests other than for a connection (to be connected to, or UDP through the
//! proxy) name nobody: what they carry is told by no byte of this stream. Datagrams through the proxy say by themselves
//! [where they go](open).

mod envelope;
#[cfg(test)]
mod tests;
mod v4;
mod v5;

pub use envelope::open;

use super::target::Target;

/// What a request says, once it is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The proxy is asked for a connection; what the client sends next is for the target.
    Tunnel(Target),
    /// The bytes are no SOCKS, or something that cannot be followed.
    Unread,
}

/// Version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// SOCKS 4, and 4a, which knows names.
    V4,
    /// SOCKS 5 (RFC 1928).
    V5,
}

/// Reads a stream up to the end of its request, and holds the target of it at most.
#[derive(Debug)]
pub enum SocksReader {
    /// Of version 4.
    V4(v4::Reader),
    /// Of version 5.
    V5(v5::Reader),
}

impl SocksReader {
    /// For a stream that begins with `first`; `None` when that is no version of SOCKS.
    pub fn new(first: u8) -> Option<Self> {
        match first {
            4 => Some(Self::V4(v4::Reader::default())),
            5 => Some(Self::V5(v5::Reader::default())),
            _ => None,
        }
    }

    /// The version that it reads.
    pub fn version(&self) -> Version {
        match self {
            Self::V4(_) => Version::V4,
            Self::V5(_) => Version::V5,
        }
    }

    /// Takes bytes off the front of `bytes`, from the stream's first on, until the request is whole or there are none
    /// left.
    pub fn read(&mut self, bytes: &mut &[u8]) -> Option<Request> {
        while let Some((&byte, rest)) = bytes.split_first() {
            *bytes = rest;
            let request = match self {
                Self::V4(reader) => reader.take(byte),
                Self::V5(reader) => reader.take(byte),
            };
            if request.is_some() {
                return request;
            }
        }
        None
    }

    /// Bytes that it holds.
    pub fn held(&self) -> usize {
        match self {
            Self::V4(reader) => reader.held(),
            Self::V5(reader) => reader.held(),
        }
    }
}
