//! A handshake message in CRYPTO frames, whose cuts, order and overlaps make no difference: QUIC's reader finds what
//! that of TLS finds in the message at once.
#![no_main]

use libfuzzer_sys::fuzz_target;
use umbra_fuzz::{Cuts, Sealer, crypto};
use umbra_parsers::names::{
    quic::InitialReader,
    tls::{Answer, HelloReader},
};

/// There are 256 pieces at most, and so fewer datagrams than the reader gives up after.
const FRAMES_IN_DATAGRAM: usize = 6;
/// Longest plain TLS record.
const RECORD: usize = 1 << 14;

fuzz_target!(|input: &[u8]| {
    let Some((&order, input)) = input.split_first() else {
        return;
    };
    let Some(cuts) = Cuts::of(input) else { return };

    let mut frames: Vec<_> = frames(cuts, usize::from(order & 3)).collect();
    let step = usize::from(order >> 2);
    frames.sort_by_key(|&(number, _)| number * step % 256);

    let mut client = Sealer::new(b"connection");
    let mut reader = InitialReader::default();
    for frames in frames.chunks(FRAMES_IN_DATAGRAM) {
        let frames: Vec<u8> = frames.iter().flat_map(|(_, frame)| frame).copied().collect();
        reader.push(&client.seal(&frames));
    }

    let mut expected = HelloReader::default();
    for piece in cuts.stream.chunks(RECORD) {
        let length = u16::try_from(piece.len()).expect("records are short");
        expected.push(&[&[22, 3, 3][..], &length.to_be_bytes(), piece].concat());
    }
    assert_eq!(reader.answer(), expected.answer());
    if *reader.answer() == Answer::NeedMore {
        assert_eq!(reader.part(), expected.part());
    }
});

/// Each piece and `overlap` bytes more as a frame, with its number.
fn frames(cuts: Cuts<'_>, overlap: usize) -> impl Iterator<Item = (usize, Vec<u8>)> {
    let mut at = 0;
    cuts.pieces().enumerate().map(move |(number, piece)| {
        let end = (at + piece.len() + overlap).min(cuts.stream.len());
        let frame = crypto(at, &cuts.stream[at..end]);
        at += piece.len();
        (number, frame)
    })
}
