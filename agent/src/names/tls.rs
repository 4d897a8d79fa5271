//! The name in a TLS `ClientHello`, from a stream of bytes that comes in pieces.
//!
//! Records may be cut at any byte, a hello may span records, and anything may follow it. All versions of TLS and their
//! drafts say hello in the same form (RFC 8446, section 4.1.2), so no version is asked for. A hello after a
//! `HelloRetryRequest` comes later in the stream and names the same server: the first one stands.
//!
//! The hello of SSL 2.0 (RFC 5246, appendix E.2) has another form and no extensions, so it is no hello here.

mod hello;
#[cfg(test)]
pub(crate) mod made;
mod message;
#[cfg(test)]
mod tests;

pub(super) use message::{LONGEST_HELLO, MessageReader};

use super::host::HostName;

/// `ContentType` of records with handshake messages (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;
/// Type, version and length of a record.
const RECORD_HEADER: usize = 5;
/// Longest record with what encryption adds in TLS 1.2; more than any plain record may have (section 5.1).
const LONGEST_RECORD: usize = (1 << 14) + 2048;
/// Records without content that are put up with before a hello is whole. RFC 8446 forbids them.
const MOST_EMPTY_RECORDS: usize = 32;

/// What a whole hello says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// The server name; `None` when there is none, or what is there cannot be a host name.
    pub name: Option<HostName>,
    /// Whether there is an `encrypted_client_hello` of type outer (RFC 9849). With a true one, `name` is the name of a
    /// front, not of the server asked for. Clients without a configuration for it send a made-up one (GREASE), and
    /// then `name` is the true name. The hello alone cannot tell the two apart: that is what GREASE is for.
    pub ech: bool,
}

/// What is known of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Answer {
    /// The hello goes on.
    #[default]
    NeedMore,
    /// A whole hello.
    Hello(Hello),
    /// The stream does not begin with a client's hello.
    NoHello,
    /// It begins with a hello that breaks the rules of its form, or the limits of this reader.
    Malformed,
}

/// Reads a stream up to the end of its hello, and holds 64 KiB of it at most.
#[derive(Debug, Default)]
pub struct HelloReader {
    answer: Answer,
    header: Vec<u8>,
    /// Bytes that the record at hand still has to bring.
    record_left: usize,
    empty_records: usize,
    message: MessageReader,
}

impl HelloReader {
    /// Takes the next bytes of the stream. After an answer has been found, it stands, whatever comes.
    pub fn push(&mut self, bytes: &[u8]) -> &Answer {
        let mut rest = bytes;
        while !rest.is_empty() && self.answer == Answer::NeedMore {
            let wanted = if self.record_left == 0 {
                RECORD_HEADER - self.header.len()
            } else {
                self.record_left
            };
            let (piece, later) = rest.split_at(wanted.min(rest.len()));
            rest = later;
            let found = if self.record_left == 0 {
                self.header.extend_from_slice(piece);
                self.read_header()
            } else {
                self.record_left -= piece.len();
                self.message.push(piece)
            };
            if let Some(answer) = found {
                self.answer = answer;
                self.message = MessageReader::default();
            }
        }
        &self.answer
    }

    /// The answer to what has been pushed.
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// What the part of a hello says whose rest is missing, when its name is in that part, whole. Whether it has
    /// encrypted client hello is then not known unless that was in the part as well.
    pub fn part(&self) -> Option<Hello> {
        self.message.part()
    }

    /// Bytes that it holds.
    pub fn held(&self) -> usize {
        self.message.held()
    }

    fn read_header(&mut self) -> Option<Answer> {
        let begun = self.message.is_begun() || self.empty_records > 0;
        let other = Some(if begun { Answer::Malformed } else { Answer::NoHello });
        match *self.header {
            [kind, ..] if kind != HANDSHAKE => other,
            // 3.0 is SSL 3.0, 3.1 to 3.4 are TLS; what the record says has long lost its meaning.
            [_, major, ..] if major != 3 => other,
            [_, _, _, high, low] => {
                self.header.clear();
                self.record_left = usize::from(u16::from_be_bytes([high, low]));
                self.empty_records += usize::from(self.record_left == 0);
                (self.record_left > LONGEST_RECORD || self.empty_records > MOST_EMPTY_RECORDS)
                    .then_some(Answer::Malformed)
            }
            _ => None,
        }
    }
}
