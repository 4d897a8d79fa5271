//! What takes more than one report to see, or happens while none comes: one collector of those that share the database
//! does it for all, and another one when that is gone.

mod agents;
mod expiry;
mod spikes;
mod standing;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use crate::metrics::Metrics;
use crate::store::{Duty, Store, StoreError};
use standing::Standing;

/// For how long a collector has the duty without a sign of it.
const LEASE: Duration = Duration::from_mins(2);
/// Findings that are taken up at once; the rest waits for the next round.
pub(super) const BITE: u16 = 500;

/// What is watched for, and how closely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Between two rounds.
    pub pause: Duration,
    /// Between two looks at how much callers send.
    pub volumes: Duration,
    /// Between two looks at which callers need a sanction that ends soon.
    pub expiry: Duration,
    /// So long collectors must have lived before a vendor's first use is a finding.
    pub learning: Duration,
    /// After how long a silence an agent is silent.
    pub silence: Duration,
    /// After how long it is missing, and nobody waits for it.
    pub missing: Duration,
    /// Of what an agent sees, how much it must lose to be lossy.
    pub lossy_percent: u8,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            pause: Duration::from_secs(30),
            volumes: Duration::from_hours(1),
            expiry: Duration::from_hours(6),
            learning: Duration::from_hours(7 * 24),
            silence: Duration::from_hours(72),
            missing: crate::config::MISSING,
            lossy_percent: 1,
        }
    }
}

/// Keeps the findings.
#[derive(Debug)]
pub(crate) struct Keeper {
    store: Arc<Store>,
    watch: Watch,
    /// Rung when there is an alert to send; `None`: nobody is to be told.
    bell: Option<Arc<Notify>>,
    metrics: Arc<Metrics>,
    duty: Duty,
    standing: Standing,
}

impl Keeper {
    pub(crate) fn new(
        store: Arc<Store>,
        watch: Watch,
        bell: Option<Arc<Notify>>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            store,
            watch,
            bell,
            metrics,
            duty: Duty {
                name: "findings",
                holder: Uuid::new_v4(),
            },
            standing: Standing::default(),
        }
    }

    /// Works until `stop` is true or gone.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let duty = self.duty;
        let store = Arc::clone(&self.store);
        let work = async {
            loop {
                if let Err(error) = self.round(Timestamp::now()).await {
                    tracing::error!("looking after findings is put off: {error}");
                }
                tokio::time::sleep(self.watch.pause.mul_f64(0.9 + 0.2 * fastrand::f64())).await;
            }
        };
        tokio::select! {
            () = work => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        if let Err(error) = store.leave_duty(duty).await {
            tracing::warn!(
                "another collector looks after findings in {} s at the earliest: {error}",
                LEASE.as_secs()
            );
        }
    }

    /// Does what is to be done at `now`, unless another collector does.
    pub(crate) async fn round(&mut self, now: Timestamp) -> Result<(), StoreError> {
        if self.store.take_duty(self.duty, now, LEASE).await?.is_none() {
            // What another one does meanwhile is not known here.
            self.standing = Standing::default();
            return Ok(());
        }
        self.standing.round(&self.store, now).await?;
        let woken = self.store.wake_findings(now, BITE).await?;
        let raised = self.silence(now).await?
            + self.losses(now).await?
            + self.spikes(now).await?
            + self.expiry(now).await?;
        self.metrics.raised(raised);
        if let Some(bell) = self.bell.as_ref().filter(|_| woken + raised > 0) {
            bell.notify_waiters();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
