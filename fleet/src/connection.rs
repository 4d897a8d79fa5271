//! HTTPS to a collector, one request at a time, with as little work as may be: the fleet shares the processors with
//! what it measures.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// An answer of the collector has fewer bytes.
const LONGEST: usize = 64 << 10;
/// A request without an answer for so long is a failure.
const LIMIT: Duration = Duration::from_secs(30);

/// A connection that is kept alive.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

/// What the collector said.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Connection {
    /// Connects with this side's certificate and authorities.
    pub(crate) async fn open(address: SocketAddr, tls: Arc<ClientConfig>) -> Result<Self> {
        let opened = async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            TlsConnector::from(tls)
                .connect(ServerName::IpAddress(address.ip().into()), stream)
                .await
        };
        let stream = tokio::time::timeout(LIMIT, opened)
            .await
            .context("the collector does not answer")?
            .with_context(|| format!("cannot connect to {address}"))?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // What ends it is seen by whoever sends.
        tokio::spawn(connection);
        Ok(Self {
            sender,
            host: address.to_string(),
        })
    }

    /// Sends JSON, which may be packed with zstd, and waits for the answer.
    pub(crate) async fn post(&mut self, path: &str, body: Bytes, packed: bool) -> Result<Answer> {
        let mut request = Request::post(path)
            .header(header::HOST, &self.host)
            .header(header::CONTENT_TYPE, umbra_report::CONTENT_TYPE);
        if packed {
            request = request.header(header::CONTENT_ENCODING, "zstd");
        }
        let request = request.body(Full::new(body))?;
        tokio::time::timeout(LIMIT, self.send(request))
            .await
            .context("the collector does not answer")?
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Answer> {
        self.sender
            .ready()
            .await
            .context("the collector closed the connection")?;
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, LONGEST).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!("the answer is cut: {error}"))?;
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: body.to_bytes(),
        })
    }
}

impl Answer {
    /// When to come back, as the collector asks.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let seconds = self
            .headers
            .get(header::RETRY_AFTER)?
            .to_str()
            .ok()?
            .parse()
            .ok()?;
        Some(Duration::from_secs(seconds))
    }

    /// Refuses any other status than 200.
    pub(crate) fn success(self) -> Result<Bytes> {
        ensure!(
            self.status == StatusCode::OK,
            "the collector answers {}: {}",
            self.status,
            String::from_utf8_lossy(&self.body)
        );
        Ok(self.body)
    }
}
