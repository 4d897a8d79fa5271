//! How far a stream goes before its content: heads of HTTP requests, SOCKS requests, and hellos.
//!
//! The kernel lets the bytes of a flow up only as far as this says, so that no content leaves it. The agent reads the
//! same protocols by readers of its own, which know more of them; here is only what tells where they end.
//!
//! An automaton in a table, because the verifier follows each branch of each byte to its end.
#![expect(
    clippy::cast_possible_truncation,
    reason = "states and kinds are few, and a state is the lowest byte"
)]

/// Where a stream is: a state in the lowest byte, and above it how many bytes are passed over yet.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preamble(pub u32);

/// The first byte of a stream, or of what goes through a tunnel.
const FIRST: u8 = 0;
/// Content, or what no reader knows.
const OVER: u8 = 1;
/// TLS: a hello has begun, and more of them, or what is encrypted, may follow.
const TLS: u8 = 2;
/// Any method but the next one.
const METHOD: u8 = 3;
/// `CONNECT `; plus the bytes of it that were read.
const CONNECT: u8 = 4;
/// The rest of a request line; plus the bytes of ` HTTP/1.` that were just read, and [`TUNNEL_LINE`].
const LINE: u8 = CONNECT + 8;
/// The line was begun by `CONNECT`, so that a tunnel comes behind the head.
const TUNNEL_LINE: u8 = 9;
/// Within a line of fields; plus [`BEGINS`] or [`RETURNS`], and [`TUNNEL_FIELDS`].
const FIELDS: u8 = LINE + 2 * TUNNEL_LINE;
/// At the beginning of the line.
const BEGINS: u8 = 1;
/// A carriage return stood there.
const RETURNS: u8 = 2;
/// As [`TUNNEL_LINE`].
const TUNNEL_FIELDS: u8 = 3;
/// SOCKS 5 (RFC 1928): how many methods the client knows.
const METHODS: u8 = FIELDS + 2 * TUNNEL_FIELDS;
/// What follows a greeting: a log-in (RFC 1929), or a request.
const GREETED: u8 = METHODS + 1;
/// Length of a user's name.
const USER: u8 = METHODS + 2;
/// Length of a password.
const PASSWORD: u8 = METHODS + 3;
/// A request's command.
const COMMAND: u8 = METHODS + 4;
const RESERVED: u8 = METHODS + 5;
/// Type of an address.
const TYPE: u8 = METHODS + 6;
/// Length of a domain.
const DOMAIN: u8 = METHODS + 7;
/// Behind one byte a tunnel begins; plus how many more.
const TUNNEL_BEHIND: u8 = METHODS + 8;
const TUNNEL_FURTHER_BEHIND: u8 = TUNNEL_BEHIND + 1;
/// An IPv6 address and a port.
const LONGEST: u8 = 16 + 2;
/// SOCKS 4: command, port and address; plus the bytes of it that were read. While the address is that of SOCKS 4a, `0.0.0.x`.
const SOCKS4: u8 = TUNNEL_BEHIND + LONGEST;
/// The address is another one; plus the bytes of it that were read, less one.
const SOCKS4_ADDRESS: u8 = SOCKS4 + 7;
/// A text that a zero ends, and another one.
const TWO_TEXTS: u8 = SOCKS4_ADDRESS + 3;
/// One such text.
const TEXT: u8 = TWO_TEXTS + 1;
/// A record with a handshake; plus the bytes of its header that were read, less one. What comes behind them is a hello or
/// no client's TLS.
const RECORD: u8 = TEXT + 1;
const HELLO: u8 = RECORD + 4;
/// Bytes are passed over; plus a place in [`BEHIND`].
const SKIP: u8 = HELLO + 1;
/// What comes behind them.
const BEHIND: [u8; 4] = [GREETED, PASSWORD, TUNNEL_BEHIND + 2 - 1, OVER];
const TO_GREETED: u8 = SKIP;
const TO_PASSWORD: u8 = SKIP + 1;
const TO_PORT: u8 = SKIP + 2;

const STATES: usize = 128;
const CLASSES: usize = 32;
/// One byte of each kind that is told from others: a digit, a capital letter and any other come last.
const KINDS: &[u8; 24] = b"\0\x01\x03\x04\x05\x16\r\n -/.CONETHP1\xff0Aa";
const CONNECT_METHOD: &[u8; 8] = b"CONNECT ";
const VERSION: &[u8; 8] = b" HTTP/1.";

/// The kind of each byte.
static KIND: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = kind(byte as u8);
        byte += 1;
    }
    kinds
};

/// The state behind a byte of each kind, by the state before it.
static NEXT: [u8; STATES * CLASSES] = {
    let mut table = [OVER; STATES * CLASSES];
    let mut state = 0;
    while state < SKIP as usize + BEHIND.len() {
        let mut kind = 0;
        while kind < KINDS.len() {
            table[state * CLASSES + kind] = next(state as u8, KINDS[kind]);
            kind += 1;
        }
        state += 1;
    }
    table
};

const fn kind(byte: u8) -> u8 {
    let mut kind = 0;
    while kind < KINDS.len() - 3 {
        if KINDS[kind] == byte {
            return kind as u8;
        }
        kind += 1;
    }
    let from_the_end = match byte {
        b'0'..=b'9' => 3,
        b'A'..=b'Z' => 2,
        _ => 1,
    };
    (KINDS.len() - from_the_end) as u8
}

