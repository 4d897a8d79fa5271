//! How long what is kept, and the task that removes it: each hour, in the background, by whichever collector it is.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::metrics::Metrics;
use crate::store::{Bounds, Month, Store, StoreError};

/// Between two rounds, give or take a tenth, so that collectors do not come together.
const PAUSE: Duration = Duration::from_hours(1);
/// Before the first one, at most: a start has other things to do.
const FIRST: Duration = Duration::from_mins(5);

/// Whole months that are kept of each class, besides the one that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Observations by the hour.
    pub observations: u16,
    /// Uses that nobody has seen since, with their callers, programs and hosts.
    pub inventory: u16,
    /// Findings that are settled and whose matter was not seen since, and spikes of the past.
    pub findings: u16,
    /// Requests that were decided, and of whose sanction nothing is in force.
    pub requests: u16,
    /// Alerts that are settled.
    pub alerts: u16,
    /// What agents lost.
    pub losses: u16,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            observations: 13,
            inventory: 13,
            findings: 13,
            requests: 13,
            alerts: 13,
            losses: 13,
        }
    }
}

impl Retention {
    /// What is kept at `now`.
    pub fn bounds(&self, now: Timestamp) -> Bounds {
        let month = Month::of(now);
        Bounds {
            observations: month.before(self.observations),
            inventory: month.before(self.inventory),
            findings: month.before(self.findings),
            requests: month.before(self.requests),
            alerts: month.before(self.alerts),
            losses: month.before(self.losses),
        }
    }
}

/// Keeps house in the store.
#[derive(Debug)]
pub struct Housekeeper {
    /// Where.
    pub store: Arc<Store>,
    /// For how long what is kept.
    pub retention: Retention,
    /// Counts what goes.
    pub metrics: Arc<Metrics>,
}

impl Housekeeper {
    /// Works until `stop` is true or gone.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let work = async {
            tokio::time::sleep(FIRST.mul_f64(fastrand::f64())).await;
            loop {
                if let Err(error) = self.round(Timestamp::now()).await {
                    tracing::error!("removing what is over is put off: {error}");
                }
                tokio::time::sleep(PAUSE.mul_f64(0.9 + 0.2 * fastrand::f64())).await;
            }
        };
        tokio::select! {
            () = work => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// Removes what is over at `now`, and says what went.
    pub async fn round(&self, now: Timestamp) -> Result<(), StoreError> {
        self.store.make_months_ahead(now).await?;
        let bounds = self.retention.bounds(now);
        let removed = self.store.remove(&bounds).await?;
        let forgotten = self.store.forget_routes(now).await?;
        if forgotten > 0 {
            tracing::warn!(
                forgotten,
                "alerts are dropped that waited for routes which nobody has had for a week"
            );
        }
        self.metrics.removed(&removed, now);
        if removed != crate::store::Removed::default() {
            tracing::info!(
                "removed {} observations before {}, {} of the inventory before {}, {} findings before {}, \
                 {} requests before {}, {} alerts before {}, {} losses before {}",
                removed.observations,
                bounds.observations,
                removed.inventory,
                bounds.inventory,
                removed.findings,
                bounds.findings,
                removed.requests,
                bounds.requests,
                removed.alerts,
                bounds.alerts,
                removed.losses,
                bounds.losses,
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
