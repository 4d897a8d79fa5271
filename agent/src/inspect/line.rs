//! A flow as the line that is printed.

use std::{
    io::{self, Write},
    net::{IpAddr, SocketAddr},
};

use serde::Serialize;

use super::stream::Found;

/// What is known of a flow. The field names are a contract.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    /// `src:port>dst:port`, from the client.
    flow: String,
    protocol: &'static str,
    name: Option<String>,
    evidence: Option<&'static str>,
    ech: bool,
    /// Whether what was asked for was there to its end.
    complete: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<Proxy>,
}

/// The outermost proxy of a flow, which is its server.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Proxy {
    protocol: &'static str,
    ip: IpAddr,
    port: u16,
    /// Proxies that the client asks one behind the other.
    hops: u8,
}

impl Line {
    /// A flow of the protocol `tcp` or `udp` with what its client asks for, if that is known.
    pub(super) fn new(
        protocol: &'static str,
        client: SocketAddr,
        server: SocketAddr,
        found: Option<Found>,
    ) -> Self {
        let mut line = Self {
            flow: format!("{client}>{server}"),
            protocol,
            name: None,
            evidence: None,
            ech: false,
            complete: false,
            via: None,
        };
        if let Some(Found { asked, whole }) = found {
            line.evidence = asked.name.as_ref().map(|_| asked.evidence.as_str());
            line.name = asked.name.map(|name| name.to_string());
            line.ech = asked.ech;
            line.complete = whole;
            line.via = asked.via.map(|via| Proxy {
                protocol: via.protocol.as_str(),
                ip: server.ip(),
                port: server.port(),
                hops: via.hops,
            });
        }
        line
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        out.write_all(b"\n")
    }
}
