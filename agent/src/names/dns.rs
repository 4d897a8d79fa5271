//! Answers of the DNS (RFC 1035): which addresses a name was said to have, and which fronts its hellos may show.
//!
//! The reader is our own, because hickory-proto reads a message whole or not at all: one record of a form that it does
//! not like, or a message that was cut, and the addresses before it are lost. Nor does it bound the work well: each
//! name in a made-up message may take it 8,192 pointers. Only what leads from the question to addresses is read here.

mod chain;
mod ech;
#[cfg(test)]
pub(crate) mod made;
mod name;
mod record;
mod service;
mod stream;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use super::{fields::Fields, host::HostName};
use name::Name;
pub use stream::StreamReader;

/// Length of a message's header (RFC 1035, section 4.1.1).
const HEADER: usize = 12;
/// Flags of the header: it is a response; it was cut; and the bits of operation and of result.
const RESPONSE: u16 = 0x8000;
const TRUNCATED: u16 = 0x0200;
const OPERATION: u16 = 0x7800;
const RESULT: u16 = 0x000f;
/// `CLASS` of the Internet.
const INTERNET: u16 = 1;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses (RFC 3596).
    Aaaa,
    /// Services (RFC 9460).
    Svcb,
    /// Services of HTTP (RFC 9460, section 9).
    Https,
    /// Something else, by its number.
    Other(u16),
}

/// What a response says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The host that was asked for; of a question for a service at a port (`_8443._https.host`), the host.
    pub question: HostName,
    /// What was asked for.
    pub kind: Kind,
    /// Addresses of the question, each once, with seconds for which it may be kept: the least along the way from the
    /// question through aliases (`CNAME`, and `SVCB` or `HTTPS` of any mode). Also those that a service's record hints
    /// at (RFC 9460, section 7.3). Empty when there is no such name, or nothing of this kind.
    pub addresses: Vec<(IpAddr, u32)>,
    /// Names that the hellos to this service may show in place of its own (`public_name`, RFC 9849, section 4), each
    /// once, with seconds as above.
    pub ech_public_names: Vec<(HostName, u32)>,
    /// Whether records are missing: the server said so, or the message was cut, or has more than are read.
    pub truncated: bool,
}

/// What breaks the form of a message before its question ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a message of the DNS")]
pub struct Malformed;

impl Response {
    /// What `message` says, as it is in a datagram or behind its length in a stream.
    ///
    /// `None` when it is no response to a question for a host of the Internet: a query, a response of another
    /// operation or class or without a question, or a name that no host can have.
    pub fn read(message: &[u8]) -> Result<Option<Self>, Malformed> {
        let mut header = Fields(message.get(..HEADER).ok_or(Malformed)?);
        let mut next = || header.u16().ok_or(Malformed);
        let [_id, flags, questions] = [next()?, next()?, next()?];
        let counts = [next()?, next()?, next()?];
        if flags & RESPONSE == 0 || flags & OPERATION != 0 || questions == 0 {
            return Ok(None);
        }
        // More than one question has no meaning (RFC 9619).
        if questions != 1 {
            return Err(Malformed);
        }
        let (name, after) = Name::read(message, HEADER).ok_or(Malformed)?;
        let mut rest = Fields(message.get(after..).unwrap_or_default());
        let kind = rest.u16().ok_or(Malformed)?.into();
        let class = rest.u16().ok_or(Malformed)?;
        let Some(question) = service::host(name, kind).filter(|_| class == INTERNET) else {
            return Ok(None);
        };
        let mut response = Self {
            question,
            kind,
            addresses: Vec::new(),
            ech_public_names: Vec::new(),
            truncated: flags & TRUNCATED != 0,
        };
        if flags & RESULT == 0 {
            let (records, cut) = record::read(message, message.len() - rest.0.len(), counts);
            response.truncated |= cut;
            chain::follow(name, &records, &mut response);
        }
        Ok(Some(response))
    }
}

impl From<u16> for Kind {
    /// By its number among the types of records.
    fn from(number: u16) -> Self {
        match number {
            record::A => Self::A,
            record::AAAA => Self::Aaaa,
            record::SVCB => Self::Svcb,
            record::HTTPS => Self::Https,
            other => Self::Other(other),
        }
    }
}
