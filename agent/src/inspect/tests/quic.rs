//! UDP flows, and the QUIC connections in them.

use proptest::prelude::*;
use serde_json::Value;

use super::{
    NAME, inspect, lines,
    made::{CLIENT, RAW, SERVER, at, fragments_ipv4, fragments_ipv6, pcap, syn, udp, udp_ipv6},
    named, with,
};
use crate::names::{
    quic::made::{Client, V1, crypto, cut, hello},
    tls::made as tls,
};

const FLOW: &str = "10.0.0.1:40000>10.0.0.2:443";

fn line(flow: &str, name: Option<&str>, complete: bool) -> Value {
    serde_json::json!({
        "flow": flow,
        "protocol": "udp",
        "name": name,
        "evidence": name.map(|_| "quic_sni"),
        "ech": false,
        "complete": complete,
    })
}

fn sent(datagram: &[u8]) -> Vec<u8> {
    udp(CLIENT, SERVER, datagram)
}

fn received(datagram: &[u8]) -> Vec<u8> {
    udp(SERVER, CLIENT, datagram)
}

/// A datagram with a whole hello.
fn whole(name: &str) -> Vec<u8> {
    Client::new(V1).datagram(&crypto(0, &hello(name, 0)))
}

#[test]
fn every_udp_flow_is_printed_once() {
    let packets = [
        sent(b"no QUIC"),
        received(b"an answer"),
        syn(1),
        udp(CLIENT, ([10, 0, 0, 3], 53), b""),
        sent(b"more"),
    ];
    let seen = lines(&packets);
    assert_eq!(
        seen[0],
        line(FLOW, None, false),
        "the first that was seen to send is the client"
    );
    assert_eq!(
        (&seen[1]["flow"], &seen[1]["protocol"]),
        (&FLOW.into(), &"tcp".into())
    );
    assert_eq!(seen[2], line("10.0.0.1:40000>10.0.0.3:53", None, false));
    assert_eq!(seen.len(), 3);
}

#[test]
fn the_client_is_the_one_that_said_hello() {
    let answer = Client::new(V1).handshake();
    assert_eq!(
        lines(&[received(&answer), sent(&whole(NAME)), received(&answer)]),
        [line(FLOW, Some(NAME), true)]
    );
}

#[test]
fn connections_of_both_protocols_have_the_same_ports() {
    let tcp = at(0, &tls::hello(NAME));
    assert_eq!(
        lines(&[sent(&whole("other.example")), tcp]),
        [line(FLOW, Some("other.example"), true), named()]
    );
}

#[test]
fn datagrams_in_fragments_are_put_together() {
    let datagram = whole(NAME);
    for length in [8, 64, 600] {
        let mut fragments = fragments_ipv4(&sent(&datagram), length);
        fragments.reverse();
        assert_eq!(lines(&fragments), [line(FLOW, Some(NAME), true)], "{length}");
        let fragments = fragments_ipv6(&udp_ipv6(&datagram), length);
        let seen = lines(&fragments);
        assert_eq!(seen, [line("[::1]:1>[::2]:2", Some(NAME), true)], "{length}");
    }
}

#[test]
fn a_hello_that_is_not_all_there_is_not_complete() {
    let record = tls::with_extensions(&[(0, tls::server_name(NAME.as_bytes())), (21, vec![0; 9])]);
    let hello = &record[5..];
    let mut client = Client::new(V1);
    let part = client.datagram(&cut(hello, 0..hello.len() - 1));
    assert_eq!(lines(&[sent(&part)]), [line(FLOW, Some(NAME), false)]);
    // Also when the client sends on for longer than is looked at.
    let mut packets = vec![sent(&part)];
    packets.extend((0..100).map(|_| sent(&client.datagram(b""))));
    assert_eq!(lines(&packets), [line(FLOW, Some(NAME), false)]);
}

#[test]
fn the_first_name_of_a_flow_stands() {
    let nameless = Client::new(V1).datagram(&crypto(0, &tls::with_extensions(&[])[5..]));
    let other = whole("other.example");
    assert_eq!(lines(&[sent(&nameless)]), [line(FLOW, None, true)]);
    let unread = Client::new(V1).after_retry(b"lost").datagram(b"");
    let begun = Client::new(V1).datagram(&cut(&hello("begun.example", 0), 0..30));
    for before in [&nameless, &unread, &begun] {
        let mut packets = vec![sent(before); 20];
        packets.extend([sent(&whole(NAME)), sent(&other), received(&other)]);
        assert_eq!(lines(&packets), [line(FLOW, Some(NAME), true)]);
    }
}

/// When all flows together hold more than they may, the first ones are given up, with what is known of them.
#[test]
fn what_all_flows_hold_is_bounded() {
    let record = tls::with_extensions(&[(0, tls::server_name(NAME.as_bytes())), (21, vec![0; 60_000])]);
    let hello = &record[5..];
    let frames = [cut(hello, 0..200), cut(hello, 300..hello.len())].concat();
    let datagram = Client::new(V1).initial(&frames);
    let flows = 1..=1200;
    let packets: Vec<_> = flows
        .clone()
        .map(|port| udp((CLIENT.0, port), SERVER, &datagram))
        .collect();
    let seen = lines(&packets);
    assert_eq!(seen.len(), flows.count());
    for (port, seen) in (1..).zip(&seen) {
        assert_eq!(
            *seen,
            line(&format!("10.0.0.1:{port}>10.0.0.2:443"), Some(NAME), false)
        );
    }
}

#[test]
fn a_connection_through_a_socks_proxy() {
    let by_address = b"\0\0\0\x01\xc0\0\x02\x07\x01\xbb";
    let by_name = b"\0\0\0\x03\x0eapi.openai.com\x01\xbb";
    let via = serde_json::json!({"protocol": "socks5", "ip": "10.0.0.2", "port": 443, "hops": 1});
    let answer = received(&[&by_address[..], &Client::new(V1).handshake()].concat());
    let found = with(&line(FLOW, Some(NAME), true), "via", via.clone());
    for header in [&by_address[..], by_name] {
        let packets = [
            answer.clone(),
            sent(&[header, &whole(NAME)].concat()),
            answer.clone(),
        ];
        assert_eq!(lines(&packets), std::slice::from_ref(&found));
    }
    let nameless = Client::new(V1).datagram(&crypto(0, &tls::with_extensions(&[])[5..]));
    let found = with(&line(FLOW, Some("api.openai.com"), true), "evidence", "socks");
    assert_eq!(
        lines(&[sent(&[&by_name[..], &nameless].concat()), answer.clone()]),
        [with(&found, "via", via)]
    );
    // A fragment.
    let piece = sent(&[&b"\0\0\x01"[..], &by_name[3..], &whole(NAME)].concat());
    assert_eq!(lines(&[piece]), [line(FLOW, None, false)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn changed_datagrams_do_no_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let hello = hello(NAME, 6);
        let mut client = Client::new(V1);
        let packets = [
            sent(&client.datagram(&cut(&hello, 900..hello.len()))),
            sent(&client.datagram(&cut(&hello, 0..900))),
        ];
        let mut file = pcap(RAW, &packets);
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        for line in inspect(&file).0 {
            prop_assert!(line["name"].is_null() || line["name"] == NAME);
        }
    }
}