#[expect(clippy::match_same_arms, reason = "the arms are in the order of the stream")]
const fn next(state: u8, byte: u8) -> u8 {
    match state {
        FIRST => match byte {
            // A record with a handshake (RFC 8446, section 5.1).
            22 => RECORD,
            4 => SOCKS4,
            5 => METHODS,
            b'C' => CONNECT + 1,
            b'A'..=b'Z' => METHOD,
            // Empty lines may stand before a request (RFC 9112, section 2.2).
            b'\r' | b'\n' => FIRST,
            _ => OVER,
        },
        TLS => TLS,
        METHOD => method(byte),
        CONNECT..LINE => {
            let read = state - CONNECT;
            if byte != CONNECT_METHOD[read as usize] {
                method(byte)
            } else if read == 7 {
                LINE + TUNNEL_LINE
            } else {
                state + 1
            }
        }
        LINE..FIELDS => {
            let tunnel = (state - LINE) / TUNNEL_LINE;
            let line = LINE + tunnel * TUNNEL_LINE;
            match (state - line, byte) {
                (8, b'\n') => FIELDS + tunnel * TUNNEL_FIELDS + BEGINS,
                // A line without a version is no request's, and nothing behind it is a head.
                (_, b'\n') => OVER,
                (8, b'0'..=b'9' | b'\r') => state,
                (read @ 0..8, _) if byte == VERSION[read as usize] => state + 1,
                (_, b' ') => line + 1,
                _ => line,
            }
        }
        FIELDS..METHODS => {
            let tunnel = (state - FIELDS) / TUNNEL_FIELDS;
            let fields = FIELDS + tunnel * TUNNEL_FIELDS;
            match (state - fields, byte) {
                (BEGINS | RETURNS, b'\n') if tunnel == 1 => FIRST,
                (BEGINS | RETURNS, b'\n') => OVER,
                (_, b'\n') => fields + BEGINS,
                (BEGINS, b'\r') => fields + RETURNS,
                _ => fields,
            }
        }
        METHODS => TO_GREETED,
        GREETED => match byte {
            1 => USER,
            5 => COMMAND,
            _ => OVER,
        },
        USER => TO_PASSWORD,
        PASSWORD => TO_GREETED,
        COMMAND => RESERVED,
        RESERVED => TYPE,
        TYPE => match byte {
            1 => TUNNEL_BEHIND + 4 + 2 - 1,
            3 => DOMAIN,
            4 => TUNNEL_BEHIND + LONGEST - 1,
            _ => OVER,
        },
        DOMAIN => TO_PORT,
        TUNNEL_BEHIND => FIRST,
        TUNNEL_FURTHER_BEHIND..SOCKS4 => state - 1,
        SOCKS4..SOCKS4_ADDRESS => match (state - SOCKS4, byte) {
            (6, 0) => TEXT,
            (6, _) => TWO_TEXTS,
            (3.., 1..) => SOCKS4_ADDRESS + (state - SOCKS4 - 3),
            _ => state + 1,
        },
        SOCKS4_ADDRESS..TWO_TEXTS => {
            if state + 1 == TWO_TEXTS {
                TEXT
            } else {
                state + 1
            }
        }
        // 3.0 is SSL 3.0, 3.1 to 3.4 are TLS; servers look at no more than the 3.
        RECORD if byte != 3 => OVER,
        RECORD..HELLO => state + 1,
        HELLO => match byte {
            1 => TLS,
            // Behind a record without content, which is put up with.
            22 => RECORD,
            _ => OVER,
        },
        TWO_TEXTS if byte == 0 => TEXT,
        TEXT if byte == 0 => FIRST,
        TWO_TEXTS | TEXT | SKIP.. => state,
        _ => OVER,
    }
}

const fn method(byte: u8) -> u8 {
    match byte {
        b' ' => LINE,
        b'A'..=b'Z' | b'-' => METHOD,
        _ => OVER,
    }
}

impl Preamble {
    /// Where every stream begins.
    pub const BEGIN: Self = Self(FIRST as u32);
    /// Behind the greeting of SOCKS 5.
    pub const BEHIND_GREETING: Self = Self(GREETED as u32);

    /// Whether what comes next is content, or nothing that is known.
    #[inline]
    pub fn is_over(self) -> bool {
        self.0 as u8 == OVER
    }

    /// Whether what comes next is TLS.
    #[inline]
    pub fn is_tls(self) -> bool {
        self.0 as u8 == TLS
    }

    /// Whether no further byte changes it: what comes is TLS, or is over.
    #[inline]
    pub fn is_last(self) -> bool {
        // One comparison for the two.
        (self.0 as u8).wrapping_sub(OVER) <= TLS - OVER
    }

    /// Where the stream is behind `byte`, which still goes up: so that a first byte tells the agent what follows.
    #[inline]
    #[must_use]
    pub fn step(self, byte: u8) -> Self {
        let state = self.0 as usize % STATES;
        let kind = KIND[byte as usize] as usize % CLASSES;
        let next = u32::from(NEXT[state * CLASSES + kind]);
        if next < u32::from(SKIP) {
            return Self(next);
        }
        let left = if state < SKIP as usize {
            u32::from(byte)
        } else {
            (self.0 >> 8).wrapping_sub(1)
        };
        if left == 0 {
            Self(u32::from(
                BEHIND[(next - u32::from(SKIP)) as usize % BEHIND.len()],
            ))
        } else {
            Self(left << 8 | next)
        }
    }
}

#[cfg(test)]
mod tests;
