//! What goes through a tunnel is named, and each proxy counted once: whatever the target's family, however often the
//! client has to ask, and wherever its request is cut.

use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::{Call, named};
use umbra_tests::hello::Hello;
use umbra_tests::proxies::{CREDENTIALS, Proxy};
use umbra_tests::skip::{Need, spared};

use crate::expect::{CONNECT, HTTP, SOCKS, TLS, check_name, flow_of};
use crate::names::{OPENAI, bed_serving};
use crate::through::{Through, asked, via};

const PROXIES: [Need; 2] = [Need::Program("squid"), Need::Program("danted")];
const PLAIN: [&str; 2] = ["--plain", "80"];
/// A request of SOCKS 5 to an IPv6 address, and one of SOCKS 4, for port 443.
const SOCKS5: &[u8] = b"\x05\x01\0\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\x01\xbb";
const SOCKS4: &[u8] = b"\x04\x01\x01\xbb\xc0\0\x02\x07user\0";

#[test]
fn a_tunnel_to_an_address_is_named_by_what_is_in_it() {
    if spared("tunnels to addresses") {
        return;
    }
    let Some(bed) = bed_serving(&PROXIES, &[]) else {
        return;
    };
    let (squid, dante) = (Proxy::squid(&bed), Proxy::dante(&bed));
    let agent = Agent::start(&Setup::default());
    for (turn, address) in ["127.0.0.1", "[::1]"].into_iter().enumerate() {
        let target = format!("{}:443:{address}", OPENAI.name);
        for (proxy, scheme, protocol, option) in [
            (
                &squid,
                "http",
                "http_connect",
                ["--connect-to", &format!("{target}:443")],
            ),
            (&dante, "socks5", "socks5", ["--resolve", &target]),
        ] {
            let path = format!("/bytes/1000/{scheme}{turn}");
            let tool = named("curl").with(&["--proxy", &proxy.url(scheme)]).with(&option);
            let run = bed.run(&tool, &Call::to(OPENAI.name, &path));
            let flow = Through::new(&agent, &bed, &tool, &run, &path).only();
            asked(&flow, TLS, &tool, &run, &bed, &via(protocol, proxy, 1));
        }
    }
    assert!(squid.log().contains("CONNECT [::1]:443"), "{}", squid.log());
    assert!(agent.stop().success());
}

#[test]
fn a_proxy_that_wants_a_password_is_one_proxy() {
    if spared("asking again") {
        return;
    }
    let Some(bed) = bed_serving(&PROXIES, &[]) else {
        return;
    };
    let squid = Proxy::squid_with_password(&bed);
    let agent = Agent::start(&Setup::default());
    for (turn, address) in ["127.0.0.1", "[::1]"].into_iter().enumerate() {
        let path = format!("/bytes/1000/{turn}");
        let tool = named("curl").with(&[
            "--proxy",
            &squid.url("http"),
            "--proxy-user",
            CREDENTIALS,
            // Asks without, is told how (407), and asks again on the same connection.
            "--proxy-anyauth",
            "--connect-to",
            &format!("{}:443:{address}:443", OPENAI.name),
        ]);
        let run = bed.run(&tool, &Call::to(OPENAI.name, &path));
        let flow = Through::new(&agent, &bed, &tool, &run, &path).refused().only();
        asked(&flow, TLS, &tool, &run, &bed, &via("http_connect", &squid, 1));
    }
    assert_eq!(
        squid.log().matches("TCP_DENIED/407").count(),
        2,
        "{}",
        squid.log()
    );
    assert!(agent.stop().success());
}

#[test]
fn requests_to_proxies_are_told_apart_wherever_they_are_cut() {
    if spared("proxies asked in pieces") {
        return;
    }
    let Some(bed) = bed_serving(&[], &PLAIN) else {
        return;
    };
    let agent = Agent::start(&Setup::default());
    let hello = Hello {
        name: Some(OPENAI.name),
        ..Hello::default()
    }
    .records(usize::MAX);
    let length = hello.len();
    // As long as the hello, so that each is a packet when the pieces are as long.
    let first = request("192.0.2.7:443", length);
    let longer = request("192.0.2.7:443", length + length / 2);
    // What follows is cut within its target.
    let shorter = request("192.0.2.7:443", length - "CONNECT 192.0.".len());
    let other = request("[2001:db8::7]:443", length);
    // A greeting whose length is that of the pieces, so that the request behind it is cut within the address.
    let greeting = b"\x05\x05\0\x01\x02\x03\x04";
    for (what, text, piece, protocol, hops) in [
        ("once", vec![&first[..]], length, "http_connect", 1),
        ("again", vec![&first; 4], length, "http_connect", 1),
        ("again, in one go", vec![&first; 4], 5 * length, "http_connect", 1),
        (
            "again, two at a time",
            vec![&first; 3],
            2 * length,
            "http_connect",
            1,
        ),
        ("again, cut", vec![&first, &longer], length, "http_connect", 1),
        (
            "again, cut in its line",
            vec![&shorter, &longer],
            length,
            "http_connect",
            1,
        ),
        (
            "and again, cut in its line",
            vec![&first, &shorter, &longer],
            length,
            "http_connect",
            1,
        ),
        (
            "of another",
            vec![&first, &first, &other, &other],
            length,
            "http_connect",
            2,
        ),
        // Four in the kernel, and one more in the agent.
        (
            "of many",
            vec![&first, &other, &first, &other, &longer],
            length,
            "http_connect",
            4,
        ),
        (
            "SOCKS 5 in pieces",
            vec![greeting, SOCKS5],
            greeting.len(),
            "socks5",
            1,
        ),
        ("SOCKS 4 in one go", vec![SOCKS4], 5 * length, "socks4", 1),
    ] {
        // The server answers when a head has ended.
        let text = [&text.concat()[..], &hello, b"\r\n\r\n"].concat();
        let (pid, _) = bed.say(
            "localhost",
            80,
            &text,
            &["--piece", &piece.to_string(), "--pause", "5"],
        );
        let flow = flow_of(&agent, |event| event.process.pid == pid);
        check_name(&flow.open, TLS, &OPENAI);
        let found = flow.open.via.map(|via| (via.protocol, via.hops));
        assert_eq!(found, Some((protocol.to_owned(), hops)), "{what}");
    }
    assert!(agent.stop().success());
}

