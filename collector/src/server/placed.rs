//! A connection's stream and its requests, both of which tell its seat what they do.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};
use tower_service::Service;

use super::seat::{Seat, Wait};

/// The stream of a connection that has a place. It reads as if the other end had closed when its time is over.
#[derive(Debug)]
pub(super) struct Placed {
    stream: TcpStream,
    seat: Arc<Seat>,
    timer: Pin<Box<Sleep>>,
}

impl Placed {
    pub(super) fn new(stream: TcpStream, seat: Arc<Seat>) -> Self {
        Self {
            stream,
            seat,
            timer: Box::pin(tokio::time::sleep_until(Instant::now())),
        }
    }

    /// Whether it is `deadline`; otherwise the task is woken then.
    fn is_past(&mut self, deadline: Instant, context: &mut Context<'_>) -> bool {
        // Set anew only when it would ring too late, or has rung: deadlines move with each request, nearly always on.
        if self.timer.deadline() > deadline {
            self.timer.as_mut().reset(deadline);
        }
        while self.timer.as_mut().poll(context).is_ready() {
            if Instant::now() >= deadline {
                return true;
            }
            self.timer.as_mut().reset(deadline);
        }
        false
    }

    fn written(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(1..)) => self.seat.said(),
            // Who reads nothing must not stay for its farewell.
            Poll::Pending if self.seat.is_over() => {
                return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
            }
            _ => {}
        }
        written
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        self.seat.leave();
    }
}

impl AsyncRead for Placed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let Poll::Ready(Ok(())) = read
            && buffer.filled().len() > before
            && !self.seat.heard()
        {
            buffer.set_filled(before);
        }
        if read.is_ready() {
            return read;
        }
        let is_over = match self.seat.wait(context.waker()) {
            Wait::Over => true,
            Wait::Until(deadline) => self.is_past(deadline, context),
            Wait::ForEver => false,
        };
        if is_over {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }
}

impl AsyncWrite for Placed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// What answers the requests of a connection.
#[derive(Clone, Debug)]
pub(super) struct Attended<S> {
    pub(super) service: S,
    pub(super) seat: Arc<Seat>,
}

impl<S, R> Service<R> for Attended<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
    S::Response: 'static,
    S::Error: 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        self.seat.asked();
        let (answer, seat) = (self.service.call(request), Arc::clone(&self.seat));
        Box::pin(async move {
            let answer = answer.await;
            seat.answered();
            answer
        })
    }
}
