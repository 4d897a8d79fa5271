//! What the next byte of a stream belongs to.

use umbra_report::Evidence;

use super::{ViaProtocol, route::Route};
use crate::names::{
    http::{self, RequestReader},
    socks::{self, SocksReader, Version},
    target::Target,
    tls::{Answer, HelloReader},
};

/// First byte of a TLS record with a handshake (RFC 8446, section 5.1).
const TLS: u8 = 22;

/// The reader at hand.
#[derive(Debug, Default)]
pub(super) enum Layer {
    /// None: the next byte is the first of the stream, or of a tunnel in it.
    #[default]
    First,
    Tls(HelloReader),
    Http(RequestReader),
    Socks(SocksReader),
    /// What follows is known, and told by no reader here.
    Other,
    /// A rule was broken, or a limit reached.
    Lost,
}

impl Layer {
    /// Takes bytes off the front of `bytes`, and tells `route` what they say. Every call takes a byte at least, or goes
    /// on to another layer.
    pub(super) fn read(&mut self, bytes: &mut &[u8], route: &mut Route) {
        let next = match self {
            Self::First => bytes.first().map(|&first| Self::begun_by(first)),
            Self::Tls(reader) => {
                let answer = reader.push(std::mem::take(bytes));
                said_hello(answer, route)
            }
            Self::Http(reader) => {
                let said = reader.read(bytes);
                said.and_then(|said| requested(said, reader.target(), route))
            }
            Self::Socks(reader) => {
                let protocol = match reader.version() {
                    Version::V4 => ViaProtocol::Socks4,
                    Version::V5 => ViaProtocol::Socks5,
                };
                reader.read(bytes).map(|request| match request {
                    socks::Request::Tunnel(target) => {
                        within_limit(route.by_socks(protocol, &target), Self::First)
                    }
                    socks::Request::Unread => Self::Other,
                })
            }
            Self::Other | Self::Lost => {
                *bytes = &[];
                None
            }
        };
        if let Some(next) = next {
            *self = next;
        }
    }

    /// Tells `route` what the part says that there is of a hello or a head.
    pub(super) fn read_part(&self, route: &mut Route) {
        match self {
            Self::Tls(reader) => {
                if let Some(hello) = reader.part() {
                    route.ends_at(hello.name.as_ref(), Evidence::TlsSni, hello.ech);
                }
            }
            Self::Http(reader) => {
                if let Some(host) = reader.part().filter(|host| **host != Target::Unclear) {
                    route.ends_at_host(host);
                }
            }
            Self::First | Self::Socks(_) | Self::Other | Self::Lost => {}
        }
    }

    /// Bytes that it holds.
    pub(super) fn held(&self) -> usize {
        match self {
            Self::Tls(reader) => reader.held(),
            Self::Http(reader) => reader.held(),
            Self::Socks(reader) => reader.held(),
            Self::First | Self::Other | Self::Lost => 0,
        }
    }

    fn begun_by(first: u8) -> Self {
        if first == TLS {
            return Self::Tls(HelloReader::default());
        }
        let socks = SocksReader::new(first).map(Self::Socks);
        socks
            .or_else(|| RequestReader::new(first).map(Self::Http))
            .unwrap_or(Self::Other)
    }
}

fn said_hello(answer: &Answer, route: &mut Route) -> Option<Layer> {
    match answer {
        Answer::NeedMore => None,
        Answer::Hello(hello) => {
            route.ends_at(hello.name.as_ref(), Evidence::TlsSni, hello.ech);
            Some(Layer::Other)
        }
        Answer::NoHello => Some(Layer::Other),
        Answer::Malformed => Some(Layer::Lost),
    }
}

/// `number` is that of a tunnel's target.
fn requested(said: http::Request, number: u32, route: &mut Route) -> Option<Layer> {
    match said {
        // The rest of the head is still to be read.
        http::Request::Tunnel(target) => {
            let goes_on = route.by_connect(target, number);
            (!goes_on).then_some(Layer::Lost)
        }
        http::Request::TunnelBegins => Some(Layer::First),
        http::Request::Proxied(target) => Some(within_limit(route.passed_on(&target), Layer::Other)),
        http::Request::Direct(host) => {
            route.ends_at_host(&host);
            Some(Layer::Other)
        }
        http::Request::Unread => Some(Layer::Other),
    }
}

fn within_limit(is_within: bool, next: Layer) -> Layer {
    if is_within { next } else { Layer::Lost }
}
