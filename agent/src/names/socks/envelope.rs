//! What stands before each datagram that a client sends through a SOCKS 5 proxy, and before what comes back (RFC 1928,
//! section 7): two zeros, the number of a fragment, and whom it goes to or comes from.

use crate::names::{fields::Fields, target::Target};

use super::v5::{IPV4, IPV6, NAME};

/// Reserved, and a datagram that is no fragment. No proxy in use puts fragments together.
const BEGIN: &[u8] = &[0, 0, 0];

/// Whom the datagram goes to or comes from, and the datagram itself; `None` when no such header is there whole.
pub fn open(datagram: &[u8]) -> Option<(Target, &[u8])> {
    let mut fields = Fields(datagram.strip_prefix(BEGIN)?);
    let target = match fields.u8()? {
        IPV4 => Target::Address(<[u8; 4]>::try_from(fields.take(4)?).ok()?.into()),
        IPV6 => Target::Address(<[u8; 16]>::try_from(fields.take(16)?).ok()?.into()),
        NAME => Target::read(fields.vector8().filter(|name| !name.is_empty())?),
        _ => return None,
    };
    let _port = fields.u16()?;
    Some((target, fields.0))
}
