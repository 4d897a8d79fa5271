//! What flow number `n` asks for, and where.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::PORT;

/// Every so many flows, one goes to a name of the catalogue: 5 %.
pub(super) const PERIOD: u64 = 20;

/// Names of the catalogue: exact ones and one below a label wildcard.
pub(super) const CATALOGUE: [&str; 6] = [
    "api.openai.com",
    "api.anthropic.com",
    "generativelanguage.googleapis.com",
    "api.mistral.ai",
    "bedrock-runtime.eu-central-1.amazonaws.com",
    "api.githubcopilot.com",
];

/// Names outside it that share labels with the catalogue's, so that the look-up goes deep before it fails.
pub(super) const NEAR: [&str; 6] = [
    "notopenai.com",
    "storage.googleapis.com",
    "s3.eu-central-1.amazonaws.com",
    "login.microsoftonline.com",
    "github.com",
    "openai.com.example",
];

/// Other names are below this suffix.
pub(super) const SHOP: &str = "shop.example";
/// How many of these there are.
const SHOPS: u64 = 500;

/// IPv4 addresses of the loopback that flows go to, so that a flow never waits for a port in `TIME_WAIT`.
const ADDRESSES: u64 = 200;

/// Whether the flow goes to a name of the catalogue.
pub(super) fn is_catalogue(flow: u64) -> bool {
    flow.is_multiple_of(PERIOD)
}

/// The name that the flow asks for: of those outside the catalogue, every fourth is a near one.
pub(super) fn name(flow: u64) -> String {
    if is_catalogue(flow) {
        pick(&CATALOGUE, flow / PERIOD)
    } else if flow.is_multiple_of(4) {
        pick(&NEAR, flow / 4)
    } else {
        format!("www-{}.{SHOP}", flow % SHOPS)
    }
}

/// Where it goes: a quarter of the catalogue's flows, and of the others, over IPv6.
pub(super) fn address(flow: u64) -> SocketAddr {
    if (flow + flow / PERIOD).is_multiple_of(4) {
        (Ipv6Addr::LOCALHOST, PORT).into()
    } else {
        let last = u8::try_from(1 + flow % ADDRESSES).expect("at most 200");
        (Ipv4Addr::new(127, 0, 0, last), PORT).into()
    }
}

fn pick(names: &[&str], number: u64) -> String {
    let count = names.len() as u64;
    let index = usize::try_from(number % count).expect("an index of the list");
    names[index].to_owned()
}
