//! A flow as the line that is printed.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use serde::Serialize;
use umbra_report::Evidence;

use crate::names::tls::Hello;

/// What is known of a flow. The field names are a contract.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Line {
    /// `src:port>dst:port`, from the client.
    flow: String,
    protocol: &'static str,
    name: Option<String>,
    evidence: Option<&'static str>,
    ech: bool,
    /// Whether the hello was there to its end.
    complete: bool,
}

impl Line {
    /// A TCP flow with what its hello says, if it has one, and whether that was whole.
    pub(super) fn tcp(client: SocketAddr, server: SocketAddr, hello: Option<(Hello, bool)>) -> Self {
        Self::new("tcp", Evidence::TlsSni, [client, server], hello)
    }

    /// A UDP flow with what the hello of its QUIC connection says.
    pub(super) fn udp(client: SocketAddr, server: SocketAddr, hello: Option<(Hello, bool)>) -> Self {
        Self::new("udp", Evidence::QuicSni, [client, server], hello)
    }

    fn new(
        protocol: &'static str,
        evidence: Evidence,
        [client, server]: [SocketAddr; 2],
        hello: Option<(Hello, bool)>,
    ) -> Self {
        let (hello, complete) = hello.unwrap_or_default();
        let name = hello.name.map(|name| name.to_string());
        Self {
            flow: format!("{client}>{server}"),
            protocol,
            evidence: name.as_ref().map(|_| evidence.as_str()),
            name,
            ech: hello.ech,
            complete,
        }
    }

    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        out.write_all(b"\n")
    }
}
