//! Suricata, with Debian's configuration, no rules, and checksums not checked (a loopback has none).

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::capture::Reader;
use crate::machine::output;
use crate::scorecard::Observed;
use crate::scorecard::observed::Counted;
use crate::truth::{Bytes, Protocol};

/// Where its events say a name.
const NAMES: [&str; 3] = ["/tls/sni", "/quic/sni", "/http/hostname"];

#[derive(Clone, Copy)]
pub(super) struct Suricata;

impl Reader for Suricata {
    fn version(&self) -> Result<String, String> {
        let text = output(Command::new("suricata").arg("-V"))?;
        // This is Suricata version 7.0.10 RELEASE
        Ok(text.trim_start_matches("This is ").to_owned())
    }

    fn read(&self, capture: &Path, folder: &Path) -> Vec<Observed> {
        let mut suricata = Command::new("suricata");
        suricata.arg("-r").arg(capture).arg("-l").arg(folder);
        suricata.args(["-k", "none", "-S", "/dev/null", "--runmode", "single"]);
        output(&mut suricata).unwrap_or_else(|error| panic!("{error}"));
        let path = folder.join("eve.json");
        let events = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        flows(&events)
    }
}

fn flows(events: &str) -> Vec<Observed> {
    let mut flows: BTreeMap<u64, Observed> = BTreeMap::new();
    for line in events.lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        let Some(id) = event["flow_id"].as_u64() else {
            continue;
        };
        let flow = flows.entry(id).or_default();
        let names = NAMES.iter().filter_map(|at| event.pointer(at)?.as_str());
        flow.names.extend(names.map(str::to_owned));
        if event["event_type"] == "flow" {
            end(flow, &event);
        }
    }
    flows.into_values().collect()
}

/// What is said of a flow when it is over.
fn end(flow: &mut Observed, event: &Value) {
    let protocol = match event["proto"].as_str() {
        Some("TCP") => Protocol::Tcp,
        Some("UDP") => Protocol::Udp,
        _ => return,
    };
    let ip = event["dest_ip"].as_str().and_then(|ip| ip.parse().ok());
    let port = event["dest_port"]
        .as_u64()
        .and_then(|port| u16::try_from(port).ok());
    flow.to = ip
        .zip(port)
        .map(|(ip, port)| (protocol, SocketAddr::new(ip, port)));
    let count = |name: &str| event["flow"][name].as_u64().unwrap_or_default();
    flow.bytes = Some(Counted::Packets {
        bytes: Bytes {
            out: count("bytes_toserver"),
            r#in: count("bytes_toclient"),
        },
        packets: Bytes {
            out: count("pkts_toserver"),
            r#in: count("pkts_toclient"),
        },
    });
}
