//! As much of Protocol Buffers as four messages take (the encoding's documentation, "wire format").

use std::collections::HashMap;

/// Entries of a map that are read.
const ENTRIES_MAX: usize = 1_024;

/// A field of text.
pub(super) fn text(number: u8, value: &str) -> Vec<u8> {
    let mut message = vec![number << 3 | 2];
    let mut length = value.len();
    while length >= 0x80 {
        message.push(length.to_le_bytes()[0] | 0x80);
        length >>= 7;
    }
    message.push(length.to_le_bytes()[0]);
    message.extend(value.as_bytes());
    message
}

/// The last field `number` that has bytes: text or a message.
pub(super) fn field(message: &[u8], number: u64) -> Option<&[u8]> {
    all(message, number).last()
}

/// All fields `number` that have bytes.
pub(super) fn all(message: &[u8], number: u64) -> impl Iterator<Item = &[u8]> {
    fields(message)
        .filter(move |(found, _)| *found == number)
        .map(|(_, bytes)| bytes)
}

/// The same as text; empty is absent, as in `proto3`.
pub(super) fn string(message: &[u8], number: u64) -> Option<String> {
    let text = std::str::from_utf8(field(message, number)?).ok()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// A `map<string, string>`.
pub(super) fn map(message: &[u8], number: u64) -> HashMap<String, String> {
    all(message, number)
        .take(ENTRIES_MAX)
        .filter_map(|entry| Some((string(entry, 1)?, string(entry, 2)?)))
        .collect()
}

/// Fields that have bytes, up to what is damaged.
fn fields(mut rest: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    std::iter::from_fn(move || {
        loop {
            let tag = varint(&mut rest)?;
            let length = match tag & 7 {
                0 => varint(&mut rest).map(|_| 0)?,
                1 => 8,
                2 => usize::try_from(varint(&mut rest)?).ok()?,
                5 => 4,
                _ => return None,
            };
            let (bytes, after) = rest.split_at_checked(length)?;
            rest = after;
            if tag & 7 == 2 {
                return Some((tag >> 3, bytes));
            }
        }
    })
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn other_fields_are_passed_over() {
        // 1: varint 300; 2: fixed64; 3: "a"; 4: fixed32; 3: "b".
        let message = b"\x08\xac\x02\x11\0\0\0\0\0\0\0\0\x1a\x01a\x25\0\0\0\0\x1a\x01b";
        assert_eq!(string(message, 3).as_deref(), Some("b"));
        assert_eq!(field(message, 1), None);
    }

    proptest! {
        #[test]
        fn text_comes_back(value in ".{1,300}") {
            prop_assert_eq!(string(&text(3, &value), 3), Some(value));
        }

        #[test]
        fn damage_ends_the_message(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let read: usize = fields(&bytes).map(|(_, field)| field.len()).sum();
            prop_assert!(read <= bytes.len());
        }
    }
}
