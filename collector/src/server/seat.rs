//! What each connection is doing: its limits of time follow from that, and whether its place may be given to another.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

/// How long a listener waits for whoever is at the other end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For a request's head, from its first byte on; for the first request, from the connection on.
    pub(super) head: Duration,
    /// For the next request, from the last byte of an answer on.
    pub(super) idle: Duration,
}

/// Connections that are idle, each by a number that rises: the first has been idle for longest.
#[derive(Debug, Default)]
pub(super) struct Bench(Mutex<Order>);

#[derive(Debug, Default)]
struct Order {
    next: u64,
    idle: BTreeMap<u64, Arc<Seat>>,
}

impl Bench {
    fn order(&self) -> MutexGuard<'_, Order> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, seat: &Arc<Seat>) -> u64 {
        let mut order = self.order();
        let number = order.next;
        order.next += 1;
        order.idle.insert(number, Arc::clone(seat));
        number
    }

    /// Whether it was there. Otherwise its place is somebody else's, or about to be.
    fn remove(&self, number: u64) -> bool {
        self.order().idle.remove(&number).is_some()
    }

    /// The place of the connection that has been idle for longest, which ends.
    pub(super) fn take(&self) -> Option<OwnedSemaphorePermit> {
        let (_, seat) = self.order().idle.pop_first()?;
        // The bench is free again: a seat locks it while it is locked itself.
        seat.give_up()
    }
}

/// A connection, as its stream and its service both know it.
#[derive(Debug)]
pub(super) struct Seat {
    patience: Patience,
    bench: Arc<Bench>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    doing: Doing,
    /// When it began to do so, or when the last byte went out meanwhile.
    since: Instant,
    /// `None` when another connection has it.
    place: Option<OwnedSemaphorePermit>,
    reader: Option<Waker>,
}

#[derive(Clone, Copy, Debug)]
enum Doing {
    /// Nothing was asked yet: TLS is being agreed on, or nothing is said.
    Arriving,
    /// The head of a request comes in.
    Asking,
    /// The request is being answered.
    Waiting,
    /// The answer is about to go out.
    Answered,
    /// The answer, or its begin, is out: it stands on the bench.
    Idle(u64),
}

/// What a stream without bytes is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// End: the place is somebody else's.
    Over,
    Until(Instant),
    ForEver,
}

impl Seat {
    pub(super) fn new(patience: Patience, bench: Arc<Bench>, place: OwnedSemaphorePermit) -> Arc<Self> {
        Arc::new(Self {
            patience,
            bench,
            state: Mutex::new(State {
                doing: Doing::Arriving,
                since: Instant::now(),
                place: Some(place),
                reader: None,
            }),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes came; whether they may be read.
    pub(super) fn heard(&self) -> bool {
        let mut state = self.state();
        state.reader = None;
        let stays = match state.doing {
            // The first head has as long as silence before it has.
            Doing::Arriving | Doing::Asking | Doing::Waiting => return state.place.is_some(),
            Doing::Answered => true,
            Doing::Idle(number) => self.bench.remove(number),
        };
        (state.doing, state.since) = (Doing::Asking, Instant::now());
        stays && state.place.is_some()
    }

    /// A request's head is whole.
    pub(super) fn asked(&self) {
        let mut state = self.state();
        if let Doing::Idle(number) = state.doing {
            // It came together with the request before.
            self.bench.remove(number);
        }
        state.doing = Doing::Waiting;
    }

    /// The request has its answer.
    pub(super) fn answered(&self) {
        let reader = {
            let mut state = self.state();
            (state.doing, state.since) = (Doing::Answered, Instant::now());
            state.reader.take()
        };
        // Who began to wait while the request was being answered waits for ever, and now has a limit.
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Bytes went out.
    pub(super) fn said(self: &Arc<Self>) {
        let mut state = self.state();
        match state.doing {
            Doing::Arriving => {}
            Doing::Asking | Doing::Waiting => return,
            Doing::Idle(number) if !self.bench.remove(number) => return,
            Doing::Answered | Doing::Idle(_) => state.doing = Doing::Idle(self.bench.add(self)),
        }
        state.since = Instant::now();
    }

    /// For how long to wait for bytes; `reader` is woken when it is over before.
    pub(super) fn wait(&self, reader: &Waker) -> Wait {
        let mut state = self.state();
        if state.place.is_none() {
            return Wait::Over;
        }
        match &mut state.reader {
            Some(known) => known.clone_from(reader),
            none => *none = Some(reader.clone()),
        }
        match state.doing {
            Doing::Arriving | Doing::Asking => Wait::Until(state.since + self.patience.head),
            Doing::Answered | Doing::Idle(_) => Wait::Until(state.since + self.patience.idle),
            // Bodies and answers have limits of their own.
            Doing::Waiting => Wait::ForEver,
        }
    }

    /// Whether another connection has the place.
    pub(super) fn is_over(&self) -> bool {
        self.state().place.is_none()
    }

    /// The connection has ended.
    pub(super) fn leave(&self) {
        if let Doing::Idle(number) = self.state().doing {
            self.bench.remove(number);
        }
    }

    fn give_up(&self) -> Option<OwnedSemaphorePermit> {
        let (place, reader) = {
            let mut state = self.state();
            (state.place.take(), state.reader.take())
        };
        if let Some(reader) = reader {
            reader.wake();
        }
        place
    }
}

#[cfg(test)]
mod tests;