#[test]
fn requests_to_proxies_are_named_in_pieces() {
    if spared("names that proxies are asked for in pieces") {
        return;
    }
    let Some(bed) = bed_serving(&[], &PLAIN) else {
        return;
    };
    let agent = Agent::start(&Setup::default());
    let connect = request(&format!("{}:443", OPENAI.name), 150);
    let absolute = format!("GET http://{}/ HTTP/1.0\r\nHost: example.org", OPENAI.name);
    let name = OPENAI.name.as_bytes();
    let length = u8::try_from(name.len()).expect("a short name");
    let login = b"\x05\x01\x02\x01\x04user\x06secret";
    let socks5 = [&login[..], b"\x05\x01\0\x03", &[length], name, b"\x01\xbb"].concat();
    let socks4a = [b"\x04\x01\x01\xbb\0\0\0\x01user\0", name, b"\0"].concat();
    for (text, evidence, protocol) in [
        (&connect[..], CONNECT, "http_connect"),
        (absolute.as_bytes(), HTTP, "http"),
        (&socks5, SOCKS, "socks5"),
        (&socks4a, SOCKS, "socks4"),
    ] {
        // The server answers when a head has ended.
        let text = [text, b"\r\n\r\n"].concat();
        for piece in ["1", "7"] {
            let (pid, _) = bed.say("localhost", 80, &text, &["--piece", piece]);
            let flow = flow_of(&agent, |event| event.process.pid == pid);
            check_name(&flow.open, evidence, &OPENAI);
            let found = flow.open.via.map(|via| (via.protocol, via.hops));
            assert_eq!(found, Some((protocol.to_owned(), 1)));
        }
    }
    assert!(agent.stop().success());
}

#[test]
fn a_plain_request_in_one_go_with_what_its_proxy_is_asked_is_named() {
    if spared("requests in one go") {
        return;
    }
    let Some(bed) = bed_serving(&[], &PLAIN) else {
        return;
    };
    let agent = Agent::start(&Setup::default());
    let get = format!("GET /bytes/10 HTTP/1.0\r\nHost: {}\r\n\r\n", OPENAI.name);
    let connect = |length| request("192.0.2.7:80", length);
    let greeting = b"\x05\x01\0";
    for (asked, protocol) in [
        (connect(100), "http_connect"),
        // As long as what the kernel reads of a head.
        (connect(512), "http_connect"),
        ([&greeting[..], SOCKS5].concat(), "socks5"),
        (SOCKS4.to_vec(), "socks4"),
        (
            b"\x04\x01\x01\xbb\0\0\0\x01user\0other.example\0".to_vec(),
            "socks4",
        ),
    ] {
        // With content behind its head, and without.
        for end in ["", "content"] {
            let text = [&asked, get.as_bytes(), end.as_bytes()].concat();
            let (pid, _) = bed.say("localhost", 80, &text, &[]);
            let flow = flow_of(&agent, |event| event.process.pid == pid);
            check_name(&flow.open, HTTP, &OPENAI);
            let found = flow.open.via.map(|via| (via.protocol, via.hops));
            assert_eq!(found, Some((protocol.to_owned(), 1)), "{end:?}");
        }
    }
    assert!(agent.stop().success());
}

/// A request for a tunnel, of so many bytes.
fn request(target: &str, length: usize) -> Vec<u8> {
    let begin = format!("CONNECT {target} HTTP/1.1\r\nX-Filler: ");
    let end = "\r\n\r\n";
    let filler = "x".repeat(length - begin.len() - end.len());
    [begin, filler, end.to_owned()].concat().into_bytes()
}
