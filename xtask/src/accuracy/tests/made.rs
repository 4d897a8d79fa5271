//! Rows of a table, and lines as the agent prints them.

/// A flow in the spelling that table and agent share.
pub(super) const FLOW: &str = "10.0.0.1:1>10.0.0.2:443";

pub(super) fn row(protocol: &str, flow: &str, name: &str, decoders: &str, features: &str) -> String {
    ["r", "f.pcap", protocol, flow, name, decoders, features, ""].join("\t")
}

/// A line of inspect's; `name` with its evidence.
pub(super) fn line(flow: &str, protocol: &str, name: Option<(&str, &str)>, complete: bool) -> String {
    serde_json::json!({
        "flow": flow,
        "protocol": protocol,
        "name": name.map(|(name, _)| name),
        "evidence": name.map(|(_, evidence)| evidence),
        "ech": false,
        "complete": complete,
    })
    .to_string()
}

/// A line of [`FLOW`] whose hello gives `name`.
pub(super) fn named(name: &str) -> String {
    line(FLOW, "tcp", Some((name, "tls_sni")), true)
}
