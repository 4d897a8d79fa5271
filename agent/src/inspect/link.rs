//! Link layers: from a frame to the IP packet in it. Numbers are those of <https://www.tcpdump.org/linktypes.html>.
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const PPPOE_SESSION: u16 = 0x8864;
/// 802.1Q, 802.1ad, and what stood for the latter before.
const VLAN: [u16; 3] = [0x8100, 0x88a8, 0x9100];

/// IP in PPP (RFC 1332, RFC 5072).
const PPP_IPV4: u16 = 0x0021;
const PPP_IPV6: u16 = 0x0057;

/// A link layer that is not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unknown;

/// The IP packet in a frame of link type `link`; `None` when it holds something else, or is cut within its headers.
pub(super) fn network(link: i32, frame: &[u8]) -> Result<Option<&[u8]>, Unknown> {
    Ok(match link {
        // NULL and LOOP: an address family, whose numbers differ among systems; the packet's own version tells.
        0 | 108 => frame.get(4..),
        // EN10MB
        1 => ether(u16_at(frame, 12), frame.get(14..)),
        // PPP
        9 => ppp(frame.strip_prefix(&[0xff, 0x03]).unwrap_or(frame)),
        // RAW, as in files and as some systems write it; IPV4; IPV6.
        101 | 12 | 14 | 228 | 229 => Some(frame),
        // PPP_ETHER
        51 => pppoe(frame),
        // LINUX_SLL
        113 => ether(u16_at(frame, 14), frame.get(16..)),
        // LINUX_SLL2
        276 => ether(u16_at(frame, 0), frame.get(20..)),
        _ => return Err(Unknown),
    })
}

/// By `EtherType`, through any number of VLAN tags.
fn ether(kind: Option<u16>, payload: Option<&[u8]>) -> Option<&[u8]> {
    let (mut kind, mut payload) = (kind?, payload?);
    while VLAN.contains(&kind) {
        kind = u16_at(payload, 2)?;
        payload = payload.get(4..)?;
    }
    match kind {
        IPV4 | IPV6 => Some(payload),
        PPPOE_SESSION => pppoe(payload),
        _ => None,
    }
}

/// Version and type, code 0 for session data, session, length (RFC 2516, section 4).
fn pppoe(packet: &[u8]) -> Option<&[u8]> {
    let header = packet.first_chunk::<6>()?;
    (header[..2] == [0x11, 0]).then_some(())?;
    ppp(&packet[6..])
}

/// The protocol is in two bytes, or in one odd one where the peers agreed to save a byte (RFC 1661, section 6.5).
fn ppp(packet: &[u8]) -> Option<&[u8]> {
    let (protocol, payload) = match *packet {
        [short, ref payload @ ..] if short & 1 == 1 => (short.into(), payload),
        [high, low, ref payload @ ..] => (u16::from_be_bytes([high, low]), payload),
        _ => return None,
    };
    [PPP_IPV4, PPP_IPV6].contains(&protocol).then_some(payload)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes
        .get(at..at + 2)
        .map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
}
