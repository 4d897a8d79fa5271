//! `[userinfo@]host[:port]` (RFC 3986, section 3.2), of which only the host is kept.

use std::{fmt, net::IpAddr};

use crate::names::target::Target;

/// Longest host that is held: a name in the DNS with its trailing dot, and one more to tell that it is longer.
const LONGEST: usize = 255;

/// An authority so far.
#[derive(Default)]
pub(super) struct Authority {
    /// The host; before an `@` it may turn out to have been a user's name, and is dropped then.
    host: Vec<u8>,
    at: At,
    /// Whether the host stood in brackets.
    bracketed: bool,
    /// Whether there was an `@`.
    has_user: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Host,
    /// Within the brackets of an address of IPv6.
    Brackets,
    AfterBrackets,
    Port,
    /// What cannot be a port: a password, or nonsense. It is not held, whatever it is.
    NoPort,
}

impl Authority {
    pub(super) fn take(&mut self, byte: u8) {
        self.at = match (self.at, byte) {
            (_, b'@') => {
                *self = Self::default();
                self.has_user = true;
                At::Host
            }
            (At::Host | At::AfterBrackets, b':') | (At::Port, b'0'..=b'9') => At::Port,
            (At::Host, b'[') if self.host.is_empty() => {
                self.bracketed = true;
                At::Brackets
            }
            (At::Brackets, b']') => At::AfterBrackets,
            (At::Host | At::Brackets, _) => {
                if self.host.len() < LONGEST {
                    self.host.push(byte);
                }
                self.at
            }
            (At::AfterBrackets | At::Port | At::NoPort, _) => At::NoPort,
        };
    }

    /// The host, where a user may stand before it: in a target's absolute form alone.
    pub(super) fn host_after_user(&mut self) -> Target {
        let whole = std::mem::take(self);
        match (whole.at, Target::read(&whole.host)) {
            (At::Brackets | At::NoPort, _) => Target::Unclear,
            // Only addresses of IPv6 stand in brackets, and they must.
            (_, host) if whole.bracketed == matches!(host, Target::Address(IpAddr::V6(_))) => host,
            _ => Target::Unclear,
        }
    }

    /// The host, where no user may stand before it (RFC 9110, sections 7.2 and 9.3.6).
    pub(super) fn host(&mut self) -> Target {
        let has_user = self.has_user;
        let host = self.host_after_user();
        if has_user { Target::Unclear } else { host }
    }

    /// Bytes that it holds.
    pub(super) fn held(&self) -> usize {
        self.host.capacity()
    }
}

/// Without the host, which may turn out to be a user's name.
impl fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Authority")
            .field("length", &self.host.len())
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}
