//! How QUIC reaches the wire: kinds of sockets, first flights, Retry.

use super::{calling, early, get};
use crate::clients::Call;
use crate::scorecard::stage::OPENAI;
use crate::scorecard::{Group, Scenario};

pub(super) fn all() -> Vec<Scenario> {
    let usual = get("/bytes/20000");
    let by = |id: &str, what: &str, client, port| {
        calling(
            Group::Path,
            id,
            what,
            (client, &[]),
            (OPENAI, Call { port, ..usual }),
        )
    };
    let early = early("quic-early", "quinn");
    vec![
        by(
            "quic-connected",
            "QUIC over a connected socket",
            "quinn-connected",
            443,
        ),
        by(
            "quic-mapped",
            "QUIC to IPv4 over a socket of IPv6",
            "quinn-mapped",
            443,
        ),
        by("quic-long", "a hello in two datagrams", "aioquic-long", 443),
        by(
            "quic-v2",
            "a client that begins with version 2, and is brought back to 1",
            "aioquic-v2",
            443,
        ),
        by(
            "quic-retry",
            "a server that wants to see the address first (Retry)",
            "quinn",
            8443,
        ),
        early,
    ]
}
