use umbra_agent_common::piece::PIECE_STREAM;

use super::*;

fn entry(length: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(7_u64.to_ne_bytes()); // flow
    bytes.extend(8_u64.to_ne_bytes()); // time
    bytes.extend(9_u64.to_ne_bytes()); // start of the process
    bytes.extend(10_u32.to_ne_bytes()); // its id
    bytes.extend(0_u32.to_ne_bytes());
    bytes.extend(11_u32.to_ne_bytes()); // sequence
    bytes.extend(length.to_ne_bytes());
    bytes.extend(PIECE_STREAM.to_ne_bytes());
    bytes.extend(12_u16.to_ne_bytes()); // segment
    bytes.extend(1_u32.to_ne_bytes()); // first
    bytes.extend(b"bytes and what was there before");
    bytes
}

#[test]
fn a_piece_has_as_many_bytes_as_its_header_says() {
    let piece = parse(&entry(5)).unwrap();
    assert_eq!(piece.bytes, b"bytes");
    assert_eq!(
        piece.header,
        PieceHeader {
            flow: 7,
            time_ns: 8,
            process: ProcessKey {
                started_ns: 9,
                pid: 10,
                reserved: 0
            },
            sequence: 11,
            length: 5,
            kind: PIECE_STREAM,
            segment: 12,
            first: 1,
        }
    );
}

#[test]
fn one_that_is_shorter_is_none() {
    assert_eq!(parse(&entry(32)), None);
    assert_eq!(parse(&entry(5)[..40]), None);
}
