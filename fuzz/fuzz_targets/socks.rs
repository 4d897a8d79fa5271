//! What a SOCKS client sends to its proxy, in pieces.
#![no_main]

use libfuzzer_sys::fuzz_target;
use umbra_fuzz::{Cuts, assert_host_name};
use umbra_parsers::names::socks::{Request, SocksReader};

/// A host's name in a vector that doubles when it is full. Not a password.
const MOST_HELD: usize = 2 * 256;

fuzz_target!(|input: &[u8]| {
    let Some(cuts) = Cuts::of(input) else { return };
    let whole = read([cuts.stream]);
    assert_eq!(read(cuts.pieces()), whole, "the cuts make no difference");
    if let Some((Some(Request::Tunnel(target)), _)) = whole
        && let Some(name) = target.name()
    {
        assert_host_name(name.as_str());
    }
});

/// The request, and how many bytes were taken for it.
fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<(Option<Request>, usize)> {
    let mut pieces = pieces.into_iter().filter(|piece| !piece.is_empty()).peekable();
    let mut reader = SocksReader::new(pieces.peek()?[0])?;
    let version = reader.version();
    let mut taken = 0;
    for piece in pieces {
        let mut rest = piece;
        let request = reader.read(&mut rest);
        taken += piece.len() - rest.len();
        assert_eq!(reader.version(), version);
        assert!(reader.held() <= MOST_HELD, "{} bytes are held", reader.held());
        if request.is_some() {
            return Some((request, taken));
        }
        assert!(rest.is_empty(), "a reader that wants more takes all");
    }
    Some((None, taken))
}
