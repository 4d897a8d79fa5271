//! Where a request wants to go, as its client wrote it.

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use super::host::HostName;

/// A host that a request names. Ports are left out: a name is what is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A host name.
    Name(HostName),
    /// An address, which is no name.
    Address(IpAddr),
    /// Nothing, or what can be neither.
    Unclear,
}

impl Target {
    /// What `text` names; addresses of IPv6 without their brackets.
    pub fn read(text: &[u8]) -> Self {
        if let Some(address) = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()) {
            return Self::Address(address);
        }
        match HostName::read(text) {
            Some(name) if !ends_in_number(&name) => Self::Name(name),
            _ => Self::Unclear,
        }
    }

    /// The address, if it is one.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Name(_) | Self::Unclear => None,
        }
    }

    /// The name, if it is one.
    pub fn name(&self) -> Option<&HostName> {
        match self {
            Self::Name(name) => Some(name),
            Self::Address(_) | Self::Unclear => None,
        }
    }
}

/// Whether clients read it as an IPv4 address in one of its short forms, such as `127.1` (`inet_aton`; the URL standard
/// of the WHATWG, section 3.5). No top-level domain is a number.
fn ends_in_number(name: &HostName) -> bool {
    let last = name.as_str().rsplit('.').next();
    last.is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()))
}
