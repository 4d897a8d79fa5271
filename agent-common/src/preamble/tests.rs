use std::vec::Vec;

use super::Preamble;

/// Bytes of `stream` that go up.
fn goes_up(begin: Preamble, stream: &[u8]) -> usize {
    let mut preamble = begin;
    for (index, &byte) in stream.iter().enumerate() {
        assert_eq!(preamble.is_last(), preamble.is_over() || preamble.is_tls());
        if preamble.is_last() {
            return index;
        }
        preamble = preamble.step(byte);
    }
    stream.len()
}

/// The last of `parts` is what must not go up.
fn ends_before_the_last(begin: Preamble, parts: &[&[u8]]) {
    let stream: Vec<u8> = parts.concat();
    let content = parts.last().map_or(0, |content| content.len());
    assert_eq!(
        goes_up(begin, &stream),
        stream.len() - content,
        "{:?}",
        stream.escape_ascii()
    );
}

const CONTENT: &[u8] = b"{\"prompt\": \"my secret\"}\r\n\r\nmore";
const TUNNEL: &[u8] = b"CONNECT proxy.example:443 HTTP/1.1\r\nHost: proxy.example:443\r\n\r\n";

#[test]
fn a_head_ends_with_its_empty_line() {
    for head in [
        "POST /v1 HTTP/1.1\r\nHost: a.example\r\n\r\n",
        "POST /v1 HTTP/1.1\nHost: a.example\n\n",
        "POST /v1 HTTP/1.0\r\nHost: a.example\n\r\n",
        "POST /v1 HTTP/1.1\r\n\r\n",
        "COPY http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n",
        "CONNECTED / HTTP/1.1\r\n\r\n",
        "GET /\r/ HTTP/1.1 HTTP/1.1\r\na: \r\r\nb:\r\n\r\n",
        "VERSION-CONTROL / HTTP/1.1\r\n\r\n",
    ] {
        ends_before_the_last(Preamble::BEGIN, &[head.as_bytes(), CONTENT]);
    }
}

#[test]
fn a_line_without_version_has_no_fields() {
    for line in [
        "EHLO a.example\r\n",
        "GET /\n",
        "GET / HTTP/2.0\r\n",
        "GET / HTTP/1.1x\r\n",
    ] {
        ends_before_the_last(Preamble::BEGIN, &[line.as_bytes(), CONTENT]);
    }
}

#[test]
fn of_what_is_not_known_only_the_byte_that_tells_goes_up() {
    for first in [b'{', b'a', 0, 6, 23, 0xff] {
        ends_before_the_last(Preamble::BEGIN, &[&[first], CONTENT]);
    }
    ends_before_the_last(Preamble::BEGIN, &[b"SSH-2", b".0-OpenSSH_9.2\r\n"]);
    ends_before_the_last(Preamble::BEHIND_GREETING, &[b"{", CONTENT]);
}

#[test]
fn behind_a_tunnels_head_comes_another_preamble() {
    let head = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
    ends_before_the_last(Preamble::BEGIN, &[TUNNEL, TUNNEL, b"\r\n", head, CONTENT]);
    ends_before_the_last(Preamble::BEGIN, &[TUNNEL, b"{", CONTENT]);
}

#[test]
fn tls_begins_with_a_hello() {
    let header: &[u8] = &[22, 3, 1, 2, 0];
    let empty: &[u8] = &[22, 3, 3, 0, 0];
    for before in [&[][..], TUNNEL] {
        for begin in [&[before, header][..], &[before, empty, header]] {
            let hello = [begin, &[&[1], b"and what it says"]].concat();
            ends_before_the_last(Preamble::BEGIN, &hello);
            // A server's hello, and what begins as a record alone.
            for other in [2, 0, 3, 0x17] {
                ends_before_the_last(Preamble::BEGIN, &[begin, &[&[other], CONTENT]].concat());
            }
        }
        for no_version in [0, 1, 2, 4, 22, b'{'] {
            ends_before_the_last(Preamble::BEGIN, &[before, &[22, no_version], CONTENT]);
        }
    }
}

#[test]
fn socks_ends_with_its_request() {
    let head: &[u8] = b"GET / HTTP/1.1\r\n\r\n";
    let greeting: &[u8] = &[5, 2, 0, 2];
    let log_in: &[u8] = b"\x01\x02me\x04pass";
    let empty_log_in: &[u8] = &[1, 0, 0];
    let name: &[u8] = b"\x05\x01\x00\x03\x09a.example\x01\xbb";
    let v4: &[u8] = &[5, 1, 0, 1, 192, 0, 2, 1, 1, 187];
    let v6: &[u8] = &[
        5, 1, 0, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 1, 187,
    ];
    for request in [name, v4, v6] {
        ends_before_the_last(Preamble::BEGIN, &[greeting, request, head, CONTENT]);
        ends_before_the_last(Preamble::BEGIN, &[greeting, log_in, request, head, CONTENT]);
        ends_before_the_last(Preamble::BEHIND_GREETING, &[request, head, CONTENT]);
        ends_before_the_last(Preamble::BEHIND_GREETING, &[empty_log_in, request, head, CONTENT]);
    }
    ends_before_the_last(Preamble::BEHIND_GREETING, &[&[5, 1, 0, 9], CONTENT]);
    let socks4: &[u8] = b"\x04\x01\x01\xbb\xc0\x00\x02\x01me\0";
    let socks4a: &[u8] = b"\x04\x01\x01\xbb\0\0\0\x01me\0a.example\0";
    let nobody: &[u8] = b"\x04\x01\x01\xbb\0\0\0\0\0";
    for request in [socks4, socks4a, nobody] {
        ends_before_the_last(Preamble::BEGIN, &[request, head, CONTENT]);
    }
}

#[test]
fn no_state_and_byte_break_it() {
    for state in 0..=255u32 {
        for left in [0, 1, 2, 255, 0xff_ffff] {
            for byte in 0..=255 {
                let _ = Preamble(state | left << 8).step(byte);
            }
        }
    }
}
