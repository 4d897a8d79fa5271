//! A stream that may begin with a TLS hello, in pieces.
#![no_main]

use libfuzzer_sys::fuzz_target;
use umbra_fuzz::{Cuts, assert_host_name};
use umbra_parsers::names::tls::{Answer, HelloReader};

/// The longest hello (64 KiB) and its header, in a vector that doubles when it is full.
const MOST_HELD: usize = 2 * (64 * 1024 + 4);

fuzz_target!(|input: &[u8]| {
    let Some(cuts) = Cuts::of(input) else { return };
    let mut whole = HelloReader::default();
    whole.push(cuts.stream);
    let mut reader = HelloReader::default();
    for piece in cuts.pieces() {
        let before = reader.answer().clone();
        reader.push(piece);
        assert!(reader.held() <= MOST_HELD, "{} bytes are held", reader.held());
        if before != Answer::NeedMore {
            assert_eq!(*reader.answer(), before, "an answer stands");
        }
        if let (Some(part), Answer::Hello(hello)) = (reader.part(), whole.answer()) {
            assert_eq!(part.name, hello.name, "the name in a part is that of the whole");
        }
    }
    assert_eq!(reader.answer(), whole.answer(), "the cuts make no difference");
    assert_eq!(
        reader.part(),
        whole.part(),
        "the cuts make no difference to a part"
    );
    let hello = match whole.answer() {
        Answer::Hello(hello) => Some(hello.clone()),
        _ => whole.part(),
    };
    if let Some(name) = hello.and_then(|hello| hello.name) {
        assert_host_name(name.as_str());
    }
});
