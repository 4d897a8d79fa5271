//! Syslog over TCP (RFC 5424), encrypted by TLS (RFC 5425) unless it is told otherwise (RFC 6587).
//!
//! TCP says nothing of what became of the bytes, and syslog has no answers. So each message has a connection of its own:
//! this end says that it has said all, and waits until the server closes, which it does when it has read to the end.
//! A server that is gone, or hangs, does not: then the message is sent again.

mod frame;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Message;
use super::route::Syslog;
use super::target::{TargetError, read};
use crate::store::Outcome;
use frame::Frames;

/// For a connection and its handshake, and again for the rest.
const PATIENCE: Duration = Duration::from_secs(10);

/// A syslog server.
#[derive(Clone)]
pub(super) struct Sender {
    server: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    frames: Frames,
}

impl Sender {
    pub(super) fn open(syslog: &Syslog) -> Result<Self, TargetError> {
        let tls = syslog.tls.then(|| tls(syslog)).transpose()?;
        Ok(Self {
            server: syslog.server.clone(),
            port: syslog.port,
            tls,
            frames: Frames {
                facility: syslog.facility,
                enterprise: syslog.enterprise,
                host: own_name(),
            },
        })
    }

    pub(super) async fn send(&self, message: &Message) -> Outcome {
        let frames = self.frames.of(message);
        match self.attempt(&frames).await {
            Ok(()) => Outcome::Delivered {
                answer: "the server read to the end and closed the connection".to_owned(),
            },
            Err((doing, error)) => Outcome::Retry {
                error: format!(
                    "{doing} failed: {error}; see that the syslog server runs, and that its port, tls and ca_file are right"
                ),
                asked: None,
            },
        }
    }

    async fn attempt(&self, frames: &[u8]) -> Result<(), (&'static str, io::Error)> {
        let connect = async {
            let stream = TcpStream::connect((self.server.as_str(), self.port)).await?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
        let stream = within(connect).await.map_err(|error| ("connecting", error))?;
        let Some((connector, name)) = &self.tls else {
            return within(tell(stream, frames))
                .await
                .map_err(|error| ("sending", error));
        };
        let stream = within(connector.connect(name.clone(), stream))
            .await
            .map_err(|error| ("the TLS handshake", error))?;
        within(tell(stream, frames))
            .await
            .map_err(|error| ("sending", error))
    }
}

/// Sends all, says so, and waits until the other end closes.
async fn tell(mut stream: impl AsyncRead + AsyncWrite + Unpin, frames: &[u8]) -> io::Result<()> {
    stream.write_all(frames).await?;
    stream.shutdown().await?;
    let mut bytes = [0; 256];
    loop {
        match stream.read(&mut bytes).await {
            Ok(0) => return Ok(()),
            // A server says nothing, and what it says is none of ours.
            Ok(_) => {}
            // Closed without TLS' own word for it, by which some save a packet.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

async fn within<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| {
        let text = format!("no answer within {} s", PATIENCE.as_secs());
        Err(io::Error::new(io::ErrorKind::TimedOut, text))
    })
}

fn tls(syslog: &Syslog) -> Result<(TlsConnector, ServerName<'static>), TargetError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = &syslog.ca_file {
        let pem = read(path)?;
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()).flatten() {
            // One that cannot be used is missed below, unless another one can.
            let _ = roots.add(certificate);
        }
        if roots.is_empty() {
            return Err(TargetError::wrong(
                path,
                "there is no certificate in PEM form in it",
            ));
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let refused = |error: rustls::Error| TargetError::Syslog(error.to_string());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(refused)?
        .with_root_certificates(roots);
    let config = match &syslog.identity {
        None => builder.with_no_client_auth(),
        Some((cert, key)) => {
            let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect);
            let chain = chain.map_err(|error| TargetError::wrong(cert, error.to_string()))?;
            let secret = PrivateKeyDer::from_pem_file(key)
                .map_err(|error| TargetError::wrong(key, error.to_string()))?;
            builder.with_client_auth_cert(chain, secret).map_err(refused)?
        }
    };
    let name = ServerName::try_from(syslog.server.clone())
        .map_err(|_| TargetError::Syslog(format!("{} is no host name or address", syslog.server)))?;
    Ok((TlsConnector::from(Arc::new(config)), name))
}

/// This machine's name, of letters that every protocol takes.
pub(super) fn own_name() -> String {
    let own = rustix::system::uname();
    let name = own.nodename().to_string_lossy();
    let name: String = name
        .chars()
        .filter(|char| char.is_ascii_alphanumeric() || "-.".contains(*char))
        .take(255)
        .collect();
    if name.is_empty() {
        "localhost".to_owned()
    } else {
        name
    }
}

/// Says nothing of keys.
impl std::fmt::Debug for Sender {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "syslog at {}:{}", self.server, self.port)
    }
}
