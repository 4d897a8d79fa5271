//! What is added up over the whole fleet, for the page's strip and the metrics.
//!
//! With few hosts that takes a millisecond, and is done each time. With many it takes more, whoever asks and however
//! often: then a sum is good for a second, one is made at a time, and who comes meanwhile gets the last one. By number
//! and not by how long it took: a busy machine shall not show a small fleet otherwise than a quiet one.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::store::{Health, Presence, Store, StoreError};

/// Sums of no more hosts are made anew each time.
const FEW: u64 = 1000;
/// How long others are good.
const FRESH: Duration = Duration::from_secs(1);
/// How long they are shown while new ones are made. After that, who asks waits.
const SHOWN: Duration = Duration::from_secs(5);

/// The fleet, added up.
#[derive(Clone, Debug)]
pub(crate) struct Sum {
    pub(crate) health: Health,
    pub(crate) presence: Presence,
    /// As of when.
    pub(crate) time: Timestamp,
    begun: Instant,
}

impl Sum {
    /// Whether it is of so many that it is shown for a while.
    pub(crate) fn is_kept(&self) -> bool {
        self.health.hosts > FEW
    }
}

/// The last sum, and how the next one is made.
#[derive(Debug)]
pub(crate) struct Sums {
    store: Arc<Store>,
    /// After how long a silence an agent is missing.
    missing: Duration,
    last: RwLock<Option<Arc<Sum>>>,
    /// Held by whoever adds up.
    turn: Arc<Mutex<()>>,
}

impl Sums {
    pub(crate) fn new(store: Arc<Store>, missing: Duration) -> Self {
        Self {
            store,
            missing,
            last: RwLock::default(),
            turn: Arc::default(),
        }
    }

    /// A sum of now, or of a few seconds ago where adding up takes long.
    pub(crate) async fn get(self: &Arc<Self>) -> Result<Arc<Sum>, StoreError> {
        let asked = Instant::now();
        if let Some(last) = self.last().filter(|last| last.is_kept()) {
            let age = last.begun.elapsed();
            if age < FRESH {
                return Ok(last);
            }
            if age < SHOWN {
                if let Ok(turn) = Arc::clone(&self.turn).try_lock_owned() {
                    let sums = Arc::clone(self);
                    tokio::spawn(async move {
                        if let Err(error) = sums.add_up(turn).await {
                            tracing::warn!("the fleet cannot be added up: {error}");
                        }
                    });
                }
                return Ok(last);
            }
        }
        let turn = Arc::clone(&self.turn).lock_owned().await;
        match self.last().filter(|last| last.begun >= asked) {
            // Somebody else began after this was asked.
            Some(last) => Ok(last),
            None => self.add_up(turn).await,
        }
    }

    fn last(&self) -> Option<Arc<Sum>> {
        self.last.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn add_up(&self, turn: OwnedMutexGuard<()>) -> Result<Arc<Sum>, StoreError> {
        let (time, begun) = (Timestamp::now(), Instant::now());
        let health = self.store.health(time).await?;
        let presence = self.store.presence(self.missing).await?;
        let sum = Arc::new(Sum {
            health,
            presence,
            time,
            begun,
        });
        *self.last.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&sum));
        drop(turn);
        Ok(sum)
    }
}

#[cfg(test)]
mod tests;
