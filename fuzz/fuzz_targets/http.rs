//! The head of an HTTP request, in pieces.
#![no_main]

use libfuzzer_sys::fuzz_target;
use umbra_fuzz::{Cuts, assert_host_name};
use umbra_parsers::names::{
    host::HostName,
    http::{Request, RequestReader},
    target::Target,
};

/// A host's name in a vector that doubles when it is full, in the first line and in a field. Not a path, nor a cookie.
const MOST_HELD: usize = 2 * 2 * 256;

fuzz_target!(|input: &[u8]| {
    let Some(cuts) = Cuts::of(input) else { return };
    let whole = read([cuts.stream]);
    assert_eq!(read(cuts.pieces()), whole, "the cuts make no difference");
    let Some((requests, _, part)) = whole else { return };
    let part = part.as_ref().and_then(Target::name);
    let names = requests.iter().filter_map(|request| match request {
        Request::Tunnel(target) | Request::Proxied(target) | Request::Direct(target) => target.name(),
        Request::TunnelBegins | Request::Unread => None,
    });
    names.chain(part).map(HostName::as_str).for_each(assert_host_name);
});

/// What is said of a request, how many bytes were taken for it, and what is known when nothing follows.
fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<(Vec<Request>, usize, Option<Target>)> {
    let mut pieces = pieces.into_iter().filter(|piece| !piece.is_empty()).peekable();
    let mut reader = RequestReader::new(pieces.peek()?[0])?;
    let (mut requests, mut taken) = (Vec::new(), 0);
    for piece in pieces {
        let mut rest = piece;
        while let Some(request) = reader.read(&mut rest) {
            let goes_on = matches!(request, Request::Tunnel(_));
            requests.push(request);
            if !goes_on {
                return Some((requests, taken + piece.len() - rest.len(), None));
            }
        }
        assert!(rest.is_empty(), "a reader that wants more takes all");
        assert!(reader.held() <= MOST_HELD, "{} bytes are held", reader.held());
        taken += piece.len();
    }
    let part = reader.part().cloned();
    Some((requests, taken, part))
}
