//! tshark: what Wireshark's dissectors find, with two passes and heuristic recognition of TLS, QUIC and HTTP/2 on any port.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::capture::Reader;
use crate::machine::output;
use crate::scorecard::Observed;
use crate::scorecard::observed::Counted;
use crate::truth::{Bytes, Protocol};

/// What is asked of each packet, in this order.
const FIELDS: [&str; 17] = [
    "tcp.stream",
    "udp.stream",
    "ip.src",
    "ipv6.src",
    "ip.dst",
    "ipv6.dst",
    "tcp.srcport",
    "udp.srcport",
    "tcp.dstport",
    "udp.dstport",
    "tcp.len",
    "udp.length",
    "tcp.analysis.retransmission",
    "tls.handshake.extensions_server_name",
    "http.host",
    "http2.headers.authority",
    "socks.remote_name",
];
/// Protocols that are to be recognised on any port.
const HEURISTICS: [&str; 3] = ["tls_tcp", "quic", "http2_tcp"];
/// From here on they are names.
const FIRST_NAME: usize = 13;
/// The header in a UDP datagram's length.
const UDP_HEADER: u64 = 8;

#[derive(Clone, Copy)]
pub(super) struct Tshark;

/// What is known of a stream so far.
struct Stream {
    from: SocketAddr,
    flow: Observed,
    bytes: Bytes,
}

impl Reader for Tshark {
    fn version(&self) -> Result<String, String> {
        let text = output(Command::new("tshark").arg("--version"))?;
        // TShark (Wireshark) 4.0.17 (Git v4.0.17 packaged as …).
        let words: Vec<_> = text.split_whitespace().take(3).collect();
        Ok(words.join(" "))
    }

    fn read(&self, capture: &Path, _folder: &Path) -> Vec<Observed> {
        let mut tshark = Command::new("tshark");
        tshark.arg("-r").arg(capture).args(["-2", "-n"]);
        for protocol in HEURISTICS {
            tshark.args(["--enable-heuristic", protocol]);
        }
        tshark.args(["-T", "fields", "-E", "separator=/t", "-E", "occurrence=f"]);
        tshark.args(FIELDS.iter().flat_map(|field| ["-e", field]));
        let lines = output(&mut tshark).unwrap_or_else(|error| panic!("{error}"));
        let mut streams = BTreeMap::new();
        for line in lines.lines() {
            take(line, &mut streams);
        }
        streams.into_values().map(Stream::end).collect()
    }
}

fn take(line: &str, streams: &mut BTreeMap<(Protocol, String), Stream>) -> Option<()> {
    let fields: Vec<_> = line
        .split('\t')
        .map(|field| Some(field).filter(|it| !it.is_empty()))
        .collect();
    let field = |at: usize| fields.get(at).copied().flatten();
    let (protocol, stream) = field(0)
        .map(|stream| (Protocol::Tcp, stream))
        .or_else(|| Some((Protocol::Udp, field(1)?)))?;
    let end = |ip: usize, port: usize| {
        let ip = field(ip).or_else(|| field(ip + 1))?.parse().ok()?;
        let port = field(port).or_else(|| field(port + 1))?.parse().ok()?;
        Some(SocketAddr::new(ip, port))
    };
    let (from, to) = (end(2, 6)?, end(4, 8)?);
    let stream = streams
        .entry((protocol, stream.to_owned()))
        .or_insert_with(|| Stream {
            from,
            flow: Observed {
                to: Some((protocol, to)),
                ..Observed::default()
            },
            bytes: Bytes::default(),
        });
    let length = match protocol {
        Protocol::Tcp => field(10)?.parse().ok()?,
        Protocol::Udp => field(11)?.parse::<u64>().ok()?.saturating_sub(UDP_HEADER),
    };
    if field(12).is_none() {
        let bytes = &mut stream.bytes;
        let way = if stream.from == from {
            &mut bytes.out
        } else {
            &mut bytes.r#in
        };
        *way += length;
    }
    for name in fields.iter().skip(FIRST_NAME).flatten() {
        let host = name.rsplit_once(':').map_or(*name, |(host, _)| host).to_owned();
        if !stream.flow.names.contains(&host) {
            stream.flow.names.push(host);
        }
    }
    Some(())
}

impl Stream {
    fn end(self) -> Observed {
        Observed {
            bytes: Some(Counted::Payload(self.bytes)),
            ..self.flow
        }
    }
}
