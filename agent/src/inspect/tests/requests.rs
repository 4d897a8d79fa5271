//! Plain HTTP, and who is the client.

use super::{
    NAME, line, lines,
    made::{SYN, answer, at, conversation, syn, syn_ack},
    with,
};
use crate::names::tls::made::hello;

const FLOW: &str = "10.0.0.1:40000>10.0.0.2:443";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nHost: a.example\r\n\r\n";

fn head(host: &str) -> Vec<u8> {
    format!("GET /v1?secret HTTP/1.1\r\nAuthorization: Bearer secret\r\nHost: {host}\r\nA: b\r\n\r\n")
        .into_bytes()
}

#[test]
fn host_is_the_name() {
    let named = [with(&line(FLOW, Some(NAME), true), "evidence", "http_host")];
    let head = head("API.OpenAI.com:443");
    assert_eq!(lines(&conversation(&[&head, ANSWER])), named);
    for cut in 1..head.len() {
        let (first, second) = (at(0, &head[..cut]), at(cut, &head[cut..]));
        assert_eq!(lines(&[syn(SYN), second.clone(), first.clone()]), named);
        assert_eq!(lines(&[second, first]), named, "no SYN");
    }
}

#[test]
fn an_address_is_no_name() {
    for host in ["192.0.2.7", "[2001:db8::7]:80", ""] {
        assert_eq!(
            lines(&conversation(&[&head(host)])),
            [line(FLOW, None, true)],
            "{host}"
        );
    }
}

#[test]
fn a_head_that_is_not_all_there_is_not_complete() {
    let head = head(NAME);
    let named = with(&line(FLOW, Some(NAME), false), "evidence", "http_host");
    let [.., host, _, _] = head.split_inclusive(|&byte| byte == b'\n').collect::<Vec<_>>()[..] else {
        panic!("lines");
    };
    let host_ends = host.as_ptr() as usize + host.len() - head.as_ptr() as usize;
    for length in 1..head.len() {
        let seen = lines(&[syn(SYN), at(0, &head[..length])]);
        let nameless = line(FLOW, None, false);
        assert_eq!(
            seen,
            [if length < host_ends {
                nameless
            } else {
                named.clone()
            }],
            "{length}"
        );
    }
}

#[test]
fn the_client_is_the_one_that_asks() {
    let named = [with(&line(FLOW, Some(NAME), true), "evidence", "http_host")];
    let head = head(NAME);
    let late = [answer(0, ANSWER), at(0, &head), answer(ANSWER.len(), ANSWER)];
    assert_eq!(lines(&late), named);
    let only_answer = line("10.0.0.2:443>10.0.0.1:40000", None, false);
    assert_eq!(lines(&[answer(0, ANSWER)]), [only_answer]);
}

#[test]
fn the_server_asks_for_nothing() {
    let nothing = [line(FLOW, None, false)];
    for bytes in [&head(NAME)[..], &hello(NAME)] {
        assert_eq!(lines(&conversation(&[b"", bytes])), nothing);
        assert_eq!(lines(&[answer(0, bytes), syn(SYN)]), nothing, "SYN late");
        assert_eq!(
            lines(&[answer(0, &bytes[..20]), syn_ack(SYN), answer(20, &bytes[20..])]),
            nothing
        );
    }
}
