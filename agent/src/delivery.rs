//! The second half of the pipeline: takes activities in, adds them up, keeps the sums, reports them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, sleep_until};
use umbra_fail_point::fail_point;
use umbra_report::{Agent, Settings};

use crate::activity::Activity;
use crate::config::Config;
use crate::discovery::{Destination, Presence};
use crate::enrolment::{Enrolment, EnrolmentError};
use crate::losses::Losses;
use crate::managed::{self, Managed};
use crate::report::{Account, ClientError, Link, Reporter, Stats};
use crate::rollup::Rollup;
use crate::spool::{Level, SpoolError, SpoolHandle};

/// How often a disk that could not be written is tried again.
const RETRY_DISK: Duration = Duration::from_secs(5);

/// Activities added up in one go.
const BATCH_MAX: usize = 256;

/// Delivery cannot start.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// The spool.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The agent's key.
    #[error(transparent)]
    Enrolment(#[from] EnrolmentError),
    /// The way to the collector.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// Everything between an [`Activity`] and the collector.
pub struct Delivery {
    rollup: Rollup,
    spool: SpoolHandle,
    reporter: Reporter,
    presence: watch::Receiver<Presence>,
    stats: Arc<Stats>,
    settings: watch::Receiver<Settings>,
    /// What the agent's own file says.
    own_interval: Duration,
}

impl Delivery {
    /// Opens the spool and prepares to report as `agent`. Nothing is sent before [`Delivery::run`].
    pub fn open(
        config: &Config,
        agent: Agent,
        managed: Managed,
        settings: watch::Receiver<Settings>,
        losses: Arc<Losses>,
    ) -> Result<Self, DeliveryError> {
        let destination = Destination::new(&config.report);
        Self::to(destination, config, agent, managed, settings, losses)
    }

    /// [`Delivery::open`], with a destination of the caller's.
    pub fn to(
        destination: Destination,
        config: &Config,
        agent: Agent,
        managed: Managed,
        settings: watch::Receiver<Settings>,
        losses: Arc<Losses>,
    ) -> Result<Self, DeliveryError> {
        let spool = SpoolHandle::start(&config.spool, losses.clone())?;
        let stats = Arc::new(Stats::default());
        let presence = destination.presence();
        let report = &config.report;
        let own_interval = report.interval_seconds.as_seconds();
        let interval = managed::interval(&settings.borrow(), own_interval);
        let enrolment = Enrolment::open(config, &agent, stats.clone())?;
        Ok(Self {
            rollup: Rollup::new(interval, report.rollup_keys.as_usize()),
            reporter: Reporter::new(
                report,
                enrolment,
                managed,
                destination,
                spool.clone(),
                Account {
                    agent,
                    losses,
                    stats: stats.clone(),
                },
            )?,
            spool,
            presence,
            stats,
            settings,
            own_interval,
        })
    }

    /// What the metrics want to know.
    pub fn stats(&self) -> Arc<Stats> {
        self.stats.clone()
    }

    /// How full the spool is.
    pub fn level(&self) -> watch::Receiver<Level> {
        self.spool.level()
    }

    /// The way to the collector, once it has acknowledged a report.
    pub fn link(&self) -> watch::Receiver<Option<Link>> {
        self.reporter.link()
    }

    /// Delivers until all senders of `activities` are dropped.
    ///
    /// Then everything is on disk, and what the collector took within a few seconds is delivered.
    pub async fn run(self, activities: mpsc::Receiver<Activity>) {
        let Self {
            rollup,
            spool,
            reporter,
            presence,
            stats,
            settings,
            own_interval,
        } = self;
        let (stop, stopped) = watch::channel(false);
        let roll_up = async {
            let interval = (settings, own_interval);
            roll_up(rollup, activities, &spool, &presence, &stats, interval).await;
            spool.flush().await;
            stop.send_replace(true);
        };
        tokio::join!(roll_up, reporter.run(stopped));
    }
}

async fn roll_up(
    mut rollup: Rollup,
    mut activities: mpsc::Receiver<Activity>,
    spool: &SpoolHandle,
    presence: &watch::Receiver<Presence>,
    stats: &Stats,
    (mut settings, own_interval): (watch::Receiver<Settings>, Duration),
) {
    let mut level = spool.level();
    let mut batch = Vec::new();
    loop {
        let now = Instant::now();
        let due = rollup.due();
        let is_due = rollup.is_full() || due.is_some_and(|due| due <= now);
        if is_due && *presence.borrow() == Presence::Nobody {
            rollup.take_due(now);
            continue;
        }
        let waiting = level.borrow_and_update().waiting > 0;
        tokio::select! {
            taken = activities.recv_many(&mut batch, rollup.room().min(BATCH_MAX)), if !rollup.is_full() => {
                if taken == 0 {
                    break;
                }
                let now = Instant::now();
                for activity in batch.drain(..) {
                    stats.add_flows(&activity.vendor, activity.flows);
                    rollup.add(activity, now);
                }
            }
            // Until the disk has caught up, sums go on growing instead of piling up.
            permit = spool.reserve(), if is_due => {
                let Some(permit) = permit else { break };
                let due = rollup.take_due(now);
                fail_point("rollup_taken");
                permit.push(due);
            }
            () = sleep_until(due.unwrap_or(now).into()), if due.is_some() && !is_due => {}
            () = sleep(RETRY_DISK), if waiting => {
                let Some(permit) = spool.reserve().await else { break };
                permit.push(Vec::new());
            }
            Ok(()) = level.changed() => {}
            Ok(()) = settings.changed() => {
                rollup.set_interval(managed::interval(&settings.borrow_and_update(), own_interval));
            }
        }
    }
    if *presence.borrow() != Presence::Nobody
        && let Some(permit) = spool.reserve().await
    {
        permit.push(rollup.take_all());
    }
}
