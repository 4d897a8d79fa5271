//! The fields of a head (RFC 9112, section 5), of which only `Host` is kept.

use super::authority::Authority;
use crate::names::target::Target;

const HOST: &[u8] = b"host";

/// The fields so far.
#[derive(Debug, Default)]
pub(super) struct Fields {
    at: At,
    value: Authority,
    host: Option<Target>,
    /// Whether the line before this one was `Host`.
    after_host: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum At {
    #[default]
    Line,
    /// Behind CR at the beginning of a line.
    EmptyLine,
    /// In a field's name, of which so many letters were those of `Host`.
    Name(usize),
    /// White space before the value of `Host`.
    BeforeValue,
    Value,
    AfterValue,
    /// The rest of a line that says nothing of a host.
    Other,
}

impl Fields {
    /// Takes the next byte; gives whether the head has ended with it.
    #[expect(clippy::match_same_arms, reason = "the arms are in the order of the stream")]
    pub(super) fn take(&mut self, byte: u8) -> bool {
        self.at = match (self.at, byte) {
            (At::Line | At::EmptyLine, b'\n') => return true,
            (At::Line, b'\r') => At::EmptyLine,
            (At::Line, b' ' | b'\t') if self.after_host => {
                // A folded line (section 5.2): servers refuse it, or read a longer host than was read here.
                self.host = Some(Target::Unclear);
                At::Other
            }
            (At::Line, _) => name(0, byte),
            (At::Name(letters), _) => name(letters, byte),
            (At::BeforeValue | At::Value | At::AfterValue, b'\n') => {
                self.host = Some(self.value());
                self.after_host = true;
                At::Line
            }
            (At::BeforeValue, b' ' | b'\t') => At::BeforeValue,
            (At::BeforeValue | At::Value, b' ' | b'\t' | b'\r') => At::AfterValue,
            (At::BeforeValue | At::Value, _) => {
                self.value.take(byte);
                At::Value
            }
            (At::AfterValue, b' ' | b'\t' | b'\r') => At::AfterValue,
            (At::AfterValue, _) => {
                // White space within a value: a comma makes it unclear, as it is no letter of a host's.
                self.value.take(b',');
                At::AfterValue
            }
            (At::Other, b'\n') => {
                self.after_host = false;
                At::Line
            }
            (At::EmptyLine | At::Other, _) => At::Other,
        };
        false
    }

    /// What `Host` says, if it was there to the end of its line.
    pub(super) fn host(&self) -> Option<&Target> {
        self.host.as_ref()
    }

    /// Bytes that it holds.
    pub(super) fn held(&self) -> usize {
        self.value.held()
    }

    /// The value that has ended. `Host` twice is forbidden (section 3.2), but servers may take it when both say the
    /// same.
    fn value(&mut self) -> Target {
        let value = self.value.host();
        let agrees = self.host.as_ref().is_none_or(|host| *host == value);
        if agrees { value } else { Target::Unclear }
    }
}

/// Where a name is after `byte`, of which so many letters were those of `Host`.
fn name(letters: usize, byte: u8) -> At {
    match HOST.get(letters) {
        None if byte == b':' => At::BeforeValue,
        Some(letter) if byte.eq_ignore_ascii_case(letter) => At::Name(letters + 1),
        _ if byte == b'\n' => At::Line,
        _ => At::Other,
    }
}
