//! The server name in a TLS `ClientHello` (RFC 8446, section 4.1.2; RFC 6066, section 3).

use umbra_agent_common::trie::NAME_MAX;

use crate::{blurred::Blurred, nameless::Nameless, packet::Packet};

/// `ContentType` of a record with handshake messages.
pub const HANDSHAKE_RECORD: u32 = 22;
/// `HandshakeType` of a client's hello.
pub const CLIENT_HELLO: u32 = 1;
const SERVER_NAME: u32 = 0;
const HOST_NAME: u32 = 0;
/// `encrypted_client_hello` (RFC 9849, section 5), and its type `outer`.
const ENCRYPTED_CLIENT_HELLO: u32 = 0xfe0d;
const OUTER: u32 = 0;
/// A hello with more extensions goes up to the agent: browsers send about 20, the registry holds about 60.
const EXTENSIONS_MAX: usize = 64;

/// The extensions of a hello.
struct Extensions {
    /// Behind the last.
    end: u32,
    /// Behind what of the record is there.
    record_end: u32,
}

/// Length of the server name in the `ClientHello` whose record begins at `record`; `place` becomes its offset.
#[inline(always)]
pub fn server_name(packet: Packet, record: u32, place: &mut Blurred) -> Result<u32, Nameless> {
    let split = |value: Option<u32>| value.ok_or(Nameless::Split);
    let extensions = extensions(packet, record, place)?;
    for _ in 0..EXTENSIONS_MAX {
        let at = place.get();
        let (kind, length) = extensions.next(packet, at)?;
        if kind == SERVER_NAME {
            // List: length (2), then one entry: type, length (2), name.
            if length < 5 || split(packet.byte(at + 6))? != HOST_NAME {
                return Err(Nameless::Malformed);
            }
            let name = split(packet.short(at + 7))?;
            if name + 5 > length || name == 0 || name > NAME_MAX as u32 {
                return Err(Nameless::Malformed);
            }
            if at + 9 + name > extensions.record_end {
                return Err(Nameless::Split);
            }
            place.set(at + 9);
            return Ok(name);
        }
        place.set(at + 4 + length);
    }
    Err(Nameless::Split)
}

/// Whether the hello is encrypted, or looks as if it were.
#[inline(always)]
pub fn has_ech(packet: Packet, record: u32, place: &mut Blurred) -> bool {
    let Ok(extensions) = extensions(packet, record, place) else {
        return false;
    };
    for _ in 0..EXTENSIONS_MAX {
        let at = place.get();
        let Ok((kind, length)) = extensions.next(packet, at) else {
            return false;
        };
        if kind == ENCRYPTED_CLIENT_HELLO {
            return packet.byte(at + 4) == Some(OUTER);
        }
        place.set(at + 4 + length);
    }
    false
}

/// The hello's extensions; `place` becomes the offset of the first.
#[inline(always)]
fn extensions(packet: Packet, record: u32, place: &mut Blurred) -> Result<Extensions, Nameless> {
    let split = |value: Option<u32>| value.ok_or(Nameless::Split);
    // Record: type, version (2), length (2). Handshake: type, length (3). Hello: version (2), random (32).
    if split(packet.byte(record + 1))? != 3 {
        return Err(Nameless::NoName);
    }
    let record_length = split(packet.short(record + 3))?;
    if record_length == 0 {
        return Err(Nameless::Split);
    }
    if split(packet.byte(record + 5))? != CLIENT_HELLO {
        return Err(Nameless::NoName);
    }
    let record_end = record + 5 + record_length;
    let inside = |at: u32| {
        if at <= record_end {
            Ok(at)
        } else {
            Err(Nameless::Split)
        }
    };
    let hello_end = if record_length < 4 {
        return Err(Nameless::Split);
    } else {
        record + 9 + (split(packet.word(record + 5))? & 0xff_ffff)
    };
    let mut at = inside(record + 5 + 4 + 2 + 32 + 1)? - 1;
    at += 1 + split(packet.byte(at))?; // session id
    at = inside(at + 2)? - 2;
    at += 2 + split(packet.short(at))?; // cipher suites
    at = inside(at + 1)? - 1;
    at += 1 + split(packet.byte(at))?; // compression methods
    if at >= hello_end {
        return Err(Nameless::NoName);
    }
    at = inside(at + 2)? - 2;
    let end = at + 2 + split(packet.short(at))?;
    place.set(at + 2);
    Ok(Extensions { end, record_end })
}

impl Extensions {
    /// Type and length of the extension at `at`.
    #[inline(always)]
    fn next(&self, packet: Packet, at: u32) -> Result<(u32, u32), Nameless> {
        if at + 4 > self.end {
            return Err(if at == self.end {
                Nameless::NoName
            } else {
                Nameless::Malformed
            });
        }
        if at + 4 > self.record_end {
            return Err(Nameless::Split);
        }
        let both = packet.word(at).ok_or(Nameless::Split)?;
        Ok((both >> 16, both & 0xffff))
    }
}
