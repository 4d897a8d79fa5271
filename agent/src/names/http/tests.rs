use proptest::prelude::*;

use super::{LONGEST_HEAD, Request, RequestReader};
use crate::names::target::Target;

const SECRET: &str = "s3cr3t-of-mine";

fn name(name: &str) -> Target {
    Target::read(name.as_bytes())
}

/// All that is said of a stream in pieces of a length, and what is left of it.
fn read(stream: &[u8], piece: usize) -> (Vec<Request>, &[u8]) {
    let mut reader = RequestReader::default();
    let mut said = Vec::new();
    let mut taken = 0;
    while taken < stream.len() {
        let piece = &stream[taken..stream.len().min(taken + piece)];
        let mut rest = piece;
        let found = reader.read(&mut rest);
        taken += piece.len() - rest.len();
        assert_secret_is_not_held(&reader);
        said.extend(found.clone());
        if found.is_some_and(|request| !matches!(request, Request::Tunnel(_))) {
            break;
        }
    }
    (said, &stream[taken..])
}

/// The same whatever byte the stream is cut at.
fn requests(stream: &str) -> Vec<Request> {
    let whole = read(stream.as_bytes(), stream.len());
    for piece in 1..stream.len() {
        assert_eq!(
            read(stream.as_bytes(), piece),
            whole,
            "pieces of {piece}: {stream}"
        );
    }
    whole.0
}

fn assert_secret_is_not_held(reader: &RequestReader) {
    assert!(reader.held() < 512, "{}", reader.held());
    let debug = format!("{reader:?}");
    let bytes = format!("{:?}", SECRET.as_bytes());
    let numbers = bytes.trim_matches(['[', ']']);
    // A few of its bytes may be there, before it is known what they are.
    assert!(
        !debug.contains(&SECRET[..5]) && !debug.contains(&numbers[..18]),
        "{debug}"
    );
}

#[test]
fn host_is_read_in_all_its_forms() {
    for (field, host) in [
        ("Host: api.openai.com", name("api.openai.com")),
        ("host:api.openai.com", name("api.openai.com")),
        ("HOST: \t API.OpenAI.com:8080 \t ", name("api.openai.com")),
        ("Host: api.openai.com.", name("api.openai.com")),
        ("Host: 192.0.2.7:80", name("192.0.2.7")),
        ("Host: [2001:db8::7]:80", name("2001:db8::7")),
        ("Host: [2001:db8::7]", name("2001:db8::7")),
    ] {
        let head = format!("GET /v1?a=b HTTP/1.1\r\nHo: x\r\n{field}\r\nAccept: */*\r\n\r\nbody");
        assert_eq!(requests(&head), [Request::Direct(host)], "{field}");
    }
}

#[test]
fn a_host_that_is_none_gives_no_name() {
    for fields in [
        "",
        "Host:",
        "Host: ",
        "Host : a.example",
        "Hosts: a.example",
        "X-Host: a.example",
        "Host: a.example b.example",
        "Host: a.example, b.example",
        "Host: user@a.example",
        "Host: a.example:port",
        "Host: [a.example]",
        "Host: [::1",
        "Host: ::1",
        "Host: [::1]x",
        "Host: http://a.example/",
        "Host: a.example\r\nHost: b.example",
        "Host: a.example\r\n .b.example",
        "Hos\r\nt: a.example",
        " Host: a.example",
    ] {
        let head = format!("GET / HTTP/1.0\r\n{fields}\r\n\r\n");
        assert_eq!(requests(&head), [Request::Direct(Target::Unclear)], "{fields}");
    }
    let twice = "GET / HTTP/1.1\r\nHost: a.example\r\nHost: A.example\r\n\r\n";
    assert_eq!(requests(twice), [Request::Direct(name("a.example"))]);
}

#[test]
fn a_request_to_a_proxy_overrides_host() {
    for (target, host) in [
        ("http://api.openai.com/v1", name("api.openai.com")),
        ("HTTP://API.openai.com:8080/v1", name("api.openai.com")),
        ("ws://api.openai.com", name("api.openai.com")),
        ("http://api.openai.com?a", name("api.openai.com")),
        (
            "http://user:s3cr3t-of-mine@api.openai.com/",
            name("api.openai.com"),
        ),
        ("http://[::1]:80/", name("::1")),
        ("http:///path", Target::Unclear),
    ] {
        let head = format!("GET {target} HTTP/1.1\r\nHost: other.example\r\n\r\n");
        assert_eq!(requests(&head), [Request::Proxied(host)], "{target}");
    }
}

