//! Whose reports are taken now: so many at once, so much memory, and no agent before all others.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::HttpBody as _;
use axum::extract::Request;
use tokio::sync::{AcquireError, Semaphore, SemaphorePermit};

use super::Limits;
use crate::refusal::Refusal;

/// How long a report waits for its turn before the agent is told to come back.
const TURN: Duration = Duration::from_secs(10);

/// The places of reports on their way into the store.
#[derive(Debug)]
pub(crate) struct Queue {
    /// Room for bodies, one permit a KiB.
    room: Semaphore,
    /// Room for reports that are unpacked and wait for the store, one permit a KiB of JSON.
    waiting: Semaphore,
    most_waiting: u32,
    turns: Semaphore,
    of_an_agent: usize,
    /// Reports on their way by the certificate that they came with. As many as connections at most.
    agents: Arc<Mutex<HashMap<String, usize>>>,
}

/// An agent's place; another report of it may have it when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    agents: Arc<Mutex<HashMap<String, usize>>>,
    fingerprint: String,
}

impl Queue {
    pub(crate) fn new(limits: Limits) -> Self {
        let most = u32::try_from(limits.memory / 1024).unwrap_or(u32::MAX);
        Self {
            room: room(most),
            waiting: room(most),
            most_waiting: most,
            turns: Semaphore::new(limits.reports.min(Semaphore::MAX_PERMITS)),
            of_an_agent: limits.reports_of_an_agent,
            agents: Arc::default(),
        }
    }

    /// A place for a report with this certificate.
    pub(super) fn place(&self, fingerprint: &str) -> Result<Place, Refusal> {
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        let count = agents.entry(fingerprint.to_owned()).or_default();
        if *count >= self.of_an_agent {
            return Err(Refusal::too_many(
                "this agent has reports on their way already; send one after the other",
                TURN,
            ));
        }
        *count += 1;
        Ok(Place {
            agents: Arc::clone(&self.agents),
            fingerprint: fingerprint.to_owned(),
        })
    }

    /// Room for a request's body: for what it says to have, or for the `most` bytes that it may.
    pub(crate) fn room_for(&self, request: &Request, most: usize) -> Result<SemaphorePermit<'_>, Refusal> {
        self.room(room_of(request, most))
    }

    fn room(&self, kibibytes: u32) -> Result<SemaphorePermit<'_>, Refusal> {
        self.room.try_acquire_many(kibibytes).map_err(|_| busy())
    }

    /// Waits for the right to be unpacked: each report may be large.
    pub(super) async fn turn(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        soon(self.turns.acquire()).await
    }

    /// Waits for room to wait for the store, with so many bytes of JSON.
    pub(super) async fn wait(&self, bytes: usize) -> Result<SemaphorePermit<'_>, Refusal> {
        // The largest waits until nothing else does.
        let most = kibibytes(bytes).min(self.most_waiting);
        soon(self.waiting.acquire_many(most)).await
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut entry) = agents.entry(std::mem::take(&mut self.fingerprint)) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

/// KiB that a request's body may take.
fn room_of(request: &Request, most: usize) -> u32 {
    let said = request.body().size_hint().upper();
    let said = said.map_or(most, |said| usize::try_from(said).unwrap_or(usize::MAX));
    kibibytes(said.min(most))
}

fn room(kibibytes: u32) -> Semaphore {
    Semaphore::new(
        usize::try_from(kibibytes)
            .unwrap_or(usize::MAX)
            .min(Semaphore::MAX_PERMITS),
    )
}

/// KiB that this many bytes take.
fn kibibytes(bytes: usize) -> u32 {
    u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX)
}

async fn soon<T>(permit: impl Future<Output = Result<T, AcquireError>>) -> Result<T, Refusal> {
    tokio::time::timeout(TURN, permit)
        .await
        .map_err(|_| busy())?
        .map_err(|_| Refusal::later("the collector is shutting down", TURN))
}

fn busy() -> Refusal {
    Refusal::later("the collector has more reports than it can take", TURN)
}

#[cfg(test)]
mod tests;
