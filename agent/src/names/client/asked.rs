//! What a client asks for.

use umbra_report::Evidence;

use super::Via;
use crate::names::host::HostName;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The host; `None` when it asks for an address, or without saying for what.
    pub name: Option<HostName>,
    /// How the name is known, or would be if there was one.
    pub evidence: Evidence,
    /// Whether there is a TLS hello with encrypted client hello: see [`Hello::ech`](crate::names::tls::Hello::ech).
    pub ech: bool,
    /// The proxies that the request goes through; `None` when it goes straight to the server.
    pub via: Option<Via>,
}
