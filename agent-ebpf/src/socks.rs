//! The domain in a SOCKS request: 4a (the extension of SOCKS 4 by Ying-Da Lee) and 5 (RFC 1928).

use umbra_agent_common::trie::NAME_MAX;

use crate::{blurred::Blurred, nameless::Nameless, packet::Packet};

/// First byte of SOCKS 4.
pub const SOCKS4: u32 = 4;
/// First byte of SOCKS 5.
pub const SOCKS5: u32 = 5;
/// First byte of the sub-negotiation of user name and password (RFC 1929).
const LOGIN: u32 = 1;
const CONNECT: u32 = 1;
/// Types of addresses in version 5 (`ATYP`).
const IPV4: u32 = 1;
/// See [`IPV4`].
const DOMAIN: u32 = 3;
/// See [`IPV4`].
const IPV6: u32 = 4;
/// User ids are longer than this in no client; the request then goes up to the agent.
const USER_MAX: u32 = 64;

/// What a client says to its proxy.
pub enum Said {
    /// A greeting or a log-in: a request follows.
    Hello,
    /// A request for a domain: its length; the place is its offset.
    Domain(u32),
    /// A request for an address: its length; the place is its offset.
    Address(u32),
}

/// Reads what begins at `from`, with SOCKS 4.
#[inline(always)]
pub fn version4(packet: Packet, from: u32, end: u32, place: &mut Blurred) -> Result<Said, Nameless> {
    let split = |value: Option<u32>| value.ok_or(Nameless::Split);
    if split(packet.byte(from + 1))? != CONNECT {
        return Err(Nameless::NoName);
    }
    let address = split(packet.word(from + 4))?;
    place.set(from + 8);
    for _ in 0..USER_MAX {
        let at = place.get();
        place.set(at + 1);
        if split(packet.byte(at))? == 0 {
            break;
        }
    }
    let domain = place.get();
    if split(packet.byte(domain - 1))? != 0 {
        return Err(Nameless::Split);
    }
    // 0.0.0.x with x not 0: a domain follows, and a zero byte ends it.
    if address == 0 || address > 0xff {
        place.set(from + 4);
        return if domain == end {
            Ok(Said::Address(4))
        } else {
            Err(Nameless::Split)
        };
    }
    if end < domain + 2 || split(packet.byte(end - 1))? != 0 {
        return Err(Nameless::Split);
    }
    let length = end - 1 - domain;
    if length > NAME_MAX as u32 {
        return Err(Nameless::Malformed);
    }
    Ok(Said::Domain(length))
}

/// Reads what begins at `from`, with SOCKS 5; `greeted` when a greeting came before.
#[inline(always)]
pub fn version5(
    packet: Packet,
    from: u32,
    end: u32,
    greeted: bool,
    place: &mut Blurred,
) -> Result<Said, Nameless> {
    let split = |value: Option<u32>| value.ok_or(Nameless::Split);
    let first = split(packet.byte(from))?;
    let second = split(packet.byte(from + 1))?;
    if !greeted {
        return match from + 2 + second {
            _ if second == 0 => Err(Nameless::NoName),
            whole if whole == end => Ok(Said::Hello),
            _ => Err(Nameless::Split),
        };
    }
    if first == LOGIN {
        let password = from + 2 + second;
        let whole = password + 1 + split(packet.byte(password))?;
        return if whole == end {
            Ok(Said::Hello)
        } else {
            Err(Nameless::Split)
        };
    }
    if first != SOCKS5 || second != CONNECT {
        return Err(Nameless::NoName);
    }
    let address = match split(packet.byte(from + 3))? {
        IPV4 => 4,
        IPV6 => 16,
        DOMAIN => 0,
        _ => return Err(Nameless::NoName),
    };
    if address != 0 {
        place.set(from + 4);
        return if from + 4 + address + 2 == end {
            Ok(Said::Address(address))
        } else {
            Err(Nameless::Split)
        };
    }
    let length = split(packet.byte(from + 4))?;
    place.set(from + 5);
    if from + 5 + length + 2 != end {
        return Err(Nameless::Split);
    }
    if length == 0 || length > NAME_MAX as u32 {
        return Err(Nameless::Malformed);
    }
    Ok(Said::Domain(length))
}
