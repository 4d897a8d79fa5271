//! The kernel's record of a flow, in user space's types.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use umbra_agent_common::flow::FlowRecord;
use umbra_report::Protocol;

/// `protocol` of UDP (`include/uapi/linux/in.h`).
const UDP: u8 = 17;

/// The bytes of the name, as the client wrote them.
pub fn name(record: &FlowRecord) -> &[u8] {
    let length = (record.name_length as usize).min(record.name.len());
    &record.name[..length]
}

/// The name in lower case. A client may write what it likes below a suffix of the catalogue: what no host name has
/// (RFC 1123, section 2.1, and `_`) is shown as `?`, so that it steers no terminal and no parser.
pub fn text(record: &FlowRecord) -> String {
    name(record)
        .iter()
        .map(|byte| match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(*byte),
            b'A'..=b'Z' => byte.to_ascii_lowercase().into(),
            _ => '?',
        })
        .collect()
}

/// What it asked for: a name, or an address of the user's own catalogue.
pub fn host(record: &FlowRecord) -> String {
    umbra_catalog::address_of(name(record)).map_or_else(|| text(record), |address| address.to_string())
}

/// Where it goes.
pub fn remote(record: &FlowRecord) -> SocketAddr {
    let [a, b, c, d, ..] = record.remote_address;
    let address = match record.family {
        4 => IpAddr::from(Ipv4Addr::new(a, b, c, d)),
        _ => IpAddr::from(Ipv6Addr::from(record.remote_address)),
    };
    SocketAddr::new(address, record.remote_port)
}

/// How it is carried.
pub(super) fn protocol(record: &FlowRecord) -> Protocol {
    if record.protocol == UDP {
        Protocol::Udp
    } else {
        Protocol::Tcp
    }
}

#[cfg(test)]
pub(crate) mod tests;
