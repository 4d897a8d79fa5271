use super::{Client, Tool, behind, browsers, build, client, plain};
use crate::machine::binary;

/// Clients that speak HTTP/3, each with the kind of socket and the form of the first flight that it is here for.
pub const QUIC_CLIENTS: [Client; 10] = [
    client("quinn", "rustls; sendmsg, GSO", || quinn("")),
    client("quinn-connected", "rustls; connected socket", || {
        quinn("--connected")
    }),
    client("quinn-mapped", "rustls; IPv4 on a socket of IPv6", || {
        quinn("--mapped")
    }),
    client("aioquic", "Python; IPv4 on a socket of IPv6", || aioquic("v1")),
    client("aioquic-send", "Python; connected socket, send", || {
        aioquic("v1 send")
    }),
    client("aioquic-v2", "Python; begins with version 2", || aioquic("v2")),
    client("aioquic-v1-v2", "Python; version 1, and rather version 2", || {
        aioquic("v1-v2")
    }),
    client("aioquic-long", "Python; a hello in two datagrams", || {
        aioquic("v1 long")
    }),
    client(
        "chromium-quic",
        "BoringSSL; post-quantum, shuffled",
        browsers::chromium_quic,
    ),
    client("firefox-quic", "NSS, neqo; post-quantum", browsers::firefox_quic),
];

fn quinn(manner: &str) -> Result<Tool, String> {
    plain(
        &binary("umbra-testbed")?,
        &format!("fetch-quic {manner} {{url}} {{authority}}"),
    )
}

fn aioquic(manner: &str) -> Result<Tool, String> {
    let (python, environment) = build::aioquic()?;
    let script = build::source("quic_client.py")?;
    let arguments = format!("{} {{url}} {{authority}} {manner}", script.display());
    let mut tool = behind(&python, script, &arguments)?;
    tool.template[0] = environment.to_string_lossy().into_owned();
    Ok(tool)
}
