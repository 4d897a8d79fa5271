//! How many connections a listener holds, and for how long one of them may stand still.

use std::error::Error;
use std::future::{Ready, ready};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum_server::accept::Accept;
use rustix::net::sockopt;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::metrics::Metrics;

/// For how long what was sent may stay unacknowledged, or a window closed, before the kernel ends the connection
/// (`TCP_USER_TIMEOUT`, RFC 5482): a peer that is gone, or that never reads its answers, must not hold a place.
const DEAF: Duration = Duration::from_mins(1);

/// Takes connections while there are places, and closes the others at once.
#[derive(Clone, Debug)]
pub(super) struct Crowd {
    listener: &'static str,
    places: Arc<Semaphore>,
    metrics: Arc<Metrics>,
}

impl Crowd {
    /// `listener` is its name in the metrics.
    pub(super) fn of(listener: &'static str, places: usize, metrics: Arc<Metrics>) -> Self {
        Self {
            listener,
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            metrics,
        }
    }
}

/// There is no place.
#[derive(Debug, thiserror::Error)]
#[error("the listener has as many connections as it may")]
struct Full;

impl Crowd {
    /// Whether a connection was not taken because there was no place.
    pub(super) fn is_full(error: &io::Error) -> bool {
        error.get_ref().is_some_and(<dyn Error + Send + Sync>::is::<Full>)
    }
}

impl<S> Accept<TcpStream, S> for Crowd {
    type Stream = Placed;
    type Service = S;
    type Future = Ready<io::Result<(Placed, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            self.metrics.turned_away(self.listener, "full");
            return ready(Err(io::Error::other(Full)));
        };
        let deaf = u32::try_from(DEAF.as_millis()).unwrap_or(u32::MAX);
        // Without it the connection still has its limits of time while the collector reads.
        let _ = sockopt::set_tcp_user_timeout(&stream, deaf);
        ready(Ok((
            Placed {
                stream,
                _place: place,
            },
            service,
        )))
    }
}

/// A connection in its place.
#[derive(Debug)]
pub(super) struct Placed {
    stream: TcpStream,
    _place: OwnedSemaphorePermit,
}

impl AsyncRead for Placed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Placed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
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
