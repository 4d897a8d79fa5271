//! Every client is named through every proxy that it can ask, and so is the proxy's own flow.

use umbra_tests::TestBed;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{CLIENTS, Call, Client, FIREFOX, QUIC_CLIENTS, Tool};
use umbra_tests::nss;
use umbra_tests::proxies::{Proxy, SQUID_USER};
use umbra_tests::skip::{Need, skip, spared};

use crate::expect::{CONNECT, Evidence, SOCKS, TLS};
use crate::names::{OPENAI, bed_serving};
use crate::through::{Through, asked, relayed, via};

/// A kind of proxy, and how it is asked.
struct Kind {
    program: &'static str,
    start: fn(&TestBed) -> Proxy,
    /// Who it runs as when it connects.
    user: u32,
    scheme: &'static str,
    evidence: Evidence,
    /// In [`Via`](umbra_tests::event::Via).
    protocol: &'static str,
    /// Of the clients, those that can ask it.
    clients: &'static [&'static str],
}

const SQUID: Kind = Kind {
    program: "squid",
    start: Proxy::squid,
    user: SQUID_USER,
    scheme: "http",
    evidence: CONNECT,
    protocol: "http_connect",
    clients: &["curl", "wget", "python", "node", "java", "go", "rustls"],
};
const TINYPROXY: Kind = Kind {
    program: "tinyproxy",
    start: |bed| Proxy::tinyproxy(bed, None),
    user: 0,
    ..SQUID
};
const DANTE: Kind = Kind {
    program: "danted",
    start: Proxy::dante,
    user: 0,
    scheme: "socks5",
    evidence: SOCKS,
    protocol: "socks5",
    clients: &["curl", "node", "java", "go", "rustls"],
};
/// Those that can ask any. The second would speak QUIC, but asks over TCP, which alone these proxies carry for it.
const BROWSERS: [&str; 3] = ["chromium", "chromium-quic", "firefox"];
/// Those of the others that show a processor that is emulated all that the others would.
const EMULATED: [&str; 2] = ["curl", "rustls"];

#[test]
fn every_client_is_named_through_squid() {
    every_client_is_named_through(&SQUID);
}

#[test]
fn every_client_is_named_through_tinyproxy() {
    if spared("tinyproxy") {
        return;
    }
    every_client_is_named_through(&TINYPROXY);
}

#[test]
fn every_client_is_named_through_dante() {
    if spared("dante") {
        return;
    }
    every_client_is_named_through(&DANTE);
}

fn every_client_is_named_through(kind: &Kind) {
    these_are_named_through(kind, kind.clients);
    // Each in a bed of its own: what a browser connects ahead of need is of no call.
    for browser in BROWSERS {
        if !spared(browser) {
            these_are_named_through(kind, &[browser]);
        }
    }
}

fn these_are_named_through(kind: &Kind, clients: &[&str]) {
    let Some(bed) = bed_serving(&[Need::Program(kind.program), Need::Program("certutil")], &[]) else {
        return;
    };
    let proxy = (kind.start)(&bed);
    nss::trust(bed.dir(), &bed.authority(), OPENAI.name);
    nss::ask(bed.dir(), kind.scheme, proxy.address);
    let agent = Agent::start(&Setup::default());
    let all = CLIENTS.iter().chain(&QUIC_CLIENTS).chain([&FIREFOX]);
    for client in all.filter(|it| clients.contains(&it.name)) {
        if !EMULATED.contains(&client.name) && !BROWSERS.contains(&client.name) && spared(client.name) {
            continue;
        }
        match client.tool() {
            Ok(tool) => is_named_through(kind, &proxy, client, tool, &agent, &bed),
            Err(why) => skip(&format!("{}: {why}", client.name)),
        }
    }
    assert!(agent.stop().success());
}

fn is_named_through(kind: &Kind, proxy: &Proxy, client: &Client, tool: Tool, agent: &Agent, bed: &TestBed) {
    let url = proxy.url(kind.scheme);
    let (scheme, tool) = match client.name {
        "chromium" | "chromium-quic" => (kind.scheme, tool.with(&[&format!("--proxy-server={url}")])),
        // By `socks5` it looks the name up itself.
        "curl" if kind.scheme == "socks5" => ("socks5h", tool),
        _ => (kind.scheme, tool),
    };
    let path = format!("/bytes/20000/{}", client.name);
    let call = Call {
        proxy: Some((scheme, proxy.address)),
        ..Call::to(OPENAI.name, &path)
    };
    let run = bed.run(&tool, &call);
    let flows = Through::new(agent, bed, &tool, &run, &path).flows();
    println!("{:<13} {:<9} {} flow(s)", client.name, kind.program, flows.len());
    let evidence = match client.name {
        // It looks the name up and asks for the address, so that the name is in the hello alone.
        "java" if kind.scheme == "socks5" => TLS,
        _ => kind.evidence,
    };
    for flow in &flows {
        asked(flow, evidence, &tool, &run, bed, &via(kind.protocol, proxy, 1));
        relayed(agent, bed, proxy, kind.user, flow);
    }
}
