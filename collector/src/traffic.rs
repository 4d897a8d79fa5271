//! What a large fleet sent on the last days, for the overview and vendors' pages. Adding up takes seconds there, for which no
//! page waits: it shows what was added up last, and of when that is, while the next is made.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use crate::access::Scope;
use crate::store::{Store, StoreError, VendorTraffic};

/// Days that are shown.
pub(crate) const DAYS: u16 = 14;
/// So long what was added up is good.
const FRESH: Duration = Duration::from_mins(1);
/// What took long is good for so many times as long: a twentieth of the time goes into it at most.
const TIMES: u32 = 20;
/// So long a page waits where nothing was added up yet.
const PATIENCE: Duration = Duration::from_millis(40);
/// Scopes that are kept; whose was asked for least lately is forgotten.
const SCOPES: usize = 32;

/// What was sent, by vendor.
#[derive(Clone, Debug)]
pub(crate) struct Added {
    pub(crate) vendors: Arc<Vec<VendorTraffic>>,
    /// As of when, where that is not now.
    pub(crate) time: Option<Timestamp>,
}

/// What was added up last.
#[derive(Debug)]
pub(crate) struct Traffic {
    store: Arc<Store>,
    kept: Mutex<Vec<Kept>>,
    /// Held by whoever adds up.
    turn: Semaphore,
}

/// One scope's.
#[derive(Debug)]
struct Kept {
    scope: Scope,
    asked: Instant,
    last: Option<Last>,
    /// Ends with who adds up now.
    running: Option<watch::Receiver<()>>,
}

#[derive(Debug)]
struct Last {
    added: Added,
    /// When it was begun, and how long it took.
    begun: Instant,
    took: Duration,
}

impl Traffic {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            kept: Mutex::default(),
            turn: Semaphore::new(1),
        }
    }

    /// What hosts of the scope sent up to `now`. Of a large fleet, whose `may_be_kept`, that of before; `None` when it is the
    /// first time, and takes longer than a page may.
    pub(crate) async fn get(
        self: &Arc<Self>,
        scope: &Scope,
        may_be_kept: bool,
        now: Timestamp,
    ) -> Result<Option<Added>, StoreError> {
        if !may_be_kept {
            let vendors = Arc::new(self.store.traffic(scope, DAYS, now).await?);
            return Ok(Some(Added { vendors, time: None }));
        }
        let (last, running) = self.ask(scope);
        if let (None, Some(mut running)) = (&last, running) {
            // It ends by being dropped.
            let _ = timeout(PATIENCE, running.changed()).await;
            return Ok(self.last(scope));
        }
        Ok(last)
    }

    /// What was added up last, and what adds up now; what is not fresh is made anew.
    fn ask(self: &Arc<Self>, scope: &Scope) -> (Option<Added>, Option<watch::Receiver<()>>) {
        let mut all = self.kept();
        let place = all
            .iter()
            .position(|kept| kept.scope == *scope)
            .unwrap_or_else(|| {
                if all.len() == SCOPES {
                    let oldest = all.iter().enumerate().min_by_key(|(_, kept)| kept.asked);
                    if let Some((oldest, _)) = oldest {
                        all.swap_remove(oldest);
                    }
                }
                all.push(Kept {
                    scope: scope.clone(),
                    asked: Instant::now(),
                    last: None,
                    running: None,
                });
                all.len() - 1
            });
        let kept = &mut all[place];
        kept.asked = Instant::now();
        let is_fresh = kept.last.as_ref().is_some_and(Last::is_fresh);
        let runs = |running: &&watch::Receiver<()>| running.has_changed().is_ok();
        let running = kept.running.as_ref().filter(runs).cloned();
        let running = running.or_else(|| (!is_fresh).then(|| self.begin(scope)));
        kept.running.clone_from(&running);
        let last = kept.last.as_ref().map(|last| last.added.clone());
        (last, running)
    }

    /// Adds up beside whoever asks.
    fn begin(self: &Arc<Self>, scope: &Scope) -> watch::Receiver<()> {
        let (ends, running) = watch::channel(());
        let (traffic, scope) = (Arc::clone(self), scope.clone());
        tokio::spawn(async move {
            if let Err(error) = traffic.add_up(&scope).await {
                tracing::warn!("what was sent cannot be added up: {error}");
            }
            drop(ends);
        });
        running
    }

    async fn add_up(&self, scope: &Scope) -> Result<(), StoreError> {
        let _turn = self.turn.acquire().await;
        let (time, begun) = (Timestamp::now(), Instant::now());
        let vendors = self.store.traffic(scope, DAYS, time).await?;
        let last = Last {
            added: Added {
                vendors: Arc::new(vendors),
                time: Some(time),
            },
            begun,
            took: begun.elapsed(),
        };
        if let Some(kept) = self.kept().iter_mut().find(|kept| kept.scope == *scope) {
            kept.last = Some(last);
        }
        Ok(())
    }

    fn last(&self, scope: &Scope) -> Option<Added> {
        let all = self.kept();
        let kept = all.iter().find(|kept| kept.scope == *scope)?;
        kept.last.as_ref().map(|last| last.added.clone())
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Last {
    fn is_fresh(&self) -> bool {
        self.begun.elapsed() < FRESH.max(self.took.saturating_mul(TIMES))
    }
}

#[cfg(test)]
mod tests;
