//! Tunnels through proxies, and what is in them.

use umbra_agent_common::target;
use umbra_report::Evidence;

use super::{
    asked, at_address, hello, known,
    made::{NAME, connect, socks4, socks5},
    read, server_name, with_extensions,
};
use crate::names::client::{Asked, ClientReader, MOST_HOPS, ViaProtocol};

const CONNECT: Option<(ViaProtocol, u8)> = Some((ViaProtocol::HttpConnect, 1));

/// What a client says to such a proxy, and how that is told.
type Proxy = (fn(&str) -> Vec<u8>, ViaProtocol, Evidence);

const PROXIES: [Proxy; 3] = [
    (
        |host| connect(&format!("{host}:443")),
        ViaProtocol::HttpConnect,
        Evidence::ProxyConnect,
    ),
    (socks4, ViaProtocol::Socks4, Evidence::Socks),
    (socks5, ViaProtocol::Socks5, Evidence::Socks),
];

#[test]
fn the_proxy_is_told_the_name_and_the_hello_tells_it_better() {
    for (open, protocol, evidence) in PROXIES {
        let via = Some((protocol, 1));
        let opened = open(NAME);
        assert_eq!(asked(&[&opened]), known(Some(NAME), evidence, via));
        let starttls = asked(&[&opened, b"EHLO a.example\r\n"]);
        assert_eq!(starttls, known(Some(NAME), evidence, via));
        let flight = hello(NAME);
        let found = known(Some(NAME), Evidence::TlsSni, via);
        assert_eq!(asked(&[&opened, &flight]), found);
        let other = hello("inside.example");
        let found = known(Some("inside.example"), Evidence::TlsSni, via);
        assert_eq!(asked(&[&opened, &other]), found);
        assert_eq!(
            asked(&[&opened, &with_extensions(&[])]),
            known(Some(NAME), evidence, via)
        );
    }
}

#[test]
fn a_tunnel_to_an_address_gets_its_name_from_within() {
    let head = format!("GET / HTTP/1.1\r\nHost: {NAME}\r\n\r\n");
    for (open, protocol, evidence) in PROXIES {
        let via = Some((protocol, 1));
        let opened = open("192.0.2.7");
        let found = Asked {
            address: Some([192, 0, 2, 7].into()),
            ..known(None, evidence, via)
        };
        assert_eq!(asked(&[&opened]), found);
        assert_eq!(
            asked(&[&opened, &hello(NAME)]),
            known(Some(NAME), Evidence::TlsSni, via)
        );
        let plain = asked(&[&opened, head.as_bytes()]);
        assert_eq!(plain, known(Some(NAME), Evidence::HttpHost, via));
    }
    let opened = connect("[2001:db8::7]:443");
    let found = Asked {
        address: Some("2001:db8::7".parse().unwrap()),
        ..known(None, Evidence::ProxyConnect, CONNECT)
    };
    assert_eq!(asked(&[&opened]), found);
    let within = known(Some(NAME), Evidence::TlsSni, CONNECT);
    assert_eq!(asked(&[&opened, &hello(NAME)]), within);
    assert_eq!(asked(&[&opened, &opened, &hello(NAME)]), within, "asked again");
    let opened = socks5("2001:db8::7");
    let via = Some((ViaProtocol::Socks5, 1));
    assert_eq!(
        asked(&[&opened, &hello(NAME)]),
        known(Some(NAME), Evidence::TlsSni, via)
    );
}

#[test]
fn a_tunnel_is_known_before_its_head_has_ended() {
    let opened = connect(&format!("{NAME}:443"));
    let line = opened.iter().position(|&byte| byte == b'\n').unwrap();
    let reader = read(&opened[..=line], 7);
    assert_eq!(
        reader.asked(),
        Some(&known(Some(NAME), Evidence::ProxyConnect, CONNECT))
    );
    assert!(!reader.is_whole() && !reader.is_done());
}

