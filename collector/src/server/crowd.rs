//! How many connections a listener holds, and which of them goes when another one comes.

use std::error::Error;
use std::future::{Ready, ready};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum_server::accept::Accept;
use rustix::net::sockopt;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::placed::{Attended, Placed};
use super::seat::{Bench, Patience, Seat};
use crate::ingest::Limits;
use crate::metrics::Metrics;

/// For how long what was sent may stay unacknowledged, or a window closed, before the kernel ends the connection
/// (`TCP_USER_TIMEOUT`, RFC 5482): a peer that is gone, or that never reads its answers, must not hold a place.
const DEAF: Duration = Duration::from_mins(1);

/// Takes connections while there are places, then in the place of whoever has been idle for longest, and closes the
/// others at once.
#[derive(Clone, Debug)]
pub(super) struct Crowd {
    listener: &'static str,
    places: Arc<Semaphore>,
    bench: Arc<Bench>,
    patience: Patience,
    metrics: Arc<Metrics>,
}

/// There is no place.
#[derive(Debug, thiserror::Error)]
#[error("the listener has as many connections as it may, and none of them is idle")]
struct Full;

impl Crowd {
    /// `listener` is its name in the metrics.
    pub(super) fn of(listener: &'static str, limits: Limits, metrics: Arc<Metrics>) -> Self {
        Self {
            listener,
            places: Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS))),
            bench: Arc::default(),
            patience: Patience {
                head: limits.head,
                idle: limits.idle,
            },
            metrics,
        }
    }

    /// Whether a connection was not taken because there was no place.
    pub(super) fn is_full(error: &io::Error) -> bool {
        error.get_ref().is_some_and(<dyn Error + Send + Sync>::is::<Full>)
    }

    fn place(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(place);
        }
        let place = self.bench.take();
        match place {
            Some(_) => self.metrics.displaced(self.listener),
            None => self.metrics.turned_away(self.listener, "full"),
        }
        place
    }
}

impl<S> Accept<TcpStream, S> for Crowd {
    type Stream = Placed;
    type Service = Attended<S>;
    type Future = Ready<io::Result<(Placed, Attended<S>)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let Some(place) = self.place() else {
            return ready(Err(io::Error::other(Full)));
        };
        let deaf = u32::try_from(DEAF.as_millis()).unwrap_or(u32::MAX);
        // Without it the connection still has its limits of time while the collector reads.
        let _ = sockopt::set_tcp_user_timeout(&stream, deaf);
        self.metrics.taken(self.listener);
        let seat = Seat::new(self.patience, Arc::clone(&self.bench), place);
        let service = Attended {
            service,
            seat: Arc::clone(&seat),
        };
        ready(Ok((Placed::new(stream, seat), service)))
    }
}
