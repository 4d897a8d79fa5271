//! Every client: its TLS stack, its sockets, its interpreter.

use crate::clients::{CLIENTS, Call, Client, FIREFOX, QUIC_CLIENTS};
use crate::nss;
use crate::scorecard::stage::OPENAI;
use crate::scorecard::{Group, Scenario};

/// QUIC stacks; the rest of the table is about sockets and first flights.
const QUIC: [&str; 4] = ["quinn", "aioquic", "chromium-quic", "firefox-quic"];

pub(super) fn all() -> Vec<Scenario> {
    let over_tcp = CLIENTS.iter().chain([&FIREFOX]);
    let over_quic = QUIC_CLIENTS.iter().filter(|client| QUIC.contains(&client.name));
    over_tcp
        .map(|client| (client, "TCP"))
        .chain(over_quic.map(|client| (client, "QUIC")))
        .map(|(client, over)| scenario(client, over))
        .collect()
}

fn scenario(client: &'static Client, over: &str) -> Scenario {
    let what = format!("{} over {over}", client.stack);
    Scenario::new(Group::Client, client.name, what, |stage| {
        let tool = client.tool()?;
        if tool.has_helpers {
            nss::trust(stage.bed.dir(), &stage.bed.authority(), OPENAI.name);
        }
        Ok(stage.call(&tool, OPENAI, &Call::to(OPENAI.name, "/bytes/20000")))
    })
}