#[test]
fn asking_again_after_a_refusal_is_no_hop() {
    let opened = connect(&format!("{NAME}:443"));
    let flight = hello(NAME);
    let found = known(Some(NAME), Evidence::TlsSni, CONNECT);
    assert_eq!(asked(&[&opened, &opened, &opened, &flight]), found);
    let address = connect("192.0.2.7:443");
    assert_eq!(asked(&[&address, &address, &flight]), found);
    let passed_on = format!("GET http://{NAME}/ HTTP/1.1\r\n\r\n");
    let found = known(Some(NAME), Evidence::HttpHost, CONNECT);
    assert_eq!(asked(&[&opened, passed_on.as_bytes()]), found);
    let port = connect(&format!("{NAME}:8443"));
    let further = known(Some(NAME), Evidence::TlsSni, Some((ViaProtocol::HttpConnect, 2)));
    assert_eq!(asked(&[&opened, &port, &flight]), further, "another port");
    let endless = opened.repeat(100);
    let reader = read(&endless, 1460);
    assert!(reader.is_done() && !reader.is_whole());
    assert_eq!(reader.asked().unwrap().name.as_ref().unwrap().as_str(), NAME);
}

#[test]
fn what_was_asked_for_before_is_told_by_its_number() {
    let number = |target: &str| target::number(target.bytes().fold(target::BEGIN, target::add));
    let stream = [connect("192.0.2.7:443"), hello(NAME)].concat();
    for (before, via) in [
        ("192.0.2.7:443", None),
        ("192.0.2.7:8443", CONNECT),
        ("192.0.2.8:443", CONNECT),
    ] {
        for piece in 1..stream.len() {
            let mut reader = ClientReader::behind_connect(number(before));
            stream.chunks(piece).for_each(|piece| reader.push(piece));
            assert_eq!(
                reader.asked(),
                Some(&known(Some(NAME), Evidence::TlsSni, via)),
                "{before}"
            );
        }
    }
}

#[test]
fn proxies_behind_proxies_are_followed() {
    let first = connect("proxy.example:3128");
    let second = socks5("second.example");
    let third = socks4("192.0.2.7");
    let last = connect(&format!("{NAME}:443"));
    let flight = hello(NAME);
    let hops = |hops| Some((ViaProtocol::HttpConnect, hops));
    let socks = asked(&[&first, &second, &flight]);
    assert_eq!(socks, known(Some(NAME), Evidence::TlsSni, hops(2)));
    let four = asked(&[&first, &second, &third, &last, &last, &flight]);
    assert_eq!(four, known(Some(NAME), Evidence::TlsSni, hops(MOST_HOPS)));
    // A proxy's name is not what was asked for.
    assert_eq!(asked(&[&first, &third]), at_address(Evidence::Socks, hops(2)));
    let passed_on = format!("GET http://{NAME}/ HTTP/1.1\r\n\r\n");
    let found = known(Some(NAME), Evidence::HttpHost, hops(2));
    assert_eq!(asked(&[&first, passed_on.as_bytes()]), found);
    let outermost = asked(&[&second, &first, &flight]);
    let via = Some((ViaProtocol::Socks5, 2));
    assert_eq!(outermost, known(Some(NAME), Evidence::TlsSni, via));
}

#[test]
fn there_are_four_proxies_at_most() {
    let names = ["a.example", "b.example", "c.example", "d.example", NAME];
    let stream: Vec<u8> = names.iter().flat_map(|name| socks5(name)).collect();
    let reader = read(&[&stream[..], &hello(NAME)].concat(), 100);
    assert!(reader.is_done() && !reader.is_whole());
    let via = Some((ViaProtocol::Socks5, MOST_HOPS));
    assert_eq!(reader.asked(), Some(&known(None, Evidence::Socks, via)));
}

#[test]
fn a_front_is_not_the_name_that_the_proxy_was_told() {
    let extensions = |name: &[u8]| with_extensions(&[(0xfe0d, vec![0; 9]), (0, server_name(name))]);
    let opened = connect(&format!("{NAME}:443"));
    let mut found = known(Some(NAME), Evidence::ProxyConnect, CONNECT);
    found.ech = true;
    assert_eq!(asked(&[&opened, &extensions(b"front.example")]), found.clone());
    found.evidence = Evidence::TlsSni;
    assert_eq!(asked(&[&opened, &extensions(NAME.as_bytes())]), found);
}
