//! What a client asks for over UDP.

use umbra_report::Evidence;

use super::{Asked, ViaProtocol, route::Route};
use crate::names::{
    quic::{InitialReader, is_initial},
    socks,
    target::Target,
    tls::Answer,
};

/// Reads the datagrams of one QUIC connection, of the client's half alone, straight to the server or through a SOCKS 5
/// proxy. It holds what [`InitialReader`] does, and a host's name.
#[derive(Default)]
pub struct DatagramReader {
    initials: InitialReader,
    /// What the proxy was told, if there is one.
    target: Option<Target>,
}

impl DatagramReader {
    /// Whether a datagram is worth reading: it begins with an Initial, maybe behind what is for a proxy.
    pub fn may_read(datagram: &[u8]) -> bool {
        is_initial(socks::open(datagram).map_or(datagram, |(_, content)| content))
    }

    /// Takes the next datagram. After the hello is known, that stands, whatever comes.
    pub fn push(&mut self, datagram: &[u8]) {
        if self.is_done() {
            return;
        }
        let mut content = datagram;
        if let Some((target, behind)) = socks::open(datagram) {
            content = behind;
            self.target.get_or_insert(target);
        }
        self.initials.push(content);
    }

    /// What is asked for, as far as it is known: by the hello, or the part of it that there is, and otherwise by what
    /// the proxy was told.
    pub fn asked(&self) -> Option<Asked> {
        let mut route = Route::default();
        if let Some(target) = &self.target {
            route.by_socks(ViaProtocol::Socks5, target);
        }
        let hello = match self.initials.answer() {
            Answer::Hello(hello) => Some(hello.clone()),
            Answer::NeedMore | Answer::NoHello | Answer::Malformed => self.initials.part(),
        };
        if let Some(hello) = hello {
            route.ends_at(hello.name.as_ref(), Evidence::QuicSni, hello.ech);
        }
        route.asked().cloned()
    }

    /// Whether more datagrams can tell nothing more.
    pub fn is_done(&self) -> bool {
        *self.initials.answer() != Answer::NeedMore
    }

    /// Whether the hello was there to its end.
    pub fn is_whole(&self) -> bool {
        matches!(self.initials.answer(), Answer::Hello(_))
    }

    /// Bytes that it holds.
    pub fn held(&self) -> usize {
        let name = self.target.as_ref().and_then(Target::name);
        self.initials.held() + name.map_or(0, |name| name.as_str().len())
    }
}
