//! Names that a client tells a proxy, and those in the tunnels through it.

use serde_json::{Value, json};

use super::{
    NAME, line, lines,
    made::{SYN, answer, at, conversation, ipv6, syn},
    with,
};
use crate::names::tls::made::hello;

const FLOW: &str = "10.0.0.1:40000>10.0.0.2:443";
const OPEN: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";
const REFUSED: &[u8] = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
/// What a SOCKS 5 proxy answers to a greeting, a login and a request.
const SOCKS5: [&[u8]; 3] = [b"\x05\x02", b"\x01\0", b"\x05\0\0\x01\0\0\0\0\0\0"];

fn connect(target: &str) -> Vec<u8> {
    format!("CONNECT {target} HTTP/1.1\r\nProxy-Authorization: Basic secret\r\n\r\n").into_bytes()
}

fn socks5(name: &str) -> Vec<u8> {
    let length = u8::try_from(name.len()).unwrap();
    [b"\x05\x01\0\x03", &[length][..], name.as_bytes(), b"\x01\xbb"].concat()
}

/// The lines of a capture in which all of the flow was seen.
fn through(evidence: &str, protocol: &str, hops: u8) -> [Value; 1] {
    let via = json!({"protocol": protocol, "ip": "10.0.0.2", "port": 443, "hops": hops});
    let named = with(&line(FLOW, Some(NAME), true), "evidence", evidence);
    [with(&named, "via", via)]
}

#[test]
fn a_tunnel_by_http() {
    let (opened, flight) = (connect(&format!("{NAME}:443")), hello(NAME));
    let found = through("proxy_connect", "http_connect", 1);
    assert_eq!(lines(&conversation(&[&opened])), found);
    let refused: &[u8] = b"HTTP/1.1 403 Forbidden\r\n\r\n";
    assert_eq!(lines(&conversation(&[&opened, refused])), found);
    let found = through("tls_sni", "http_connect", 1);
    assert_eq!(lines(&conversation(&[&opened, OPEN, &flight])), found);
    let stream = [&opened[..], &flight].concat();
    for cut in 1..stream.len() {
        let (first, second) = (at(0, &stream[..cut]), at(cut, &stream[cut..]));
        assert_eq!(lines(&[syn(SYN), second, answer(0, OPEN), first]), found);
    }
    let half = [&opened[..], &flight[..flight.len() / 2]].concat();
    let seen = &lines(&conversation(&[&half]))[0];
    assert_eq!((&seen["name"], &seen["complete"]), (&json!(NAME), &json!(false)));
}

#[test]
fn a_tunnel_to_an_address() {
    let opened = connect("192.0.2.7:443");
    let nameless = &lines(&conversation(&[&opened, OPEN]))[0];
    assert_eq!(
        (&nameless["name"], &nameless["evidence"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(nameless["via"]["protocol"], "http_connect");
    let seen = lines(&conversation(&[&opened, OPEN, &hello(NAME)]));
    assert_eq!(seen, through("tls_sni", "http_connect", 1));
}

#[test]
fn a_proxy_that_wants_a_login() {
    let opened = connect(&format!("{NAME}:443"));
    let seen = lines(&conversation(&[
        &opened,
        REFUSED,
        &opened,
        REFUSED,
        &opened,
        OPEN,
        &hello(NAME),
    ]));
    assert_eq!(seen, through("tls_sni", "http_connect", 1));
    let seen = lines(&conversation(&[&opened, REFUSED, &opened]));
    assert_eq!(seen, through("proxy_connect", "http_connect", 1));
}

#[test]
fn a_proxy_behind_a_proxy() {
    let (first, second) = (connect("192.0.2.7:1080"), socks5(NAME));
    let [chosen, _, allowed] = SOCKS5;
    let turns = [
        &first[..],
        OPEN,
        b"\x05\x01\0",
        chosen,
        &second,
        allowed,
        &hello(NAME),
    ];
    assert_eq!(
        lines(&conversation(&turns)),
        through("tls_sni", "http_connect", 2)
    );
    let seen = lines(&conversation(&turns[..5]));
    assert_eq!(seen, through("socks", "http_connect", 2));
}

#[test]
fn socks_4a() {
    let opened = [b"\x04\x01\x01\xbb\0\0\0\x01user\0", NAME.as_bytes(), b"\0"].concat();
    let allowed = b"\0\x5a\0\0\0\0\0\0";
    let seen = lines(&conversation(&[&opened, allowed]));
    assert_eq!(seen, through("socks", "socks4", 1));
    let seen = lines(&conversation(&[&opened, allowed, &hello(NAME)]));
    assert_eq!(seen, through("tls_sni", "socks4", 1));
}

/// Seen backwards and without SYN, the end of a stream may look like a request until its beginning comes.
#[test]
fn what_looks_like_a_request_is_not_believed_at_once() {
    let looks_like_socks_4 = [4, 1, 1, 187, 192, 0, 2, 7, 0, 1];
    let stream = [&hello(NAME)[..90], &looks_like_socks_4].concat();
    let bytes = stream.iter().enumerate().rev();
    let packets: Vec<_> = bytes.map(|(offset, byte)| at(offset, &[*byte])).collect();
    assert_eq!(lines(&packets), [line(FLOW, None, false)]);
}

#[test]
fn socks_5_with_a_login() {
    let login = b"\x01\x04user\x06secret";
    let [chosen, let_in, allowed] = SOCKS5;
    let request = socks5(NAME);
    let flight = hello(NAME);
    let turns = [
        &b"\x05\x02\0\x02"[..],
        chosen,
        login,
        let_in,
        &request,
        allowed,
        &flight,
    ];
    assert_eq!(lines(&conversation(&turns[..6])), through("socks", "socks5", 1));
    let packets = conversation(&turns);
    let found = through("tls_sni", "socks5", 1);
    assert_eq!(lines(&packets), found);
    assert_eq!(lines(&packets[2..]), found, "no handshake");
    let mut answer_first = packets[2..].to_vec();
    answer_first.swap(0, 1);
    assert_eq!(lines(&answer_first), found);
}

#[test]
fn a_request_that_a_proxy_passes_on() {
    let head = format!("GET http://{NAME}/v1 HTTP/1.1\r\nHost: other.example\r\n\r\n");
    let found = through("http_host", "http", 1);
    assert_eq!(lines(&conversation(&[head.as_bytes()])), found);
    let seen = &lines(&[ipv6(head.as_bytes())])[0];
    let via = json!({"protocol": "http", "ip": "::2", "port": 2, "hops": 1});
    assert_eq!((&seen["name"], &seen["via"]), (&json!(NAME), &via));
}
