mod datagrams;
mod harm;
mod made;
mod tunnels;

use umbra_agent_common::preamble::Preamble;
use umbra_report::Evidence;

use super::{Asked, ClientReader, Via, ViaProtocol};
use crate::names::{
    host::HostName,
    tls::made::{hello, server_name, with_extensions},
};
use made::{LOGIN, NAME, SECRET, connect};

/// Reads a stream in pieces of a length.
fn read(stream: &[u8], piece: usize) -> ClientReader {
    let mut reader = ClientReader::default();
    for piece in stream.chunks(piece) {
        reader.push(piece);
        harmless(&reader);
    }
    reader
}

/// What holds whatever was read: little is kept, and no secret is.
fn harmless(reader: &ClientReader) {
    assert!(reader.held() <= 128 * 1024);
    let debug = format!("{reader:?} {:?}", reader.part());
    let numbers = format!("{SECRET:?}");
    assert!(!debug.contains(&numbers[1..20]), "{debug}");
    assert!(
        !debug.contains(std::str::from_utf8(&SECRET[..6]).unwrap()),
        "{debug}"
    );
}

/// What a stream asks for, the same whatever byte it is cut at, nothing of it being missing.
fn asked(parts: &[&[u8]]) -> Asked {
    found(parts).expect("asks for something")
}

/// The same of a stream that may ask for nothing.
fn found(parts: &[&[u8]]) -> Option<Asked> {
    let stream = parts.concat();
    let whole = read(&stream, stream.len());
    for piece in [1, 2, 3, 7, 100] {
        let reader = read(&stream, piece);
        assert_eq!(reader.asked(), whole.asked(), "pieces of {piece}");
        assert_eq!(reader.is_done(), whole.is_done(), "pieces of {piece}");
    }
    for cut in 0..stream.len() {
        let mut reader = read(&stream[..cut], cut.max(1));
        reader.push(&stream[cut..]);
        assert_eq!(reader.asked(), whole.asked(), "cut at {cut}");
    }
    let up = &stream[..goes_up(&stream)];
    assert_eq!(
        read(up, up.len().max(1)).asked(),
        whole.asked(),
        "what the kernel lets up"
    );
    assert_eq!(whole.is_whole(), whole.asked().is_some());
    assert_eq!(whole.part().as_ref(), whole.asked(), "nothing is begun");
    whole.asked().cloned()
}

/// Bytes of a stream that the kernel lets up, when it cannot read them by itself.
fn goes_up(stream: &[u8]) -> usize {
    let mut preamble = Preamble::BEGIN;
    for (index, &byte) in stream.iter().enumerate() {
        if preamble.is_tls() {
            break;
        }
        if preamble.is_over() {
            return index;
        }
        preamble = preamble.step(byte);
    }
    stream.len()
}

fn known(name: Option<&str>, evidence: Evidence, via: Option<(ViaProtocol, u8)>) -> Asked {
    Asked {
        name: name.map(|name| HostName::read(name.as_bytes()).unwrap()),
        address: None,
        evidence,
        ech: false,
        via: via.map(|(protocol, hops)| Via { protocol, hops }),
    }
}

/// As [`known`], of what names `192.0.2.7`.
fn at_address(evidence: Evidence, via: Option<(ViaProtocol, u8)>) -> Asked {
    Asked {
        address: Some([192, 0, 2, 7].into()),
        ..known(None, evidence, via)
    }
}

#[test]
fn a_hello_says_it() {
    let flight = hello(NAME);
    let found = known(Some(NAME), Evidence::TlsSni, None);
    assert_eq!(asked(&[&flight, b"and more"]), found);
    let nameless = with_extensions(&[]);
    assert_eq!(asked(&[&nameless]), known(None, Evidence::TlsSni, None));
}

#[test]
fn a_plain_request_says_it() {
    let found = known(Some(NAME), Evidence::HttpHost, None);
    let head = format!("POST /v1 HTTP/1.1\r\nAuthorization: {LOGIN}\r\nHost: {NAME}\r\n\r\n");
    assert_eq!(asked(&[head.as_bytes(), SECRET]), found);
    let address = b"GET / HTTP/1.1\r\nHost: 192.0.2.7\r\n\r\n";
    assert_eq!(asked(&[address]), at_address(Evidence::HttpHost, None));
    let second = connect("other.example:443");
    assert_eq!(
        asked(&[head.as_bytes(), &second]),
        found,
        "the first request stands"
    );
}

#[test]
fn a_request_to_a_proxy_says_it() {
    let head = format!("GET http://user:s3cr3t-of-mine@{NAME}/ HTTP/1.1\r\nHost: other.example\r\n\r\n");
    let via = Some((ViaProtocol::Http, 1));
    assert_eq!(
        asked(&[head.as_bytes()]),
        known(Some(NAME), Evidence::HttpHost, via)
    );
    let address = b"GET http://192.0.2.7/ HTTP/1.1\r\nHost: other.example\r\n\r\n";
    assert_eq!(asked(&[address]), at_address(Evidence::HttpHost, via));
}

#[test]
fn other_protocols_say_nothing() {
    let flight = hello(NAME);
    for begin in [
        // SSLRequest of PostgreSQL, EHLO of SMTP, IMAP, SSH, MySQL, HTTP/2.
        &b"\0\0\0\x08\x04\xd2\x16\x2f"[..],
        b"EHLO a.example\r\nSTARTTLS\r\n",
        b"a1 STARTTLS\r\n",
        b"SSH-2.0-OpenSSH_10.0\r\n",
        b"\x20\0\0\x01\x85\xae\x7f\0",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        b"\x16\x03\x03\0\x04\x0e\0\0\0",
    ] {
        assert_eq!(found(&[begin, &flight]), None, "{begin:?}");
    }
}

#[test]
fn a_server_s_half_says_nothing() {
    let flight = hello(NAME);
    for answer in [
        &b"HTTP/1.1 200 Connection established\r\n\r\n"[..],
        b"HTTP/1.1 301 Moved\r\nHost: a.example\r\nLocation: http://a.example/\r\n\r\n",
        b"\0\x5a\x01\xbb\xc0\0\x02\x07",
        b"\x05\0\x05\0\0\x01\xc0\0\x02\x07\x01\xbb",
        b"\x05\x02\x01\0\x05\0\0\x03\x09a.example\x01\xbb",
        b"220 a.example ESMTP\r\n",
    ] {
        assert_eq!(found(&[answer, &flight]), None, "{answer:?}");
    }
}

#[test]
fn a_part_may_say_it() {
    let flight = with_extensions(&[(0, server_name(NAME.as_bytes())), (21, vec![0; 9])]);
    let head = format!("GET / HTTP/1.1\r\nHost: {NAME}\r\nAccept: */*\r\n\r\n");
    for (stream, evidence) in [
        (&flight[..], Evidence::TlsSni),
        (head.as_bytes(), Evidence::HttpHost),
    ] {
        let reader = read(&stream[..stream.len() - 1], 100);
        assert_eq!((reader.asked(), reader.is_whole()), (None, false));
        assert_eq!(reader.part(), Some(known(Some(NAME), evidence, None)));
        let reader = read(
            &[&connect("192.0.2.7:443"), &stream[..stream.len() - 1]].concat(),
            100,
        );
        assert!(!reader.is_whole());
        let via = Some((ViaProtocol::HttpConnect, 1));
        assert_eq!(reader.part(), Some(known(Some(NAME), evidence, via)));
    }
}
