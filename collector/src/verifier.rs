//! Whether the audit log is as it was written, for whoever asks.
//!
//! A pass goes through the whole log, so that one is made at a time, and the next one only after ten times as long as it
//! took, a minute at least: however often it is asked for, a tenth of the time goes into it. Who comes meanwhile is told what
//! the last one found, and when that was.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::store::{AuditHead, Store, StoreError, Tampered};

/// What a pass found is told for as long, at the least.
const REST: Duration = Duration::from_mins(1);
/// And for so many times as long as it took.
const SHARE: u32 = 10;
/// So long whoever asks waits for its end: a proxy before the collector may give up after a minute.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a pass found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    /// The last entry, if everything up to it is as it was written.
    pub(crate) result: Result<AuditHead, Tampered>,
    /// When the pass began: later entries are not in it.
    pub(crate) time: Timestamp,
    /// Until when nothing newer is to be had.
    until: Instant,
}

/// The last pass, and how the next one is made.
#[derive(Debug)]
pub(crate) struct Verifier {
    store: Arc<Store>,
    last: RwLock<Option<Arc<Verified>>>,
    /// Held by whoever goes through the log.
    turn: Arc<Mutex<()>>,
}

impl Verifier {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            last: RwLock::default(),
            turn: Arc::default(),
        }
    }

    /// What the last pass found, if there was one.
    pub(crate) fn last(&self) -> Option<Arc<Verified>> {
        self.last.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same, after another pass where the last one is old enough; `None` while the first one goes on. That ends also when
    /// nobody waits any more.
    pub(crate) async fn get(self: &Arc<Self>) -> Result<Option<Arc<Verified>>, StoreError> {
        let turn = Arc::clone(&self.turn).try_lock_owned();
        let last = self.last();
        if last.as_ref().is_some_and(|last| Instant::now() < last.until) {
            return Ok(last);
        }
        let Ok(turn) = turn else { return Ok(last) };
        let pass = tokio::spawn(Arc::clone(self).pass(turn));
        match tokio::time::timeout(PATIENCE, pass).await {
            Ok(Ok(done)) => done.map(Some),
            // It goes on; or it panicked, and has said so.
            Err(_) | Ok(Err(_)) => Ok(last),
        }
    }

    async fn pass(self: Arc<Self>, turn: OwnedMutexGuard<()>) -> Result<Arc<Verified>, StoreError> {
        let (time, begun) = (Timestamp::now(), Instant::now());
        let result = self.store.verify_audit(None).await?;
        if let Err(tampered) = &result {
            tracing::error!("{tampered}");
        }
        let rest = REST.max(begun.elapsed().saturating_mul(SHARE));
        let verified = Arc::new(Verified {
            result,
            time,
            until: Instant::now() + rest,
        });
        *self.last.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&verified));
        drop(turn);
        Ok(verified)
    }
}

#[cfg(test)]
mod tests;
