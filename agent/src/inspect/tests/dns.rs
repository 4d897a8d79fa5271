//! Flows that are known by what the DNS told their client.

use hickory_resolver::proto::rr::RecordType;
use serde_json::Value;

use super::{
    NAME, line, lines,
    made::{CLIENT, SERVER, SYN, conversation, syn, syn_ack, udp},
    named, with,
};
use crate::names::{
    dns::made::{addresses, https, response},
    quic::made::{Client, V1, crypto},
    tls::made::{hello, server_name, with_extensions},
};

const FLOW: &str = "10.0.0.1:40000>10.0.0.2:443";
const ADDRESS: &str = "10.0.0.2";
const FRONT: &str = "front.example";
const NAME_SERVER: ([u8; 4], u16) = ([10, 0, 0, 53], 53);

/// A packet with a DNS answer to the client.
fn told(message: &[u8]) -> Vec<u8> {
    udp(NAME_SERVER, (CLIENT.0, 5000), message)
}

/// That the client was given the server's address for `host`.
fn told_address(host: &str) -> Vec<u8> {
    told(&addresses(host, &[(ADDRESS, 60)]))
}

/// That it was told of a front of `host`.
fn told_front(host: &str) -> Vec<u8> {
    let records = vec![https(host, ".", 60, &[], &[FRONT])];
    told(&response(RecordType::HTTPS, host, records).to_vec().unwrap())
}

/// The client's flow, with the DNS as evidence.
fn by_dns(complete: bool) -> Value {
    with(&line(FLOW, Some(NAME), complete), "evidence", "dns")
}

/// The line of the flow between client and server, after the packets in `before`.
fn after(before: &[Vec<u8>], flow: &[Vec<u8>]) -> Value {
    let mut seen = lines(&[before, flow].concat());
    seen.pop().unwrap()
}

/// A hello with encrypted client hello and the outer name `outer`.
fn encrypted(outer: &str) -> Vec<u8> {
    with_extensions(&[(0, server_name(outer.as_bytes())), (0xfe0d, vec![0, 1, 2])])
}

#[test]
fn a_flow_that_says_nothing_goes_to_the_name_that_was_asked_for() {
    let before = [told_address(NAME)];
    assert_eq!(after(&before, &[syn(SYN), syn_ack(SYN)]), by_dns(false));
    assert_eq!(
        after(&before, &conversation(&[b"\x00\x01 something else"])),
        by_dns(false)
    );
    let without_name = with_extensions(&[(43, vec![2, 3, 4])]);
    assert_eq!(after(&before, &conversation(&[&without_name])), by_dns(true));
    let datagram = udp(CLIENT, SERVER, b"no QUIC");
    assert_eq!(
        after(&before, &[datagram]),
        with(&by_dns(false), "protocol", "udp")
    );
}

#[test]
fn what_a_flow_says_stands() {
    let before = [told_address("other.example")];
    assert_eq!(after(&before, &conversation(&[&hello(NAME)])), named());
    let request = b"GET / HTTP/1.1\r\nHost: api.openai.com\r\n\r\n";
    let by_host = with(&named(), "evidence", "http_host");
    assert_eq!(after(&before, &conversation(&[request])), by_host);
    let datagram = Client::new(V1).datagram(&crypto(0, &crate::names::quic::made::hello(NAME, 0)));
    let by_quic = with(&with(&named(), "protocol", "udp"), "evidence", "quic_sni");
    assert_eq!(after(&before, &[udp(CLIENT, SERVER, &datagram)]), by_quic);
}

#[test]
fn who_asks_for_an_address_or_a_proxy_does_not_ask_for_the_name() {
    let before = [told_address("other.example")];
    for request in [
        "GET / HTTP/1.1\r\nHost: 10.0.0.2\r\n\r\n",
        "CONNECT 192.0.2.7:443 HTTP/1.1\r\nHost: 192.0.2.7:443\r\n\r\n",
    ] {
        let seen = after(&before, &conversation(&[request.as_bytes()]));
        assert_eq!((&seen["name"], &seen["evidence"]), (&Value::Null, &Value::Null));
    }
}

#[test]
fn an_answer_that_comes_later_or_for_several_names_names_nothing() {
    let flow = [syn(SYN), syn_ack(SYN)];
    let unnamed = line(FLOW, None, false);
    let both = [told_address(NAME), told_address("other.example")];
    assert_eq!(after(&both, &flow), unnamed);
    let seen = lines(&[&flow[..], &both[..1]].concat());
    assert_eq!(seen[0], unnamed);
}

#[test]
fn a_front_gives_way_to_the_name_behind_it() {
    let flow = conversation(&[&encrypted(FRONT)]);
    let front = with(&line(FLOW, Some(FRONT), true), "ech", true);
    let behind = with(&by_dns(true), "ech", true);
    let all = [told_address(NAME), told_front(NAME)];
    assert_eq!(after(&all, &flow), behind);
    assert_eq!(after(&all[..1], &flow), front);
    assert_eq!(after(&all[1..], &flow), front);
    let others = [
        told_address(NAME),
        told_front(NAME),
        told_address("other.example"),
        told_front("other.example"),
    ];
    assert_eq!(after(&others, &flow), front);
    // The answer for the service may come while the connection is made.
    let (handshake, rest) = flow.split_at(2);
    let late = [handshake, &all[1..], rest].concat();
    let seen = lines(&[&all[..1], &late[..]].concat());
    assert_eq!(seen[1], behind);
}

#[test]
fn the_name_in_a_made_up_extension_stands() {
    let all = [told_address(NAME), told_front(NAME)];
    let seen = after(&all, &conversation(&[&encrypted(NAME)]));
    assert_eq!(seen, with(&named(), "ech", true));
    let other = after(&all, &conversation(&[&encrypted("other.example")]));
    assert_eq!(
        (&other["name"], &other["evidence"]),
        (&"other.example".into(), &"tls_sni".into())
    );
}
