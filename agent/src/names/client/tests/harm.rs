//! Streams that nobody sends do no harm.

use proptest::prelude::*;

use super::{
    hello,
    made::{NAME, connect, socks4, socks5},
    read,
};
use crate::names::client::ClientReader;

fn streams() -> Vec<Vec<u8>> {
    let flight = hello(NAME);
    vec![
        [&connect("192.0.2.7:443"), &socks5("proxy.example"), &flight[..]].concat(),
        [&socks4("192.0.2.7"), &connect("[::1]:443"), &flight[..]].concat(),
        [
            socks5("::1"),
            connect("a.example:80"),
            b"GET / HTTP/1.1\r\nHost: b.example\r\n\r\n".to_vec(),
        ]
        .concat(),
    ]
}

#[test]
fn what_never_ends_is_given_up() {
    for begin in [
        &b"\x16\x03\x01\x40\0\x01\0\xff\xff"[..],
        b"GET /",
        b"GET / HTTP/1.1\r\n",
        b"CONNECT a.example:1 HTTP/1.1\r\n",
        b"\x04\x01\x01\xbb\xc0\0\x02\x07",
    ] {
        let mut reader = ClientReader::default();
        reader.push(begin);
        for _ in 0..20 {
            reader.push(&[b'a'; 16 * 1024]);
            assert!(reader.held() <= 128 * 1024);
        }
        assert!(reader.is_done(), "{begin:?}");
        assert_eq!(reader.held(), 0);
    }
}

proptest! {
    #[test]
    fn pieces_of_any_length_say_the_same(
        pieces in prop::collection::vec(1_usize..300, 1..20),
    ) {
        for stream in streams() {
            let whole = read(&stream, stream.len());
            let mut reader = ClientReader::default();
            let mut rest = &stream[..];
            for piece in pieces.iter().cycle() {
                let (now, later) = rest.split_at(rest.len().min(*piece));
                reader.push(now);
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(reader.asked(), whole.asked());
            prop_assert!(reader.is_whole());
        }
    }

    #[test]
    fn garbled_streams_do_no_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        piece in 1_usize..100,
    ) {
        for mut stream in streams() {
            for (at, byte) in &changes {
                let at = at.index(stream.len());
                stream[at] = *byte;
            }
            // Not through `read`: a changed byte may make a host of what was a secret.
            let mut reader = ClientReader::default();
            for piece in stream.chunks(piece) {
                reader.push(piece);
                reader.part();
                prop_assert!(reader.held() <= 128 * 1024);
            }
            let mut whole = ClientReader::default();
            whole.push(&stream);
            prop_assert_eq!(reader.asked(), whole.asked());
        }
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let mut reader = ClientReader::default();
        reader.push(&bytes);
        let mut reader = ClientReader::default();
        reader.push(&socks5("proxy.example"));
        reader.push(&bytes);
        reader.part();
    }
}
