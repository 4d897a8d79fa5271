use proptest::prelude::*;

use super::{
    super::StreamReader,
    NAME,
    made::{self, vector16},
};

/// The questions of the responses in a stream that comes in `pieces`.
fn questions<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
    let mut reader = StreamReader::default();
    let mut questions = Vec::new();
    for piece in pieces {
        reader.push(piece, |response| questions.push(response.question.to_string()));
        assert!(reader.held() <= 2 << 16);
    }
    questions
}

fn pipelined() -> Vec<u8> {
    let first = made::addresses("first.example", &[("192.0.2.1", 60)]);
    let second = made::addresses(NAME, &[("192.0.2.1", 60), ("192.0.2.2", 60)]);
    [
        vector16(&first),
        vector16(&[]),
        vector16(b"no message"),
        vector16(&second),
        vector16(&first)[..20].to_vec(),
    ]
    .concat()
}

#[test]
fn passes_over_what_is_no_response() {
    assert_eq!(questions([&pipelined()[..]]), ["first.example", NAME]);
}

#[test]
fn holds_no_more_than_a_message() {
    let stream = [&[0xff, 0xff][..], &vec![7; 200_000]].concat();
    assert_eq!(questions(stream.chunks(1000)), Vec::<String>::new());
}

proptest! {
    #[test]
    fn may_be_cut_anywhere(cuts in prop::collection::vec(1_usize..60, 1..20)) {
        let stream = pipelined();
        let mut rest = &stream[..];
        let mut pieces = Vec::new();
        for cut in cuts.into_iter().cycle() {
            let (piece, later) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = later;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(questions(pieces), ["first.example", NAME]);
    }
}
