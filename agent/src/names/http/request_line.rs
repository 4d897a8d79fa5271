//! The first line of a request (RFC 9112, section 3).

use umbra_agent_common::target;

use super::authority::Authority;
use crate::names::target::Target;

/// Empty lines that are put up with before a request. Some clients send one after a body (section 2.2).
const MOST_EMPTY: u8 = 4;
/// Longest method; the longest that is registered has 17 letters.
const LONGEST_METHOD: usize = 32;
/// Longest scheme before `://`.
const LONGEST_SCHEME: usize = 16;
/// Methods are case-sensitive (RFC 9110, section 9.1).
const CONNECT: &[u8] = b"CONNECT";
/// A version but for its last digit.
const VERSION: &[u8] = b"HTTP/1.";

/// How a request says where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Tunnel,
    Proxied,
    Direct,
}

/// What a byte made of the line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// It goes on.
    More,
    /// It has ended, and asks for a tunnel.
    Tunnel(Target),
    /// It has ended, and its target is in absolute form.
    Proxied(Target),
    /// It has ended, and says nothing of a host.
    Direct,
    /// It is none of HTTP/1.x.
    Unread,
}

/// A line so far.
#[derive(Debug, Default)]
pub(super) struct RequestLine {
    at: At,
    empty: u8,
    form: Option<Form>,
    authority: Authority,
    /// Sum of the authority's bytes.
    target: Sum,
}

/// See [`target`].
#[derive(Debug)]
struct Sum(u32);

impl Default for Sum {
    fn default() -> Self {
        Self(target::BEGIN)
    }
}

/// The numbers say how many bytes of it there were.
#[derive(Clone, Copy, Debug, Default)]
enum At {
    /// Before the method.
    #[default]
    Begin,
    /// A method that is `CONNECT` so far.
    Connect(usize),
    Method(usize),
    Target,
    Scheme(usize),
    /// The slashes after a scheme.
    Slashes(usize),
    Authority,
    /// Path and query.
    Path,
    Version(usize),
    /// The end of the line, behind the version.
    End,
    Over,
}

impl RequestLine {
    pub(super) fn take(&mut self, byte: u8) -> Line {
        let Some(at) = self.next(byte) else {
            return Line::Unread;
        };
        self.at = at;
        match (at, self.form) {
            (At::Over, Some(Form::Tunnel)) => Line::Tunnel(self.authority.host()),
            (At::Over, Some(Form::Proxied)) => Line::Proxied(self.authority.host_after_user()),
            (At::Over, Some(Form::Direct)) => Line::Direct,
            _ => Line::More,
        }
    }

    /// The target of a request for a tunnel, as a [number](target).
    pub(super) fn target(&self) -> u32 {
        target::number(self.target.0)
    }

    /// Bytes that it holds.
    pub(super) fn held(&self) -> usize {
        self.authority.held()
    }

    /// Where the line is after `byte`; `None` when it is no request.
    fn next(&mut self, byte: u8) -> Option<At> {
        match (self.at, byte) {
            (At::Begin, b'\r') => Some(At::Begin),
            (At::Begin, b'\n') => {
                self.empty += 1;
                (self.empty <= MOST_EMPTY).then_some(At::Begin)
            }
            (At::Begin, _) => method(CONNECT.first() == Some(&byte), 1, byte),
            (At::Connect(length), b' ') if length == CONNECT.len() => {
                self.form = Some(Form::Tunnel);
                Some(At::Authority)
            }
            (At::Connect(_) | At::Method(_), b' ') => Some(At::Target),
            (At::Connect(length), _) => method(CONNECT.get(length) == Some(&byte), length + 1, byte),
            (At::Method(length), _) => method(false, length + 1, byte),
            (At::Target, b'/' | b'*') => {
                self.form = Some(Form::Direct);
                Some(At::Path)
            }
            (At::Target, _) => byte.is_ascii_alphabetic().then_some(At::Scheme(1)),
            (At::Scheme(_), b':') => Some(At::Slashes(0)),
            (At::Scheme(length), _) => {
                let fits = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
                (fits && length < LONGEST_SCHEME).then_some(At::Scheme(length + 1))
            }
            (At::Slashes(0), b'/') => Some(At::Slashes(1)),
            (At::Slashes(1), b'/') => {
                self.form = Some(Form::Proxied);
                Some(At::Authority)
            }
            (At::Authority | At::Path, b' ') => Some(At::Version(0)),
            (At::Authority, b'/' | b'?' | b'#') => (self.form == Some(Form::Proxied)).then_some(At::Path),
            (At::Authority, _) if !byte.is_ascii_control() => {
                self.authority.take(byte);
                self.target.0 = target::add(self.target.0, byte);
                Some(At::Authority)
            }
            (At::Path, _) => (!byte.is_ascii_control()).then_some(At::Path),
            (At::Version(length), b'0'..=b'9') if length == VERSION.len() => Some(At::End),
            (At::Version(length), _) => {
                (VERSION.get(length) == Some(&byte)).then_some(At::Version(length + 1))
            }
            (At::End, b'\r') => Some(At::End),
            (At::End, b'\n') => Some(At::Over),
            (At::Slashes(_) | At::Authority | At::End | At::Over, _) => None,
        }
    }
}

/// Where a method is that has `length` bytes with `byte`.
fn method(is_connect: bool, length: usize, byte: u8) -> Option<At> {
    let fits = is_token(byte) && length <= LONGEST_METHOD;
    fits.then_some(if is_connect {
        At::Connect(length)
    } else {
        At::Method(length)
    })
}

/// Whether a request may begin with `byte`: a method's, or an empty line's.
pub(super) fn may_begin_with(byte: u8) -> bool {
    is_token(byte) || matches!(byte, b'\r' | b'\n')
}

/// `tchar` (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
