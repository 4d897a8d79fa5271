//! Answers of the DNS over TCP, in pieces, and each of them as if it came in a datagram.
#![no_main]

use libfuzzer_sys::fuzz_target;
use umbra_fuzz::{Cuts, assert_host_name};
use umbra_parsers::names::dns::{Response, StreamReader};

/// The longest message and its length, in a vector that doubles when it is full.
const MOST_HELD: usize = 2 * (64 * 1024 + 2);
const MOST_ADDRESSES: usize = 128;
const MOST_FRONTS: usize = 8;
/// Length of a message's header.
const HEADER: usize = 12;
/// With fewer records than this, a message meets none of the reader's limits.
const FEW: u32 = 16;

fuzz_target!(|input: &[u8]| {
    let Some(cuts) = Cuts::of(input) else { return };
    let mut whole = Vec::new();
    StreamReader::default().push(cuts.stream, |response| whole.push(response));

    let mut cut = Vec::new();
    let mut reader = StreamReader::default();
    for piece in cuts.pieces() {
        reader.push(piece, |response| cut.push(response));
        assert!(reader.held() <= MOST_HELD, "{} bytes are held", reader.held());
    }
    assert_eq!(cut, whole, "the cuts make no difference");

    let alone: Vec<_> = messages(cuts.stream)
        .filter_map(|message| Response::read(message).ok()?)
        .collect();
    assert_eq!(alone, whole, "nor does the stream around a message");

    for message in messages(cuts.stream) {
        if let Ok(Some(response)) = Response::read(message) {
            check(&response);
            if records(message) < FEW {
                let halves = cuts.pieces_of(message).map(<[u8]>::len).scan(0, |at, length| {
                    *at += length;
                    Some(*at)
                });
                halves.for_each(|length| check_cut(&message[..length], &response));
            }
        }
    }
});

fn check(response: &Response) {
    assert_host_name(response.question.as_str());
    assert!(response.addresses.len() <= MOST_ADDRESSES, "{response:?}");
    assert!(response.ech_public_names.len() <= MOST_FRONTS, "{response:?}");
    for (number, (address, ttl)) in response.addresses.iter().enumerate() {
        let earlier = &response.addresses[..number];
        assert!(
            earlier.iter().all(|(other, _)| other != address),
            "{address} twice"
        );
        assert!(*ttl <= i32::MAX.unsigned_abs(), "{ttl} seconds");
    }
    for (name, _) in &response.ech_public_names {
        assert_host_name(name.as_str());
    }
}

/// What is left of a message that was cut says nothing that the whole does not.
fn check_cut(message: &[u8], whole: &Response) {
    let Ok(Some(part)) = Response::read(message) else {
        return;
    };
    assert_eq!(part.question, whole.question);
    for (address, _) in &part.addresses {
        assert!(
            whole.addresses.iter().any(|(other, _)| other == address),
            "{address} in the part of {whole:?}"
        );
    }
    for (front, _) in &part.ech_public_names {
        assert!(
            whole.ech_public_names.iter().any(|(other, _)| other == front),
            "{front} in the part of {whole:?}"
        );
    }
}

/// Records that the header of `message` announces.
fn records(message: &[u8]) -> u32 {
    let counts = message.get(6..HEADER).unwrap_or_default();
    let (counts, _) = counts.as_chunks();
    counts
        .iter()
        .map(|&count| u32::from(u16::from_be_bytes(count)))
        .sum()
}

/// The whole messages of a stream, each behind its length.
fn messages(mut stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (&length, rest) = stream.split_first_chunk()?;
        let (message, later) = rest.split_at_checked(u16::from_be_bytes(length).into())?;
        stream = later;
        Some(message)
    })
}
