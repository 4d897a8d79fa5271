//! The webhook: findings go from the store's outbox to one receiver.
//!
//! Each alert is one `POST` of [`Payload`]. An answer of 2xx settles it. Network errors, time-outs, 408, 429, 5xx and
//! redirects (they are not followed) are tried again for ever, with exponential back-off and jitter, or when the
//! receiver's `Retry-After` says; any other 4xx settles it as refused until the next start, which offers it once more:
//! by then somebody may have mended the address. The outbox is in the store, so a restart loses nothing; an attempt
//! whose end was not written down is made again, under the same `Webhook-Id`. Of several collectors on a store, one
//! claims an alert for a minute; if it dies meanwhile, another sends it.

mod backoff;
mod payload;
mod webhook;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use umbra_fail_point::fail_point;

use crate::metrics::Metrics;
use crate::store::{Alert, Outcome, Store, StoreError};

pub use payload::Payload;
pub use webhook::{Webhook, WebhookError};

/// The longest sleep, so that what another collector on the same store left behind is found.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// The sleep after the store failed.
const STORE_SLEEP: Duration = Duration::from_secs(5);

/// Sends what the outbox holds.
#[derive(Debug)]
pub struct Courier {
    /// Where alerts are kept.
    pub store: Arc<Store>,
    /// Where they go.
    pub webhook: Webhook,
    /// Rung when there is a new one.
    pub bell: Arc<Notify>,
    /// Counts the attempts.
    pub metrics: Arc<Metrics>,
    /// The alert that is being sent; 0 when none is.
    pub held: AtomicI64,
}

impl Courier {
    /// Works until `stop` is true or gone. An attempt under way is dropped, and made again at the next start.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let work = async {
            self.offer_again().await;
            loop {
                let pause = self.round().await.unwrap_or_else(|error| {
                    tracing::error!("the webhook's queue waits: {error}");
                    STORE_SLEEP
                });
                let rung = tokio::time::timeout(pause.min(LONGEST_SLEEP), self.bell.notified());
                // Rung or not: look again.
                let _ = rung.await;
            }
        };
        tokio::select! {
            () = work => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        let held = self.held.load(Ordering::Relaxed);
        if held > 0
            && let Err(error) = self.store.release_alert(held).await
        {
            tracing::warn!("an alert waits for a minute, as if it were being sent: {error}");
        }
    }

    /// Sends everything that is due; gives the time until something is due again.
    async fn round(&self) -> Result<Duration, StoreError> {
        while let Some(alert) = self.store.claim_alert(Timestamp::now()).await? {
            self.held.store(alert.id, Ordering::Relaxed);
            fail_point("alert_claimed");
            let outcome = self.webhook.send(&alert).await;
            fail_point("alert_sent");
            report(&alert, &outcome);
            self.metrics.alert(&outcome);
            self.settle(alert.id, &outcome).await;
            fail_point("alert_settled");
            self.held.store(0, Ordering::Relaxed);
        }
        Ok(self
            .store
            .next_alert(Timestamp::now())
            .await?
            .unwrap_or(LONGEST_SLEEP))
    }

    /// Gives alerts that were refused before this start another chance.
    async fn offer_again(&self) {
        match self.store.offer_again(Timestamp::now()).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "alerts that the webhook refused are offered again"),
            Err(error) => tracing::error!("alerts that the webhook refused stay refused: {error}"),
        }
    }

    /// Writes down how an attempt ended, however long the store is away: what is sent and not settled would be sent
    /// again and again while a disk is full.
    async fn settle(&self, alert: i64, outcome: &Outcome) {
        while let Err(error) = self.store.settle_alert(alert, outcome, Timestamp::now()).await {
            tracing::error!("the webhook's queue waits: {error}");
            tokio::time::sleep(STORE_SLEEP).await;
        }
    }
}

fn report(alert: &Alert, outcome: &Outcome) {
    let (id, finding) = (&alert.delivery, alert.finding);
    match outcome {
        Outcome::Delivered => tracing::info!(id, finding, "the webhook took an alert"),
        Outcome::Retry { error, after, .. } => {
            let seconds = after.as_secs();
            tracing::warn!(
                id,
                finding,
                seconds,
                "the webhook failed and is tried again: {error}"
            );
        }
        Outcome::Refused { error } => tracing::error!(id, finding, "the webhook refused an alert: {error}"),
    }
}

#[cfg(test)]
mod tests;
