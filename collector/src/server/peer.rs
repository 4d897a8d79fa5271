use std::io;
use std::pin::Pin;
use std::sync::Arc;

use axum::Extension;
use axum::middleware::AddExtension;
use axum_server::accept::Accept;
use axum_server::tls_rustls::RustlsAcceptor;
use tokio::net::TcpStream;
use tower_layer::Layer as _;

use super::crowd::Crowd;
use super::placed::Attended;
use crate::authority::fingerprint;
use crate::metrics::Metrics;

/// Who is at the other end of a connection for agents; requests elsewhere have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Fingerprint of the certificate that it showed: one of the authority's, with the key to it.
    pub(crate) fingerprint: Option<String>,
}

/// Accepts TLS, and tells each request who sent it.
#[derive(Clone, Debug)]
pub(super) struct PeerAcceptor {
    pub(super) tls: RustlsAcceptor<Crowd>,
    pub(super) metrics: Arc<Metrics>,
}

impl<S: Send + 'static> Accept<TcpStream, S> for PeerAcceptor {
    type Stream = <RustlsAcceptor<Crowd> as Accept<TcpStream, S>>::Stream;
    type Service = AddExtension<Attended<S>, Peer>;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let accepted = self.tls.accept(stream, service);
        let metrics = Arc::clone(&self.metrics);
        Box::pin(async move {
            let (stream, service) = accepted.await.inspect_err(|error| {
                if !Crowd::is_full(error) {
                    metrics.turned_away("agents", "tls");
                    tracing::debug!(
                        "a connection to the listener for agents ended in its handshake: {error}"
                    );
                }
            })?;
            let (_, connection) = stream.get_ref();
            let shown = connection
                .peer_certificates()
                .and_then(|chain| Some(fingerprint(chain.first()?)));
            let peer = Peer { fingerprint: shown };
            Ok((stream, Extension(peer).layer(service)))
        })
    }
}
