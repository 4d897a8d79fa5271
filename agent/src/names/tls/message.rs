//! A hello as a handshake message, without the records or frames that carry it (RFC 8446, section 4).

use super::{Answer, Hello, hello};

/// `HandshakeType` of the client's hello.
const CLIENT_HELLO: u8 = 1;
/// Type and length of a message.
const HEADER: usize = 4;
/// Longest hello that is read. The largest post-quantum key shares in use need less than 16 KiB.
pub(in crate::names) const LONGEST_HELLO: usize = 64 * 1024;

/// Reads a stream of handshake messages up to the end of the hello that it begins with.
#[derive(Debug, Default)]
pub(in crate::names) struct MessageReader {
    /// The message so far, with its header.
    message: Vec<u8>,
}

impl MessageReader {
    /// Takes the next bytes of the stream, and answers as soon as they tell. After that, nothing may be pushed.
    pub(in crate::names) fn push(&mut self, mut piece: &[u8]) -> Option<Answer> {
        loop {
            let wanted = match *self.message {
                [] if piece.is_empty() => return None,
                [kind, ..] if kind != CLIENT_HELLO => return Some(Answer::NoHello),
                [_, a, b, c, ref body @ ..] => {
                    let length = u32::from_be_bytes([0, a, b, c]) as usize;
                    if length > LONGEST_HELLO {
                        return Some(Answer::Malformed);
                    }
                    if body.len() == length {
                        return Some(hello::whole(body).map_or(Answer::Malformed, Answer::Hello));
                    }
                    length - body.len()
                }
                ref begun => HEADER - begun.len(),
            };
            if piece.is_empty() {
                return None;
            }
            let (taken, later) = piece.split_at(wanted.min(piece.len()));
            self.message.extend_from_slice(taken);
            piece = later;
        }
    }

    /// What the part of a hello says whose rest is missing, when its name is in that part, whole.
    pub(in crate::names) fn part(&self) -> Option<Hello> {
        hello::part(self.message.get(HEADER..)?)
    }

    /// Whether there is a part of a message.
    pub(super) fn is_begun(&self) -> bool {
        !self.message.is_empty()
    }

    /// Bytes that it holds.
    pub(in crate::names) fn held(&self) -> usize {
        self.message.capacity()
    }
}
