//! Servers on Unix sockets that speak, or do not speak, what runtimes do.

use std::{
    convert::Infallible,
    io::{Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    http::request::Parts,
    server::conn::http2,
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};

/// How many have connected.
#[derive(Clone, Default)]
pub(super) struct Count(Arc<AtomicUsize>);

impl Count {
    pub(super) fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Serves each connection in a thread; they end with the test's process.
pub(super) fn serve(path: &Path, each: impl Fn(UnixStream) + Clone + Send + 'static) -> Count {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let listener = UnixListener::bind(path).unwrap();
    let count = Count::default();
    let counted = count.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            counted.0.fetch_add(1, Ordering::SeqCst);
            let each = each.clone();
            thread::spawn(move || each(stream));
        }
    });
    count
}

/// Answers `GET /containers/ID/json` alone, over HTTP/1.1.
pub(super) fn inspecting(id: &str, body: &str) -> impl Fn(UnixStream) + Clone + Send + 'static {
    let expected = format!("GET /containers/{id}/json HTTP/1.1\r\n");
    let body = body.to_owned();
    move |mut stream| {
        let head = head(&mut stream);
        let (status, body) = if head.starts_with(&expected) {
            ("200 OK", body.as_str())
        } else {
            ("404 Not Found", "{\"message\":\"no such container\"}")
        };
        let length = body.len();
        let _ = write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
    }
}

pub(super) fn head(stream: &mut UnixStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// A method of gRPC, the header and the message that it is given, and its answer.
#[derive(Clone)]
pub(super) struct Method {
    pub(super) path: &'static str,
    pub(super) header: Option<(&'static str, &'static str)>,
    pub(super) question: Vec<u8>,
    pub(super) answer: Vec<u8>,
}

impl Method {
    fn is_called(&self, head: &Parts, asked: &[u8]) -> bool {
        let given = |(name, value)| head.headers.get(name).is_some_and(|it| it == value);
        head.uri.path() == self.path
            && given(("content-type", "application/grpc"))
            && given(("te", "trailers"))
            && self.header.is_none_or(given)
            && *asked == framed(&self.question)
    }
}

/// Answers calls of these methods with a message; anything else with a refusal.
pub(super) fn remote(methods: Vec<Method>) -> impl Fn(UnixStream) + Clone + Send + 'static {
    move |stream| {
        let methods = methods.clone();
        let reply = move |request: Request<Incoming>| {
            let methods = methods.clone();
            async move {
                let (head, body) = request.into_parts();
                let asked = body.collect().await.unwrap().to_bytes();
                let called = methods.iter().find(|method| method.is_called(&head, &asked));
                let response = Response::builder().header("content-type", "application/grpc");
                Ok::<_, Infallible>(
                    match called {
                        Some(method) => response.body(Full::<Bytes>::from(framed(&method.answer))),
                        // Not found.
                        None => response.header("grpc-status", "5").body(Full::default()),
                    }
                    .unwrap(),
                )
            }
        };
        stream.set_nonblocking(true).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let _ = runtime.block_on(async {
            let stream = tokio::net::UnixStream::from_std(stream).unwrap();
            http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service_fn(reply))
                .await
        });
    }
}

fn framed(message: &[u8]) -> Vec<u8> {
    let mut framed = vec![0];
    framed.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    framed.extend(message);
    framed
}
