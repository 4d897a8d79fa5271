use umbra_agent_common::{
    flow::{EVIDENCE_PIECES, FLAG_GREETED},
    piece::{PIECE_DATAGRAMS, PIECE_STREAM},
};

use super::*;
use crate::{
    flows::record::tests::record,
    names::{
        quic::made::{self, Client, V1, cut},
        tls::made::hello,
    },
};

const BEGIN: u32 = u32::MAX - 20;

fn undecided() -> (Undecided, Arc<Losses>) {
    let losses = Arc::new(Losses::default());
    (Undecided::new(losses.clone()), losses)
}

fn asked_about(flags: u8) -> FlowRecord {
    FlowRecord {
        pattern: 0,
        evidence: EVIDENCE_PIECES,
        flags,
        ..record(b"")
    }
}

/// `bytes` at offset `at` of flow `key`'s stream.
fn piece(key: u64, at: usize, bytes: &[u8]) -> Piece {
    let header = PieceHeader {
        flow: key,
        time_ns: 1,
        sequence: BEGIN.wrapping_add(u32::try_from(at).unwrap()),
        length: u32::try_from(bytes.len()).unwrap(),
        kind: PIECE_STREAM,
        first: u32::from(at == 0),
        ..PieceHeader::default()
    };
    Piece {
        header,
        bytes: bytes.to_vec(),
    }
}

fn read(undecided: &mut Undecided, piece: &Piece, record: impl FnOnce() -> Option<FlowRecord>) -> bool {
    undecided.read(piece, record, |_| false)
}

fn name(undecided: &Undecided, key: u64, at_last: bool) -> Option<String> {
    match undecided.said(key, at_last) {
        Read::Asked(asked) => Some(asked.name.map_or("none".to_owned(), |name| name.to_string())),
        Read::Nothing => Some("nothing".to_owned()),
        Read::Wait => None,
    }
}

fn lost(losses: &Losses, cause: Loss) -> u64 {
    losses
        .by_cause()
        .find(|(name, _)| *name == cause.name())
        .unwrap()
        .1
}

#[test]
fn pieces_are_put_together_also_sent_again_and_out_of_order() {
    let hello = hello("api.openai.com");
    let (mut undecided, _) = undecided();
    let (a, b) = (30, 60);
    for (at, end) in [(0, a), (0, a), (b, hello.len()), (10, b - 5)] {
        assert!(read(&mut undecided, &piece(7, at, &hello[at..end]), || Some(
            asked_about(0)
        )));
        assert_eq!(name(&undecided, 7, false), None);
    }
    read(&mut undecided, &piece(7, a, &hello[a..b + 9]), || None);
    assert_eq!(name(&undecided, 7, false).as_deref(), Some("api.openai.com"));
    undecided.forget(7);
    assert_eq!(undecided.held, 0);
    assert!(undecided.order.is_empty());
}

#[test]
fn a_request_behind_a_greeting_is_no_greeting() {
    let (mut undecided, _) = undecided();
    let request = b"\x05\x01\x00\x03\x0eapi.openai.com\x01\xbb";
    for (at, byte) in request.iter().enumerate() {
        read(&mut undecided, &piece(7, at, &[*byte]), || {
            Some(asked_about(FLAG_GREETED))
        });
    }
    assert_eq!(name(&undecided, 7, true).as_deref(), Some("api.openai.com"));
}

#[test]
fn a_flow_that_was_judged_is_none_of_these() {
    let (mut undecided, _) = undecided();
    assert!(!read(&mut undecided, &piece(7, 0, b"x"), || None));
    assert!(!read(&mut undecided, &piece(7, 0, b"x"), || Some(record(
        b"api.openai.com"
    ))));
    assert_eq!(name(&undecided, 7, false), None, "its pieces may be on their way");
    assert_eq!(name(&undecided, 7, true).as_deref(), Some("nothing"));
}

#[test]
fn the_oldest_goes_when_there_are_too_many_and_is_counted() {
    let (mut undecided, losses) = undecided();
    let begin = &hello("api.openai.com")[..50];
    for key in 0..FLOWS_MAX as u64 + 10 {
        read(&mut undecided, &piece(key, 0, begin), || Some(asked_about(0)));
    }
    assert_eq!(undecided.flows.len(), FLOWS_MAX);
    assert!(!undecided.flows.contains_key(&9) && undecided.flows.contains_key(&10));
    assert_eq!(lost(&losses, Loss::FlowUndecided), 10);
    assert_eq!(
        undecided.held,
        undecided.flows.values().map(|flow| flow.held).sum::<usize>()
    );
}

#[test]
fn a_stream_is_not_picked_up_in_its_middle() {
    let (mut undecided, _) = undecided();
    assert!(!read(
        &mut undecided,
        &piece(7, 5, &hello("api.openai.com")),
        || Some(asked_about(0))
    ));
}

#[test]
fn the_first_name_that_will_do_stands() {
    let (mut undecided, _) = undecided();
    let head = b"CONNECT api.openai.com:443 HTTP/1.1\r\n\r\n";
    undecided.read(&piece(7, 0, head), || Some(asked_about(0)), |_| true);
    undecided.read(&piece(7, head.len(), &hello("other.example")), || None, |_| true);
    assert_eq!(name(&undecided, 7, false).as_deref(), Some("api.openai.com"));
}

/// As `UDP_SEGMENT` has them: in one go, and of one length but for the last.
#[test]
fn datagrams_that_were_sent_in_one_go_are_read_one_by_one_also_through_a_proxy() {
    let hello = made::hello("api.openai.com", 6);
    let mut client = Client::new(V1);
    let datagrams = [0..900, 900..hello.len()].map(|range| client.datagram(&cut(&hello, range)));
    for header in [&b""[..], b"\0\0\0\x01\xc0\0\x02\x07\x01\xbb"] {
        let (mut undecided, _) = undecided();
        let bytes = datagrams.each_ref().map(|datagram| [header, datagram].concat());
        let mut piece = piece(7, 0, &bytes.concat());
        piece.header.kind = PIECE_DATAGRAMS;
        piece.header.segment = u16::try_from(bytes[0].len()).unwrap();
        assert!(read(&mut undecided, &piece, || Some(asked_about(0))));
        assert!(
            undecided.held == undecided.flows[&7].held,
            "what is held is counted"
        );
        assert_eq!(name(&undecided, 7, false).as_deref(), Some("api.openai.com"));
        undecided.forget(7);
        assert_eq!(
            (undecided.held, undecided.flows.len()),
            (0, 0),
            "gone once decided"
        );
    }
}

#[test]
fn what_a_quic_client_has_said_is_gone_once_it_is_decided() {
    let hello = made::hello("api.openai.com", 6);
    let (mut undecided, _) = undecided();
    for key in 0..100 {
        let part = Client::new(V1).datagram(&cut(&hello, 0..900));
        let mut piece = piece(key, 0, &part);
        piece.header.kind = PIECE_DATAGRAMS;
        read(&mut undecided, &piece, || Some(asked_about(0)));
        assert_eq!(name(&undecided, key, false), None);
    }
    assert!(undecided.held > 100 * 900, "{} bytes", undecided.held);
    for key in 0..100 {
        undecided.forget(key);
    }
    assert_eq!(
        (undecided.held, undecided.flows.len(), undecided.order.len()),
        (0, 0, 0)
    );
}
