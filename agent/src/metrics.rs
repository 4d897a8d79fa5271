//! Prometheus metrics over HTTP, for whoever watches the watcher.

mod registry;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tracing::debug;

pub use registry::Sources;

/// Connections at one time; a further one waits.
const CONNECTIONS: usize = 8;

/// How long a connection may last, so that idle ones do not keep others out.
const LONGEST: Duration = Duration::from_mins(1);

const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// Metrics cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// Somebody else listens there.
    #[error(
        "cannot serve metrics at {0}: the port is in use; stop whoever uses it or change `[metrics] listen`"
    )]
    InUse(SocketAddr),
    /// Listening failed for another reason.
    #[error("cannot serve metrics at {address}: {source}; change `[metrics] listen`")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What went wrong.
        source: io::Error,
    },
}

/// Listens for scrapes.
#[derive(Debug)]
pub struct Metrics(TcpListener);

impl Metrics {
    /// Binds `address`.
    pub async fn bind(address: SocketAddr) -> Result<Self, MetricsError> {
        match TcpListener::bind(address).await {
            Ok(listener) => Ok(Self(listener)),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(MetricsError::InUse(address)),
            Err(source) => Err(MetricsError::Listen { address, source }),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Serves `/metrics` until dropped.
    pub async fn serve(self, sources: Sources) {
        let registry = Arc::new(registry::registry(sources));
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let place = places.clone().acquire_owned().await;
            let stream = match self.0.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, say: at once again would be a busy loop.
                    debug!("cannot accept a scrape: {error}");
                    sleep(Duration::from_secs(1)).await;
                    continue;
                }
            };
            let registry = registry.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let answer = answer(&request, &registry);
                    async { Ok::<_, Infallible>(answer) }
                });
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEADER_TIMEOUT)
                    .serve_connection(TokioIo::new(stream), service);
                // What goes wrong with one scrape is the scraper's affair.
                let _ = timeout(LONGEST, connection).await;
                drop(place);
            });
        }
    }
}

fn answer(
    request: &Request<Incoming>,
    registry: &prometheus_client::registry::Registry,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    if request.method() != Method::GET || request.uri().path() != "/metrics" {
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    }
    let mut text = String::new();
    if prometheus_client::encoding::text::encode(&mut text, registry).is_err() {
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return response;
    }
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static(content_type),
    );
    *response.body_mut() = Full::new(Bytes::from(text));
    response
}

#[cfg(test)]
mod tests;
