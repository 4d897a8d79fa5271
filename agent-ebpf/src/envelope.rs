//! The header that a SOCKS 5 proxy has before each datagram, on the way to it and back (RFC 1928, section 7): two zeros,
//! the number of a fragment, and whom the datagram goes to or comes from. Fragments are not read.

use umbra_agent_common::target;

use crate::{packet::Packet, preamble::CHUNK, work::Work};

/// The first four bytes, which end in the type of the address.
const IPV4: u32 = 1;
/// See [`IPV4`].
const DOMAIN: u32 = 3;
/// See [`IPV4`].
const IPV6: u32 = 4;
/// Bytes before the address, and of the port behind it.
const AROUND: u32 = 4 + 2;

/// Bytes of the header that begins at `at`; 0 when there is none.
#[inline(always)]
pub fn length(packet: Packet, at: u32) -> u32 {
    match packet.word(at) {
        Some(IPV4) => AROUND + 4,
        Some(IPV6) => AROUND + 16,
        Some(DOMAIN) => packet.byte(at + 4).map_or(0, |name| AROUND + 1 + name),
        _ => 0,
    }
}

/// Type and address in the header at `at`; of a domain, its sum stands for it.
#[inline(always)]
pub fn address(packet: Packet, at: u32, work: &mut Work) -> Option<(u16, [u8; 16])> {
    let kind = packet.word(at)?;
    let address = match kind {
        IPV6 => packet.read(at + 4)?,
        IPV4 => {
            let [a, b, c, d] = packet.read(at + 4)?;
            [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        }
        _ => {
            let length = packet.byte(at + 4)?;
            let [a, b, c, d] = sum(packet, at + 5, length, work)?.to_be_bytes();
            [a, b, c, d, length as u8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        }
    };
    Some((kind as u16, address))
}

#[inline(always)]
fn sum(packet: Packet, at: u32, length: u32, work: &mut Work) -> Option<u32> {
    if length == 0 {
        return None;
    }
    packet.load(at, &mut work.chunk, length)?;
    work.at.set(target::BEGIN);
    // A length is one byte.
    for index in 0..0xff {
        if index >= length {
            break;
        }
        work.at.set(target::add(
            work.at.get(),
            work.chunk[index as usize & (CHUNK - 1)],
        ));
    }
    Some(work.at.get())
}
