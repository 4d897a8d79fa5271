//! Frames in an Initial (RFC 9000, sections 17.2.2 and 19).

use crate::names::fields::Fields;

const PADDING: u8 = 0x00;
const PING: u8 = 0x01;
const ACK: u8 = 0x02;
const ACK_ECN: u8 = 0x03;
const CRYPTO: u8 = 0x06;
/// Of the kind that QUIC itself closes a connection with.
const CONNECTION_CLOSE: u8 = 0x1c;

/// A piece of the handshake, and its offset.
pub(super) type Piece<'a> = (u64, &'a [u8]);

/// The pieces of the handshake in a payload; `None` when it has something that may not be in an Initial.
pub(super) fn pieces(payload: &[u8]) -> Option<Vec<Piece<'_>>> {
    let mut fields = Fields(payload);
    let mut pieces = Vec::new();
    while !fields.0.is_empty() {
        match fields.u8()? {
            PADDING | PING => {}
            kind @ (ACK | ACK_ECN) => acknowledgement(&mut fields, kind == ACK_ECN)?,
            CRYPTO => pieces.push((fields.varint()?, fields.vector_varint()?)),
            CONNECTION_CLOSE => {
                let _error = fields.varint()?;
                let _frame = fields.varint()?;
                let _reason = fields.vector_varint()?;
            }
            _ => return None,
        }
    }
    Some(pieces)
}

fn acknowledgement(fields: &mut Fields<'_>, ecn: bool) -> Option<()> {
    let _largest = fields.varint()?;
    let _delay = fields.varint()?;
    let ranges = fields.varint()?;
    let _first = fields.varint()?;
    for _ in 0..ranges {
        let _gap = fields.varint()?;
        let _range = fields.varint()?;
    }
    if ecn {
        for _ in 0..3 {
            fields.varint()?;
        }
    }
    Some(())
}
