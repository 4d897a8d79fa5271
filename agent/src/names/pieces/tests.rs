use proptest::prelude::*;

use super::Pieces;

fn all(pieces: &Pieces) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(more) = pieces.from(bytes.len() as u64) {
        bytes.extend_from_slice(more);
    }
    bytes
}

#[test]
fn what_came_first_stands() {
    let mut pieces = Pieces::default();
    pieces.add(2, b"CD");
    pieces.add(6, b"G");
    pieces.add(0, b"abcdefgh");
    pieces.add(0, b"xxxxxxxx");
    assert_eq!(all(&pieces), b"abCDefGh");
}

#[test]
fn what_is_forgotten_is_not_counted() {
    let mut pieces = Pieces::default();
    pieces.add(0, b"abc");
    pieces.add(5, b"f");
    pieces.forget_before(3);
    assert_eq!(pieces.from(0), None);
    assert_eq!(pieces.from(5), Some(&b"f"[..]));
    pieces.forget_before(6);
    assert_eq!(pieces.held(), 0);
}

proptest! {
    #[test]
    fn agrees_with_a_plain_list_of_bytes(added in prop::collection::vec((0_usize..50, 0_usize..20, any::<u8>()), 0..30)) {
        let mut pieces = Pieces::default();
        let mut plain = [None; 80];
        for (at, length, byte) in added {
            pieces.add(at as u64, &vec![byte; length]);
            for place in &mut plain[at..at + length] {
                place.get_or_insert(byte);
            }
        }
        for (at, byte) in plain.into_iter().enumerate() {
            prop_assert_eq!(pieces.from(at as u64).map(|rest| rest[0]), byte);
        }
    }
}
