use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use rustls::crypto::ring;
use rustls::{ServerConfig, ServerConnection};

use super::certificates::Authority;
use super::counted::Counted;
use super::http::{First, converse};
use super::mail;
use super::wire::Tls;
use super::{Record, Serving};
use crate::truth::{Connection, Protocol};

/// A client that is silent for so long is gone.
const IDLE: Duration = Duration::from_mins(2);
/// How much a client may send before the handshake is over.
const EARLY: u32 = 16 * 1024;

/// HTTP/1 over TCP.
#[derive(Clone)]
pub(super) struct Service {
    /// `None`: without TLS.
    tls: Option<Arc<ServerConfig>>,
    /// TLS begins after a talk.
    talks_first: bool,
}

impl Service {
    pub(super) fn tls(authority: &Arc<Authority>) -> anyhow::Result<Self> {
        Self::with(ring::default_provider(), authority)
    }

    /// With a curve that no client guesses, so that the server has to ask for another hello (RFC 8446, 4.1.4).
    pub(super) fn again(authority: &Arc<Authority>) -> anyhow::Result<Self> {
        let mut provider = ring::default_provider();
        provider.kx_groups = vec![ring::kx_group::SECP384R1];
        Self::with(provider, authority)
    }

    pub(super) fn plain() -> Self {
        Self {
            tls: None,
            talks_first: false,
        }
    }

    /// As a mail server, until TLS begins.
    pub(super) fn starttls(authority: &Arc<Authority>) -> anyhow::Result<Self> {
        Ok(Self {
            talks_first: true,
            ..Self::tls(authority)?
        })
    }

    fn with(provider: rustls::crypto::CryptoProvider, authority: &Arc<Authority>) -> anyhow::Result<Self> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(authority) as _);
        config.max_early_data_size = EARLY;
        Ok(Self {
            tls: Some(Arc::new(config)),
            talks_first: false,
        })
    }

    pub(super) fn listen(&self, addresses: &[SocketAddr], record: &Record) -> anyhow::Result<Vec<Serving>> {
        let listen = |&address| {
            let listener =
                TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
            let (service, record) = (self.clone(), record.clone());
            Ok(thread::spawn(move || service.accept(&listener, &record)))
        };
        addresses.iter().map(listen).collect()
    }

    fn accept(&self, listener: &TcpListener, record: &Record) {
        for stream in listener.incoming().flatten() {
            let (service, record) = (self.clone(), record.clone());
            thread::spawn(move || {
                if let Err(error) = service.connection(stream, &record) {
                    eprintln!("umbra-testbed: {error:#}");
                }
            });
        }
    }

    /// Serves one connection to its end and writes down what it carried.
    fn connection(&self, stream: TcpStream, record: &Record) -> anyhow::Result<()> {
        let (peer, local) = (stream.peer_addr()?, stream.local_addr()?);
        let begin = Instant::now();
        stream.set_read_timeout(Some(IDLE))?;
        stream.set_nodelay(true)?;

        let mut socket = Counted::new(stream);
        let (name, outcome) = match &self.tls {
            None => (None, converse(&mut socket)),
            Some(config) => {
                if self.talks_first {
                    mail::until_tls(&mut socket)?;
                }
                let mut tls = Tls::new(ServerConnection::new(Arc::clone(config))?, &mut socket);
                let outcome = converse(&mut tls);
                (tls.name(), outcome)
            }
        };
        if outcome.is_err() {
            // Else a client that waits for our end, and we for its, would wait for ever.
            let _ = socket.shut();
        }
        socket.drain();
        let (first, error) = match outcome {
            Ok(first) => (first.unwrap_or_default(), None),
            Err(error) => (First::default(), Some(error.to_string())),
        };
        record.write(&Connection {
            protocol: Protocol::Tcp,
            name,
            host: first.host,
            path: first.path,
            error,
            peer,
            local,
            received: socket.received,
            sent: socket.sent,
            duration_ms: u64::try_from(begin.elapsed().as_millis())?,
        })
    }
}
