//! What a client sends first, in pieces: TLS, HTTP, SOCKS, and tunnels within them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use umbra_fuzz::{Cuts, assert_host_name};
use umbra_parsers::names::client::{ClientReader, MOST_HOPS};

/// The longest hello (64 KiB) and its header, in a vector that doubles when it is full.
const MOST_HELD: usize = 2 * (64 * 1024 + 4);

fuzz_target!(|input: &[u8]| {
    let Some(cuts) = Cuts::of(input) else { return };
    let mut whole = ClientReader::default();
    whole.push(cuts.stream);
    let mut reader = ClientReader::default();
    for piece in cuts.pieces() {
        let done = reader.is_done().then(|| reader.asked().cloned());
        reader.push(piece);
        assert!(reader.held() <= MOST_HELD, "{} bytes are held", reader.held());
        if let Some(asked) = done {
            assert!(reader.is_done(), "the end is the end");
            assert_eq!(reader.asked(), asked.as_ref(), "nothing is learnt after the end");
        }
    }
    assert_eq!(reader.asked(), whole.asked(), "the cuts make no difference");
    assert_eq!(
        reader.part(),
        whole.part(),
        "the cuts make no difference to a part"
    );
    assert_eq!(reader.is_done(), whole.is_done());
    assert_eq!(reader.is_whole(), whole.is_whole());
    for asked in [whole.asked().cloned(), whole.part()].into_iter().flatten() {
        if let Some(name) = &asked.name {
            assert_host_name(name.as_str());
        }
        if let Some(via) = asked.via {
            assert!((1..=MOST_HOPS).contains(&via.hops), "{via:?}");
        }
    }
});
