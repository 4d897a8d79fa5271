use std::io;
use std::pin::Pin;

use axum::Extension;
use axum::middleware::AddExtension;
use axum_server::accept::Accept;
use axum_server::tls_rustls::RustlsAcceptor;
use tokio::net::TcpStream;
use tower_layer::Layer as _;

use crate::authority::fingerprint;

/// Who is at the other end of a connection for agents; requests elsewhere have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Fingerprint of the certificate that it showed: one of the authority's, with the key to it.
    pub(crate) fingerprint: Option<String>,
}

/// Accepts TLS, and tells each request who sent it.
#[derive(Clone, Debug)]
pub(super) struct PeerAcceptor(pub(super) RustlsAcceptor);

impl<S: Send + 'static> Accept<TcpStream, S> for PeerAcceptor {
    type Stream = <RustlsAcceptor as Accept<TcpStream, S>>::Stream;
    type Service = AddExtension<S, Peer>;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let accepted = self.0.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepted.await?;
            let (_, connection) = stream.get_ref();
            let shown = connection
                .peer_certificates()
                .and_then(|chain| Some(fingerprint(chain.first()?)));
            let peer = Peer { fingerprint: shown };
            Ok((stream, Extension(peer).layer(service)))
        })
    }
}
