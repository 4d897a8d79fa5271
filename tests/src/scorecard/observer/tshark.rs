//! tshark: what Wireshark's dissectors find, with two passes and heuristic recognition of TLS and QUIC on any port.

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
const FIELDS: [&str; 16] = [
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
    "socks.remote_name",
];
/// The header in a UDP datagram's length.
const UDP_HEADER: u64 = 8;

#[derive(Clone, Copy)]
pub(super) struct Tshark;

/// What is known of a stream so far.
struct Stream {
    from: SocketAddr,
    flow: Observed,
    bytes: Bytes,
    /// How near to the content the name was found.
    depth: usize,
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
        tshark.args(["--enable-heuristic", "tls_tcp", "--enable-heuristic", "quic"]);
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
            depth: 0,
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
    // The name in a hello is nearer to the content than that in a request to a proxy.
    for (depth, name) in [(3, field(13)), (2, field(14)), (1, field(15))] {
        if let Some(name) = name.filter(|_| depth > stream.depth) {
            let host = name.rsplit_once(':').map_or(name, |(host, _)| host);
            stream.flow.name = Some(host.to_owned());
            stream.depth = depth;
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
