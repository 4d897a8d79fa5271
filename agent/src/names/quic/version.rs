//! Versions of QUIC, and how each protects its Initials.

/// What the keys of Initials are derived with (RFC 9001, section 5.2).
pub(super) struct Protection {
    pub(super) salt: [u8; 20],
    /// Labels of the key, of the initialisation vector, and of the key for header protection.
    pub(super) labels: [&'static [u8]; 3],
}

const LABELS: [&[u8]; 3] = [b"quic key", b"quic iv", b"quic hp"];
/// RFC 9369, section 3.3.2.
const LABELS_V2: [&[u8]; 3] = [b"quicv2 key", b"quicv2 iv", b"quicv2 hp"];

/// Of draft-ietf-quic-tls-22.
const DRAFT_22: Protection = Protection {
    salt: *b"\x7f\xbc\xdb\x0e\x7c\x66\xbb\xe9\x19\x3a\x96\xcd\x21\x51\x9e\xbd\x7a\x02\x64\x4a",
    labels: LABELS,
};
/// Of draft-ietf-quic-tls-23 to -28.
const DRAFT_23: Protection = Protection {
    salt: *b"\xc3\xee\xf7\x12\xc7\x2e\xbb\x5a\x11\xa7\xd2\x43\x2b\xb4\x63\x65\xbe\xf9\xf5\x02",
    labels: LABELS,
};
/// Of draft-ietf-quic-tls-29 to -32.
const DRAFT_29: Protection = Protection {
    salt: *b"\xaf\xbf\xec\x28\x99\x93\xd2\x4c\x9e\x97\x86\xf1\x9c\x61\x11\xe0\x43\x90\xa8\x99",
    labels: LABELS,
};
/// RFC 9001, section 5.2.
const V1: Protection = Protection {
    salt: *b"\x38\x76\x2c\xf7\xf5\x59\x34\xb3\x4d\x17\x9a\xe6\xa4\xc8\x0c\xad\xcc\xbb\x7f\x0a",
    labels: LABELS,
};
/// Of draft-ietf-quic-v2 before it took the salt of RFC 9369.
const DRAFT_V2: Protection = Protection {
    salt: *b"\xa7\x07\xc2\x03\xa5\x9b\x47\x18\x4a\x1d\x62\xca\x57\x04\x06\xea\x7a\xe3\xe5\xd3",
    labels: LABELS_V2,
};
/// RFC 9369, section 3.3.1.
const V2: Protection = Protection {
    salt: *b"\x0d\xed\xe3\xde\xf7\x00\xa6\xdb\x81\x93\x81\xbe\x6e\x26\x9d\xcb\xf9\xbd\x2e\xd9",
    labels: LABELS_V2,
};

const V2_NUMBER: u32 = 0x6b33_43cf;
const DRAFT_V2_NUMBER: u32 = 0x709a_50c4;

/// How Initials of `version` may be protected, the likeliest first; none for a version that is not known.
pub(super) fn protections(version: u32) -> &'static [Protection] {
    match version {
        1 => &[V1],
        V2_NUMBER => &[V2],
        DRAFT_V2_NUMBER => &[DRAFT_V2],
        0xff00_0016 => &[DRAFT_22],
        0xff00_0017..=0xff00_001c => &[DRAFT_23],
        0xff00_001d..=0xff00_0020 => &[DRAFT_29],
        // The last drafts had the salt of the RFC.
        0xff00_0021..=0xff00_0022 => &[V1],
        // Meta's mvfst gives its variants numbers of their own: ..01 is of draft 22, ..03 of version 1.
        0xface_b000..=0xface_b0ff => &[DRAFT_23, DRAFT_22, V1],
        // Reserved for making a server say which versions it has (RFC 9000, section 15). The client begins in the form
        // of the version that it likes best.
        _ if version & 0x0f0f_0f0f == 0x0a0a_0a0a => &[V1, DRAFT_29, DRAFT_23, DRAFT_22],
        _ => &[],
    }
}

/// Kinds of packets with a long header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Initial,
    /// Has a length as Initials have, and no token: 0-RTT, Handshake.
    Other,
    /// Has no length.
    Retry,
}

/// Kind of a packet with a long header that begins with `first` (RFC 9000, section 17.2; RFC 9369, section 3.2).
pub(super) fn kind(version: u32, first: u8) -> Kind {
    let number = first >> 4 & 3;
    let renumbered = matches!(version, V2_NUMBER | DRAFT_V2_NUMBER);
    // Version 2 counts from Retry on, version 1 up to it.
    match if renumbered {
        number.wrapping_sub(1) & 3
    } else {
        number
    } {
        0 => Kind::Initial,
        3 => Kind::Retry,
        _ => Kind::Other,
    }
}
