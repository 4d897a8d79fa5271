//! Where a client's HTTP/1.x request goes, from a stream of bytes that comes in pieces (RFC 9112).
//!
//! Of a head, only the host is ever held. Methods, paths, cookies and credentials are passed over byte by byte.
//!
//! HTTP/2 without TLS ("prior knowledge", RFC 9113, section 3.3) is no request here. Its first line, `PRI * HTTP/2.0`,
//! names nobody; `:authority` comes later, in a header block whose compression (RFC 7541) may keep it in a table and
//! write it in Huffman's code, together with all fields that must not be held. No vendor of the catalogue is known to
//! be used that way: it is plain text on a network, and gRPC without TLS stays inside of one.

mod authority;
mod fields;
mod request_line;
#[cfg(test)]
mod tests;

use super::target::Target;

use fields::Fields;
use request_line::{Form, Line, RequestLine};

/// Longest head that is read; common servers stop at 8 to 64 KiB.
const LONGEST_HEAD: usize = 64 * 1024;

/// What a request says. One with [`Request::Tunnel`] goes on to [`Request::TunnelBegins`]; after the others there is
/// nothing more to learn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// `CONNECT host:port`: a proxy is asked for a tunnel (RFC 9110, section 9.3.6). Known once its line has ended.
    Tunnel(Target),
    /// The head of a request for a tunnel has ended. It has no content, so what the client sends next is in the tunnel,
    /// or a further request if the proxy refused.
    TunnelBegins,
    /// `GET http://host/path`: a proxy is asked to pass the request on. This overrides `Host` (RFC 9112, section
    /// 3.2.2), so it is known once its line has ended.
    Proxied(Target),
    /// `GET /path` or `OPTIONS *`, and what `Host` says. Known once the head has ended.
    Direct(Target),
    /// The bytes are no request in HTTP/1.x, or one beyond the limits of this reader.
    Unread,
}

/// Reads one request's head, and holds the host's name of it at most.
#[derive(Debug, Default)]
pub struct RequestReader {
    line: RequestLine,
    /// What the line said, once it has ended.
    form: Option<Form>,
    fields: Fields,
    /// Length of the head so far.
    length: usize,
}

impl RequestReader {
    /// For a stream that begins with `first`; `None` when no request does.
    pub fn new(first: u8) -> Option<Self> {
        request_line::may_begin_with(first).then(Self::default)
    }

    /// Takes bytes off the front of `bytes` until the request says something, or there are none left.
    pub fn read(&mut self, bytes: &mut &[u8]) -> Option<Request> {
        while let Some((&byte, rest)) = bytes.split_first() {
            *bytes = rest;
            self.length += 1;
            if self.length > LONGEST_HEAD {
                return Some(Request::Unread);
            }
            if let Some(request) = self.take(byte) {
                return Some(request);
            }
        }
        None
    }

    /// What the part of a head says whose rest is missing: `Host`, if that was there to the end of its line and
    /// nothing overrides it.
    pub fn part(&self) -> Option<&Target> {
        self.fields.host().filter(|_| self.form == Some(Form::Direct))
    }

    /// The target of [`Request::Tunnel`] as the client wrote it, with its port, as a
    /// [number](umbra_agent_common::target).
    pub fn target(&self) -> u32 {
        self.line.target()
    }

    /// Bytes that it holds.
    pub fn held(&self) -> usize {
        self.line.held() + self.fields.held()
    }

    fn take(&mut self, byte: u8) -> Option<Request> {
        let Some(form) = self.form else {
            let (form, request) = match self.line.take(byte) {
                Line::More => return None,
                Line::Unread => return Some(Request::Unread),
                Line::Tunnel(target) => (Form::Tunnel, Some(Request::Tunnel(target))),
                Line::Proxied(target) => (Form::Proxied, Some(Request::Proxied(target))),
                Line::Direct => (Form::Direct, None),
            };
            self.form = Some(form);
            return request;
        };
        if !self.fields.take(byte) {
            return None;
        }
        match form {
            Form::Tunnel => Some(Request::TunnelBegins),
            Form::Proxied => None,
            Form::Direct => Some(Request::Direct(
                self.fields.host().cloned().unwrap_or(Target::Unclear),
            )),
        }
    }
}
