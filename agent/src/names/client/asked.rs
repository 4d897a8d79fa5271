//! What a client asks for.

use std::net::IpAddr;

use umbra_report::Evidence;

use super::Via;
use crate::names::host::HostName;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The host; `None` when it asks for an address, or without saying for what.
    pub name: Option<HostName>,
    /// The address that a request names in its place, as `Host` or as what a proxy is asked for.
    pub address: Option<IpAddr>,
    /// How the name is known, or would be if there was one.
    pub evidence: Evidence,
    /// Whether there is a TLS hello with encrypted client hello: see [`Hello::ech`](crate::names::tls::Hello::ech).
    pub ech: bool,
    /// The proxies that the request goes through; `None` when it goes straight to the server.
    pub via: Option<Via>,
}