#[test]
fn a_tunnel_is_known_at_once_and_begins_after_the_head() {
    for (target, host) in [
        ("api.openai.com:443", name("api.openai.com")),
        ("192.0.2.7:443", name("192.0.2.7")),
        ("[2001:db8::7]:443", name("2001:db8::7")),
        ("user@a.example:443", Target::Unclear),
    ] {
        let head = format!(
            "CONNECT {target} HTTP/1.1\r\nHost: other.example:443\r\n\
             Proxy-Authorization: Basic {SECRET}\r\n\r\n"
        );
        let tunnel = Request::Tunnel(host);
        assert_eq!(
            requests(&head),
            [tunnel.clone(), Request::TunnelBegins],
            "{target}"
        );
        let line = &head[..=head.find('\n').unwrap()];
        assert_eq!(requests(line), [tunnel], "{target}");
    }
    let stream = b"CONNECT a.example:1 HTTP/1.1\n\nin the tunnel";
    assert_eq!(read(stream, 100).1, b"in the tunnel");
}

#[test]
fn what_is_not_needed_is_not_held() {
    requests(&format!(
        "\r\n\nPOST /{SECRET}?{SECRET} HTTP/1.1\r\nAuthorization: Bearer {SECRET}\r\n\
         {SECRET}\r\n {SECRET}\r\nho{SECRET}: {SECRET}\r\nHost: a.example:{SECRET}\r\n\
         Cookie: {SECRET}\r\n\r\n{SECRET}"
    ));
    requests(&format!(
        "GET http://user:{SECRET}@a.example/{SECRET} HTTP/1.1\r\n\r\n"
    ));
    requests(&format!("GET http://user:a {SECRET}@a.example/ HTTP/1.1\r\n\r\n"));
    requests(&format!("{SECRET} / HTTP/1.1\r\n\r\n"));
    // A user's name looks like a host until the `@`, and is not shown either.
    requests(&format!("GET http://{SECRET}:1@a.example/ HTTP/1.1\r\n\r\n"));
}

#[test]
fn other_protocols_are_told() {
    for stream in [
        "HTTP/1.1 200 OK\r\nHost: a.example\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET /\r\n",
        "GET / HTTP/2\r\n\r\n",
        "GET a.example:80 HTTP/1.1\r\n\r\n",
        "GET urn:a.example HTTP/1.1\r\n\r\n",
        "DESCRIBE rtsp://a.example/ RTSP/1.0\r\n\r\n",
        "INVITE sip:b@a.example SIP/2.0\r\n\r\n",
        "EHLO a.example\r\n",
        "a1 STARTTLS\r\n",
        "SSH-2.0-OpenSSH_10.0\r\n",
        "220 a.example ESMTP\r\n",
        "CONNECT a.example:443/ HTTP/1.1\r\n\r\n",
        "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        " GET / HTTP/1.1\r\n\r\n",
    ] {
        assert_eq!(requests(stream), [Request::Unread], "{stream}");
    }
}

#[test]
fn heads_have_a_longest() {
    let long = format!("GET /{} HTTP/1.1\r\nHost: a.example\r\n\r\n", "x".repeat(60_000));
    assert_eq!(
        read(long.as_bytes(), 1460).0,
        [Request::Direct(name("a.example"))]
    );
    for endless in [
        "GET /",
        "CONNECT ",
        "GET http://",
        "GET / HTTP/1.1\r\nHost: ",
        "GET / HTTP/1.1\r\nA: ",
    ] {
        let stream = [endless.as_bytes(), &vec![b'x'; LONGEST_HEAD]].concat();
        let (said, rest) = read(&stream, 1460);
        assert_eq!(said, [Request::Unread], "{endless}");
        assert!(rest.len() < endless.len(), "{endless}");
    }
    let name = format!("{}.example", "a.".repeat(200));
    let head = format!("CONNECT {name}:443 HTTP/1.1\r\n");
    assert_eq!(requests(&head), [Request::Tunnel(Target::Unclear)]);
}

#[test]
fn host_is_known_before_the_head_has_ended() {
    let mut reader = RequestReader::default();
    let mut rest = &b"GET / HTTP/1.1\r\nHost: a.example\r\nAcc"[..];
    assert_eq!(reader.read(&mut rest), None);
    assert_eq!(reader.part(), Some(&name("a.example")));
    let mut reader = RequestReader::default();
    let mut rest = &b"CONNECT 192.0.2.7:1 HTTP/1.1\r\nHost: a.example\r\nAcc"[..];
    assert!(reader.read(&mut rest).is_some() && reader.read(&mut rest).is_none());
    assert_eq!(reader.part(), None, "overridden");
}

proptest! {
    #[test]
    fn garbled_heads_do_no_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..10),
        piece in 1_usize..50,
    ) {
        for head in [
            "CONNECT api.openai.com:443 HTTP/1.1\r\nHost: api.openai.com\r\n\r\n",
            "GET http://u:p@api.openai.com:80/ HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: api.openai.com:80\r\nA: b\r\n\r\n",
        ] {
            let mut stream = head.as_bytes().to_vec();
            for (at, byte) in &changes {
                let at = at.index(stream.len());
                stream[at] = *byte;
            }
            prop_assert_eq!(read(&stream, piece).0, read(&stream, stream.len()).0);
        }
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        for begin in ["", "GET ", "CONNECT ", "GET / HTTP/1.1\r\n"] {
            read(&[begin.as_bytes(), &bytes].concat(), 7);
        }
    }
}
