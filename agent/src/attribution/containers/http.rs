//! One question over HTTP to a runtime: plain, or gRPC over HTTP/2. It has an answer by the deadline, and a bounded one.

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    time::{Duration, Instant},
};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::{http1, http2},
    header::{CONTENT_TYPE, HOST, TE},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    runtime,
    time::timeout_at,
};

/// Who is asked.
#[derive(Clone, Debug)]
pub(super) enum Endpoint {
    /// A Unix socket; with a user id, its server must run as that user.
    Unix(PathBuf, Option<u32>),
    /// A port.
    Tcp(SocketAddr),
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nobody listens, or somebody else.
    Absent,
    /// It took too long.
    Late,
    /// It said no, or what is no answer, or too much.
    Wrong,
}

/// What is asked.
pub(super) enum Question<'a> {
    /// `GET` of a path.
    Get(&'a str),
    /// A method of gRPC by its path, a message, and a header of the service's own.
    Call(&'a str, &'a [u8], Option<(&'static str, &'a str)>),
}

/// A connection to one in the same host is enough.
const AUTHORITY: &str = "localhost";
/// Most of the headers that are read, in bytes; hyper's least.
const HEADERS_MAX: usize = 8 << 10;

/// Asks; the answer's body or message has at most `max` bytes.
pub(super) fn ask(
    endpoint: &Endpoint,
    question: &Question<'_>,
    max: usize,
    limit: Duration,
) -> Result<Vec<u8>, Failure> {
    let deadline = Instant::now() + limit;
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|_| Failure::Absent)?;
    // What is still open when the runtime goes is closed with it.
    runtime.block_on(async {
        timeout_at(deadline.into(), connect_and_ask(endpoint, question, max))
            .await
            .unwrap_or(Err(Failure::Late))
    })
}

async fn connect_and_ask(
    endpoint: &Endpoint,
    question: &Question<'_>,
    max: usize,
) -> Result<Vec<u8>, Failure> {
    match endpoint {
        Endpoint::Unix(path, owner) => {
            let stream = UnixStream::connect(path).await.map_err(absent)?;
            let peer = stream.peer_cred().map_err(absent)?;
            if owner.is_some_and(|owner| peer.uid() != owner) {
                return Err(Failure::Absent);
            }
            exchange(stream, question, max).await
        }
        Endpoint::Tcp(address) => {
            let stream = TcpStream::connect(address).await.map_err(absent)?;
            exchange(stream, question, max).await
        }
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    question: &Question<'_>,
    max: usize,
) -> Result<Vec<u8>, Failure> {
    let io = TokioIo::new(stream);
    match question {
        Question::Get(path) => {
            let (mut sender, connection) = http1::Builder::new()
                .max_buf_size(HEADERS_MAX)
                .handshake(io)
                .await
                .map_err(wrong)?;
            tokio::spawn(connection);
            let request = Request::get(*path)
                .header(HOST, AUTHORITY)
                .body(Full::<Bytes>::default())
                .map_err(wrong)?;
            body(sender.send_request(request).await.map_err(wrong)?, max).await
        }
        Question::Call(method, message, header) => {
            let (mut sender, connection) = http2::Builder::new(TokioExecutor::new())
                .max_header_list_size(u32::try_from(HEADERS_MAX).unwrap_or(u32::MAX))
                .handshake(io)
                .await
                .map_err(wrong)?;
            tokio::spawn(connection);
            let mut request = Request::post(format!("http://{AUTHORITY}{method}"))
                .header(CONTENT_TYPE, "application/grpc")
                .header(TE, "trailers");
            if let Some((name, value)) = header {
                request = request.header(*name, *value);
            }
            let request = request
                .body(Full::new(Bytes::from(frame(message))))
                .map_err(wrong)?;
            let response = sender.send_request(request).await.map_err(wrong)?;
            unframe(body(response, max.saturating_add(FRAME)).await?)
        }
    }
}

async fn body(response: Response<Incoming>, max: usize) -> Result<Vec<u8>, Failure> {
    if !response.status().is_success() {
        return Err(Failure::Wrong);
    }
    let whole = Limited::new(response.into_body(), max)
        .collect()
        .await
        .map_err(wrong)?;
    Ok(whole.to_bytes().to_vec())
}

/// Bytes before a message: whether it is compressed, and its length ("gRPC over HTTP2", `Length-Prefixed-Message`).
const FRAME: usize = 5;

fn frame(message: &[u8]) -> Vec<u8> {
    // Questions hold an id.
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    [&[0], length.to_be_bytes().as_slice(), message].concat()
}

/// The one message of an answer; a refusal has none, and its reason in the trailers.
fn unframe(mut body: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let head: [u8; FRAME] = body.first_chunk().copied().ok_or(Failure::Wrong)?;
    let [compressed, length @ ..] = head;
    if compressed != 0 || u32::from_be_bytes(length) as usize != body.len() - FRAME {
        return Err(Failure::Wrong);
    }
    body.drain(..FRAME);
    Ok(body)
}

fn absent(_: io::Error) -> Failure {
    Failure::Absent
}

fn wrong<E>(_: E) -> Failure {
    Failure::Wrong
}
