//! HTTP/3 over QUIC version 1; the paths are those of `http.rs`, without the slow one.

mod counted;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use h3::server::{RequestResolver, RequestStream};
use http::{Request, Response, StatusCode};
use quinn::crypto::rustls::{HandshakeData, QuicServerConfig};
use quinn::{Endpoint, EndpointConfig, Incoming, Runtime, TokioRuntime, TransportConfig};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::version::TLS13;

use super::certificates::Authority;
use super::http::First;
use super::{Record, Serving};
use crate::machine::patience;
use crate::truth::{Connection, Protocol};
use crate::udp;
use counted::Counted;

/// A client that is silent for so long has gone without a word, as Firefox does now and then.
const IDLE: Duration = Duration::from_secs(2);
/// How long after the end of a connection what belongs to it may still come in.
const AFTERMATH: Duration = Duration::from_millis(50);

/// How a server receives its clients.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// As most do.
    Plain,
    /// Each client has to show first that it receives at its address (RFC 9000, section 8.1.2).
    Retry,
    /// With a curve that no client guesses: each is asked for another hello (RFC 8446, 4.1.4).
    Again,
}

/// Serves on one UDP socket.
pub(super) fn listen(
    address: SocketAddr,
    manner: Manner,
    authority: &Arc<Authority>,
    record: &Record,
) -> anyhow::Result<Serving> {
    let mut provider = ring::default_provider();
    if manner == Manner::Again {
        provider.kx_groups = vec![ring::kx_group::SECP384R1];
    }
    let mut tls = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&TLS13])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(authority) as _);
    tls.alpn_protocols = vec![b"h3".to_vec()];
    // The one value besides 0 that QUIC knows (RFC 9001, 4.6.1).
    tls.max_early_data_size = u32::MAX;
    let mut config = quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(tls)?));
    let mut transport = TransportConfig::default();
    transport.max_idle_timeout(Some(patience(IDLE).try_into()?));
    config.transport_config(Arc::new(transport));

    let socket = udp::bind(address).with_context(|| format!("cannot listen on UDP {address}"))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let record = record.clone();
    let (socket, endpoint) = runtime.block_on(async move {
        let socket = Arc::new(Counted::new(TokioRuntime.wrap_udp_socket(socket)?));
        let endpoint = Endpoint::new_with_abstract_socket(
            EndpointConfig::default(),
            Some(config),
            Arc::clone(&socket) as _,
            Arc::new(TokioRuntime),
        )?;
        anyhow::Ok((socket, endpoint))
    })?;
    Ok(thread::spawn(move || {
        runtime.block_on(accept(&endpoint, manner, &socket, &record));
    }))
}

async fn accept(endpoint: &Endpoint, manner: Manner, socket: &Arc<Counted>, record: &Record) {
    while let Some(incoming) = endpoint.accept().await {
        if manner == Manner::Retry && incoming.may_retry() && !incoming.remote_address_validated() {
            if let Err(error) = incoming.retry() {
                eprintln!("umbra-testbed: {error}");
            }
            continue;
        }
        let (socket, record) = (Arc::clone(socket), record.clone());
        tokio::spawn(async move {
            if let Err(error) = connection(incoming, &socket, &record).await {
                eprintln!("umbra-testbed: {error:#}");
            }
        });
    }
}

/// Serves one connection to its end and writes down what it carried.
async fn connection(incoming: Incoming, socket: &Counted, record: &Record) -> anyhow::Result<()> {
    let begin = Instant::now();
    let (peer, mut local) = (
        incoming.remote_address(),
        quinn::AsyncUdpSocket::local_addr(socket)?,
    );
    if let Some(ip) = incoming.local_ip() {
        local.set_ip(ip);
    }
    let connection = incoming.await?;
    let greeting = connection
        .handshake_data()
        .and_then(|data| data.downcast::<HandshakeData>().ok());
    let outcome = converse(connection.clone()).await;
    connection.closed().await;
    tokio::time::sleep(AFTERMATH).await;

    let (first, error) = match outcome {
        Ok(first) => (first, None),
        Err(error) => (First::default(), Some(format!("{error:#}"))),
    };
    let counted = socket.take(peer);
    record.write(&Connection {
        protocol: Protocol::Udp,
        name: greeting.and_then(|data| data.server_name),
        host: first.host,
        path: first.path,
        error,
        peer,
        local,
        received: counted.out,
        sent: counted.r#in,
        duration_ms: u64::try_from(begin.elapsed().as_millis())?,
    })
}

/// Answers requests until the client is gone; gives the first.
async fn converse(connection: quinn::Connection) -> anyhow::Result<First> {
    let mut http = h3::server::Connection::new(h3_quinn::Connection::new(connection)).await?;
    let mut first = None;
    // An error here is the client's way of closing.
    while let Ok(Some(resolver)) = http.accept().await {
        let request = answer(resolver).await?;
        first.get_or_insert(First {
            path: Some(request.uri().path().to_owned()),
            host: request.uri().host().map(str::to_owned),
        });
    }
    Ok(first.unwrap_or_default())
}

async fn answer(resolver: RequestResolver<h3_quinn::Connection, Bytes>) -> anyhow::Result<Request<()>> {
    let (request, mut stream) = resolver.resolve_request().await?;
    while stream.recv_data().await?.is_some() {}
    let count = request.uri().path().strip_prefix("/bytes/");
    match count.and_then(|rest| rest.split('/').next()) {
        Some(count) => send(&mut stream, StatusCode::OK, count.parse()?).await?,
        None => send(&mut stream, StatusCode::NOT_FOUND, 0).await?,
    }
    Ok(request)
}

async fn send(
    stream: &mut RequestStream<h3_quinn::BidiStream<Bytes>, Bytes>,
    status: StatusCode,
    length: usize,
) -> anyhow::Result<()> {
    let head = Response::builder()
        .status(status)
        .header("content-type", "text/plain")
        .header("content-length", length);
    stream.send_response(head.body(())?).await?;
    stream.send_data(Bytes::from(vec![b'.'; length])).await?;
    stream.finish().await?;
    Ok(())
}
