//! What comes in, told to those who watch as soon as it is stored, by whichever collector on the database.
//!
//! While somebody watches, one task reads what is new in [`crate::store`]'s activities and tells all watchers: at once
//! when this collector stored it, within a second when another one did. A watcher that is slow loses what it does not
//! take, and is told how much.

mod watcher;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Mutex, Notify, Semaphore, broadcast, watch};
use tokio::time::Instant;

use crate::pages::Line;
use crate::policy::InForce;
use crate::store::{Activity, Store, StoreError};
pub(crate) use watcher::{NoPlace, Told, Watcher};

/// Watchers at the same time, in this collector.
const WATCHERS: usize = 100;
/// Lines that wait for a watcher: of more, the oldest are lost to it.
const WAITING: usize = 1024;
/// Lines that are told at once; of more, the newest.
const AT_ONCE: usize = 256;
/// When other collectors' reports are looked for.
const PACE: Duration = Duration::from_secs(1);
/// At least this long lies between two looks.
const REST: Duration = Duration::from_millis(200);
/// At least this long lies between two removals of what is old.
const TRIM: Duration = Duration::from_secs(10);

/// What the task tells all watchers.
#[derive(Clone, Debug)]
enum News {
    Line(Arc<Line>),
    /// So many were left out.
    LeftOut(u64),
}

/// Those who watch, and what they are told.
#[derive(Debug)]
pub(crate) struct Live {
    store: Arc<Store>,
    news: broadcast::Sender<News>,
    /// The newest activities that were told, or were there before anybody watched.
    seen: Mutex<BTreeSet<i64>>,
    bell: Notify,
    places: Arc<Semaphore>,
    end: watch::Sender<bool>,
}

impl Live {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            news: broadcast::Sender::new(WAITING),
            seen: Mutex::default(),
            bell: Notify::new(),
            places: Arc::new(Semaphore::new(WATCHERS)),
            end: watch::Sender::new(false),
        }
    }

    /// This collector has stored a report.
    pub(crate) fn came(&self) {
        self.bell.notify_one();
    }

    /// Nobody watches any more, nor will.
    pub(crate) fn end(&self) {
        self.end.send_replace(true);
    }

    /// Begins to watch: what is stored from now on is told.
    pub(crate) async fn watch(&self) -> Result<Result<Watcher, NoPlace>, StoreError> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Ok(Err(NoPlace));
        };
        let mut seen = self.seen.lock().await;
        if self.news.receiver_count() == 0 {
            *seen = self.store.newest_activities().await?;
        }
        Ok(Ok(Watcher::new(
            self.news.subscribe(),
            self.end.subscribe(),
            place,
        )))
    }

    /// Tells watchers what comes, and removes what is old, until `stop` is true or gone.
    pub(crate) async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let work = async {
            let (mut came, mut trimmed) = (false, Instant::now());
            loop {
                came |= tokio::time::timeout(PACE, self.bell.notified()).await.is_ok();
                if let Err(error) = self.look().await {
                    tracing::debug!("what is new cannot be told: {error}");
                }
                if came && trimmed.elapsed() >= TRIM {
                    if let Err(error) = self.store.trim_activities().await {
                        tracing::debug!("old activities cannot be removed: {error}");
                    }
                    (came, trimmed) = (false, Instant::now());
                }
                tokio::time::sleep(REST).await;
            }
        };
        tokio::select! {
            () = work => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// Tells what is new.
    async fn look(&self) -> Result<(), StoreError> {
        let mut seen = self.seen.lock().await;
        if self.news.receiver_count() == 0 {
            return Ok(());
        }
        let newest = self.store.newest_activities().await?;
        let new: Vec<i64> = newest.difference(&seen).copied().collect();
        if new.is_empty() {
            return Ok(());
        }
        let told = &new[new.len().saturating_sub(AT_ONCE)..];
        let activities = self.store.activities(told).await?;
        let policy = self.store.in_force().await?;
        let left_out = passed_over(&seen, &newest) + (new.len() - told.len()) as u64;
        *seen = newest;
        self.tell(activities, left_out, &policy);
        Ok(())
    }

    fn tell(&self, activities: Vec<Activity>, left_out: u64, policy: &InForce) {
        let now = Timestamp::now();
        let more: u64 = activities.iter().map(|activity| activity.more).sum();
        // Who watched may be gone.
        if left_out + more > 0 {
            let _ = self.news.send(News::LeftOut(left_out + more));
        }
        for activity in activities {
            let line = Line::of(activity, policy, now);
            let _ = self.news.send(News::Line(Arc::new(line)));
        }
    }
}

/// How many came between two looks that the second did not reach back to.
fn passed_over(seen: &BTreeSet<i64>, newest: &BTreeSet<i64>) -> u64 {
    let between = seen.last().zip(newest.first());
    between.map_or(0, |(last, first)| {
        u64::try_from(first - last - 1).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests;
