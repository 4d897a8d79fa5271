use proptest::prelude::*;

use super::{Request, SocksReader, open};
use crate::names::target::Target;

const SECRET: &[u8] = b"s3cr3t-of-mine";

/// What is said of a stream in pieces of a length, and what is left of it.
fn read(stream: &[u8], piece: usize) -> (Option<Request>, &[u8]) {
    let Some(mut reader) = stream.first().and_then(|first| SocksReader::new(*first)) else {
        return (Some(Request::Unread), stream);
    };
    let mut taken = 0;
    while taken < stream.len() {
        let piece = &stream[taken..stream.len().min(taken + piece)];
        let mut rest = piece;
        let found = reader.read(&mut rest);
        taken += piece.len() - rest.len();
        assert!(reader.held() <= 512, "{}", reader.held());
        let debug = format!("{reader:?}");
        assert!(!debug.contains("115, 51, 99, 114, 51, 116"), "{debug}");
        if found.is_some() {
            return (found, &stream[taken..]);
        }
    }
    (None, &[])
}

/// The same whatever byte the stream is cut at; nothing before its end.
fn request(parts: &[&[u8]]) -> Request {
    let stream = [&parts.concat()[..], b"in the tunnel"].concat();
    let (Some(found), rest) = read(&stream, stream.len()) else {
        panic!("nothing found in {stream:?}");
    };
    for piece in 1..stream.len() {
        assert_eq!(
            read(&stream, piece),
            (Some(found.clone()), rest),
            "pieces of {piece}"
        );
    }
    let end = stream.len() - rest.len();
    for length in 0..end {
        assert!(matches!(
            read(&stream[..length], 7).0,
            None | Some(Request::Unread)
        ));
    }
    if found != Request::Unread {
        assert_eq!(rest, b"in the tunnel");
    }
    found
}

fn name(text: &str) -> Request {
    let name = Target::read(text.as_bytes());
    assert!(name.name().is_some(), "{text}");
    Request::Tunnel(name)
}

fn address(text: &str) -> Request {
    Request::Tunnel(Target::Address(text.parse().unwrap()))
}

const V5_NAME: &[u8] = b"\x05\x01\0\x03\x0eapi.openai.com\x01\xbb";

#[test]
fn version_4_has_addresses_and_4a_has_names() {
    let head = b"\x04\x01\x01\xbb";
    for user in [&b""[..], SECRET] {
        assert_eq!(
            request(&[head, &[192, 0, 2, 7], user, &[0]]),
            address("192.0.2.7")
        );
        let named = [head, &[0, 0, 0, 1][..], user, b"\0API.openai.com\0"];
        assert_eq!(request(&named), name("api.openai.com"));
    }
    let literal = [head, &[0, 0, 0, 255][..], b"\0", b"192.0.2.7\0"];
    assert_eq!(request(&literal), address("192.0.2.7"));
    let strange = [head, &[0, 0, 0, 1][..], b"\0a b\0"];
    assert_eq!(request(&strange), Request::Tunnel(Target::Unclear));
}

#[test]
fn version_4_is_told_from_what_is_none() {
    for other in [
        &b"\x04\x02\x01\xbb\xc0\0\x02\x07\0"[..],
        b"\x04\x01\0\0\xc0\0\x02\x07\0",
        b"\x04\x01\x01\xbb\0\0\0\0\0",
        b"\x04\x01\x01\xbb\xff\0\x02\x07\0",
        b"\x04\x01\x01\xbb\xc0\0\x02\x07user\x01",
        b"\x04\x01\x01\xbb\0\0\0\x01\0\0",
        // From within a TLS hello: the last signature algorithm and two extensions.
        b"\x04\x01\0\x17\0\0\0\x0b\0\x02\x01\0",
        // Cassandra's OPTIONS, in version 4 of its protocol.
        b"\x04\0\0\0\x05\0\0\0\0",
    ] {
        assert_eq!(request(&[other]), Request::Unread, "{other:?}");
    }
    for endless in [
        &b"\x04\x01\x01\xbb\x01\0\x02\x07"[..],
        b"\x04\x01\x01\xbb\0\0\0\x01\0",
    ] {
        assert_eq!(request(&[endless, &[b'a'; 600]]), Request::Unread);
    }
}

#[test]
fn version_5_has_names_and_addresses() {
    assert_eq!(request(&[b"\x05\x01\0", V5_NAME]), name("api.openai.com"));
    let ipv4 = b"\x05\x01\0\x01\xc0\0\x02\x07\x01\xbb";
    assert_eq!(request(&[b"\x05\x03\0\x01\x02", ipv4]), address("192.0.2.7"));
    let ipv6 = [&b"\x05\x01\0\x04\x20\x01\x0d\xb8"[..], &[0; 11], &[7, 1, 0xbb]].concat();
    assert_eq!(request(&[b"\x05\x01\0", &ipv6]), address("2001:db8::7"));
    let literal = b"\x05\x01\0\x03\x09192.0.2.7\x01\xbb";
    assert_eq!(request(&[b"\x05\x01\0", literal]), address("192.0.2.7"));
    let longest = format!("{}.example", "a".repeat(63));
    let length = u8::try_from(longest.len()).unwrap();
    let request_of_longest = [b"\x05\x01\0\x03", &[length][..], longest.as_bytes(), &[1, 0xbb]].concat();
    assert_eq!(request(&[b"\x05\x01\0", &request_of_longest]), name(&longest));
}

