//! Datagrams of a QUIC client: as they are, and with frames that are sealed here; straight to the server, and behind what
//! a SOCKS proxy is told.
#![no_main]

use libfuzzer_sys::fuzz_target;
use umbra_fuzz::{Sealer, assert_host_name};
use umbra_parsers::names::{
    client::{DatagramReader, Via, ViaProtocol},
    quic::{InitialReader, is_initial},
    tls::Answer,
};

/// What is held when a reader wants more: pieces, and beside them what describes the flights.
const MOST_HELD: usize = 520 * 1024;
/// Connection IDs that the frames may go to; another one begins another flight.
const IDS: [&[u8]; 2] = [b"connection", b"other id"];
/// What may stand before a datagram; the last goes on in it.
const HEADERS: [&[u8]; 4] = [
    b"",
    b"\0\0\0\x01\xc0\0\x02\x07\x01\xbb",
    b"\0\0\0\x03\x0eapi.openai.com\x01\xbb",
    b"\0\0\0",
];
/// Longest name in such a header.
const MOST_NAME: usize = 253;

fuzz_target!(|input: &[u8]| {
    let mut clients = IDS.map(Sealer::new);
    let mut reader = InitialReader::default();
    let mut behind = DatagramReader::default();
    let mut rest = input;
    while let Some((kind, content)) = next(&mut rest) {
        let (header, kind) = (HEADERS[usize::from(kind >> 2 & 3)], kind & 3);
        let datagram = match kind {
            0 | 1 => clients[usize::from(kind)].seal(content),
            _ => content.to_vec(),
        };
        let before = reader.answer().clone();
        let part = reader.part();
        reader.push(&datagram);
        if before == Answer::NeedMore {
            assert!(reader.held() <= MOST_HELD, "{} bytes are held", reader.held());
        } else {
            assert_eq!(*reader.answer(), before, "an answer stands");
            assert_eq!(reader.part(), part, "a part stands with it");
        }
        if *reader.answer() != Answer::NeedMore {
            assert_eq!(reader.held(), 0, "nothing is held after an answer");
        }
        if kind < 2 {
            assert!(is_initial(&datagram), "what is sealed here is an Initial");
        }
        read_behind(&mut behind, &[header, &datagram].concat());
    }
    let hello = match reader.answer() {
        Answer::Hello(hello) => Some(hello.clone()),
        _ => reader.part(),
    };
    if let Some(name) = hello.and_then(|hello| hello.name) {
        assert_host_name(name.as_str());
    }
});

fn read_behind(reader: &mut DatagramReader, datagram: &[u8]) {
    let before = reader.is_done().then(|| reader.asked());
    reader.push(datagram);
    assert!(
        reader.held() <= MOST_HELD + MOST_NAME,
        "{} bytes are held",
        reader.held()
    );
    let asked = reader.asked();
    if let Some(before) = before {
        assert!(reader.is_done() && asked == before, "what is known stands");
    }
    let Some(asked) = asked else { return };
    let through = Via {
        protocol: ViaProtocol::Socks5,
        hops: 1,
    };
    assert!(asked.via.is_none_or(|via| via == through));
    if let Some(name) = asked.name {
        assert_host_name(name.as_str());
    }
}

/// Takes a kind, a length in two bytes, and as much content.
fn next<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&[kind, high, low], after) = rest.split_first_chunk()?;
    let length = usize::from(u16::from_be_bytes([high, low])).min(after.len());
    let (content, later) = after.split_at(length);
    *rest = later;
    Some((kind, content))
}
