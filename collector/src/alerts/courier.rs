use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;
use tokio::sync::{Notify, watch};
use umbra_fail_point::fail_point;
use uuid::Uuid;

use super::{Message, Pace, Target, WEBHOOK, backoff};
use crate::metrics::Metrics;
use crate::store::{Claim, MOST_WAITING, Outcome, Outgoing, Pauses, Store, StoreError};

/// The longest sleep, so that what another collector on the same store left behind is found.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// The sleep after the store failed.
const STORE_SLEEP: Duration = Duration::from_secs(5);
/// How often a receiver that forgets is told again.
const REFRESH: Duration = Duration::from_mins(1);
/// Alerts that it is told at once.
const TOGETHER: i64 = 500;
/// How often a route is held on to while a message is being sent: well within the lease.
const RENEWAL: Duration = Duration::from_secs(20);

/// Sends what the outbox holds for one route.
#[derive(Debug)]
pub struct Courier {
    /// Where alerts are kept.
    pub store: Arc<Store>,
    /// The route's name.
    pub route: String,
    /// How much is sent at once.
    pub pace: Pace,
    /// Where it goes.
    pub target: Arc<Target>,
    /// The address of the collector's page, for the links.
    pub page: Url,
    /// Rung when there is something new.
    pub bell: Arc<Notify>,
    /// Counts the attempts.
    pub metrics: Arc<Metrics>,
    /// By whom the route is held while it is this one's turn.
    pub holder: Uuid,
    /// Whether it is.
    pub holds: AtomicBool,
}

impl Courier {
    /// Works until `stop` is true or gone. An attempt under way is dropped, and made again at the next start.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let work = async {
            loop {
                let bell = self.bell.notified();
                let pause = self.round().await.unwrap_or_else(|error| {
                    tracing::error!(route = self.route, "alerts wait: {error}");
                    STORE_SLEEP
                });
                // Rung or not: look again.
                let _ = tokio::time::timeout(pause.min(LONGEST_SLEEP), bell).await;
            }
        };
        tokio::select! {
            () = work => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        if self.holds.load(Ordering::Relaxed)
            && let Err(error) = self.store.release_route(&self.route, self.holder).await
        {
            tracing::warn!(
                route = self.route,
                "alerts wait for a minute, as if one were being sent: {error}"
            );
        }
    }

    /// Sends everything that is due; gives the time until something is due again.
    async fn round(&self) -> Result<Duration, StoreError> {
        if self.route == WEBHOOK {
            self.store.adopt_alerts(Timestamp::now()).await?;
        }
        let dropped = self.store.trim_route(&self.route, MOST_WAITING).await?;
        if dropped > 0 {
            tracing::error!(
                route = self.route,
                dropped,
                "alerts waited for too long and were dropped, the oldest first; the next message says how many"
            );
            self.metrics.alerts_dropped(&self.route, dropped);
        }
        self.refresh().await?;
        loop {
            match self
                .store
                .claim(&self.route, self.holder, Timestamp::now())
                .await?
            {
                Claim::Message(outgoing) => self.attempt(&outgoing).await,
                Claim::Nothing(until) => return Ok(until.unwrap_or(LONGEST_SLEEP)),
            }
        }
    }

    /// Tells a receiver that forgets what goes on again.
    async fn refresh(&self) -> Result<(), StoreError> {
        let now = Timestamp::now();
        if !self.target.forgets() || !self.store.refresh_route(&self.route, REFRESH, now).await? {
            return Ok(());
        }
        let mut after = 0;
        loop {
            let alerts = self.store.standing(&self.route, after, TOGETHER, now).await?;
            let Some(last) = alerts.last() else {
                return Ok(());
            };
            after = last.id;
            // Of no message in the outbox: only how the route goes is written down.
            let outgoing = Outgoing {
                alerts,
                ..Outgoing::default()
            };
            let message = Message::of(&outgoing, &self.page, now);
            let outcome = self.kept(self.target.send(&message)).await;
            self.metrics.alert(&self.route, &outcome);
            self.settle(&outgoing, &outcome).await;
            if !matches!(outcome, Outcome::Delivered { .. }) {
                self.say(&outgoing, &outcome);
                return Ok(());
            }
        }
    }

    async fn attempt(&self, outgoing: &Outgoing) {
        self.holds.store(true, Ordering::Relaxed);
        fail_point("alert_claimed");
        let message = Message::of(outgoing, &self.page, Timestamp::now());
        let outcome = self.kept(self.target.send(&message)).await;
        fail_point("alert_sent");
        self.say(outgoing, &outcome);
        self.metrics.alert(&self.route, &outcome);
        self.settle(outgoing, &outcome).await;
        fail_point("alert_settled");
        self.holds.store(false, Ordering::Relaxed);
    }

    /// Waits for an attempt, and keeps the route meanwhile.
    async fn kept(&self, attempt: impl Future<Output = Outcome>) -> Outcome {
        let renewals = async {
            loop {
                tokio::time::sleep(RENEWAL).await;
                if let Err(error) = self
                    .store
                    .keep_route(&self.route, self.holder, Timestamp::now())
                    .await
                {
                    tracing::warn!(route = self.route, "another collector may send the same: {error}");
                }
            }
        };
        tokio::select! {
            outcome = attempt => outcome,
            () = renewals => unreachable!("it never ends"),
        }
    }

    /// Writes down how an attempt ended, however long the store is away: what is sent and not settled would be sent
    /// again and again while a disk is full.
    async fn settle(&self, outgoing: &Outgoing, outcome: &Outcome) {
        let own = |attempts| match outcome {
            Outcome::Retry { asked, .. } => asked.unwrap_or_else(|| backoff::pause(attempts)),
            Outcome::Delivered { .. } | Outcome::Refused { .. } => Duration::ZERO,
        };
        let pauses = Pauses {
            route: own(outgoing.failures).max(self.pace.pause()),
            message: own(outgoing.attempts),
        };
        while let Err(error) = self
            .store
            .settle(
                &self.route,
                self.holder,
                outgoing,
                outcome,
                pauses,
                Timestamp::now(),
            )
            .await
        {
            tracing::error!(route = self.route, "alerts wait: {error}");
            tokio::time::sleep(STORE_SLEEP).await;
        }
    }

    fn say(&self, outgoing: &Outgoing, outcome: &Outcome) {
        let (route, id, alerts) = (&self.route, &outgoing.id, outgoing.alerts.len());
        match outcome {
            Outcome::Delivered { answer } => tracing::info!(route, id, alerts, "delivered: {answer}"),
            Outcome::Retry { error, .. } => {
                tracing::warn!(route, id, alerts, "not delivered, tried again: {error}");
            }
            Outcome::Refused { error } => tracing::error!(route, id, alerts, "refused for good: {error}"),
        }
    }
}