#[test]
fn users_and_passwords_are_passed_over() {
    let length = [u8::try_from(SECRET.len()).unwrap()];
    let login = [&[1][..], &length, SECRET, &length, SECRET].concat();
    for methods in [&b"\x05\x01\x02"[..], b"\x05\x02\0\x02", b"\x05\x03\0\x01\x02"] {
        assert_eq!(request(&[methods, &login, V5_NAME]), name("api.openai.com"));
        assert_eq!(request(&[methods, V5_NAME]), name("api.openai.com"), "not wanted");
        assert_eq!(
            request(&[methods, b"\x01\x01u\x01p", V5_NAME]),
            name("api.openai.com")
        );
        assert_eq!(request(&[methods, b"\x01\0\0", V5_NAME]), name("api.openai.com"));
        assert_eq!(request(&[methods, &login, &login]), Request::Unread);
    }
    let longest = [&[1, 255][..], &[b'u'; 255], &[255], &[b'p'; 255]].concat();
    assert_eq!(
        request(&[b"\x05\x01\x02", &longest, V5_NAME]),
        name("api.openai.com")
    );
}

#[test]
fn what_cannot_be_followed_gives_no_name() {
    for other in [
        // A token of 600 bytes, to a proxy that chose GSSAPI.
        &[b"\x05\x03\0\x01\x02\x01\x01\x02\x58\x60", &[0; 600][..]].concat()[..],
        b"\x05\x01\x01\x01\x01\x02\x58\x60",
        // A method that was not offered.
        b"\x05\x01\0\x01\x01u\x01p",
        // BIND, UDP ASSOCIATE, an unknown type of address, a name of no length.
        b"\x05\x01\0\x05\x02\0\x01\xc0\0\x02\x07\x01\xbb",
        b"\x05\x01\0\x05\x03\0\x03\x01a\x01\xbb",
        b"\x05\x01\0\x05\x01\0\x09\xc0\0\x02\x07",
        b"\x05\x01\0\x05\x01\0\x03\0\x01\xbb",
    ] {
        assert_eq!(request(&[other]), Request::Unread, "{other:?}");
    }
}

#[test]
fn answers_are_no_requests() {
    let answer = b"\x05\0\0\x01\xc0\0\x02\x07\x01\xbb";
    for chosen in [&b"\x05\0"[..], b"\x05\x02\x01\0", b"\x05\xff"] {
        let answers = [chosen, answer, &[0x16; 300]].concat();
        assert_eq!(
            read(&answers, answers.len()).0,
            Some(Request::Unread),
            "{chosen:?}"
        );
    }
    assert!(SocksReader::new(0).is_none(), "an answer of version 4");
}

#[test]
fn a_datagram_says_whom_it_is_for() {
    for (header, target) in [
        (
            &b"\0\0\0\x03\x0eAPI.openai.com\x01\xbb"[..],
            Target::read(b"api.openai.com"),
        ),
        (
            b"\0\0\0\x01\xc0\0\x02\x07\x01\xbb",
            Target::Address([192, 0, 2, 7].into()),
        ),
        (
            b"\0\0\0\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\x01\xbb",
            Target::Address("2001:db8::7".parse().unwrap()),
        ),
        (
            b"\0\0\0\x03\x09192.0.2.7\x01\xbb",
            Target::Address([192, 0, 2, 7].into()),
        ),
        (b"\0\0\0\x03\x03a b\x01\xbb", Target::Unclear),
    ] {
        for content in [&b""[..], b"\xc0 sealed"] {
            let datagram = [header, content].concat();
            assert_eq!(open(&datagram), Some((target.clone(), content)));
        }
        for cut in 0..header.len() {
            assert_eq!(open(&header[..cut]), None, "cut at {cut}");
        }
    }
}

#[test]
fn what_is_no_datagram_for_a_proxy_is_left_as_it_is() {
    for other in [
        // A fragment, what is reserved, an unknown type of address, a name of no length.
        &b"\0\0\x01\x01\xc0\0\x02\x07\x01\xbbx"[..],
        b"\0\x01\0\x01\xc0\0\x02\x07\x01\xbbx",
        b"\0\0\0\x02\xc0\0\x02\x07\x01\xbbx",
        b"\0\0\0\x03\0\x01\xbbx",
        // QUIC itself.
        b"\xc0\0\0\0\x01\x08",
    ] {
        assert_eq!(open(other), None, "{other:?}");
    }
}

proptest! {
    #[test]
    fn a_datagram_is_opened_to_its_end_or_not_at_all(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let datagram = [&[0, 0, 0][..], &bytes].concat();
        if let Some((_, content)) = open(&datagram) {
            prop_assert!(datagram.ends_with(content));
            prop_assert!((4 + 2..=4 + 1 + 255 + 2).contains(&(datagram.len() - content.len())));
        }
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        piece in 1_usize..50,
    ) {
        for begin in [&b"\x04"[..], b"\x04\x01\x01\xbb\0\0\0\x01", b"\x05", b"\x05\x01\x02", b"\x05\x01\0\x05\x01\0"] {
            let stream = [begin, &bytes].concat();
            prop_assert_eq!(read(&stream, piece), read(&stream, stream.len()));
        }
    }
}
