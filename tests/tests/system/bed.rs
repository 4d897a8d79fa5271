//! The test bed by itself: every client of the table reaches the server, which counts what it must.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use umbra_tests::clients::{CLIENTS, Call, Client, QUIC_CLIENTS};
use umbra_tests::machine::is_slow;
use umbra_tests::skip::{Need, ready, skip};
use umbra_tests::truth::{Connection, Protocol};
use umbra_tests::wait::eventually;
use umbra_tests::{TestBed, nss};

#[test]
fn every_client_reaches_the_server() {
    if !ready(&[Need::Root, Need::Binary("umbra-testbed")]) {
        return;
    }
    if is_slow() {
        println!("the bed was tried outside, where the processor is not emulated");
        return;
    }
    let bed = TestBed::new(&HOSTS);
    for client in &CLIENTS {
        for (name, port) in [("four.example", 443), ("six.example", 8443)] {
            if let Some(truth) = reaches(&bed, client, name, port) {
                assert_eq!(truth.protocol, Protocol::Tcp);
            }
        }
    }
}

#[test]
fn every_quic_client_reaches_the_server() {
    if !ready(&[
        Need::Root,
        Need::Binary("umbra-testbed"),
        Need::Program("certutil"),
    ]) {
        return;
    }
    if is_slow() {
        println!("the bed was tried outside, where the processor is not emulated");
        return;
    }
    let bed = TestBed::serving(&HOSTS, &["--quic", "443", "--quic-retry", "8443"]);
    nss::trust(bed.dir(), &bed.authority(), "four.example");
    for client in &QUIC_CLIENTS {
        // Firefox knows one name and port.
        let (name, port) = if client.name == "firefox-quic" {
            ("four.example", 443)
        } else {
            ("six.example", 8443)
        };
        if let Some(truth) = reaches(&bed, client, name, port) {
            assert_eq!(truth.protocol, Protocol::Udp);
        }
    }
}

const HOSTS: [(IpAddr, &str); 2] = [
    (IpAddr::V4(Ipv4Addr::LOCALHOST), "four.example"),
    (IpAddr::V6(Ipv6Addr::LOCALHOST), "six.example"),
];

/// Calls the server, and gives what it counted.
fn reaches(bed: &TestBed, client: &Client, name: &str, port: u16) -> Option<Connection> {
    let tool = match client.tool() {
        Ok(tool) => tool,
        Err(why) => {
            skip(&format!("{}: {why}", client.name));
            return None;
        }
    };
    let path = format!("/bytes/50000/{}", client.name);
    let run = bed.run(
        &tool,
        &Call {
            port,
            ..Call::to(name, &path)
        },
    );
    let elapsed = run.started.elapsed();
    let truth = eventually(Duration::from_secs(5), || {
        let all = bed.connections_to(name);
        let found = all.into_iter().find(|truth| truth.path.as_ref() == Some(&path));
        found.ok_or_else(|| format!("{}: the server saw no request for {path}", client.name))
    });
    assert_eq!(truth.error, None, "{}", client.name);
    assert_eq!(truth.local.port(), port);
    assert_eq!(truth.local.is_ipv6(), name == "six.example");
    assert!(
        truth.sent > 50_000 && truth.sent < 70_000,
        "{}: {truth:?}",
        client.name
    );
    println!(
        "{:<15} {:>6} out {:>6} in {elapsed:?}",
        client.name, truth.received, truth.sent
    );
    Some(truth)
}
